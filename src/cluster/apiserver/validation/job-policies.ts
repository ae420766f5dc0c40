import { labelKeyProblems } from '../../../model/label-syntax.ts';
import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkDomainPath } from './metadata.ts';
import { countIndexes } from './index-intervals.ts';
import type { Problems } from './problems.ts';

const INDEXED_ONLY = 'requires indexed completion mode';
const REPLACEMENTS = ['Failed', 'TerminatingOrFailed'];
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const STATUSES = ['False', 'True', 'Unknown'];

/** Limits of failures by index, and who takes care of a Job. */
export function checkIndexLimits(problems: Problems, field: string, spec: Draft<JobSpec>): void {
  const { backoffLimitPerIndex, maxFailedIndexes, completions, completionMode, managedBy } = spec;
  problems.notNegative(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex);
  problems.notNegative(`${field}.maxFailedIndexes`, maxFailedIndexes);
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    problems.required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified');
  }
  if (managedBy !== undefined) checkManager(problems, `${field}.managedBy`, managedBy);
  if (completionMode === 'Indexed') {
    if (maxFailedIndexes !== undefined && maxFailedIndexes > (completions ?? Infinity)) {
      problems.invalid(
        `${field}.maxFailedIndexes`,
        maxFailedIndexes,
        'must be less than or equal to completions',
      );
    }
    return;
  }
  for (const [name, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes })) {
    if (value !== undefined) problems.invalid(`${field}.${name}`, value, INDEXED_ONLY);
  }
}

function checkManager(problems: Problems, field: string, name: string): void {
  if (name === '') problems.required(field);
  else checkDomainPath(problems, field, name);
}

/** What a Job does about pods that fail, terminate or succeed. */
export function checkJobPolicies(problems: Problems, field: string, spec: Draft<JobSpec>): void {
  const { podFailurePolicy, successPolicy, podReplacementPolicy } = spec;
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    checkFailureRule(problems, `${field}.podFailurePolicy.rules[${index}]`, rule, spec);
  }
  if (successPolicy !== undefined) {
    if (spec.completionMode === 'Indexed') checkSuccessPolicy(problems, `${field}.successPolicy`, spec);
    else problems.invalid(`${field}.successPolicy`, successPolicy, INDEXED_ONLY);
  }
  const supported = podFailurePolicy === undefined ? REPLACEMENTS : ['Failed'];
  problems.oneOf(`${field}.podReplacementPolicy`, podReplacementPolicy, supported);
}

function checkFailureRule(
  problems: Problems,
  field: string,
  { action, onExitCodes, onPodConditions = [] }: Draft<PodFailurePolicyRule>,
  spec: Draft<JobSpec>,
): void {
  const at = `${field}.action`;
  if (action === undefined || (action as string) === '') {
    problems.required(at, `valid values: [${ACTIONS.map((name) => `"${name}"`).join(' ')}]`);
  } else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    problems.invalid(at, action, 'requires the backoffLimitPerIndex to be set');
  } else problems.oneOf(at, action, ACTIONS);
  if (onExitCodes !== undefined) checkExitCodes(problems, `${field}.onExitCodes`, onExitCodes, spec);
  onPodConditions.forEach(({ type = '', status }, index) => {
    const pattern = `${field}.onPodConditions[${index}]`;
    problems.invalidFor(`${pattern}.type`, type, labelKeyProblems(type));
    problems.oneOf(`${pattern}.status`, status, STATUSES);
  });
  if (onExitCodes !== undefined && onPodConditions.length > 0) {
    problems.wrong(field, 'specifying both OnExitCodes and OnPodConditions is not supported');
  }
  if (onExitCodes === undefined && onPodConditions.length === 0) {
    problems.wrong(field, 'specifying one of OnExitCodes and OnPodConditions is required');
  }
}

function checkExitCodes(
  problems: Problems,
  field: string,
  { operator, containerName, values = [] }: Draft<NonNullable<PodFailurePolicyRule['onExitCodes']>>,
  { template }: Draft<JobSpec>,
): void {
  if (operator === undefined || (operator as string) === '') {
    problems.required(`${field}.operator`, 'valid values: ["In" "NotIn"]');
  } else problems.oneOf(`${field}.operator`, operator, ['In', 'NotIn']);
  const containers = [...(template?.spec?.containers ?? []), ...(template?.spec?.initContainers ?? [])];
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    problems.invalid(
      `${field}.containerName`,
      containerName,
      'must be one of the container or initContainer names in the pod template',
    );
  }
  const at = `${field}.values`;
  if (values.length === 0) problems.invalid(at, values, 'at least one value is required');
  values.forEach((value, index) => {
    if (operator === 'In' && value === 0) {
      problems.invalid(`${at}[${index}]`, value, 'must not be 0 for the In operator');
    }
    if (values.indexOf(value) < index) problems.duplicate(`${at}[${index}]`, value);
  });
  if (values.some((value, index) => value < (values[index - 1] ?? value))) {
    problems.invalid(at, values, 'must be ordered');
  }
}

function checkSuccessPolicy(
  problems: Problems,
  field: string,
  { successPolicy, completions = 0 }: Draft<JobSpec>,
): void {
  const rules = successPolicy?.rules ?? [];
  if (rules.length === 0) {
    problems.required(
      `${field}.rules`,
      'at least one rules must be specified when the successPolicy is specified',
    );
  }
  rules.forEach((rule, index) => {
    checkSuccessRule(problems, `${field}.rules[${index}]`, rule, completions);
  });
}

function checkSuccessRule(
  problems: Problems,
  field: string,
  { succeededIndexes, succeededCount }: Draft<SuccessPolicyRule>,
  completions: number,
): void {
  const at = `${field}.succeededCount`;
  if (succeededIndexes === undefined && succeededCount === undefined) {
    problems.required(field, 'at least one of succeededCount or succeededIndexes must be specified');
  }
  const indexes = succeededIndexes === undefined ? undefined : countIndexes(succeededIndexes, completions);
  if (typeof indexes === 'string') {
    const detail = `error parsing succeededIndexes: ${indexes}`;
    problems.invalid(`${field}.succeededIndexes`, succeededIndexes, detail);
  }
  if (succeededCount === undefined) return;
  const atMost = (limit: number, what: string): void => {
    if (succeededCount > limit) {
      problems.invalid(at, succeededCount, `must be less than or equal to ${limit} (the number of ${what})`);
    }
  };
  problems.notNegative(at, succeededCount);
  atMost(completions, 'specified completions');
  if (indexes !== undefined) {
    atMost(typeof indexes === 'number' ? indexes : 0, 'indexes in the specified succeededIndexes field');
  }
}
