import type { EndpointSlice, Service, ServicePort, SliceEndpoint, SlicePort } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { MILLISECOND, SECOND, type Micros, type Simulation } from '../simulation/simulation.ts';
import { isLoopback } from './addresses.ts';
import type { Address } from './types.ts';

/** What becomes of a packet whose destination is the address of a Service. */
export type Translation =
  | Backend
  /** No endpoint: refused at once. */
  | { readonly kind: 'reject' }
  /** Only endpoints on other nodes, and the Service's traffic policy is Local. */
  | { readonly kind: 'drop' };

/** The endpoint that an address of a Service has been replaced by. */
export interface Backend {
  readonly kind: 'backend';
  readonly to: Address;
  readonly frontend: 'clusterIP' | 'nodePort';
}

/** Who sends, as kube-proxy on its node sees it. */
export interface ServiceClient {
  readonly ip: string;
  readonly node: string | undefined;
}

interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly node: string | undefined;
}

/** One port of one Service, with the endpoints that take its traffic. */
interface Frontend {
  /** `namespace/name:port` */
  readonly id: string;
  readonly service: Service;
  readonly endpoints: readonly Endpoint[];
}

/** kube-proxy's minSyncPeriod. */
const MIN_SYNC_PERIOD: Micros = SECOND;
const FIRST_SYNC_DELAY: Micros = 10 * MILLISECOND;

/**
 * kube-proxy in iptables mode: turns addresses of Services into addresses of endpoints. One table stands for the
 * proxies of all nodes. Changes take effect in syncs that are at least a second apart.
 * https://kubernetes.io/docs/reference/networking/virtual-ips/
 */
export class ServiceProxy {
  readonly #simulation: Simulation;
  readonly #isNode: (ip: string) => boolean;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #changed = new Set<string>();
  readonly #frontends = new Map<string, Frontend>();
  readonly #keysOf = new Map<string, readonly string[]>();
  /** Session affinity: `frontend client` → endpoint and its last use. */
  readonly #sessions = new Map<string, { readonly endpoint: Endpoint; usedAt: Micros }>();
  /** Addresses that Services have within the cluster. */
  readonly #clusterIps = new Set<string>();
  #syncPending = false;
  #lastSync = Number.NEGATIVE_INFINITY;

  constructor(simulation: Simulation, api: Api, isNode: (ip: string) => boolean) {
    this.#simulation = simulation;
    this.#isNode = isNode;
    api.watch(resources.services, ({ type, object }) => {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      if (type === 'DELETED') this.#services.delete(key);
      else this.#services.set(key, object);
      this.#change(key);
    });
    api.watch(resources.endpointSlices, ({ type, object, old }) => {
      this.#take(object, type === 'DELETED');
      if (old !== undefined && serviceOf(old) !== serviceOf(object)) this.#take(old, true);
    });
  }

  /** @returns undefined where the address is not one of a Service */
  translate(to: Address, protocol: 'TCP' | 'UDP', client: ServiceClient): Translation | undefined {
    const frontend = this.#frontends.get(`${to.ip}:${to.port}/${protocol}`);
    if (frontend !== undefined) return this.#choose(frontend, 'clusterIP', client);
    // Of an address of a Service kube-proxy refuses what is no port of it.
    if (this.#clusterIps.has(to.ip)) return { kind: 'reject' };
    if (!this.#isNode(to.ip) && !isLoopback(to.ip)) return undefined;
    const byNodePort = this.#frontends.get(`node:${to.port}/${protocol}`);
    return byNodePort === undefined ? undefined : this.#choose(byNodePort, 'nodePort', client);
  }

  #take(slice: EndpointSlice, gone: boolean): void {
    const key = serviceOf(slice);
    if (key === undefined) return;
    let slices = this.#slices.get(key);
    if (slices === undefined) {
      slices = new Map<string, EndpointSlice>();
      this.#slices.set(key, slices);
    }
    if (gone) slices.delete(slice.metadata.name);
    else slices.set(slice.metadata.name, slice);
    if (slices.size === 0) this.#slices.delete(key);
    this.#change(key);
  }

  #change(key: string): void {
    this.#changed.add(key);
    if (this.#syncPending) return;
    this.#syncPending = true;
    const { now } = this.#simulation;
    const at = Math.max(now + FIRST_SYNC_DELAY, this.#lastSync + MIN_SYNC_PERIOD);
    this.#simulation.at(at, 'kube-proxy', () => {
      this.#syncPending = false;
      this.#lastSync = this.#simulation.now;
      for (const changed of this.#changed) this.#sync(changed);
      this.#changed.clear();
    });
  }

  #sync(key: string): void {
    for (const old of this.#keysOf.get(key) ?? []) {
      this.#frontends.delete(old);
      this.#clusterIps.delete(old);
    }
    this.#keysOf.delete(key);
    const service = this.#services.get(key);
    if (service === undefined || service.spec.type === 'ExternalName') return;
    const slices = [...(this.#slices.get(key)?.values() ?? [])];
    const keys: string[] = [];
    for (const port of service.spec.ports ?? []) {
      const id = `${key}:${port.name ?? port.port}`;
      const frontend: Frontend = { id, service, endpoints: endpointsOf(port, slices) };
      for (const address of addressesOf(service, port)) {
        keys.push(address);
        this.#frontends.set(address, frontend);
      }
    }
    for (const ip of clusterIpsOf(service)) {
      keys.push(ip);
      this.#clusterIps.add(ip);
    }
    this.#keysOf.set(key, keys);
  }

  #choose(frontend: Frontend, kind: 'clusterIP' | 'nodePort', client: ServiceClient): Translation {
    if (frontend.endpoints.length === 0) return { kind: 'reject' };
    const { spec } = frontend.service;
    const policy = kind === 'nodePort' ? spec.externalTrafficPolicy : spec.internalTrafficPolicy;
    const usable =
      policy === 'Local' && client.node !== undefined
        ? frontend.endpoints.filter(({ node }) => node === client.node)
        : frontend.endpoints;
    if (usable.length === 0) return { kind: 'drop' };
    const { ip, port } = this.#pick(frontend, usable, client);
    return { kind: 'backend', to: { ip, port }, frontend: kind };
  }

  #pick(frontend: Frontend, usable: readonly Endpoint[], client: ServiceClient): Endpoint {
    const random = this.#simulation.random.stream(`kube-proxy/${frontend.id}`);
    const { spec } = frontend.service;
    if (spec.sessionAffinity === 'None') return random.pick(usable);
    const { now } = this.#simulation;
    const timeout = (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) * SECOND;
    const key = `${frontend.id} ${client.ip}`;
    const session = this.#sessions.get(key);
    if (session !== undefined && now - session.usedAt <= timeout) {
      const { ip, port } = session.endpoint;
      const still = usable.find((endpoint) => endpoint.ip === ip && endpoint.port === port);
      if (still !== undefined) {
        session.usedAt = now;
        return still;
      }
    }
    const endpoint = random.pick(usable);
    this.#sessions.set(key, { endpoint, usedAt: now });
    return endpoint;
  }
}

/** None of a headless Service. */
function clusterIpsOf({ spec }: Service): string[] {
  return (spec.clusterIPs ?? [spec.clusterIP]).filter(
    (ip): ip is string => ip !== undefined && ip !== 'None' && ip !== '',
  );
}

/** The table's keys of one Service port. */
function addressesOf(service: Service, port: ServicePort): string[] {
  const { spec, status } = service;
  const ips = new Set(clusterIpsOf(service));
  if (ips.size === 0) return [];
  for (const ip of spec.externalIPs ?? []) ips.add(ip);
  for (const { ip } of status.loadBalancer?.ingress ?? []) if (ip !== undefined) ips.add(ip);
  const keys = [...ips].map((ip) => `${ip}:${port.port}/${port.protocol}`);
  if (port.nodePort !== undefined && port.nodePort !== 0) keys.push(`node:${port.nodePort}/${port.protocol}`);
  return keys;
}

/** A slice that somebody made by hand may lack what the controller always fills in. */
type AnySlice = Pick<EndpointSlice, 'addressType'> & {
  readonly endpoints?: Partial<SliceEndpoint>[] | null;
  readonly ports?: Partial<SlicePort>[] | null;
};

/**
 * Ready endpoints; where there is none, those that are going away but still serve. Slices count whoever made
 * them; their ports are matched by name.
 */
function endpointsOf(port: ServicePort, slices: readonly AnySlice[]): Endpoint[] {
  const ready = new Map<string, Endpoint>();
  const terminating = new Map<string, Endpoint>();
  for (const { addressType, endpoints, ports } of slices) {
    if (addressType !== 'IPv4') continue;
    const number = ports?.find(
      ({ name = '', protocol = 'TCP' }) => name === (port.name ?? '') && protocol === port.protocol,
    )?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, nodeName } of endpoints ?? []) {
      const ip = addresses?.[0];
      const state = stateOf(conditions);
      if (ip === undefined || state === 'out') continue;
      (state === 'ready' ? ready : terminating).set(`${ip}:${number}`, { ip, port: number, node: nodeName });
    }
  }
  return [...(ready.size > 0 ? ready : terminating).values()];
}

function stateOf(conditions: SliceEndpoint['conditions'] = {}): 'ready' | 'terminating' | 'out' {
  if (conditions.ready ?? true) return 'ready';
  return conditions.serving === true && conditions.terminating === true ? 'terminating' : 'out';
}

function serviceOf(slice: EndpointSlice): string | undefined {
  const name = slice.metadata.labels?.['kubernetes.io/service-name'];
  return name === undefined ? undefined : keyOf(slice.metadata.namespace, name);
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
