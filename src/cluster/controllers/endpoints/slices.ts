import { canonical, edit, equal } from '../../../core/json.ts';
import type {
  EndpointSlice,
  Labels,
  NewObject,
  OwnerReference,
  SliceEndpoint,
  SlicePort,
} from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Api } from '../../api.ts';

export const SERVICE_NAME = 'kubernetes.io/service-name';
export const SLICE_MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const HEADLESS = 'service.kubernetes.io/headless';

/** kube-controller-manager's `--max-endpoints-per-slice`. */
const SLICE_SIZE = 100;

/** Endpoints with the same ports: they share slices. */
export interface PortGroup {
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** What the slices of a Service should be. */
export interface WantedSlices {
  readonly namespace: string;
  readonly serviceName: string;
  readonly labels: Labels;
  readonly owner: OwnerReference;
  readonly groups: readonly PortGroup[];
  readonly annotations: Labels;
  /** Without endpoints there is an empty slice, or none at all. */
  readonly keepEmpty: boolean;
  /** Those that there are are kept right, and none is made. */
  readonly keepOnly?: boolean;
}

interface Plan {
  /** The slice that has these ports already. */
  readonly slice: EndpointSlice | undefined;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly SliceEndpoint[];
}

/** Makes the slices so, changing as few as it can: an endpoint stays in its slice, and a slice is used again. */
export function reconcileSlices(api: Api, existing: readonly EndpointSlice[], wanted: WantedSlices): void {
  const unused = [...existing].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const isEmpty = wanted.groups.length === 0 && wanted.keepEmpty;
  const groups = isEmpty ? [{ ports: [], endpoints: [] }] : wanted.groups;
  const plans = groups.flatMap((group) => planGroup(group, unused));
  for (const plan of plans) {
    const slice = plan.slice ?? unused.shift();
    if (slice !== undefined) update(api, slice, plan, wanted);
    else if (wanted.keepOnly !== true) create(api, plan, wanted);
  }
  for (const slice of unused) {
    api.delete(resources.endpointSlices, slice.metadata.namespace, slice.metadata.name);
  }
}

/** Takes the slices that it uses out of `unused`. */
function planGroup({ ports, endpoints }: PortGroup, unused: EndpointSlice[]): Plan[] {
  const key = canonical(ports);
  const missing = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const kept = unused
    .filter((slice) => canonical(slice.ports ?? []) === key)
    .map((slice) => ({
      slice,
      ports,
      endpoints: (slice.endpoints ?? []).flatMap((endpoint) => {
        const now = missing.get(identity(endpoint));
        missing.delete(identity(endpoint));
        return now === undefined ? [] : [now];
      }),
    }));
  const rest = [...missing.values()];
  const plans: Plan[] = [];
  for (const plan of kept) {
    plan.endpoints.push(...rest.splice(0, Math.max(0, SLICE_SIZE - plan.endpoints.length)));
    if (plan.endpoints.length === 0 && endpoints.length > 0) continue;
    unused.splice(unused.indexOf(plan.slice), 1);
    plans.push(plan);
    if (endpoints.length === 0) break;
  }
  if (plans.length === 0 && rest.length === 0) return [{ slice: undefined, ports, endpoints: [] }];
  while (rest.length > 0) plans.push({ slice: undefined, ports, endpoints: rest.splice(0, SLICE_SIZE) });
  return plans;
}

function identity(endpoint: SliceEndpoint): string {
  return endpoint.targetRef?.uid ?? `${endpoint.addresses.join()}/${endpoint.hostname ?? ''}`;
}

function update(api: Api, slice: EndpointSlice, plan: Plan, wanted: WantedSlices): void {
  const isSame =
    equal(slice.endpoints ?? [], plan.endpoints) &&
    equal(slice.ports ?? [], plan.ports) &&
    equal(slice.metadata.labels, wanted.labels);
  if (isSame) return;
  api.update(
    resources.endpointSlices,
    edit(slice, (draft) => {
      Object.assign(draft, content(plan));
      draft.metadata.labels = wanted.labels;
      draft.metadata.annotations = wanted.annotations;
      if (Object.keys(wanted.annotations).length === 0) delete draft.metadata.annotations;
    }),
  );
}

function create(api: Api, plan: Plan, wanted: WantedSlices): void {
  const slice: NewObject<EndpointSlice> = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${wanted.serviceName}-`,
      namespace: wanted.namespace,
      labels: wanted.labels,
      ...(Object.keys(wanted.annotations).length === 0 ? {} : { annotations: wanted.annotations }),
      ownerReferences: [wanted.owner],
    },
    addressType: 'IPv4',
    ...content(plan),
  };
  api.create(resources.endpointSlices, slice);
}

/** Empty lists are null in what Kubernetes writes, and shown so by kubectl. */
function content({ ports, endpoints }: Plan): Pick<EndpointSlice, 'ports' | 'endpoints'> {
  return {
    endpoints: endpoints.length === 0 ? null : [...endpoints],
    ports: ports.length === 0 ? null : [...ports],
  };
}
