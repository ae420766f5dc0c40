import { compareQuantities } from '../../../model/quantity.ts';
import { isOver } from '../../../model/pod-phase.ts';
import type {
  AnyObject,
  PersistentVolumeClaim,
  Pod,
  PodSpec,
  Quantity,
  ResourceList,
  ResourceQuota,
  Service,
} from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import { accumulate, sum, usageOfPod } from '../defaults/pod-usage.ts';
import { qosClassOf } from '../defaults/initial-status.ts';

/** Kinds that a quota may count by their plain name; every kind may be counted as `count/<plural>.<group>`. */
const COUNTED = new Set([
  'pods',
  'services',
  'configmaps',
  'secrets',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
]);

/** Names of the resources of containers that a quota may bound without a prefix, meaning requests. */
const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage']);

/**
 * What one object uses of the resources that quotas name.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/
 * @param now the instant of the request, as Kubernetes writes it
 */
export function usageOf(resource: Resource, object: AnyObject, now: string): ResourceList {
  if (resource.id === 'pods' && !isCounted(object as unknown as Pod, now)) return { 'count/pods': '1' };
  const usage: ResourceList = { [`count/${resource.id}`]: '1' };
  if (COUNTED.has(resource.id)) usage[resource.id] = '1';
  if (resource.id === 'pods') Object.assign(usage, podUsage((object as unknown as Pod).spec));
  if (resource.id === 'services') Object.assign(usage, serviceUsage(object as unknown as Service));
  if (resource.id === 'persistentvolumeclaims') {
    Object.assign(usage, claimUsage(object as unknown as PersistentVolumeClaim));
  }
  return usage;
}

/** A pod that has ended uses nothing but its place in the store, nor one that should have gone by now. */
function isCounted({ metadata, status }: Pod, now: string): boolean {
  if (isOver(status)) return false;
  return metadata.deletionTimestamp === undefined || metadata.deletionTimestamp >= now;
}

function podUsage(spec: PodSpec): ResourceList {
  const usage: ResourceList = {};
  for (const [name, quantity] of Object.entries(usageOfPod(spec, 'requests'))) {
    usage[`requests.${name}`] = quantity;
    if (PLAIN.has(name) || name.startsWith('hugepages-')) usage[name] = quantity;
  }
  for (const [name, quantity] of Object.entries(usageOfPod(spec, 'limits'))) {
    if (PLAIN.has(name)) usage[`limits.${name}`] = quantity;
  }
  return usage;
}

function serviceUsage({ spec }: Service): ResourceList {
  const ports = String(spec.ports?.length ?? 0);
  if (spec.type === 'NodePort') return { 'services.nodeports': ports };
  if (spec.type !== 'LoadBalancer') return {};
  const allocates =
    (spec as { allocateLoadBalancerNodePorts?: boolean }).allocateLoadBalancerNodePorts !== false;
  return { 'services.loadbalancers': '1', ...(allocates && { 'services.nodeports': ports }) };
}

function claimUsage({ spec }: PersistentVolumeClaim): ResourceList {
  const storage = spec.resources.requests?.['storage'] ?? '0';
  const suffix = `${spec.storageClassName ?? ''}.storageclass.storage.k8s.io/`;
  return {
    'requests.storage': storage,
    ...(spec.storageClassName !== undefined &&
      spec.storageClassName !== '' && {
        [`${suffix}requests.storage`]: storage,
        [`${suffix}persistentvolumeclaims`]: '1',
      }),
  };
}

/** Whether a quota is about this object: all of its scopes hold. Only pods (and claims) have scopes. */
export function matchesScopes(quota: ResourceQuota, resource: Resource, object: AnyObject): boolean {
  const scopes = [
    ...(quota.spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] })),
    ...(quota.spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (scopes.length === 0) return true;
  if (resource.id !== 'pods') return false;
  const { spec } = object as unknown as Pod;
  return scopes.every(({ scopeName, operator, values = [] }) => inScope(spec, scopeName, operator, values));
}

function inScope(spec: PodSpec, scope: string, operator: string, values: readonly string[]): boolean {
  switch (scope) {
    case 'Terminating':
      return spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return qosClassOf(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(spec) !== 'BestEffort';
    case 'PriorityClass':
      return matchesPriorityClass(spec.priorityClassName ?? '', operator, values);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec);
    default:
      return false;
  }
}

function matchesPriorityClass(name: string, operator: string, values: readonly string[]): boolean {
  if (operator === 'In') return values.includes(name);
  if (operator === 'NotIn') return !values.includes(name);
  return (name !== '') === (operator === 'Exists');
}

function crossesNamespaces({ affinity }: PodSpec): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((part) =>
    [
      ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ].some((term) => term.namespaceSelector !== undefined || (term.namespaces?.length ?? 0) > 0),
  );
}

/** The sum of several usages. */
export function totalUsage(usages: Iterable<ResourceList>): ResourceList {
  const total: ResourceList = {};
  for (const usage of usages) accumulate(total, usage, sum);
  return total;
}

export function isMore(a: Quantity, b: Quantity): boolean {
  return compareQuantities(a, b) > 0;
}
