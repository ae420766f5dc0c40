import { canonical } from '../../../core/json.ts';
import type { Endpoints, Labels, SliceEndpoint, SlicePort } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { controllerReference } from '../ownership.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { inSliceOrder } from './port-order.ts';
import { SERVICE_NAME, SLICE_MANAGED_BY, reconcileSlices } from './slices.ts';
import type { PortGroup } from './slices.ts';
import { TRIGGER_TIME } from './trigger-time.ts';

const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Makes slices of the Endpoints that somebody wrote by hand for a Service without a selector.
 * https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors
 */
export function createMirroringController({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'endpointslice-mirroring', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const existing = api.list(resources.endpointSlices, {
      namespace,
      selector: { matchLabels: { [SERVICE_NAME]: name, [SLICE_MANAGED_BY]: MANAGER } },
    });
    const endpoints = api.get(resources.endpoints, namespace, name);
    const service = api.get(resources.services, namespace, name);
    const isMirrored =
      endpoints !== undefined &&
      shouldMirror(endpoints) &&
      service !== undefined &&
      service.spec.selector === undefined;
    if (!isMirrored) {
      for (const { metadata } of existing) api.delete(resources.endpointSlices, namespace, metadata.name);
      return;
    }
    reconcileSlices(api, existing, {
      namespace,
      serviceName: name,
      labels: {
        ...endpoints.metadata.labels,
        [SERVICE_NAME]: name,
        [SLICE_MANAGED_BY]: MANAGER,
      },
      owner: controllerReference(resources.endpoints, endpoints),
      groups: groupsOf(endpoints),
      annotations: annotationsOf(endpoints),
      keepEmpty: false,
    });
  }

  return {
    name: 'endpointslice-mirroring-controller',
    start: () => {
      watches.on(resources.endpoints, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.services, ({ object }) => {
        queue.add(keyOf(object));
      });
    },
  };
}

function shouldMirror({ metadata: { labels, annotations } }: Endpoints): boolean {
  return labels?.[SKIP_MIRROR] !== 'true' && annotations?.[LEADER] === undefined;
}

function annotationsOf({ metadata }: Endpoints): Labels {
  const { [APPLIED]: _applied, [TRIGGER_TIME]: _trigger, ...annotations } = metadata.annotations ?? {};
  return annotations;
}

function groupsOf({ subsets = [] }: Endpoints): PortGroup[] {
  const groups = new Map<
    string,
    { readonly ports: readonly SlicePort[]; readonly endpoints: SliceEndpoint[] }
  >();
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const slicePorts = inSliceOrder(
      ports.map(({ name = '', port, protocol }) => ({
        name,
        port,
        protocol: protocol as SlicePort['protocol'],
      })),
    );
    const key = canonical(slicePorts);
    const group = groups.get(key) ?? { ports: slicePorts, endpoints: [] as SliceEndpoint[] };
    group.endpoints.push(
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    );
    groups.set(key, group);
  }
  return [...groups.values()].filter(({ endpoints }) => endpoints.length > 0);
}

function endpointOf(
  {
    ip,
    hostname,
    nodeName,
    targetRef,
  }: { ip: string } & Pick<SliceEndpoint, 'hostname' | 'nodeName' | 'targetRef'>,
  ready: boolean,
): SliceEndpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}
