import { canonical } from '../../../core/json.ts';
import type { Labels, Pod, Service } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { controllerReference } from '../ownership.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { backendOf, hasAddress, isHeadless } from './service-pods.ts';
import type { Backend } from './service-pods.ts';
import { HEADLESS, SERVICE_NAME, SLICE_MANAGED_BY, reconcileSlices } from './slices.ts';
import type { PortGroup } from './slices.ts';
import { ServiceQueueFeed } from './service-queue-feed.ts';
import { TRIGGER_TIME, TriggerTimes } from './trigger-time.ts';

const MANAGER = 'endpointslice-controller.k8s.io';
/** A slice that somebody else changed is put right this much later. */
const SLICE_CHANGE_DELAY = SECOND;
/** Labels of the Service that its slices do not take over. */
const OWN_LABELS = new Set([SERVICE_NAME, SLICE_MANAGED_BY, HEADLESS]);

/** Tells where the pods of each Service are. https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ */
export function createEndpointSliceController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'endpointslice', sync);
  const triggers = new TriggerTimes();

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const service = api.get(resources.services, namespace, name);
    if (service === undefined) {
      triggers.forget(key);
      return;
    }
    const { selector, type } = service.spec;
    if (type === 'ExternalName' || selector === undefined) return;
    const pods = api.list(resources.pods, { namespace, selector: { matchLabels: selector } });
    const backends = pods.filter(hasAddress).map((pod) => backendOf(service, pod, zoneOf(pod)));
    const existing = api.list(resources.endpointSlices, {
      namespace,
      selector: { matchLabels: { [SERVICE_NAME]: name, [SLICE_MANAGED_BY]: MANAGER } },
    });
    const triggerTime = triggers.next(key, service, pods);
    reconcileSlices(api, existing, {
      namespace,
      serviceName: name,
      labels: labelsFor(service),
      owner: controllerReference(resources.services, service),
      groups: groupByPorts(backends),
      annotations: triggerTime === undefined ? {} : { [TRIGGER_TIME]: triggerTime },
      keepEmpty: true,
      // The garbage collector is about to remove those that there are.
      keepOnly: service.metadata.deletionTimestamp !== undefined,
    });
  }

  function zoneOf(pod: Pod): string | undefined {
    const node =
      pod.spec.nodeName === undefined ? undefined : api.get(resources.nodes, undefined, pod.spec.nodeName);
    return node?.metadata.labels?.['topology.kubernetes.io/zone'];
  }

  return {
    name: 'endpointslice-controller',
    start: () => {
      new ServiceQueueFeed(api, queue).watch(watches);
      watches.on(resources.endpointSlices, ({ object }) => {
        const { namespace, labels } = object.metadata;
        const service = labels?.[SERVICE_NAME];
        if (service === undefined || labels?.[SLICE_MANAGED_BY] !== MANAGER) return;
        queue.after(keyOf({ metadata: { namespace: namespace ?? '', name: service } }), SLICE_CHANGE_DELAY);
      });
    },
  };
}

function groupByPorts(backends: readonly Backend[]): PortGroup[] {
  const groups = new Map<string, { ports: Backend['ports']; endpoints: Backend['endpoint'][] }>();
  for (const { ports, endpoint } of backends) {
    const key = canonical(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpoint);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function labelsFor(service: Service): Labels {
  const labels: Labels = {};
  for (const [key, value] of Object.entries(service.metadata.labels ?? {})) {
    if (!OWN_LABELS.has(key)) labels[key] = value;
  }
  return {
    ...labels,
    [SLICE_MANAGED_BY]: MANAGER,
    [SERVICE_NAME]: service.metadata.name,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
  };
}
