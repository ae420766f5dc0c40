import type { KubeObject, PriorityLevel } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { goForm, PRIORITY_LEVEL_SPEC } from './go-form.ts';
import type { Problems } from './problems.ts';

type Limited = Draft<NonNullable<PriorityLevel['spec']['limited']>>;

/** The one that is never limited. */
const EXEMPT = 'exempt';
const MOST_PERCENT = 100;

/** https://kubernetes.io/docs/concepts/cluster-administration/flow-control/ */
export function checkPriorityLevel(
  problems: Problems,
  { metadata, spec = {} }: Pick<KubeObject, 'metadata'> & Draft<Pick<PriorityLevel, 'spec'>>,
): void {
  const { type = '', limited, exempt } = spec;
  if (isNoneOf(problems, 'spec.type', type, ['Exempt', 'Limited'])) return;
  if ((type === 'Exempt') !== (metadata.name === EXEMPT))
    problems.invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'");
  if (metadata.name === EXEMPT && type !== 'Exempt') {
    const why = "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value";
    problems.invalid('spec', goForm(PRIORITY_LEVEL_SPEC, spec), why);
  }
  if (type === 'Limited') {
    if (limited === undefined) problems.required('spec.limited', 'must not be empty when type is Limited');
    else checkLimited(problems, limited);
    return;
  }
  if (limited !== undefined) problems.forbidden('spec.limited', 'must be nil if the type is not Limited');
  checkShares(problems, 'spec.exempt', exempt?.nominalConcurrencyShares);
  checkLendable(problems, 'spec.exempt', exempt?.lendablePercent);
}

/** Whether a type is missing or unknown, which is told. */
function isNoneOf(problems: Problems, field: string, type: string, known: readonly string[]): boolean {
  if (type === '') problems.required(field);
  else problems.oneOf(field, type, known);
  return !known.includes(type);
}

function checkLimited(problems: Problems, limited: Limited): void {
  const { limitResponse = {}, nominalConcurrencyShares, lendablePercent, borrowingLimitPercent } = limited;
  const field = 'spec.limited';
  checkShares(problems, field, nominalConcurrencyShares);
  checkResponse(problems, `${field}.limitResponse`, limitResponse);
  checkLendable(problems, field, lendablePercent);
  if (borrowingLimitPercent !== undefined && borrowingLimitPercent < 0) {
    const why = 'if specified, must be a non-negative integer';
    problems.invalid(`${field}.borrowingLimitPercent`, borrowingLimitPercent, why);
  }
}

function checkShares(problems: Problems, field: string, shares = 0): void {
  if (shares < 0)
    problems.invalid(`${field}.nominalConcurrencyShares`, shares, 'must be a non-negative integer');
}

function checkLendable(problems: Problems, field: string, percent = 0): void {
  if (percent < 0 || percent > MOST_PERCENT)
    problems.invalid(`${field}.lendablePercent`, percent, 'must be between 0 and 100, inclusive');
}

function checkResponse(
  problems: Problems,
  field: string,
  { type = '', queuing }: NonNullable<Limited['limitResponse']>,
): void {
  if (isNoneOf(problems, `${field}.type`, type, ['Queue', 'Reject'])) return;
  if (type === 'Reject') {
    const why = 'must be nil if limited.limitResponse.type is not Limited';
    if (queuing !== undefined) problems.forbidden(`${field}.queuing`, why);
    return;
  }
  if (queuing === undefined) {
    const why = 'must not be empty if limited.limitResponse.type is Limited';
    problems.required(`${field}.queuing`, why);
    return;
  }
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  const positive = (name: string, value: number): boolean => {
    if (value <= 0) problems.invalid(`${field}.queuing.${name}`, value, 'must be positive');
    return value > 0;
  };
  positive('queueLengthLimit', queueLengthLimit);
  const hasQueues = positive('queues', queues);
  if (positive('handSize', handSize) && hasQueues && handSize > queues)
    problems.invalid(`${field}.queuing.handSize`, handSize, `should not be greater than queues (${queues})`);
}

interface Rule {
  subjects?: { kind?: string; user?: { name?: string }; group?: object; serviceAccount?: object }[];
  resourceRules?: {
    verbs?: string[];
    apiGroups?: string[];
    resources?: string[];
    namespaces?: string[];
    clusterScope?: boolean;
  }[];
  nonResourceRules?: object[];
}

interface FlowSchema extends KubeObject {
  spec?: {
    priorityLevelConfiguration?: { name?: string };
    matchingPrecedence?: number;
    distinguisherMethod?: { type?: string };
    rules?: Rule[];
  };
}

const MOST_PRECEDENCE = 10_000;
const SUBJECTS = [
  ['User', 'user'],
  ['Group', 'group'],
  ['ServiceAccount', 'serviceAccount'],
] as const;

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/flow-schema-v1/ */
export function checkFlowSchema(problems: Problems, { metadata, spec = {} }: FlowSchema): void {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, priorityLevelConfiguration } = spec;
  const field = 'spec.matchingPrecedence';
  if (precedence <= 0) problems.invalid(field, precedence, 'must be a positive value');
  if (precedence > MOST_PRECEDENCE)
    problems.invalid(field, precedence, `must not be greater than ${MOST_PRECEDENCE}`);
  if (precedence === 1 && metadata.name !== EXEMPT)
    problems.invalid(field, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
  const method = distinguisherMethod?.type;
  if (distinguisherMethod !== undefined && method !== 'ByNamespace' && method !== 'ByUser') {
    const known = ['ByNamespace', 'ByUser'];
    problems.unsupported('spec.distinguisherMethod.type', { Type: method ?? '' }, known);
  }
  if ((priorityLevelConfiguration?.name ?? '') === '')
    problems.required('spec.priorityLevelConfiguration.name', 'must reference a priority level');
  (spec.rules ?? []).forEach((rule, index) => {
    checkRule(problems, `spec.rules[${index}]`, rule);
  });
}

function checkRule(
  problems: Problems,
  field: string,
  { subjects = [], resourceRules = [], nonResourceRules = [] }: Rule,
): void {
  if (subjects.length === 0)
    problems.required(`${field}.subjects`, 'subjects must contain at least one value');
  subjects.forEach((subject, index) => {
    for (const [kind, name] of SUBJECTS) {
      if (subject.kind !== kind || subject[name] !== undefined) continue;
      problems.required(
        `${field}.subjects[${index}].${name}`,
        `${name} is required when subject kind is '${kind}'`,
      );
    }
  });
  if (resourceRules.length + nonResourceRules.length === 0)
    problems.required(field, 'at least one of resourceRules and nonResourceRules has to be non-empty');
  resourceRules.forEach((rule, index) => {
    const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule;
    const path = `${field}.resourceRules[${index}]`;
    const some = (name: string, values: readonly string[], why: string): void => {
      if (values.length === 0) problems.required(`${path}.${name}`, why);
    };
    some('verbs', verbs, 'verbs must contain at least one value');
    some('apiGroups', apiGroups, 'resource rules must supply at least one api group');
    some('resources', resources, 'resource rules must supply at least one resource');
    const why = 'resource rules that are not cluster scoped must supply at least one namespace';
    if (!clusterScope) some('namespaces', namespaces, why);
  });
}
