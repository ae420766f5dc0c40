import type { Pod } from '../../model/objects.ts';
import { containersOf } from '../../model/pod-containers.ts';
import { isLoopback } from './addresses.ts';
import type { Address } from './types.ts';

interface Mapping {
  readonly uid: string;
  readonly node: string;
  /** Empty: every address of the node. */
  readonly hostIp: string;
  readonly hostPort: number;
  readonly protocol: string;
  readonly to: Address;
}

/**
 * Ports of nodes that lead into pods (`hostPort`), as the portmap plugin makes them.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/#support-hostport
 */
export class HostPorts {
  readonly #mappings = new Map<number, Mapping[]>();

  /** @param node the node's address */
  add({ metadata, spec }: Pod, ip: string, node: string): void {
    for (const { ports = [] } of containersOf(spec)) {
      for (const { hostPort, hostIP = '', containerPort, protocol } of ports) {
        if (hostPort === undefined || hostPort === 0) continue;
        const to = { ip, port: containerPort };
        const hostIp = hostIP === '0.0.0.0' ? '' : hostIP;
        const mapping = { uid: metadata.uid, node, hostIp, hostPort, protocol, to };
        this.#mappings.set(hostPort, [...(this.#mappings.get(hostPort) ?? []), mapping]);
      }
    }
  }

  remove(uid: string): void {
    if (this.#mappings.size === 0) return;
    for (const [port, mappings] of [...this.#mappings]) {
      const left = mappings.filter((mapping) => mapping.uid !== uid);
      if (left.length === 0) this.#mappings.delete(port);
      else this.#mappings.set(port, left);
    }
  }

  /**
   * Where a packet to a node goes instead.
   * @param node the address of the node whose loopback is meant, or the one that was sent to
   */
  find(node: string, { ip, port }: Address, protocol: string): Address | undefined {
    return this.#mappings
      .get(port)
      ?.find(
        (mapping) =>
          mapping.node === node &&
          mapping.protocol === protocol &&
          (mapping.hostIp === '' || mapping.hostIp === ip || (isLoopback(ip) && isLoopback(mapping.hostIp))),
      )?.to;
  }
}
