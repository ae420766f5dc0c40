import { canonical, edit, equal } from '../../../core/json.ts';
import type { Endpoints, Labels, NewObject, Pod, Service } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { ServiceQueueFeed } from './service-queue-feed.ts';
import { inSubsetOrder } from './port-order.ts';
import { hasAddress, hostnameFor, isHeadless, targetPort } from './service-pods.ts';
import { HEADLESS } from './slices.ts';
import { TRIGGER_TIME, TriggerTimes } from './trigger-time.ts';

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];

/** Keeps the older Endpoints objects. https://kubernetes.io/docs/concepts/services-networking/service/#endpoints */
export function createEndpointsController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'endpoints', sync);
  const triggers = new TriggerTimes();

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = api.get(resources.services, namespace, name);
    const current = api.get(resources.endpoints, namespace, name);
    if (service === undefined) {
      triggers.forget(key);
      if (current !== undefined) api.delete(resources.endpoints, namespace, name);
      return;
    }
    const { selector, type } = service.spec;
    if (type === 'ExternalName' || selector === undefined) return;
    const pods = api.list(resources.pods, { namespace, selector: { matchLabels: selector } });
    const subsets = repack(pods.flatMap((pod) => subsetsOf(service, pod)));
    const triggerTime = triggers.next(key, service, pods);
    const labels = labelsFor(service);
    if (
      current !== undefined &&
      equal(current.subsets ?? [], subsets) &&
      equal(current.metadata.labels ?? {}, labels)
    ) {
      return;
    }
    const {
      [TRIGGER_TIME]: _trigger,
      [OVER_CAPACITY]: _capacity,
      ...kept
    } = current?.metadata.annotations ?? {};
    const annotations = triggerTime === undefined ? kept : { ...kept, [TRIGGER_TIME]: triggerTime };
    if (current === undefined) create(service, subsets, labels, annotations);
    else update(current, subsets, labels, annotations);
  }

  function create(service: Service, subsets: Subset[], labels: Labels, annotations: Labels): void {
    const { namespace, name } = service.metadata;
    const endpoints: NewObject<Endpoints> = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), labels, annotations },
      ...(subsets.length === 0 ? {} : { subsets }),
    };
    api.create(resources.endpoints, endpoints);
  }

  function update(current: Endpoints, subsets: Subset[], labels: Labels, annotations: Labels): void {
    api.update(
      resources.endpoints,
      edit(current, (draft) => {
        draft.subsets = subsets;
        if (subsets.length === 0) delete draft.subsets;
        draft.metadata.labels = labels;
        draft.metadata.annotations = annotations;
        if (Object.keys(annotations).length === 0) delete draft.metadata.annotations;
      }),
    );
  }

  return {
    name: 'endpoints-controller',
    start: () => {
      new ServiceQueueFeed(api, queue).watch(watches);
      watches.on(resources.services, ({ type, object }) => {
        if (type === 'DELETED') queue.add(keyOf(object));
      });
      // What somebody has made or changed by hand stays until the Service or its pods change.
      watches.on(resources.endpoints, ({ type, object }) => {
        if (type === 'DELETED') queue.add(keyOf(object));
      });
    },
  };
}

/** One subset a port, which {@link repack} puts together again. */
function subsetsOf(service: Service, pod: Pod): Subset[] {
  const publish = service.spec.publishNotReadyAddresses === true;
  if (!hasAddress(pod) || (pod.metadata.deletionTimestamp !== undefined && !publish)) return [];
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameFor(service, pod);
  const address: Address = {
    ip: pod.status.podIP ?? '',
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', ...(namespace === undefined ? {} : { namespace }), name, uid },
  };
  const isReady = publish || isPodReady(pod);
  const addresses = isReady ? { addresses: [address] } : { notReadyAddresses: [address] };
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) return isHeadless(service) ? [{ ...addresses }] : [];
  return ports.flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const subsetPort = {
      ...(port.name === undefined ? {} : { name: port.name }),
      port: number,
      protocol: port.protocol,
    };
    return [{ ...addresses, ports: [subsetPort] }];
  });
}

/** Addresses with the same ports into one subset, in the order of the API: by address, ports by their hashes. */
function repack(subsets: readonly Subset[]): Subset[] {
  const byAddress = new Map<
    string,
    { address: Address; isReady: boolean; ports: NonNullable<Subset['ports']> }
  >();
  for (const { addresses, notReadyAddresses, ports } of subsets) {
    for (const address of [...(addresses ?? []), ...(notReadyAddresses ?? [])]) {
      const entry = byAddress.get(canonical(address)) ?? {
        address,
        isReady: addresses !== undefined,
        ports: [],
      };
      entry.ports.push(...(ports ?? []));
      byAddress.set(canonical(address), entry);
    }
  }
  const byPorts = new Map<string, Subset>();
  const sorted = [...byAddress.values()].sort((a, b) => (a.address.ip < b.address.ip ? -1 : 1));
  for (const { address, isReady, ports: found } of sorted) {
    const ports = [...inSubsetOrder(found)];
    const key = canonical(ports);
    const subset = byPorts.get(key) ?? {};
    if (isReady) subset.addresses = [...(subset.addresses ?? []), address];
    else subset.notReadyAddresses = [...(subset.notReadyAddresses ?? []), address];
    if (ports.length > 0) subset.ports = ports;
    byPorts.set(key, subset);
  }
  return [...byPorts.values()];
}

function labelsFor(service: Service): Labels {
  const { [HEADLESS]: _headless, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    [MANAGED_BY]: 'endpoint-controller',
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
  };
}
