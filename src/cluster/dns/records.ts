import type { EndpointSlice, Pod, Service } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { SECOND, type Simulation } from '../simulation/simulation.ts';

/** The cluster as CoreDNS' kubernetes plugin knows it. One serves all CoreDNS pods of a cluster. */
export interface ClusterRecords {
  /** Has the first list of everything come? */
  readonly synced: boolean;
  /** Unix time of the last change: the serial of the zone. */
  readonly serial: number;
  hasNamespace(name: string): boolean;
  service(namespace: string, name: string): Service | undefined;
  servicesWithIp(ip: string): readonly Service[];
  /** The slices of a Service, in the order of their names. */
  slices(namespace: string, service: string): readonly EndpointSlice[];
  /** Slices of all Services that hold an address, ready or not. */
  slicesWithIp(ip: string): readonly EndpointSlice[];
  hasPodWithIp(namespace: string, ip: string): boolean;
}

/** Follows Services, EndpointSlices, Pods and Namespaces for {@link ClusterRecords}. */
export function watchClusterRecords(api: Api, simulation: Simulation): ClusterRecords {
  const namespaces = new Set<string>();
  const services = new Map<string, Service>();
  const servicesByIp = new Map<string, Map<string, Service>>();
  const slices = new Map<string, Map<string, EndpointSlice>>();
  const pods = new Map<string, Pod>();
  const podsByIp = new Map<string, Set<string>>();
  let synced = false;
  let serial = 0;
  const touch = (): void => {
    serial = Math.floor(simulation.now / SECOND);
  };

  api.watch(resources.namespaces, ({ type, object }) => {
    synced = true;
    if (type === 'DELETED') namespaces.delete(object.metadata.name);
    else namespaces.add(object.metadata.name);
  });
  api.watch(resources.services, ({ type, object }) => {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    for (const ip of addressesOf(services.get(key))) servicesByIp.get(ip)?.delete(key);
    services.delete(key);
    if (type !== 'DELETED') {
      services.set(key, object);
      for (const ip of addressesOf(object)) inner(servicesByIp, ip).set(key, object);
    }
    touch();
  });
  api.watch(resources.endpointSlices, ({ type, object, old }) => {
    if (old !== undefined) slices.get(serviceOf(old))?.delete(old.metadata.name);
    if (type !== 'DELETED') inner(slices, serviceOf(object)).set(object.metadata.name, object);
    touch();
  });
  api.watch(resources.pods, ({ type, object }) => {
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = pods.get(key)?.status.podIP;
    if (before !== undefined) podsByIp.get(before)?.delete(key);
    pods.delete(key);
    if (type === 'DELETED') return;
    pods.set(key, object);
    const ip = object.status.podIP;
    if (ip === undefined) return;
    const keys = podsByIp.get(ip) ?? new Set<string>();
    podsByIp.set(ip, keys.add(key));
  });

  return {
    get synced() {
      return synced;
    },
    get serial() {
      return serial;
    },
    hasNamespace: (name) => namespaces.has(name),
    service: (namespace, name) => services.get(keyOf(namespace, name)),
    servicesWithIp: (ip) => [...(servicesByIp.get(ip)?.values() ?? [])],
    slices: (namespace, service) => byName(slices.get(keyOf(namespace, service))?.values() ?? []),
    slicesWithIp: (ip) => {
      const all = [...slices.values()].flatMap((some) => [...some.values()]);
      return byName(
        all.filter(({ endpoints }) => endpoints?.some(({ addresses }) => addresses.includes(ip)) === true),
      );
    },
    hasPodWithIp: (namespace, ip) =>
      [...(podsByIp.get(ip) ?? [])].some((key) => key.startsWith(`${namespace}/`)),
  };
}

function byName(some: Iterable<EndpointSlice>): EndpointSlice[] {
  return [...some].sort((a, b) =>
    keyOf(a.metadata.namespace, a.metadata.name) < keyOf(b.metadata.namespace, b.metadata.name) ? -1 : 1,
  );
}

function addressesOf(service: Service | undefined): string[] {
  if (service === undefined) return [];
  const { clusterIP, clusterIPs } = service.spec;
  return (clusterIPs ?? [clusterIP]).filter(
    (ip) => ip !== undefined && ip !== '' && ip !== 'None',
  ) as string[];
}

function serviceOf(slice: EndpointSlice): string {
  return keyOf(slice.metadata.namespace, slice.metadata.labels?.['kubernetes.io/service-name'] ?? '');
}

function inner<V>(outer: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = outer.get(key) ?? new Map<string, V>();
  outer.set(key, found);
  return found;
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
