import { equal } from '../../../core/json.ts';
import type {
  Endpoints,
  EndpointSlice,
  Event,
  KubeObject,
  LimitRange,
  Namespace,
  Node,
  ResourceList,
  Secret,
  Service,
} from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { canonicalList } from './quantities.ts';

/**
 * Everything but the addresses with their families and node ports, which are allocated where the Service is stored.
 */
export function defaultService(service: Draft<Service>): void {
  const spec = (service.spec ??= {});
  spec.type ||= 'ClusterIP';
  defaultAffinity(spec);
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    if (port.targetPort === undefined || port.targetPort === 0 || port.targetPort === '') {
      port.targetPort = port.port;
    }
  }
  defaultTraffic(spec);
  if (spec.type !== 'LoadBalancer') return;
  spec.allocateLoadBalancerNodePorts ??= true;
  const places: Draft<{ ip: string; ipMode: string }>[] = service.status?.loadBalancer?.ingress ?? [];
  for (const place of places) if ((place.ip ?? '') !== '') place.ipMode ??= 'VIP';
}

function defaultTraffic(spec: Draft<Service['spec']>): void {
  const hasExternalAddress = spec.externalIPs !== undefined && spec.type === 'ClusterIP';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer' || hasExternalAddress) {
    spec.externalTrafficPolicy ||= 'Cluster';
  }
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
}

function defaultAffinity(spec: Draft<Service['spec']>): void {
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10_800 } };
  }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/ */
export function defaultApiService({ spec }: { spec?: { service?: { port?: number } } }): void {
  if (spec?.service !== undefined) spec.service.port ??= 443;
}

export function defaultEndpoints(endpoints: Draft<Endpoints>): void {
  for (const subset of endpoints.subsets ?? []) {
    for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  }
}

export function defaultEndpointSlice(slice: Draft<EndpointSlice>): void {
  for (const endpoint of slice.endpoints ?? []) {
    endpoint.conditions ??= {};
    // Of version v1beta1: what is created as v1 has none.
    Reflect.deleteProperty(endpoint, 'deprecatedTopology');
  }
  for (const port of slice.ports ?? []) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
  // Kubernetes writes lists that must be there, and are empty, as null.
  if (slice.endpoints === undefined || slice.endpoints?.length === 0) slice.endpoints = null;
  if (slice.ports === undefined || slice.ports?.length === 0) slice.ports = null;
}

export function defaultSecret(secret: Draft<Secret> & { stringData?: Record<string, string> }): void {
  secret.type ||= 'Opaque';
  if (secret.stringData === undefined) return;
  const data = (secret.data ??= {});
  for (const [key, text] of Object.entries(secret.stringData)) {
    data[key] = Buffer.from(text, 'utf8').toString('base64');
  }
  delete secret.stringData;
}

/** A namespace can be selected by its name. */
export function defaultNamespace({ metadata }: Draft<Namespace>): void {
  const name = metadata?.name ?? '';
  if (metadata === undefined || name === '') return;
  if (metadata.labels?.['kubernetes.io/metadata.name'] === name) return;
  metadata.labels = { ...metadata.labels, 'kubernetes.io/metadata.name': name };
}

export function defaultNode(node: Draft<Node>, { operation }: { operation: string }): void {
  node.spec ??= {};
  const status = node.status;
  if (operation !== 'CREATE' || status?.capacity === undefined) return;
  canonicalList(status.capacity);
  if (status.allocatable === undefined) status.allocatable = { ...status.capacity };
  else canonicalList(status.allocatable);
}

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/limit-range-v1/ */
export function defaultLimitRange(range: Draft<LimitRange>): void {
  for (const item of range.spec?.limits ?? []) {
    for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) {
      canonicalList(list);
    }
    if (item.type !== 'Container') continue;
    const limits = { ...item.max, ...item.default };
    const requests = { ...item.min, ...limits, ...item.defaultRequest };
    if (!equal(limits, item.default ?? {})) item.default = limits;
    if (!equal(requests, item.defaultRequest ?? {})) item.defaultRequest = requests;
  }
}

export function defaultResourceQuota(quota: Draft<KubeObject & { spec: { hard?: ResourceList } }>): void {
  canonicalList((quota.spec ??= {}).hard);
}

export function defaultPriorityClass(priorityClass: { preemptionPolicy?: string }): void {
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}

/** These are always written, also where nobody has set them. */
export function defaultEvent(event: Draft<Event>): void {
  event.source ??= {};
  if (event.firstTimestamp === undefined) event.firstTimestamp = null;
  if (event.lastTimestamp === undefined) event.lastTimestamp = null;
  if (event.eventTime === undefined) event.eventTime = null;
  event.reportingComponent ??= '';
  event.reportingInstance ??= '';
}
