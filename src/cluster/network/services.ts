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
  /** The node that puts its own address in place of the client's, where one does. */
  readonly masqueradedBy: string | undefined;
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
  /** Otherwise it is going away, but still serves. */
  readonly isReady: boolean;
}

/** One port of one Service, with the endpoints that may take its traffic. */
interface Frontend {
  /** `namespace/name:port` */
  readonly id: string;
  readonly service: Service;
  readonly endpoints: readonly Endpoint[];
  /** Of these the ones that take traffic from everywhere. */
  readonly usable: readonly Endpoint[];
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
  readonly #nodeAt: (ip: string) => string | undefined;
  readonly #services = new Map<string, Service>();
  readonly #slices = new Map<string, Map<string, EndpointSlice>>();
  readonly #frontends = new Map<string, Frontend>();
  /** Session affinity: `frontend client` → endpoint and its last use. */
  readonly #sessions = new Map<string, { readonly endpoint: Endpoint; usedAt: Micros }>();
  /** Addresses that Services have within the cluster. */
  readonly #clusterIps = new Set<string>();
  #syncPending = false;
  #lastSync = Number.NEGATIVE_INFINITY;

  /** @param nodeAt the name of the node that has an address */
  constructor(simulation: Simulation, api: Api, nodeAt: (ip: string) => string | undefined) {
    this.#simulation = simulation;
    this.#nodeAt = nodeAt;
    api.watch(resources.services, ({ type, object }) => {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      if (type === 'DELETED') this.#services.delete(key);
      else this.#services.set(key, object);
      this.#change();
    });
    api.watch(resources.endpointSlices, ({ type, object, old }) => {
      this.#take(object, type === 'DELETED');
      if (old !== undefined && serviceOf(old) !== serviceOf(object)) this.#take(old, true);
    });
  }

  /** @returns undefined where the address is not one of a Service */
  translate(to: Address, protocol: 'TCP' | 'UDP', client: ServiceClient): Translation | undefined {
    const frontend = this.#frontends.get(`${to.ip}:${to.port}/${protocol}`);
    if (this.#clusterIps.has(to.ip)) {
      // Of an address of a Service kube-proxy refuses what is no port of it.
      return frontend === undefined ? { kind: 'reject' } : this.#internal(frontend, client);
    }
    const node = isLoopback(to.ip) ? client.node : this.#nodeAt(to.ip);
    // An address from outside the cluster is turned into an endpoint's by the first node that sees it.
    if (frontend !== undefined) return this.#external(frontend, client, client.node ?? node);
    const byNodePort = this.#frontends.get(`node:${to.port}/${protocol}`);
    return node === undefined || byNodePort === undefined
      ? undefined
      : this.#external(byNodePort, client, node);
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
    this.#change();
  }

  #change(): void {
    if (this.#syncPending) return;
    this.#syncPending = true;
    const { now } = this.#simulation;
    const at = Math.max(now + FIRST_SYNC_DELAY, this.#lastSync + MIN_SYNC_PERIOD);
    this.#simulation.at(at, 'kube-proxy', () => {
      this.#syncPending = false;
      this.#lastSync = this.#simulation.now;
      this.#sync();
    });
  }

  /** Makes the whole table anew: an address may have gone from one Service to another. */
  #sync(): void {
    this.#frontends.clear();
    this.#clusterIps.clear();
    for (const [key, service] of this.#services) {
      if (service.spec.type === 'ExternalName') continue;
      const slices = [...(this.#slices.get(key)?.values() ?? [])];
      for (const port of service.spec.ports ?? []) {
        const id = `${key}:${port.name ?? port.port}`;
        const endpoints = endpointsOf(port, slices);
        const frontend: Frontend = { id, service, endpoints, usable: usableOf(endpoints) };
        for (const address of addressesOf(service, port)) this.#frontends.set(address, frontend);
      }
      for (const ip of clusterIpsOf(service)) this.#clusterIps.add(ip);
    }
  }

  #internal(frontend: Frontend, client: ServiceClient): Translation {
    const isLocal = frontend.service.spec.internalTrafficPolicy === 'Local';
    return this.#choose(frontend, client, isLocal ? client.node : undefined, undefined);
  }

  /**
   * What was sent to a node port, an external IP or a load balancer's address.
   * @param node the one whose kube-proxy translates; undefined: a balancer outside sends it to one with endpoints
   */
  #external(frontend: Frontend, client: ServiceClient, node: string | undefined): Translation {
    if (frontend.service.spec.externalTrafficPolicy !== 'Local') {
      return this.#choose(frontend, client, undefined, node);
    }
    // From the node itself and its pods it is taken to all endpoints, as if it had gone out to a balancer and come back.
    if (client.node === node) return this.#choose(frontend, client, undefined, undefined);
    // The client's address is kept; that of a pod on another node was its node's when it left that.
    return this.#choose(frontend, client, node, client.node);
  }

  /** @param only the node whose endpoints alone may be taken */
  #choose(
    frontend: Frontend,
    client: ServiceClient,
    only: string | undefined,
    masqueradedBy: string | undefined,
  ): Translation {
    if (frontend.endpoints.length === 0) return { kind: 'reject' };
    const usable =
      only === undefined ? frontend.usable : usableOf(frontend.endpoints.filter(({ node }) => node === only));
    if (usable.length === 0) return { kind: 'drop' };
    const { ip, port } = this.#pick(frontend, usable, client);
    return { kind: 'backend', to: { ip, port }, masqueradedBy };
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
 * Endpoints that are ready, and those that are going away but still serve: the last resort of a policy. Slices count
 * whoever made them; their ports are matched by name.
 */
function endpointsOf(port: ServicePort, slices: readonly AnySlice[]): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const { addressType, endpoints, ports } of slices) {
    if (addressType !== 'IPv4') continue;
    const number = ports?.find(
      ({ name = '', protocol = 'TCP' }) => name === (port.name ?? '') && protocol === port.protocol,
    )?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions, nodeName: node } of endpoints ?? []) {
      const ip = addresses?.[0];
      const state = stateOf(conditions);
      const key = `${ip}:${number}`;
      // Where two slices name it, it is enough that it is ready in one.
      if (ip === undefined || state === 'out' || found.get(key)?.isReady === true) continue;
      found.set(key, { ip, port: number, node, isReady: state === 'ready' });
    }
  }
  return [...found.values()];
}

/** Those that are going away only where no other is left. */
function usableOf(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter(({ isReady }) => isReady);
  return ready.length > 0 ? ready : endpoints;
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
