import type {
  EndpointSlice,
  SliceEndpoint,
  KubeObject,
  LabelSelector,
  Namespace,
  NetworkPolicy,
  NewObject,
  Pod,
  Service,
} from '../../../../src/model/objects.ts';
import { matchesSelector } from '../../../../src/model/selector.ts';
import { resources, type Resource } from '../../../../src/model/resources.ts';
import type { Api, WatchEvent } from '../../../../src/cluster/api.ts';
import { Simulation, SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { createNetwork, type ClusterNetwork } from '../../../../src/cluster/network/network.ts';
import type {
  HttpRequest,
  HttpResponse,
  NetworkStack,
  Address,
} from '../../../../src/cluster/network/types.ts';
import { NetError } from '../../../../src/cluster/network/types.ts';

/** Just enough of an API for watchers: objects in memory, events delivered in simulation events of their own. */
export class WatchedObjects implements Api {
  readonly #simulation: Simulation;
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #watchers = new Map<string, Set<(event: WatchEvent) => void>>();
  #count = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#of(resource).get(`${namespace ?? ''}/${name}`) as T | undefined;
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    options: { namespace?: string; selector?: LabelSelector } = {},
  ): readonly T[] {
    return [...this.#of(resource).values()].filter(
      ({ metadata }) =>
        (options.namespace === undefined || metadata.namespace === options.namespace) &&
        (options.selector === undefined || matchesSelector(options.selector, metadata.labels)),
    ) as T[];
  }

  create<T extends KubeObject>(resource: Resource<T>, object: NewObject<T>): T {
    return this.put(resource, object as unknown as T);
  }

  /** Creates or replaces. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const old = this.#of(resource).get(key);
    this.#of(resource).set(key, object);
    this.#emit(resource, old === undefined ? { type: 'ADDED', object } : { type: 'MODIFIED', object, old });
    return object;
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): T {
    return this.put(resource, object);
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): T {
    return this.put(resource, object);
  }

  delete(resource: Resource, namespace: string | undefined, name: string): void {
    const key = `${namespace ?? ''}/${name}`;
    const old = this.#of(resource).get(key);
    if (old === undefined) return;
    this.#of(resource).delete(key);
    this.#emit(resource, { type: 'DELETED', object: old, old });
  }

  getScale(): never {
    throw new Error('nothing is scaled here');
  }

  updateScale(): never {
    throw new Error('nothing is scaled here');
  }

  bind(): void {}

  watch<T extends KubeObject>(resource: Resource<T>, handler: (event: WatchEvent<T>) => void): () => void {
    const watchers = this.#watchers.get(resource.id) ?? new Set();
    this.#watchers.set(resource.id, watchers);
    const call = handler as (event: WatchEvent) => void;
    watchers.add(call);
    for (const object of this.#of(resource).values()) {
      this.#simulation.after(100, 'watch', () => call({ type: 'ADDED', object }));
    }
    return () => void watchers.delete(call);
  }

  uid(): string {
    return `uid-${++this.#count}`;
  }

  #of(resource: Resource): Map<string, KubeObject> {
    const found = this.#objects.get(resource.id) ?? new Map<string, KubeObject>();
    this.#objects.set(resource.id, found);
    return found;
  }

  #emit(resource: Resource, event: WatchEvent): void {
    for (const watcher of this.#watchers.get(resource.id) ?? []) {
      this.#simulation.after(100, 'watch', () => watcher(event));
    }
  }
}

export interface World {
  readonly simulation: Simulation;
  readonly api: WatchedObjects;
  readonly network: ClusterNetwork;
  /** Lets virtual time pass. */
  readonly run: (seconds?: number) => Promise<void>;
  addNamespace(name: string, labels?: Record<string, string>): Namespace;
  addPod(
    name: string,
    options?: {
      namespace?: string;
      labels?: Record<string, string>;
      node?: string;
      ports?: Pod['spec']['containers'][0]['ports'];
    },
  ): { pod: Pod; stack: NetworkStack };
  addService(name: string, spec: Partial<Service['spec']>, namespace?: string): Service;
  addSlice(
    service: string,
    endpoints: Partial<SliceEndpoint>[],
    ports: EndpointSlice['ports'],
    options?: { namespace?: string; name?: string },
  ): EndpointSlice;
  addPolicy(name: string, spec: Partial<NetworkPolicy['spec']>, namespace?: string): NetworkPolicy;
}

export function createWorld(seed = 'test'): World {
  const simulation = new Simulation({ seed, epoch: Date.UTC(2026, 10, 22) * 1000 });
  const api = new WatchedObjects(simulation);
  const network = createNetwork({
    simulation,
    api,
    nodes: [
      { name: 'control-plane', ip: '172.18.0.2', podCIDR: '10.244.0.0/24' },
      { name: 'worker', ip: '172.18.0.3', podCIDR: '10.244.1.0/24' },
    ],
    serviceCidr: '10.96.0.0/16',
  });
  const meta = (
    name: string,
    namespace?: string,
    labels?: Record<string, string>,
  ): KubeObject['metadata'] => ({
    name,
    ...(namespace === undefined ? {} : { namespace }),
    uid: api.uid(),
    resourceVersion: '1',
    creationTimestamp: '2026-11-22T00:00:00Z',
    ...(labels === undefined ? {} : { labels }),
  });
  return {
    simulation,
    api,
    network,
    run: (seconds = 3) => simulation.advanceTo(simulation.now + Math.round(seconds * SECOND)),
    addNamespace: (name, labels = {}) =>
      api.put(resources.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: meta(name, undefined, { 'kubernetes.io/metadata.name': name, ...labels }),
        spec: {},
        status: { phase: 'Active' },
      }),
    addPod: (name, { namespace = 'shop', labels = {}, node = 'worker', ports = [] } = {}) => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: meta(name, namespace, labels),
        spec: { containers: [{ name: 'main', image: 'x', ports }], nodeName: node },
        status: { phase: 'Running' },
      } as unknown as Pod;
      api.put(resources.pods, pod);
      return { pod, stack: network.attachPod(pod, node) };
    },
    addService: (name, spec, namespace = 'shop') =>
      api.put(resources.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta(name, namespace),
        spec: { type: 'ClusterIP', sessionAffinity: 'None', ...spec },
        status: {},
      }),
    addSlice: (service, endpoints, ports, { namespace = 'shop', name = `${service}-abcde` } = {}) =>
      api.put(resources.endpointSlices, {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: meta(name, namespace, { 'kubernetes.io/service-name': service }),
        addressType: 'IPv4',
        endpoints: endpoints as EndpointSlice['endpoints'],
        ports,
      }),
    addPolicy: (name, spec, namespace = 'shop') =>
      api.put(resources.networkPolicies, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: meta(name, namespace),
        spec: { podSelector: {}, policyTypes: ['Ingress'], ...spec },
      }),
  };
}

export const GET: HttpRequest = { method: 'GET', path: '/', headers: { host: 'x' }, body: '' };

export const ok = (body: string): HttpResponse => ({ status: 200, headers: {}, body });

/** Starts a listener that answers with its name. */
export function answer(stack: NetworkStack, port: number, body: string): ReturnType<NetworkStack['listen']> {
  return stack.listen(port, { kind: 'http', handle: (_request, _from, respond) => respond(ok(body)) });
}

/** The outcome of one exchange after `seconds`: the body, an error code, or `pending`. */
export async function get(world: World, from: NetworkStack, to: Address, seconds = 4): Promise<string> {
  let outcome = 'pending';
  const cancel = from.http(to, GET, (result) => {
    outcome = result instanceof NetError ? result.code : result.body;
  });
  await world.run(seconds);
  cancel();
  return outcome;
}
