import type { AnyObject, Condition, Service, ServiceCidr, ServicePort } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Random } from '../../core/random.ts';
import { type Cidr, parseCidr, parseIp } from '../network/addresses.ts';
import { SERVICE_RANGE } from '../service-range.ts';
import type { Store } from '../store/store.ts';
import type { FieldProblem } from './pipeline.ts';
import { statusError } from './status.ts';
import { addressProblems } from './validation/formats.ts';

/** What addresses of the range begin with. */
const PREFIX = SERVICE_RANGE.replace(/\.0\.0\/16$/, '');
/** The lowest addresses are left to Services that name their own; the size of that band is Kubernetes' formula. */
const FIRST_DYNAMIC = 257;
const LAST = 65_534;
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;

type Spec = Omit<Service['spec'], 'type'> & {
  type?: Service['spec']['type'];
  clusterIPs?: string[];
  externalTrafficPolicy?: string;
  internalTrafficPolicy?: string;
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  healthCheckNodePort?: number;
  allocateLoadBalancerNodePorts?: boolean;
};

/**
 * Gives Services their cluster IPs and node ports. What is taken is read from the Services that are stored, so
 * there is no second book that could differ.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
export class ServiceAllocation {
  readonly #store: Store;
  readonly #random: Random;

  /** @param random the stream `apiserver/services` */
  constructor(store: Store, random: Random) {
    this.#store = store;
    this.#random = random;
  }

  /**
   * Before validation: what an update left out is taken over from the stored Service, and what does not belong
   * to the new type is dropped.
   */
  carryOver(draft: AnyObject, old?: AnyObject): void {
    const spec = specOf(draft);
    const before = old === undefined ? undefined : specOf(old);
    if (spec.type === 'ExternalName') {
      if (before !== undefined && before.type !== 'ExternalName') dropClusterFields(spec, before);
      return;
    }
    if (before !== undefined && before.type !== 'ExternalName') keepAllocated(spec, before);
    const [first] = spec.clusterIPs ?? [];
    if (isUnset(spec.clusterIP)) {
      if (first !== undefined) spec.clusterIP = first;
    } else if (first !== spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  }

  /** Allocates what is missing, before anything is validated. @returns why something cannot be had */
  allocate(draft: AnyObject, old?: AnyObject): FieldProblem[] {
    const spec = specOf(draft);
    if (spec.type === 'ExternalName') return [];
    const others = this.#store
      .list('services')
      .filter(
        ({ metadata }) =>
          metadata.name !== draft.metadata.name || metadata.namespace !== draft.metadata.namespace,
      )
      .map(specOf);
    const before = old === undefined ? undefined : specOf(old);
    const refused = this.#allocateAddress(spec, before, others);
    return refused.length > 0 || !needsNodePorts(spec)
      ? refused
      : this.#allocateNodePorts(spec, before, others);
  }

  #allocateAddress(spec: Spec, before: Spec | undefined, others: readonly Spec[]): FieldProblem[] {
    const wanted = spec.clusterIP ?? '';
    // Who has an address goes on having it, whatever became of its range: validation says that it may not change.
    const isKept = before !== undefined && before.type !== 'ExternalName' && !isUnset(before.clusterIP);
    if (wanted === 'None' || isKept) return [];
    const taken = new Set(others.map(({ clusterIP }) => clusterIP));
    if (wanted === '') {
      spec.clusterIP = this.#freeAddress(taken);
      spec.clusterIPs = [spec.clusterIP];
      return [];
    }
    const wrong = addressProblems(wanted);
    if (wrong.length > 0) {
      return wrong.map((why) => ({
        type: 'FieldValueInvalid',
        field: 'spec.clusterIPs[0]',
        detail: `Invalid value: ${JSON.stringify(wanted)}: ${why}`,
      }));
    }
    const refuse = (why: string): FieldProblem[] => [
      {
        type: 'FieldValueInvalid',
        field: 'spec.clusterIPs',
        detail: `Invalid value: ${JSON.stringify(spec.clusterIPs ?? [wanted])}: failed to allocate IP ${wanted}: ${why}`,
      },
    ];
    if (!this.#ranges().some((range) => isInside(range, wanted))) {
      return refuse('the provided network does not match the current range');
    }
    return taken.has(wanted) || this.#isSomebodyElses(wanted)
      ? refuse('provided IP is already allocated')
      : [];
  }

  /** Whether there is an IPAddress that was made by hand. Those of Services follow them: one may still go. */
  #isSomebodyElses(ip: string): boolean {
    const address = this.#store.get(resources.ipAddresses.id, '', ip);
    return address !== undefined && !followsService(address);
  }

  /** Where an address may be from: the cluster's own range, and those of each ServiceCIDR that is ready. */
  #ranges(): readonly Cidr[] {
    const others = this.#store
      .list(resources.serviceCidrs.id)
      .map((object) => object as unknown as ServiceCidr)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .filter(({ status }) => status?.conditions?.some(isReady) === true)
      .flatMap(({ spec }) => spec.cidrs ?? []);
    return [...new Set([SERVICE_RANGE, ...others])].filter((range) => !range.includes(':')).map(parseCidr);
  }

  #freeAddress(taken: ReadonlySet<string | undefined>): string {
    for (;;) {
      const number = this.#random.between(FIRST_DYNAMIC, LAST);
      const address = `${PREFIX}.${number >> 8}.${number & 255}`;
      if (!taken.has(address)) return address;
    }
  }

  /** A number is taken for every protocol; only the ports of one Service may share theirs. */
  #allocateNodePorts(spec: Spec, before: Spec | undefined, others: readonly Spec[]): FieldProblem[] {
    const ports = spec.ports ?? [];
    const taken = new Set(others.flatMap((other) => other.ports ?? []).map(({ nodePort = 0 }) => nodePort));
    return before === undefined
      ? this.#firstNodePorts(ports, taken)
      : this.#nextNodePorts(ports, before.ports ?? [], taken);
  }

  /** Of a new Service: what serves the same port in several protocols (DNS, say) gets one number for all. */
  #firstNodePorts(ports: readonly ServicePort[], taken: Set<number>): FieldProblem[] {
    const given = new Map<number, number>();
    for (const [index, port] of ports.entries()) {
      const { nodePort = 0 } = port;
      const shared = given.get(port.port);
      if (shared !== undefined && (nodePort === 0 || nodePort === shared)) {
        port.nodePort = shared;
        continue;
      }
      const wanted =
        shared === undefined
          ? ports.slice(index).find((other) => other.port === port.port && (other.nodePort ?? 0) !== 0)
              ?.nodePort
          : nodePort;
      const why = wanted === undefined ? undefined : whyNot(wanted, taken);
      if (wanted !== undefined && why !== undefined) return [refusedPort(index, wanted, why)];
      port.nodePort = wanted ?? this.#freeNodePort(taken);
      taken.add(port.nodePort);
      given.set(port.port, shared ?? port.nodePort);
    }
    return [];
  }

  /** Of a Service that changes: numbers that it has had stay its own. */
  #nextNodePorts(
    ports: readonly ServicePort[],
    before: readonly ServicePort[],
    taken: Set<number>,
  ): FieldProblem[] {
    const own = new Set(before.map(({ nodePort }) => nodePort));
    const seen = new Set<string>();
    for (const [index, port] of ports.entries()) {
      const { nodePort = 0 } = port;
      if (nodePort === 0) {
        port.nodePort = this.#freeNodePort(new Set([...taken, ...ports.map((other) => other.nodePort ?? 0)]));
      } else if (!own.has(nodePort)) {
        const why = whyNot(nodePort, taken);
        if (why !== undefined) return [refusedPort(index, nodePort, why)];
        own.add(nodePort);
      }
      const shown = `{${port.protocol} ${port.nodePort ?? 0}}`;
      // No field is named: this comes from the allocator, before anything is validated.
      if (seen.has(shown)) throw statusError(500, undefined, `duplicate nodePort: ${shown}`);
      seen.add(shown);
    }
    return [];
  }

  #freeNodePort(taken: ReadonlySet<number>): number {
    for (;;) {
      const nodePort = this.#random.between(FIRST_NODE_PORT, LAST_NODE_PORT);
      if (!taken.has(nodePort)) return nodePort;
    }
  }
}

function whyNot(nodePort: number, taken: ReadonlySet<number>): string | undefined {
  if (nodePort < FIRST_NODE_PORT || nodePort > LAST_NODE_PORT) {
    return `provided port is not in the valid range. The range of valid ports is ${FIRST_NODE_PORT}-${LAST_NODE_PORT}`;
  }
  return taken.has(nodePort) ? 'provided port is already allocated' : undefined;
}

function refusedPort(index: number, nodePort: number, why: string): FieldProblem {
  const field = `spec.ports[${index}].nodePort`;
  return { type: 'FieldValueInvalid', field, detail: `Invalid value: ${nodePort}: ${why}` };
}

/** The label of IPAddresses that says who keeps them, and what it says of those that are kept for Services. */
export const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
export const ALLOCATOR = 'ipallocator.k8s.io';

/** Whether an IPAddress is there because a Service has, or had, that address. */
export const followsService = ({ metadata }: Pick<AnyObject, 'metadata'>): boolean =>
  metadata.labels?.[MANAGED_BY] === ALLOCATOR;

const isReady = ({ type, status }: Condition): boolean => type === 'Ready' && status === 'True';

/** The first and the last address of a range are given to nobody. */
function isInside({ base, bits }: Cidr, ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && address > base && address < base + 2 ** (32 - bits) - 1;
}

function specOf(service: AnyObject): Spec {
  return (service['spec'] ?? {}) as Spec;
}

function hasNodePorts({ type }: Spec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

/** A balancer that finds pods itself needs none. */
function needsNodePorts(spec: Spec): boolean {
  return hasNodePorts(spec) && (spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false);
}

function isUnset(address: string | undefined): address is undefined | '' {
  return address === undefined || address === '';
}

function keepAllocated(spec: Spec, before: Spec): void {
  if (isUnset(spec.clusterIP) && before.clusterIP !== undefined) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = before.clusterIPs ?? [before.clusterIP];
  }
  if (!hasNodePorts(before)) return;
  if (hasNodePorts(spec)) carryOverNodePorts(spec, before);
  else dropNodePorts(spec, before);
}

/** A port that says no node port keeps the one of the port with its name. */
function carryOverNodePorts(spec: Spec, before: Spec): void {
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort));
  for (const port of spec.ports ?? []) {
    if (port.nodePort !== undefined && port.nodePort !== 0) continue;
    const same = before.ports?.find(({ name, protocol }) => name === port.name && protocol === port.protocol);
    if (same?.nodePort !== undefined && !used.has(same.nodePort)) port.nodePort = same.nodePort;
  }
}

/** Node ports go with the type unless the client has set others. */
function dropNodePorts(spec: Spec, before: Spec): void {
  const old = new Set((before.ports ?? []).map(({ nodePort }) => nodePort));
  for (const port of spec.ports ?? []) if (old.has(port.nodePort)) delete port.nodePort;
  if (spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  delete spec.healthCheckNodePort;
  if (spec.type !== 'LoadBalancer') delete spec.allocateLoadBalancerNodePorts;
}

function dropClusterFields(spec: Spec, before: Spec): void {
  if (spec.clusterIP === before.clusterIP) {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
  delete spec.ipFamilies;
  delete spec.ipFamilyPolicy;
  delete spec.internalTrafficPolicy;
  dropNodePorts(spec, before);
}
