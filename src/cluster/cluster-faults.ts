import type { Kubelet } from './kubelet/kubelet.ts';
import { parseCidr } from './network/addresses.ts';
import type { FaultFilter } from './network/faults.ts';
import type { ClusterNetwork } from './network/network.ts';
import type { StackOwner } from './network/types.ts';
import type { Registries } from './registry/registries.ts';
import { MILLISECOND, type Micros, type Simulation, type Timer } from './simulation/simulation.ts';

/** Which packets a fault of the network hits; every field that is given must fit. */
export interface PacketFilter {
  /** Address or range that they are for, after a Service's address has become that of a pod. */
  readonly to?: string;
  readonly port?: number;
  readonly protocol?: 'TCP' | 'UDP' | 'ICMP';
  /** They leave this node or come to it. */
  readonly node?: string;
  /** The pod that opened the connection, or asks; all pods of the namespace where no name is given. */
  readonly from?: { readonly namespace: string; readonly name?: string };
}

/** Something that is wrong with the machines, the network or the registries of a cluster, until it is mended. */
export type ClusterFault =
  /** `systemctl stop kubelet`: containers go on, nobody looks after them. */
  | { readonly kind: 'kubelet-down'; readonly node: string }
  /** The node's cable is pulled. */
  | { readonly kind: 'node-lost'; readonly node: string }
  /** @see FaultFilter */
  | { readonly kind: 'packet-loss'; readonly percent: number; readonly where: PacketFilter }
  | { readonly kind: 'latency'; readonly ms: number; readonly where: PacketFilter }
  | { readonly kind: 'registry-down'; readonly host: string }
  | { readonly kind: 'registry-slow'; readonly host: string; readonly ms: number };

export interface ActiveFault {
  readonly fault: ClusterFault;
  readonly since: Micros;
  /** When it ends by itself. */
  readonly until?: Micros;
}

interface Entry extends ActiveFault {
  readonly mend: () => void;
  readonly end: Timer | undefined;
}

export interface FaultSubjects {
  readonly simulation: Simulation;
  readonly network: ClusterNetwork;
  readonly registries: Registries;
  /** By the name of the node. */
  readonly kubelets: ReadonlyMap<string, Kubelet>;
  /** The node of the API server, which cannot be lost. */
  readonly controlPlane: string;
}

/** The faults that are in a cluster. One of a kind at a place: another one takes its place. */
export class ClusterFaults {
  readonly #subjects: FaultSubjects;
  readonly #entries = new Map<string, Entry>();
  /** Why the kubelet of a node is stopped: it starts again when nothing is left. */
  readonly #stopped = new Map<string, Set<string>>();

  constructor(subjects: FaultSubjects) {
    this.#subjects = subjects;
  }

  /**
   * Puts a fault in.
   * @param forMs it ends by itself after so many milliseconds of the cluster's time
   * @throws RangeError where there is no such node or registry, or the API server would go with the node
   */
  put(fault: ClusterFault, forMs?: number): void {
    const { simulation } = this.#subjects;
    this.#check(fault);
    this.mend(fault);
    const key = placeOf(fault);
    const length = forMs === undefined ? undefined : forMs * MILLISECOND;
    this.#entries.set(key, {
      fault,
      since: simulation.now,
      ...(length === undefined ? {} : { until: simulation.now + length }),
      mend: this.#inject(fault),
      end:
        length === undefined ? undefined : simulation.after(length, `faults/${key}`, () => this.mend(fault)),
    });
  }

  /** Takes the fault away that is of this kind at this place. @returns false where there is none */
  mend(fault: ClusterFault): boolean {
    const key = placeOf(fault);
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    entry.end?.cancel();
    entry.mend();
    return true;
  }

  /** Those that are in, the oldest first. */
  list(): ActiveFault[] {
    return [...this.#entries.values()].map(({ fault, since, until }) => ({
      fault,
      since,
      ...(until === undefined ? {} : { until }),
    }));
  }

  #check(fault: ClusterFault): void {
    const { kubelets, controlPlane, registries } = this.#subjects;
    const node = 'node' in fault ? fault.node : 'where' in fault ? fault.where.node : undefined;
    if (node !== undefined && !kubelets.has(node)) throw new RangeError(`there is no node ${node}`);
    if (fault.kind === 'node-lost' && fault.node === controlPlane)
      throw new RangeError(`the API server is on ${fault.node}: without it nothing would answer`);
    if ('where' in fault && fault.where.to !== undefined) parseCidr(fault.where.to);
    if ('host' in fault && !registries.has(fault.host))
      throw new RangeError(`there is no registry ${fault.host}`);
  }

  /** @returns what takes it away again */
  #inject(fault: ClusterFault): () => void {
    const { network, registries } = this.#subjects;
    switch (fault.kind) {
      case 'kubelet-down':
        return this.#stopKubelet(fault.node, fault.kind);
      case 'node-lost': {
        const reconnect = network.cutOff(fault.node);
        const start = this.#stopKubelet(fault.node, fault.kind);
        return () => {
          reconnect();
          start();
        };
      }
      case 'packet-loss':
        return network.setFault(filterOf(fault.where), { loss: fault.percent / 100 });
      case 'latency':
        return network.setFault(filterOf(fault.where), { delayMs: fault.ms });
      case 'registry-down':
        registries.setOutage(fault.host, true);
        return () => registries.setOutage(fault.host, false);
      case 'registry-slow':
        registries.setDelay(fault.host, fault.ms);
        return () => registries.setDelay(fault.host, 0);
    }
  }

  #stopKubelet(node: string, why: ClusterFault['kind']): () => void {
    const reasons = this.#stopped.get(node) ?? new Set<string>();
    this.#stopped.set(node, reasons.add(why));
    const kubelet = this.#subjects.kubelets.get(node);
    const apply = (): void => {
      if (reasons.has('node-lost')) kubelet?.stop('unreachable');
      else if (reasons.size > 0) kubelet?.stop('refused');
      else kubelet?.start();
    };
    apply();
    return () => {
      reasons.delete(why);
      apply();
    };
  }
}

/** What a fault is known by: its kind, and where it is. */
function placeOf(fault: ClusterFault): string {
  if ('node' in fault) return `${fault.kind} ${fault.node}`;
  if ('host' in fault) return `${fault.kind} ${fault.host}`;
  const { to, port, protocol, node, from } = fault.where;
  return `${fault.kind} ${JSON.stringify([to, port, protocol, node, from?.namespace, from?.name])}`;
}

function filterOf({ from, ...filter }: PacketFilter): FaultFilter {
  if (from === undefined) return filter;
  const { namespace, name } = from;
  const isFrom = (owner: StackOwner): boolean =>
    owner.kind === 'pod' && owner.namespace === namespace && (name === undefined || owner.name === name);
  return { ...filter, from: isFrom };
}
