import { labelKeyProblems, labelValueProblems } from '../../../model/label-syntax.ts';
import type {
  Affinity,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { labelProblems, subdomainProblems } from './formats.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function checkTolerations(
  problems: Problems,
  field: string,
  tolerations: readonly Draft<Toleration>[],
): void {
  tolerations.forEach((toleration, index) => checkToleration(problems, `${field}[${index}]`, toleration));
}

function checkToleration(problems: Problems, field: string, toleration: Draft<Toleration>): void {
  const { key = '', value = '', effect = '' as const, tolerationSeconds } = toleration;
  const operator: string | undefined = toleration.operator;
  if (key !== '') problems.invalidFor(`${field}.key`, key, labelKeyProblems(key));
  else if (operator !== 'Exists') {
    problems.invalid(
      `${field}.operator`,
      operator ?? '',
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    problems.invalid(`${field}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  if (operator === 'Exists') {
    if (value !== '')
      problems.invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'");
  } else if (operator === undefined || operator === 'Equal') {
    problems.invalidFor(`${field}.operator`, value, labelValueProblems(value));
  } else problems.unsupported(`${field}.operator`, operator, ['Equal', 'Exists']);
  if (effect !== '') problems.oneOf(`${field}.effect`, effect, TAINT_EFFECTS);
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export function checkSpread(
  problems: Problems,
  field: string,
  constraints: readonly Draft<TopologySpreadConstraint>[],
): void {
  constraints.forEach((constraint, index) => {
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable, minDomains } = constraint;
    const at = `${field}[${index}]`;
    const mode: string = whenUnsatisfiable ?? '';
    if (maxSkew <= 0) problems.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero');
    if (topologyKey === '') problems.required(`${at}.topologyKey`, 'can not be empty');
    problems.oneOf(`${at}.whenUnsatisfiable`, mode, ['DoNotSchedule', 'ScheduleAnyway']);
    const pair = `{${topologyKey}, ${mode}}`;
    const isRepeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (isRepeated) problems.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair);
    if (minDomains !== undefined) checkDomains(problems, `${at}.minDomains`, minDomains, mode);
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      problems.oneOf(`${at}.${name}`, constraint[name], ['Honor', 'Ignore']);
    }
    checkSelector(
      problems,
      `${at}.labelSelector`,
      constraint.labelSelector as TopologySpreadConstraint['labelSelector'],
    );
  });
}

function checkDomains(problems: Problems, field: string, count: number, mode: string): void {
  if (count <= 0) problems.invalid(field, count, 'must be greater than zero');
  if (mode === 'DoNotSchedule') return;
  problems.invalid(field, count, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${mode}`);
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/ */
export function checkAffinity(
  problems: Problems,
  field: string,
  affinity: Draft<Affinity> | undefined,
): void {
  if (affinity === undefined) return;
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const required = nodeAffinity?.[REQUIRED];
  if (required !== undefined) {
    checkNodeTerms(problems, `${field}.nodeAffinity.${REQUIRED}`, required.nodeSelectorTerms ?? []);
  }
  (nodeAffinity?.[PREFERRED] ?? []).forEach(({ weight = 0, preference }, index) => {
    const at = `${field}.nodeAffinity.${PREFERRED}[${index}]`;
    checkWeight(problems, `${at}.weight`, weight);
    checkNodeTerm(problems, `${at}.preference`, preference ?? {});
  });
  checkPodAffinity(problems, `${field}.podAffinity`, podAffinity);
  checkPodAffinity(problems, `${field}.podAntiAffinity`, podAntiAffinity);
}

function checkWeight(problems: Problems, field: string, weight: number): void {
  if (weight < 1 || weight > 100) problems.invalid(field, weight, 'must be in the range 1-100');
}

/** Of a pod's affinity or of a PersistentVolume. */
export function checkNodeTerms(
  problems: Problems,
  field: string,
  terms: readonly Draft<NodeSelectorTerm>[],
): void {
  if (terms.length === 0) {
    problems.required(`${field}.nodeSelectorTerms`, 'must have at least one node selector term');
  }
  terms.forEach((term, index) => checkNodeTerm(problems, `${field}.nodeSelectorTerms[${index}]`, term));
}

function checkNodeTerm(problems: Problems, field: string, term: Draft<NodeSelectorTerm>): void {
  (term.matchExpressions ?? []).forEach((expression, index) => {
    checkNodeExpression(problems, `${field}.matchExpressions[${index}]`, expression);
  });
  (term.matchFields ?? []).forEach(({ key = '', operator = '', values = [] }, index) => {
    const at = `${field}.matchFields[${index}]`;
    if (operator !== 'In' && operator !== 'NotIn') {
      problems.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    } else if (values.length !== 1) {
      const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      problems.required(`${at}.values`, why);
    }
    if (key !== 'metadata.name') problems.invalid(`${at}.key`, key, 'not a valid field selector key');
    else {
      values.forEach((value, position) => {
        problems.invalidFor(`${at}.values[${position}]`, value, subdomainProblems(value));
      });
    }
  });
}

type NodeExpression = Draft<NonNullable<NodeSelectorTerm['matchExpressions']>[number]>;

function checkNodeExpression(problems: Problems, field: string, expression: NodeExpression): void {
  const { key = '', operator = '', values = [] } = expression;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        problems.required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        problems.forbidden(
          `${field}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        );
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        problems.required(
          `${field}.values`,
          "must be specified single value when `operator` is 'Lt' or 'Gt'",
        );
      }
      break;
    default:
      problems.invalid(`${field}.operator`, operator, 'not a valid selector operator');
  }
  problems.invalidFor(`${field}.key`, key, labelKeyProblems(key));
  values.forEach((value, index) =>
    problems.invalidFor(`${field}.values[${index}]`, value, labelValueProblems(value)),
  );
}

function checkPodAffinity(problems: Problems, field: string, affinity: Draft<PodAffinity> | undefined): void {
  (affinity?.[REQUIRED] ?? []).forEach((term, index) => {
    checkPodTerm(problems, `${field}.${REQUIRED}[${index}]`, term);
  });
  (affinity?.[PREFERRED] ?? []).forEach(({ weight = 0, podAffinityTerm }, index) => {
    const at = `${field}.${PREFERRED}[${index}]`;
    checkWeight(problems, `${at}.weight`, weight);
    checkPodTerm(problems, `${at}.podAffinityTerm`, podAffinityTerm ?? {});
  });
}

function checkPodTerm(problems: Problems, field: string, term: Draft<PodAffinityTerm>): void {
  const { labelSelector, namespaceSelector } = term as PodAffinityTerm;
  checkSelector(problems, `${field}.labelSelector`, labelSelector);
  checkSelector(problems, `${field}.namespaceSelector`, namespaceSelector);
  for (const namespace of term.namespaces ?? []) {
    problems.invalidFor(`${field}.namespace`, namespace, labelProblems(namespace));
  }
  const { topologyKey = '' } = term;
  if (topologyKey === '') problems.required(`${field}.topologyKey`, 'can not be empty');
  problems.invalidFor(`${field}.topologyKey`, topologyKey, labelKeyProblems(topologyKey));
}
