import { equal } from '../../../core/json.ts';
import { labelKeyProblems } from '../../../model/label-syntax.ts';
import { amountIn } from '../../../model/pod-requests.ts';
import { canonicalQuantity, compareQuantities, parseQuantity } from '../../../model/quantity.ts';
import type { LimitRange, Quantity, ResourceList, ResourceQuota } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { goForm, SCOPE_SELECTOR } from './go-form.ts';
import type { Problems } from './problems.ts';

type Limit = NonNullable<LimitRange['spec']['limits']>[number];

const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);
const LIMIT_TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
const ONE = 10n ** 9n;

/** https://kubernetes.io/docs/concepts/policy/limit-range/ */
export function checkLimitRange(problems: Problems, range: Draft<LimitRange>): void {
  const types = new Set<string>();
  (range.spec?.limits ?? []).forEach((sent, index) => {
    const field = `spec.limits[${index}]`;
    const type: string = sent.type ?? '';
    const limit = { ...sent, type } as Limit;
    const wrong = labelKeyProblems(type);
    problems.invalidFor(`${field}.type`, type, wrong);
    if (wrong.length === 0 && !type.includes('/') && !LIMIT_TYPES.includes(type)) {
      problems.invalid(`${field}.type`, type, 'must be a standard limit type or fully qualified');
    }
    if (types.has(type)) problems.duplicate(`${field}.type`, type);
    types.add(type);
    checkLimit(problems, field, limit);
  });
}

function checkLimit(problems: Problems, field: string, limit: Limit): void {
  checkNames(problems, `${field}.max`, limit, limit.max);
  checkNames(problems, `${field}.min`, limit, limit.min);
  for (const which of ['default', 'defaultRequest'] as const) {
    if (limit.type !== 'Pod') checkNames(problems, `${field}.${which}`, limit, limit[which]);
    else if (limit[which] !== undefined) {
      problems.forbidden(`${field}.${which}`, "may not be specified when `type` is 'Pod'");
    }
  }
  if (limit.type === 'PersistentVolumeClaim' && !limit.min?.['storage'] && !limit.max?.['storage']) {
    const why = 'either minimum or maximum storage value is required, but neither was provided';
    problems.required(`${field}.limits`, why);
  }
  checkNames(problems, `${field}.maxLimitRequestRatio`, limit, limit.maxLimitRequestRatio);
  const names = [limit.max, limit.min, limit.default, limit.defaultRequest].flatMap((list) =>
    Object.keys(list ?? {}),
  );
  for (const name of new Set(names)) checkOrder(problems, field, limit, name);
}

function checkNames(
  problems: Problems,
  field: string,
  { type }: Limit,
  list: ResourceList | undefined,
): void {
  for (const name of Object.keys(list ?? {})) {
    const at = `${field}[${name}]`;
    problems.invalidFor(at, name, labelKeyProblems(name));
    if (name.includes('/') || name.startsWith('hugepages-')) continue;
    const isKnown = CONTAINER_RESOURCES.has(name) || name === 'storage';
    if (!isKnown) problems.invalid(at, name, 'must be a standard resource type or fully qualified');
    if (type === 'Container' && !CONTAINER_RESOURCES.has(name)) {
      problems.invalid(at, name, 'must be a standard resource for containers');
    }
  }
}

/** minimum ≤ default request ≤ default ≤ maximum, as far as they are given. */
function checkOrder(problems: Problems, field: string, limit: Limit, name: string): void {
  const min = amountIn(limit.min, name);
  const max = amountIn(limit.max, name);
  const request = limit.type === 'Pod' ? undefined : amountIn(limit.defaultRequest, name);
  const usual = limit.type === 'Pod' ? undefined : amountIn(limit.default, name);
  const complain = (which: string, value: Quantity | undefined, why: string): void => {
    problems.invalid(`${field}.${which}[${name}]`, String(value), why);
  };
  if (isMore(min, max)) complain('min', min, `min value ${min} is greater than max value ${max}`);
  if (isMore(min, request)) {
    complain('defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  }
  if (isMore(request, max)) {
    complain('defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  }
  if (isMore(request, usual)) {
    complain(
      'defaultRequest',
      request,
      `default request value ${request} is greater than default limit value ${usual}`,
    );
  }
  if (isMore(min, usual)) complain('default', min, `min value ${min} is greater than default value ${usual}`);
  if (isMore(usual, max)) complain('default', max, `default value ${usual} is greater than max value ${max}`);
  checkRatio(problems, `${field}.maxLimitRequestRatio[${name}]`, amountIn(limit.maxLimitRequestRatio, name), [
    min,
    max,
  ]);
}

function isMore(a: Quantity | undefined, b: Quantity | undefined): a is Quantity {
  return a !== undefined && b !== undefined && compareQuantities(a, b) > 0;
}

function checkRatio(
  problems: Problems,
  field: string,
  ratio: Quantity | undefined,
  [min, max]: readonly [Quantity | undefined, Quantity | undefined],
): void {
  if (ratio === undefined) return;
  if (compareQuantities(ratio, '1') < 0)
    problems.invalid(field, String(ratio), `ratio ${ratio} is less than 1`);
  if (min === undefined || max === undefined) return;
  const widest = Number(parseQuantity(max).nanos) / Number(parseQuantity(min).nanos);
  if (Number(parseQuantity(ratio).nanos) / 1e9 <= widest) return;
  problems.invalid(field, String(ratio), `ratio ${ratio} is greater than max/min = ${widest.toFixed(6)}`);
}

const COUNTED = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const MEASURED = new Set(
  ['', 'requests.', 'limits.'].flatMap((prefix) =>
    ['cpu', 'memory', 'ephemeral-storage'].map((name) => prefix + name),
  ),
);
const SCOPES = new Set([
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
]);
/** Scopes that a pod is in or not. */
const ONLY_EXISTS = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'CrossNamespacePodAffinity',
];
const CONFLICTS = [
  ['Terminating', 'NotTerminating'],
  ['BestEffort', 'NotBestEffort'],
] as const;

/** https://kubernetes.io/docs/concepts/policy/resource-quotas/ */
export function checkResourceQuota(problems: Problems, quota: Draft<ResourceQuota>): void {
  const hard = (quota.spec?.hard ?? {}) as ResourceList;
  for (const [name, quantity] of Object.entries(hard))
    checkHard(problems, `spec.hard[${name}]`, name, quantity);
  const scopes = quota.spec?.scopes ?? [];
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) problems.invalid('spec.scopes', scopes, 'unsupported scope');
    for (const name of Object.keys(hard)) {
      if (!isStandard(name) || isInScope(scope, name)) continue;
      problems.invalid('spec.scopes', scopes, 'unsupported scope applied to resource');
    }
  }
  checkConflicts(problems, 'spec.scopes', scopes, scopes);
  const selector = quota.spec?.scopeSelector;
  if (selector !== undefined) checkScopeSelector(problems, selector, hard);
}

function checkConflicts(
  problems: Problems,
  field: string,
  scopes: readonly (string | undefined)[],
  shown: unknown,
): void {
  for (const [one, other] of CONFLICTS) {
    if (scopes.includes(one) && scopes.includes(other)) problems.invalid(field, shown, 'conflicting scopes');
  }
}

type ScopeSelector = NonNullable<ResourceQuota['spec']['scopeSelector']>;

function checkScopeSelector(problems: Problems, selector: Draft<ScopeSelector>, hard: ResourceList): void {
  const field = 'spec.scopeSelector.matchExpressions';
  const { matchExpressions = [] } = selector;
  for (const { scopeName = '', operator = '', values = [] } of matchExpressions) {
    if (!SCOPES.has(scopeName)) problems.invalid(`${field}.scopeName`, scopeName, 'unsupported scope');
    for (const name of Object.keys(hard)) {
      if (!isStandard(name) || isInScope(scopeName, name)) continue;
      problems.invalid(field, goForm(SCOPE_SELECTOR, selector), 'unsupported scope applied to resource');
    }
    if (ONLY_EXISTS.includes(scopeName) && operator !== 'Exists')
      problems.invalid(
        `${field}.operator`,
        operator,
        `must be 'Exists' when scope is any of ${anyOf(ONLY_EXISTS)}`,
      );
    checkScopeValues(problems, field, operator, values);
  }
  // Kubernetes shows the other way of naming scopes here.
  checkConflicts(
    problems,
    field,
    matchExpressions.map(({ scopeName }) => scopeName),
    null,
  );
}

function checkScopeValues(
  problems: Problems,
  field: string,
  operator: string,
  values: readonly string[],
): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
        problems.required(`${field}.values`, why);
      }
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        problems.invalid(`${field}.values`, values, why);
      }
      return;
    default:
      problems.invalid(`${field}.operator`, operator, 'not a valid selector operator');
  }
}

/** `ResourceQuotaScopeA, ResourceQuotaScopeB or ResourceQuotaScopeC`. */
function anyOf(scopes: readonly string[]): string {
  const names = scopes.map((scope) => `ResourceQuotaScope${scope}`);
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}

function checkHard(problems: Problems, field: string, name: string, quantity: Quantity): void {
  const wrong = labelKeyProblems(name);
  problems.invalidFor(field, name, wrong);
  if (!name.includes('/') && !isStandard(name)) {
    if (wrong.length === 0)
      problems.invalid(field, name, 'must be a standard resource type or fully qualified');
    problems.invalid(field, name, 'must be a standard resource for quota');
  }
  checkAmount(problems, field, name, quantity);
}

/** How much there is of a resource: of what is counted there are no parts. */
export function checkAmount(problems: Problems, field: string, name: string, quantity: Quantity): void {
  const { nanos } = parseQuantity(quantity);
  const shown = canonicalQuantity(quantity);
  if (nanos < 0n) problems.invalid(field, shown, 'must be greater than or equal to 0');
  if (isCounted(name) && nanos % ONE !== 0n) problems.invalid(field, shown, 'must be an integer');
}

function isStandard(name: string): boolean {
  return (
    COUNTED.has(name) ||
    MEASURED.has(name) ||
    name === 'requests.storage' ||
    /^(requests\.)?hugepages-/.test(name)
  );
}

/** Also what is none of Kubernetes' own, as the devices of a node, and counts of objects. */
function isCounted(name: string): boolean {
  if (COUNTED.has(name)) return true;
  return name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
}

function isInScope(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods';
  if (!SCOPES.has(scope)) return true;
  return name === 'pods' || MEASURED.has(name) || name.startsWith('requests.') || name.startsWith('limits.');
}

/** What is used of a quota, and what it was when that was counted. */
export function checkResourceQuotaStatus(problems: Problems, { status }: Draft<ResourceQuota>): void {
  for (const list of ['hard', 'used'] as const) {
    for (const [name, quantity] of Object.entries(status?.[list] ?? {})) {
      if (quantity !== undefined) checkHard(problems, `status.${list}[${name}]`, name, quantity);
    }
  }
}

export function checkResourceQuotaUpdate(problems: Problems, quota: ResourceQuota, old: ResourceQuota): void {
  checkResourceQuota(problems, quota);
  const sorted = ({ spec }: ResourceQuota): string[] => [...(spec.scopes ?? [])].sort();
  problems.immutable('spec.scopes', quota.spec.scopes, equal(sorted(quota), sorted(old)));
}
