import type { NetworkPolicy, Namespace, Pod } from '../../model/objects.ts';
import { equal } from '../../core/json.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { AddressPool, contains, isLoopback, parseCidr, type Cidr } from './addresses.ts';
import { Faults, type Fault, type FaultFilter, type Flow } from './faults.ts';
import { HostPorts } from './host-ports.ts';
import { compilePolicies, type PolicyEnd, type PolicySet } from './policy.ts';
import type { Fabric, Protocol, Route, Tracked } from './route.ts';
import { ServiceProxy, type Backend, type Translation } from './services.ts';
import { isOwnAddress, Stack } from './stack.ts';
import type { Address, Listener, Network, NetworkStack } from './types.ts';

interface NodeNetwork {
  readonly name: string;
  /** InternalIP, out of {@link NODE_NETWORK}. */
  readonly ip: string;
  readonly podCIDR: string;
}

export interface NetworkOptions {
  readonly simulation: Simulation;
  readonly api: Api;
  readonly nodes: readonly NodeNetwork[];
  /** Where ClusterIPs come from, e.g. `10.96.0.0/16`. */
  readonly serviceCidr: string;
  /** What the API server says to pods, on port 6443 of its node. */
  readonly apiServer?: { readonly node: string; readonly listener: Listener };
}

/** The network with what scenarios ask of it. */
export interface ClusterNetwork extends Network {
  /**
   * Puts packet loss or delay on what fits the filter.
   * @returns a function that takes it away again
   */
  setFault(filter: FaultFilter, fault: Fault): () => void;
  /**
   * Pulls the cable of a node: what is on it and what is not do not reach each other.
   * @returns a function that puts it in again
   */
  cutOff(node: string): () => void;
}

/** The Docker network of kind: nodes, and hosts outside the cluster. */
const NODE_NETWORK = '172.18.0.0/16';
export const API_SERVER_PORT = 6443;

const LOOPBACK_DELAY: Micros = 20;
const SAME_NODE_DELAY: Micros = 60;
const OTHER_NODE_DELAY: Micros = 200;
const OUTSIDE_DELAY: Micros = 300;

/**
 * The network of the cluster. Packets to an address that nobody has are lost, except on the node network itself,
 * where the kernel says "No route to host" after three seconds. (A pod address that has vanished is no neighbour
 * of anybody: with point-to-point links, as kind has them, packets to it go out of the node and are lost.)
 */
export function createNetwork(options: NetworkOptions): ClusterNetwork {
  return new PodNetwork(options);
}

class PodNetwork implements ClusterNetwork, Fabric {
  readonly simulation: Simulation;
  readonly faults: Faults;
  readonly #nodes = new Map<string, { stack: Stack; pool: AddressPool }>();
  readonly #stacks = new Map<string, Stack>();
  readonly #pods = new Map<string, { stack: Stack; pod: Pod }>();
  readonly #nodeNetwork: Cidr = parseCidr(NODE_NETWORK);
  readonly #serviceRange: Cidr;
  readonly #proxy: ServiceProxy;
  readonly #policies: PolicyState;
  readonly #hostPorts = new HostPorts();
  readonly #cutOff = new Set<string>();

  constructor({ simulation, api, nodes, serviceCidr, apiServer }: NetworkOptions) {
    this.simulation = simulation;
    this.faults = new Faults(simulation.random.stream('network/faults'));
    this.#serviceRange = parseCidr(serviceCidr);
    for (const { name, ip, podCIDR } of nodes) {
      const stack = new Stack(this, ip, { kind: 'node', name }, name);
      this.#nodes.set(name, { stack, pool: new AddressPool(podCIDR) });
      this.#stacks.set(ip, stack);
    }
    this.#proxy = new ServiceProxy(simulation, api, (ip) => {
      const stack = this.#stacks.get(ip);
      return stack?.owner.kind === 'node' ? stack.node : undefined;
    });
    this.#policies = new PolicyState(api);
    if (apiServer !== undefined) this.node(apiServer.node).listen(API_SERVER_PORT, apiServer.listener);
  }

  node(name: string): NetworkStack {
    return this.#node(name).stack;
  }

  attachPod(pod: Pod, node: string): NetworkStack {
    const { stack: nodeStack, pool } = this.#node(node);
    if (pod.spec.hostNetwork === true) return nodeStack;
    const { uid, name, namespace = '' } = pod.metadata;
    const ip = pool.allocate();
    if (ip === undefined) throw new RangeError(`no IP addresses available in range set of ${node}`);
    const stack = new Stack(this, ip, { kind: 'pod', uid, namespace, name }, node);
    this.#stacks.set(ip, stack);
    this.#pods.set(uid, { stack, pod });
    this.#hostPorts.add(pod, ip, this.#node(node).stack.ip);
    return stack;
  }

  detachPod(uid: string): void {
    const stack = this.#pods.get(uid)?.stack;
    if (stack?.node === undefined) return;
    stack.close();
    this.#hostPorts.remove(uid);
    this.#pods.delete(uid);
    this.#stacks.delete(stack.ip);
    this.#node(stack.node).pool.release(stack.ip);
  }

  attachHost(name: string, ip: string): NetworkStack {
    if (this.#stacks.has(ip)) throw new RangeError(`${ip} is in use`);
    const stack = new Stack(this, ip, { kind: 'host', name });
    this.#stacks.set(ip, stack);
    return stack;
  }

  setFault(filter: FaultFilter, fault: Fault): () => void {
    return this.faults.set(filter, fault);
  }

  cutOff(node: string): () => void {
    this.#cutOff.add(node);
    const mend = this.setFault({ node }, { loss: 1 });
    return () => {
      this.#cutOff.delete(node);
      mend();
    };
  }

  route(from: Stack, to: Address, protocol: Protocol, tracked?: Tracked): Route {
    let destination = to;
    let source = isLoopback(to.ip) ? to.ip : from.ip;
    // What a pod sends to its loopback never leaves it.
    const staysInside = isLoopback(to.ip) && from.owner.kind !== 'node';
    if (protocol !== 'ICMP' && !staysInside) {
      const translation = this.#translate(from, to, protocol, tracked);
      if (translation?.kind === 'reject') return { kind: 'refused', delay: LOOPBACK_DELAY };
      if (translation?.kind === 'drop') return { kind: 'lost' };
      if (translation?.kind === 'backend') {
        destination = translation.to;
        source = this.#masquerade(from, translation);
      } else {
        const node = isLoopback(to.ip) ? from.ip : to.ip;
        const behind = this.#hostPorts.find(node, to, protocol);
        if (behind !== undefined) {
          destination = behind;
          // What the node sends to itself, or a pod to itself, comes from the node.
          source = from.owner.kind === 'node' || behind.ip === from.ip ? node : from.ip;
        }
      }
    }
    if (destination === to && contains(this.#serviceRange, to.ip)) return { kind: 'lost' };
    return this.#deliver(from, destination, source, protocol);
  }

  #translate(
    from: Stack,
    to: Address,
    protocol: 'TCP' | 'UDP',
    tracked: Tracked | undefined,
  ): Translation | undefined {
    if (tracked?.backend !== undefined) return tracked.backend;
    const translation = this.#proxy.translate(to, protocol, from);
    if (tracked !== undefined && translation?.kind === 'backend') tracked.backend = translation;
    return translation;
  }

  #deliver(from: Stack, to: Address, source: string, protocol: Protocol): Route {
    const flowTo = (server: Stack): Flow => ({
      client: from.owner,
      clientNode: from.node,
      loopback: server === from,
      server: to.ip,
      serverNode: server.node,
      port: to.port,
      protocol,
    });
    if (isOwnAddress(from, to.ip)) {
      const flow = flowTo(from);
      return { kind: 'deliver', stack: from, to, source, delay: LOOPBACK_DELAY, flow };
    }
    const stack = this.#stacks.get(to.ip);
    if (stack === undefined) {
      return { kind: contains(this.#nodeNetwork, to.ip) ? 'unreachable' : 'lost' };
    }
    // The next hop to a pod is its node, and nobody answers for that any more.
    if (from.node !== stack.node && (this.#isCutOff(from) || this.#isCutOff(stack)))
      return { kind: 'unreachable' };
    const flow = flowTo(stack);
    if (!this.#allowed(from, stack, to, protocol)) return { kind: 'lost' };
    return { kind: 'deliver', stack, to, source, delay: delayBetween(from, stack), flow };
  }

  /** The source address of a connection through a Service, where the node puts its own in place of the client's. */
  #masquerade(from: Stack, { to, masqueradedBy }: Backend): string {
    const isHairpin = to.ip === from.ip;
    const node = masqueradedBy ?? (isHairpin ? from.node : undefined);
    return node === undefined ? from.ip : this.#node(node).stack.ip;
  }

  #isCutOff({ node }: Stack): boolean {
    return node !== undefined && this.#cutOff.has(node);
  }

  #allowed(from: Stack, to: Stack, address: Address, protocol: Protocol): boolean {
    // A node and the pods on it always reach each other: kubelets probe.
    const node = from.owner.kind === 'node' ? from : to.owner.kind === 'node' ? to : undefined;
    if (node !== undefined && from.node === to.node) return true;
    return this.#policies.current.allows({
      from: this.#end(from),
      to: this.#end(to),
      protocol,
      port: address.port,
    });
  }

  #end(stack: Stack): PolicyEnd {
    if (stack.owner.kind !== 'pod') return { ip: stack.ip };
    const attached = this.#pods.get(stack.owner.uid)?.pod;
    const pod = this.#policies.pod(stack.owner.uid) ?? attached;
    return pod === undefined ? { ip: stack.ip } : { ip: stack.ip, pod };
  }

  #node(name: string): { stack: Stack; pool: AddressPool } {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`no node ${name} in the network`);
    return node;
  }
}

/** Policies, namespaces and pods as watched, and the set compiled from them until one of them changes. */
class PolicyState {
  readonly #policies = new Map<string, NetworkPolicy>();
  readonly #namespaces = new Map<string, Namespace>();
  readonly #pods = new Map<string, Pod>();
  #compiled: PolicySet | undefined;

  constructor(api: Api) {
    api.watch(resources.networkPolicies, ({ type, object }) => {
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      if (type === 'DELETED') this.#policies.delete(key);
      else this.#policies.set(key, object);
      this.#compiled = undefined;
    });
    api.watch(resources.namespaces, ({ type, object, old }) => {
      if (type === 'DELETED') this.#namespaces.delete(object.metadata.name);
      else this.#namespaces.set(object.metadata.name, object);
      if (!equal(old?.metadata.labels, object.metadata.labels)) this.#compiled = undefined;
    });
    api.watch(resources.pods, ({ type, object, old }) => {
      if (type === 'DELETED') this.#pods.delete(object.metadata.uid);
      else this.#pods.set(object.metadata.uid, object);
      if (type === 'DELETED' || !equal(old?.metadata.labels, object.metadata.labels))
        this.#compiled = undefined;
    });
  }

  get current(): PolicySet {
    this.#compiled ??= compilePolicies([...this.#policies.values()], this.#namespaces);
    return this.#compiled;
  }

  pod(uid: string): Pod | undefined {
    return this.#pods.get(uid);
  }
}

function delayBetween(from: Stack, to: Stack): Micros {
  if (from.node === undefined || to.node === undefined) return OUTSIDE_DELAY;
  return from.node === to.node ? SAME_NODE_DELAY : OTHER_NODE_DELAY;
}
