import { compareQuantities, parseQuantity } from '../../../model/quantity.ts';
import type {
  Container,
  LimitRange,
  PersistentVolumeClaim,
  Pod,
  Quantity,
  ResourceList,
  ResourceRequirements,
} from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { usageOfPod } from '../defaults/pod-usage.ts';
import { joined, refusal } from './refuse.ts';

type Limit = NonNullable<LimitRange['spec']['limits']>[number];

const ANNOTATION = 'kubernetes.io/limit-ranger';

/** https://kubernetes.io/docs/concepts/policy/limit-range/ */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(attributes) {
    if (!isPodWrite(attributes)) return;
    for (const range of rangesOf(attributes)) applyDefaultLimits(attributes.object as unknown as Pod, range);
  },
  validate(attributes) {
    const isClaim = isClaimWrite(attributes);
    if (!isClaim && !isPodWrite(attributes)) return;
    for (const range of rangesOf(attributes)) {
      const problems = isClaim
        ? claimProblems(attributes.object as unknown as PersistentVolumeClaim, range)
        : podProblems(attributes.object as unknown as Pod, range);
      if (problems.length > 0) throw refusal(attributes, joined(problems));
    }
  },
};

/** New pods, and resized ones: nothing else may change a pod's resources. */
function isPodWrite({ operation, resource, subresource }: AdmissionAttributes): boolean {
  if (resource.id !== 'pods') return false;
  return subresource === undefined
    ? operation === 'CREATE'
    : subresource === 'resize' && operation === 'UPDATE';
}

function isClaimWrite({ operation, resource, subresource }: AdmissionAttributes): boolean {
  if (resource.id !== 'persistentvolumeclaims' || subresource !== undefined) return false;
  return operation === 'CREATE' || operation === 'UPDATE';
}

function rangesOf({ api, namespace, old }: AdmissionAttributes): readonly LimitRange[] {
  if (old?.metadata.deletionTimestamp !== undefined || namespace === undefined) return [];
  return api.list(resources.limitRanges, { namespace });
}

function applyDefaultLimits(pod: Pod, range: LimitRange): void {
  const limits: ResourceList = {};
  const requests: ResourceList = {};
  for (const limit of range.spec.limits ?? []) {
    if (limit.type !== 'Container') continue;
    Object.assign(limits, limit.default);
    Object.assign(requests, limit.defaultRequest);
  }
  const set = [
    ...pod.spec.containers.flatMap((container) => fill(container, 'container', requests, limits)),
    ...(pod.spec.initContainers ?? []).flatMap((container) =>
      fill(container, 'init container', requests, limits),
    ),
  ];
  if (set.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${set.join('; ')}`,
  };
}

/** @returns what was set, as the annotation says it */
function fill(container: Container, what: string, requests: ResourceList, limits: ResourceList): string[] {
  const own = container.resources;
  const said: string[] = [];
  for (const [which, defaults] of [
    ['requests', requests],
    ['limits', limits],
  ] as const) {
    const missing = Object.keys(defaults)
      .filter((name) => own[which]?.[name] === undefined)
      .sort();
    if (missing.length === 0) continue;
    own[which] = {
      ...Object.fromEntries(missing.map((name) => [name, defaults[name] ?? '0'])),
      ...own[which],
    };
    said.push(`${missing.join(', ')} ${which.slice(0, -1)} for ${what} ${container.name}`);
  }
  return said;
}

function podProblems(pod: Pod, range: LimitRange): string[] {
  const { containers, initContainers = [] } = pod.spec;
  return (range.spec.limits ?? []).flatMap((limit) => {
    if (limit.type === 'Container') {
      return [...containers, ...initContainers].flatMap((container) =>
        usageProblems(limit, container.resources),
      );
    }
    if (limit.type !== 'Pod') return [];
    return usageProblems(limit, {
      requests: usageOfPod(pod.spec, 'requests'),
      limits: usageOfPod(pod.spec, 'limits'),
    });
  });
}

function usageProblems(limit: Limit, usage: ResourceRequirements): string[] {
  return [
    ...sorted(limit.min).flatMap(([name, least]) => minimumProblem(limit.type, name, least, usage)),
    ...sorted(limit.max).flatMap(([name, most]) => maximumProblem(limit.type, name, most, usage)),
    ...sorted(limit.maxLimitRequestRatio).flatMap(([name, most]) =>
      ratioProblem(limit.type, name, most, usage),
    ),
  ];
}

/** Kubernetes goes through these in any order; here it is by name. */
function sorted(list: ResourceList | undefined): [string, Quantity][] {
  return Object.entries(list ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

function minimumProblem(type: string, name: string, least: Quantity, usage: ResourceRequirements): string[] {
  const request = usage.requests?.[name];
  const limit = usage.limits?.[name];
  const rule = `minimum ${name} usage per ${type} is ${least}`;
  if (request === undefined) return [`${rule}.  No request is specified`];
  if (compareQuantities(request, least) < 0) return [`${rule}, but request is ${request}`];
  if (limit !== undefined && compareQuantities(limit, least) < 0) return [`${rule}, but limit is ${limit}`];
  return [];
}

function maximumProblem(type: string, name: string, most: Quantity, usage: ResourceRequirements): string[] {
  const request = usage.requests?.[name];
  const limit = usage.limits?.[name];
  const rule = `maximum ${name} usage per ${type} is ${most}`;
  if (limit === undefined) return [`${rule}.  No limit is specified`];
  if (compareQuantities(limit, most) > 0) return [`${rule}, but limit is ${limit}`];
  if (request !== undefined && compareQuantities(request, most) > 0)
    return [`${rule}, but request is ${request}`];
  return [];
}

function ratioProblem(type: string, name: string, most: Quantity, usage: ResourceRequirements): string[] {
  const request = numberOf(usage.requests?.[name]);
  const limit = numberOf(usage.limits?.[name]);
  const rule = `${name} max limit to request ratio per ${type} is ${most}`;
  if (request === 0) return [`${rule}, but no request is specified or request is 0`];
  if (limit === 0) return [`${rule}, but no limit is specified or limit is 0`];
  const ratio = limit / request;
  return ratio > numberOf(most) ? [`${rule}, but provided ratio is ${ratio.toFixed(6)}`] : [];
}

function numberOf(quantity: Quantity | undefined): number {
  return quantity === undefined ? 0 : Number(parseQuantity(quantity).nanos) / 1e9;
}

function claimProblems(claim: PersistentVolumeClaim, range: LimitRange): string[] {
  const requests = claim.spec.resources.requests;
  return (range.spec.limits ?? [])
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((limit) => [
      ...sorted(limit.min).flatMap(([name, least]) =>
        minimumProblem(limit.type, name, least, { ...(requests && { requests }) }),
      ),
      ...sorted(limit.max).flatMap(([name, most]) => claimMaximumProblem(name, most, requests?.[name])),
    ]);
}

function claimMaximumProblem(name: string, most: Quantity, request: Quantity | undefined): string[] {
  const rule = `maximum ${name} usage per PersistentVolumeClaim is ${most}`;
  if (request === undefined) return [`${rule}.  No request is specified`];
  return compareQuantities(request, most) > 0 ? [`${rule}, but request is ${request}`] : [];
}
