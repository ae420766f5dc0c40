import type {
  ConfigMap,
  Event,
  FlowSchema,
  KubeObject,
  Lease,
  Namespace,
  Node,
  PriorityClass,
  PriorityLevel,
  ResourceQuota,
  Secret,
} from '../../../model/objects.ts';
import { orNone, printer } from './columns.ts';
import { since } from './duration.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';

interface ApiService extends KubeObject {
  spec: { service?: { namespace: string; name: string } | null };
  status?: { conditions?: { type: string; status: string; reason?: string }[] };
}

interface RuntimeClass extends KubeObject {
  handler: string;
}

interface ComponentStatus extends KubeObject {
  conditions?: { type: string; status: string; message?: string; error?: string }[];
}

export const componentStatusPrinter = printer<ComponentStatus>(
  'Name, Status, Message, Error',
  ({ metadata, conditions = [] }) => {
    const healthy = conditions.find(({ type }) => type === 'Healthy');
    const status = healthy?.status === 'True' ? 'Healthy' : 'Unhealthy';
    return [metadata.name, status, healthy?.message ?? '', healthy?.error ?? ''];
  },
);

export const nodePrinter = printer<Node>(
  'Name, Status, Roles, Age, Version, Internal-IP*, External-IP*, OS-Image*, Kernel-Version*, Container-Runtime*',
  (node, now) => {
    const { metadata, status } = node;
    const {
      kubeletVersion = '',
      osImage,
      kernelVersion,
      architecture,
      containerRuntimeVersion,
    } = status.nodeInfo;
    const kernel = kernelVersion === undefined ? '<unknown>' : kernelVersion;
    return [
      metadata.name,
      nodeStatus(node),
      nodeRoles(node),
      since(metadata.creationTimestamp, now),
      kubeletVersion,
      nodeAddress(node, 'InternalIP'),
      nodeAddress(node, 'ExternalIP'),
      osImage ?? '<unknown>',
      architecture === undefined ? kernel : `${kernel} (${architecture})`,
      containerRuntimeVersion ?? '<unknown>',
    ];
  },
);

function nodeStatus({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const text = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return spec.unschedulable === true ? `${text},SchedulingDisabled` : text;
}

function nodeRoles({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (label.startsWith(ROLE_PREFIX)) roles.add(label.slice(ROLE_PREFIX.length));
    else if (label === ROLE_LABEL) roles.add(value);
  }
  roles.delete('');
  return orNone([...roles].sort().join(','));
}

function nodeAddress({ status }: Node, type: string): string {
  const addresses = status.addresses as Node['status']['addresses'] | undefined;
  return orNone(addresses?.find((address) => address.type === type)?.address);
}

export const namespacePrinter = printer<Namespace>('Name, Status, Age', ({ metadata, status }, now) => [
  metadata.name,
  status.phase,
  since(metadata.creationTimestamp, now),
]);

export const configMapPrinter = printer<ConfigMap>(
  'Name, Data, Age',
  ({ metadata, data = {}, binaryData = {} }, now) => [
    metadata.name,
    Object.keys(data).length + Object.keys(binaryData).length,
    since(metadata.creationTimestamp, now),
  ],
);

export const secretPrinter = printer<Secret>(
  'Name, Type, Data, Age',
  ({ metadata, type, data = {} }, now) => [
    metadata.name,
    type,
    Object.keys(data).length,
    since(metadata.creationTimestamp, now),
  ],
);

/** Kinds of which only the name and the age are shown. */
export const nameAndAgePrinter = printer<KubeObject>('Name, Age', ({ metadata }, now) => [
  metadata.name,
  since(metadata.creationTimestamp, now),
]);

/** Kinds that have no printer in Kubernetes either. */
export const defaultPrinter = printer<KubeObject>('Name, date Created At', ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp,
]);

export const eventPrinter = printer<Event>(
  'Last Seen, Type, Reason, Object, Subobject*, Source*, Message, First Seen*, Count*, Name*',
  (event, now) => {
    const { involvedObject: about, series } = event;
    const first = since(event.firstTimestamp ?? event.eventTime, now);
    const kind = (about.kind ?? '').toLowerCase();
    return [
      series === undefined ? sinceOr(event.lastTimestamp, now, first) : since(series.lastObservedTime, now),
      event.type,
      event.reason,
      about.name === undefined || about.name === '' ? kind : `${kind}/${about.name}`,
      about.fieldPath ?? '',
      eventSource(event),
      event.message.trim(),
      first,
      series?.count ?? (event.count || 1),
      event.metadata.name,
    ];
  },
);

function sinceOr(time: string | null | undefined, now: number, otherwise: string): string {
  return time === null || time === undefined ? otherwise : since(time, now);
}

function eventSource(event: Event): string {
  const { source, reportingComponent, reportingInstance } = event as Partial<Event>;
  const component = source?.component || reportingComponent || '';
  const instance = source?.host || reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

export const leasePrinter = printer<Lease>('Name, Holder, Age', ({ metadata, spec }, now) => [
  metadata.name,
  spec.holderIdentity ?? '',
  since(metadata.creationTimestamp, now),
]);

export const priorityClassPrinter = printer<PriorityClass>(
  'Name, integer Value, boolean Global-Default, Age, PreemptionPolicy',
  ({ metadata, value, globalDefault = false, preemptionPolicy = 'PreemptLowerPriority' }, now) => [
    metadata.name,
    value,
    globalDefault,
    since(metadata.creationTimestamp, now),
    preemptionPolicy,
  ],
);

export const resourceQuotaPrinter = printer<ResourceQuota>(
  'Name, Request, Limit, Age',
  ({ metadata, status }, now) => {
    const { hard = {}, used = {} } = status;
    const names = Object.keys(hard).sort();
    const cell = (limits: boolean): string =>
      names
        .filter((name) => name.startsWith('limits') === limits)
        .map((name) => `${name}: ${used[name] ?? 0}/${hard[name] ?? 0}`)
        .join(', ');
    return [metadata.name, cell(false), cell(true), since(metadata.creationTimestamp, now)];
  },
);

export const apiServicePrinter = printer<ApiService>(
  'Name, Service, Available, Age',
  ({ metadata, spec, status }, now) => {
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    const text = available === undefined ? 'Unknown' : available.status;
    return [
      metadata.name,
      spec.service === undefined || spec.service === null
        ? 'Local'
        : `${spec.service.namespace}/${spec.service.name}`,
      text === 'True' || available?.reason === undefined ? text : `${text} (${available.reason})`,
      since(metadata.creationTimestamp, now),
    ];
  },
);

export const runtimeClassPrinter = printer<RuntimeClass>(
  'Name, Handler, Age',
  ({ metadata, handler }, now) => [metadata.name, handler, since(metadata.creationTimestamp, now)],
);

export const flowSchemaPrinter = printer<FlowSchema>(
  'Name, PriorityLevel, MatchingPrecedence, DistinguisherMethod, Age, MissingPL',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.priorityLevelConfiguration.name,
    spec.matchingPrecedence ?? 0,
    spec.distinguisherMethod?.type ?? '<none>',
    since(metadata.creationTimestamp, now),
    status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
);

export const priorityLevelPrinter = printer<PriorityLevel>(
  'Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age',
  ({ metadata, spec }, now) => {
    const { nominalConcurrencyShares: shares, limitResponse } = spec.limited ?? {};
    const { queues, handSize, queueLengthLimit } = limitResponse?.queuing ?? {};
    return [
      metadata.name,
      spec.type,
      ...[shares, queues, handSize, queueLengthLimit].map((number) => number ?? '<none>'),
      since(metadata.creationTimestamp, now),
    ];
  },
);
