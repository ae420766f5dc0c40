import type { Problems } from '../validation/problems.ts';
import { pathSegmentProblems, subdomainProblems } from '../validation/formats.ts';
import { labelKeyProblems } from '../../../model/label-syntax.ts';
import { checkSelector } from '../validation/selectors.ts';
import { BOOL, STRING, typeOf } from '../expressions/types.ts';
import { checkMatchConditions, checkRules } from '../webhooks/checks.ts';
import type { Scope } from './declarations.ts';
import { compileMutation } from './mutating.ts';
import type {
  AuditAnnotation,
  MatchResources,
  Mutation,
  MutatingAdmissionPolicy,
  ParamKind,
  ParamRef,
  PolicyBinding,
  PolicySpec,
  ValidatingAdmissionPolicy,
  Validation,
} from './objects.ts';
import { groupAndVersion } from './params.ts';
import { type Compiled, compileFor, compileMessage, compileVariables } from './programs.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const MOST_ANNOTATIONS = 20;
const NEWLINE = /[\n\r]/;

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/validating-admission-policy-v1/ */
export function checkValidatingPolicy(
  problems: Problems,
  { metadata, spec }: ValidatingAdmissionPolicy,
): void {
  const { validations = [], auditAnnotations = [] } = spec;
  const scope = checkPolicy(problems, spec, false);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    problems.required('spec.validations', why);
    problems.required('spec.auditAnnotations', why);
    return;
  }
  validations.forEach((validation, index) =>
    checkValidation(problems, `spec.validations[${index}]`, validation, scope),
  );
  if (auditAnnotations.length > MOST_ANNOTATIONS) {
    const why = `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`;
    problems.invalid('spec.auditAnnotations', auditAnnotations, why);
  }
  checkAnnotations(problems, metadata.name, auditAnnotations, scope);
}

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/mutating-admission-policy-v1/ */
export function checkMutatingPolicy(problems: Problems, { spec }: MutatingAdmissionPolicy): void {
  const { mutations = [], reinvocationPolicy = '' } = spec;
  const scope = checkPolicy(problems, spec, true);
  if (mutations.length === 0) problems.required('spec.mutations', 'mutations must contain at least one item');
  mutations.forEach((mutation, index) =>
    checkMutation(problems, `spec.mutations[${index}]`, mutation, scope),
  );
  if (reinvocationPolicy === '') problems.required('spec.reinvocationPolicy');
  else problems.oneOf('spec.reinvocationPolicy', reinvocationPolicy, ['IfNeeded', 'Never']);
}

export function checkValidatingBinding(problems: Problems, binding: PolicyBinding): void {
  checkBinding(problems, binding, false);
  const { validationActions = [] } = binding.spec;
  const at = 'spec.validationActions';
  validationActions.forEach((action, index) => {
    problems.oneOf(`${at}[${index}]`, action, ACTIONS);
    if (validationActions.indexOf(action) < index) problems.duplicate(`${at}[${index}]`, action);
  });
  if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
    problems.invalid(
      at,
      validationActions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    );
  }
  if (validationActions.length === 0) problems.required(at, 'at least one validation action is required');
}

export function checkMutatingBinding(problems: Problems, binding: PolicyBinding): void {
  checkBinding(problems, binding, true);
}

function checkBinding(problems: Problems, { spec }: PolicyBinding, isMutating: boolean): void {
  const { policyName = '', paramRef, matchResources } = spec;
  if (policyName === '') problems.required('spec.policyName');
  else problems.invalidFor('spec.policyName', policyName, subdomainProblems(policyName));
  if (paramRef !== undefined) checkParamRef(problems, 'spec.paramRef', paramRef);
  if (matchResources === undefined) return;
  checkMatchResources(problems, 'spec.matchResources', matchResources);
  if (isMutating) checkOperations(problems, 'spec.matchResources', matchResources);
}

function checkParamRef(problems: Problems, at: string, ref: ParamRef): void {
  const { name = '', selector, parameterNotFoundAction = '' } = ref;
  const both = 'name and selector are mutually exclusive';
  if (name !== '') {
    problems.invalidFor(`${at}.name`, name, pathSegmentProblems(name));
    if (selector !== undefined) problems.forbidden(`${at}.name`, both);
  }
  if (selector !== undefined) {
    checkSelector(problems, `${at}.selector`, selector);
    if (name !== '') problems.forbidden(`${at}.selector`, both);
  }
  if (name === '' && selector === undefined) {
    problems.required(at, 'one of name or selector must be specified');
  }
  if (parameterNotFoundAction === '') problems.required(`${at}.parameterNotFoundAction`);
  else problems.oneOf(`${at}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow']);
}

/** What both kinds of policies have. @returns what their own expressions may refer to */
function checkPolicy(problems: Problems, spec: PolicySpec, isMutating: boolean): Scope {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [], variables = [] } = spec;
  if (failurePolicy === undefined) problems.required('spec.failurePolicy');
  else problems.oneOf('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']);
  if (paramKind !== undefined) checkParamKind(problems, 'spec.paramKind', paramKind);
  const at = 'spec.matchConstraints';
  if (matchConstraints === undefined) problems.required(at);
  else {
    checkMatchResources(problems, at, matchConstraints);
    if ((matchConstraints.resourceRules ?? []).length === 0) problems.required(`${at}.resourceRules`);
    if (isMutating) checkOperations(problems, at, matchConstraints);
  }
  const hasParams = paramKind !== undefined;
  checkMatchConditions(problems, 'spec.matchConditions', matchConditions, hasParams);
  const { compiled, scope } = compileVariables(variables, { hasParams, hasPatches: isMutating });
  compiled.forEach((variable, index) => {
    const field = `spec.variables[${index}]`;
    if (variable.name.trim() === '') problems.required(`${field}.name`, 'name is not specified');
    else if (!/^[A-Za-z_]\w*$/.test(variable.name)) {
      problems.invalid(`${field}.name`, variable.name, 'must be a valid CEL identifier');
    }
    if (variable.source.trim() === '')
      problems.required(`${field}.expression`, 'expression is not specified');
    else checkCompiled(problems, `${field}.expression`, variable);
  });
  return scope;
}

function checkCompiled(problems: Problems, field: string, { source, problem }: Compiled): void {
  if (problem !== undefined) problems.invalid(field, source, problem);
}

function checkParamKind(problems: Problems, at: string, { apiVersion = '', kind = '' }: ParamKind): void {
  const [group, version] = groupAndVersion(apiVersion);
  if (apiVersion === '') problems.required(`${at}.apiVersion`);
  else if (apiVersion.split('/').length > 2) {
    problems.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  } else {
    if (group !== '') problems.invalidFor(`${at}.apiVersion`, group, subdomainProblems(group));
    if (version === '') problems.invalid(`${at}.apiVersion`, apiVersion, 'version must be specified');
  }
  if (kind === '') problems.required(`${at}.kind`);
}

function checkMatchResources(problems: Problems, at: string, of: MatchResources): void {
  const {
    matchPolicy,
    namespaceSelector,
    objectSelector,
    resourceRules = [],
    excludeResourceRules = [],
  } = of;
  if (matchPolicy === undefined) problems.required(`${at}.matchPolicy`);
  else problems.oneOf(`${at}.matchPolicy`, matchPolicy, ['Equivalent', 'Exact']);
  if (namespaceSelector === undefined) problems.required(`${at}.namespaceSelector`);
  checkSelector(problems, `${at}.namespaceSelector`, namespaceSelector);
  if (objectSelector === undefined) problems.required(`${at}.objectSelector`);
  checkSelector(problems, `${at}.objectSelector`, objectSelector);
  checkRules(problems, `${at}.resourceRules`, resourceRules);
  checkRules(problems, `${at}.excludeResourceRules`, excludeResourceRules);
}

/** Only what is created or changed can be changed on its way. */
function checkOperations(problems: Problems, at: string, { resourceRules = [] }: MatchResources): void {
  for (const operation of resourceRules.flatMap(({ operations = [] }) => operations)) {
    problems.oneOf(`${at}.resourceRules.operations`, operation, ['CREATE', 'UPDATE']);
  }
}

function checkValidation(problems: Problems, at: string, validation: Validation, scope: Scope): void {
  const { expression = '', message = '', messageExpression = '', reason } = validation as Partial<Validation>;
  if (expression.trim() === '') problems.required(`${at}.expression`, 'expression is not specified');
  else checkCompiled(problems, `${at}.expression`, compileFor(expression, scope, [BOOL]));
  const empty = 'must be non-empty if specified';
  if (messageExpression !== '' && messageExpression.trim() === '') {
    problems.invalid(`${at}.messageExpression`, messageExpression, empty);
  } else if (messageExpression !== '') {
    checkCompiled(problems, `${at}.messageExpression`, compileMessage(messageExpression, scope));
  }
  if (message !== '' && message.trim() === '') problems.invalid(`${at}.message`, message, empty);
  else if (NEWLINE.test(message.trim())) {
    problems.invalid(`${at}.message`, message, 'must not contain line breaks');
  }
  problems.oneOf(`${at}.reason`, reason, REASONS);
}

function checkAnnotations(
  problems: Problems,
  policy: string,
  annotations: readonly AuditAnnotation[],
  scope: Scope,
): void {
  annotations.forEach(({ key = '', valueExpression = '' }: Partial<AuditAnnotation>, index) => {
    const at = `spec.auditAnnotations[${index}]`;
    const full = `${policy}/${key}`;
    problems.invalidFor(`${at}.key`, full, labelKeyProblems(full));
    const trimmed = valueExpression.trim();
    if (trimmed === '') problems.required(`${at}.valueExpression`, 'valueExpression is not specified');
    else {
      checkCompiled(problems, `${at}.valueExpression`, compileFor(trimmed, scope, [STRING, typeOf('null')]));
    }
    if (annotations.findIndex((other) => other.key === key) < index) problems.duplicate(`${at}.key`, key);
  });
}

function checkMutation(problems: Problems, at: string, mutation: Mutation, scope: Scope): void {
  const { patchType = '', jsonPatch, applyConfiguration } = mutation;
  if (patchType === '') {
    problems.required(`${at}.patchType`);
    return;
  }
  problems.oneOf(`${at}.patchType`, patchType, ['ApplyConfiguration', 'JSONPatch']);
  const isPatch = patchType === 'JSONPatch';
  if (!isPatch && patchType !== 'ApplyConfiguration') return;
  const [own, other] = isPatch ? ['jsonPatch', 'applyConfiguration'] : ['applyConfiguration', 'jsonPatch'];
  const [given, wrong] = isPatch ? [jsonPatch, applyConfiguration] : [applyConfiguration, jsonPatch];
  if (given === undefined)
    problems.required(`${at}.${own}`, `must be specified when patchType is ${patchType}`);
  else if ((given.expression ?? '').trim() === '') problems.required(`${at}.${own}.expression`);
  else checkCompiled(problems, `${at}.${own}.expression`, compileMutation(mutation, scope));
  if (wrong !== undefined) {
    problems.invalid(`${at}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`);
  }
}
