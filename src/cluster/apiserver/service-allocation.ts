import type { AnyObject, Condition, Service, ServiceCidr } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Random } from '../../core/random.ts';
import { type Cidr, parseCidr, parseIp } from '../network/addresses.ts';
import { SERVICE_RANGE } from '../service-range.ts';
import type { Store } from '../store/store.ts';
import { type Band, freeNumber, FULL } from './free-number.ts';
import { needsHealthCheck, NodePorts } from './node-ports.ts';
import type { FieldProblem } from './pipeline.ts';
import { settleFamilies } from './service-families.ts';
import { internalError } from './status.ts';

/** What addresses of the range begin with. */
const PREFIX = SERVICE_RANGE.replace(/\.0\.0\/16$/, '');
/** What a dry run shows for an address. */
const NETWORK = `${PREFIX}.0.0`;
/** The lowest addresses are left to Services that name their own; the size of that band is Kubernetes' formula. */
const BANDS: readonly Band[] = [
  [257, 65_534],
  [1, 256],
];

type Spec = Omit<Service['spec'], 'type'> & { type?: Service['spec']['type'] };

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
    if (before === undefined) {
      if (first === undefined && !isUnset(spec.clusterIP)) spec.clusterIPs = [spec.clusterIP];
    } else if (isUnset(spec.clusterIP)) {
      if (first !== undefined) spec.clusterIP = first;
    } else if (first !== spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  }

  /**
   * Allocates what is missing, before anything is validated. A dry run takes nothing, and does not look for what is
   * free.
   * @returns why something cannot be had
   * @throws StatusError 500 where nothing is left, and for node ports that are there twice
   */
  allocate(draft: AnyObject, old: AnyObject | undefined, dryRun: boolean): readonly FieldProblem[] {
    const spec = specOf(draft);
    if (spec.type === 'ExternalName') return [];
    const wrong = settleFamilies(spec);
    if (wrong.length > 0) return wrong;
    const others = this.#store
      .list('services')
      .filter(
        ({ metadata }) =>
          metadata.name !== draft.metadata.name || metadata.namespace !== draft.metadata.namespace,
      )
      .map(specOf);
    const before = old === undefined ? undefined : specOf(old);
    const refused = this.#allocateAddress(draft.metadata.name, spec, before, others, dryRun);
    if (refused.length > 0 || !hasNodePorts(spec)) return refused;
    return this.#allocateNodePorts(spec, before, others, dryRun);
  }

  #allocateAddress(
    name: string,
    spec: Spec,
    before: Spec | undefined,
    others: readonly Spec[],
    dryRun: boolean,
  ): FieldProblem[] {
    const wanted = spec.clusterIP ?? '';
    // Who has an address goes on having it, whatever became of its range: validation says that it may not change.
    const isKept = before !== undefined && before.type !== 'ExternalName' && !isUnset(before.clusterIP);
    if (wanted === 'None' || isKept) return [];
    const taken = new Set(others.map(({ clusterIP }) => clusterIP));
    if (wanted === '') {
      spec.clusterIP = dryRun ? NETWORK : this.#freeAddress(name, taken);
      spec.clusterIPs = [spec.clusterIP];
      return [];
    }
    const refuse = (why: string): FieldProblem[] => [
      {
        type: 'FieldValueInvalid',
        field: 'spec.clusterIPs',
        detail: `Invalid value: ${JSON.stringify(spec.clusterIPs ?? [wanted])}: failed to allocate IP ${wanted}: ${why}`,
      },
    ];
    if (dryRun) {
      if (isInside(parseCidr(SERVICE_RANGE), wanted)) return [];
      const range = `The range of valid IPs is ${SERVICE_RANGE}`;
      return refuse(`the provided IP (${wanted}) is not in the valid range. ${range}`);
    }
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

  #freeAddress(service: string, taken: ReadonlySet<string | undefined>): string {
    const number = freeNumber(this.#random, BANDS, (candidate) => {
      const address = addressOf(candidate);
      return taken.has(address) || this.#isSomebodyElses(address);
    });
    if (number !== undefined) return addressOf(number);
    throw internalError(`failed to allocate a serviceIP for Service ${JSON.stringify(service)}: ${FULL}`);
  }

  /** A number is taken for every protocol; only the ports of one Service may share theirs. */
  #allocateNodePorts(
    spec: Spec,
    before: Spec | undefined,
    others: readonly Spec[],
    dryRun: boolean,
  ): FieldProblem[] {
    const taken = others.flatMap(({ ports = [], healthCheckNodePort = 0 }) => [
      ...ports.map(({ nodePort = 0 }) => nodePort),
      healthCheckNodePort,
    ]);
    const nodePorts = new NodePorts(new Set(taken), this.#random, dryRun);
    const refused = before === undefined ? nodePorts.first(spec) : nodePorts.next(spec, before.ports ?? []);
    return refused.length > 0 ? refused : nodePorts.health(spec, before);
  }
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

const addressOf = (number: number): string => `${PREFIX}.${number >> 8}.${number & 255}`;

function specOf(service: AnyObject): Spec {
  return (service['spec'] ?? {}) as Spec;
}

function hasNodePorts({ type }: Spec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

function isUnset(address: string | undefined): address is undefined | '' {
  return address === undefined || address === '';
}

function keepAllocated(spec: Spec, before: Spec): void {
  if (isUnset(spec.clusterIP) && before.clusterIP !== undefined) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = before.clusterIPs ?? [before.clusterIP];
  }
  if (needsHealthCheck(before)) carryOverHealthCheck(spec, before);
  if (!hasNodePorts(before)) return;
  if (hasNodePorts(spec)) carryOverNodePorts(spec, before);
  else dropNodePorts(spec, before);
}

/** The port of health checks stays as long as it is needed, and goes then unless the client has set another. */
function carryOverHealthCheck(spec: Spec, before: Spec): void {
  const { healthCheckNodePort = 0 } = spec;
  if (needsHealthCheck(spec)) {
    if (healthCheckNodePort === 0) spec.healthCheckNodePort = before.healthCheckNodePort ?? 0;
  } else if (healthCheckNodePort === before.healthCheckNodePort) delete spec.healthCheckNodePort;
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
