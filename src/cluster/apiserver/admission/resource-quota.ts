import { addQuantities, subtractQuantities } from '../../../model/quantity.ts';
import type { AnyObject, Pod, ResourceList, ResourceQuota } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { isMore, matchesScopes, totalUsage, usageOf } from './quota-usage.ts';
import { refusal } from './refuse.ts';

/** Resources that every container must name where a quota bounds them. */
const MUST_BE_NAMED = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
]);

/**
 * Refuses what would use more than a quota allows. What is used is counted from the objects that are there, so it
 * cannot lag behind as the quota's status does.
 * https://kubernetes.io/docs/concepts/policy/resource-quotas/
 */
export const resourceQuota: AdmissionPlugin = {
  name: 'ResourceQuota',
  validate(attributes) {
    const { api, namespace, resource, object, timestamp } = attributes;
    if (object === undefined || namespace === undefined || !isMeasured(attributes)) return;
    const quotas = api
      .list(resources.resourceQuotas, { namespace })
      .filter((quota) => matchesScopes(quota, resource, object));
    if (quotas.length === 0) return;
    if (resource.id === 'pods') for (const quota of quotas) requireNames(attributes, quota, object);

    const before = attributes.old === undefined ? {} : usageOf(resource, attributes.old, timestamp);
    const growth = growthOf(before, usageOf(resource, object, timestamp));
    for (const quota of quotas) checkQuota(attributes, quota, growth);
  },
};

/** New objects, and changes of those that can come to use more. */
function isMeasured({ operation, resource, subresource }: AdmissionAttributes): boolean {
  if (operation === 'CREATE') return subresource === undefined;
  if (operation !== 'UPDATE') return false;
  if (resource.id === 'pods') return subresource === 'resize';
  const canGrow = resource.id === 'services' || resource.id === 'persistentvolumeclaims';
  return subresource === undefined && canGrow;
}

function growthOf(before: ResourceList, after: ResourceList): ResourceList {
  const growth: ResourceList = {};
  for (const [name, quantity] of Object.entries(after)) {
    const more = before[name] === undefined ? quantity : subtractQuantities(quantity, before[name]);
    if (isMore(more, '0')) growth[name] = more;
  }
  return growth;
}

function checkQuota(attributes: AdmissionAttributes, quota: ResourceQuota, growth: ResourceList): void {
  const hard = quota.spec.hard ?? {};
  const requested = Object.entries(growth).filter(([name]) => hard[name] !== undefined);
  if (requested.length === 0) return;
  const used = usedOf(attributes, quota);
  const exceeded = requested
    .map(([name, more]) => ({ name, more, used: used[name] ?? '0', limit: hard[name] ?? '0' }))
    .filter((entry) => isMore(addQuantities(entry.used, entry.more), entry.limit))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (exceeded.length === 0) return;
  const list = (which: 'more' | 'used' | 'limit'): string =>
    exceeded.map((entry) => `${entry.name}=${entry[which]}`).join(',');
  throw refusal(
    attributes,
    `exceeded quota: ${quota.metadata.name}, requested: ${list('more')}, used: ${list('used')}, limited: ${list('limit')}`,
  );
}

function usedOf(
  { api, namespace, resource, timestamp }: AdmissionAttributes,
  quota: ResourceQuota,
): ResourceList {
  const usages: ResourceList[] = [];
  for (const object of api.list(resource, namespace === undefined ? {} : { namespace })) {
    if (!matchesScopes(quota, resource, object as AnyObject)) continue;
    usages.push(usageOf(resource, object as AnyObject, timestamp));
  }
  return totalUsage(usages);
}

function requireNames(attributes: AdmissionAttributes, quota: ResourceQuota, object: AnyObject): void {
  const { spec } = object as unknown as Pod;
  const bounded = Object.keys(quota.spec.hard ?? {})
    .filter((name) => MUST_BE_NAMED.has(name))
    .sort();
  const missing: string[] = [];
  for (const name of bounded) {
    const which = name.startsWith('limits.') ? 'limits' : 'requests';
    const plain = name.replace(/^(requests|limits)\./, '');
    if (spec.resources?.[which]?.[plain] !== undefined) continue;
    const silent = [...spec.containers, ...(spec.initContainers ?? [])]
      .filter((container) => container.resources[which]?.[plain] === undefined)
      .map((container) => container.name)
      .sort();
    if (silent.length > 0) missing.push(`${name} for: ${silent.join(',')}`);
  }
  if (missing.length > 0) {
    throw refusal(attributes, `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`);
  }
}
