import { memoized } from '../../../core/memo.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { BOOL, STRING, typeOf } from '../expressions/types.ts';
import { refusal } from '../admission/refuse.ts';
import type { AdmissionAttributes, AdmissionPlugin, Authorizer } from '../pipeline.ts';
import { statusError } from '../status.ts';
import { BudgetSpent, Evaluation, type Outcome, POLICY_BUDGET } from './evaluation.ts';
import { matchesConditions } from './match-conditions.ts';
import {
  bindings,
  policies,
  type PolicyBinding,
  type ValidatingAdmissionPolicy,
  type Validation,
} from './objects.ts';
import { ConfigurationError, paramsOf } from './params.ts';
import {
  type Compiled,
  compileFor,
  compileMessage,
  type CompiledVariable,
  compileVariables,
} from './programs.ts';
import { policiesFor } from './selection.ts';

/** Longer messages of expressions are not used. */
const LONGEST_MESSAGE = 5 * 1024;
const CODES: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
  Invalid: 422,
};

/** Why a policy is against a request. */
interface Objection {
  readonly message: string;
  readonly reason: string;
}

interface CompiledPolicy {
  readonly variables: readonly CompiledVariable[];
  readonly validations: readonly {
    readonly of: Validation;
    readonly test: Compiled;
    readonly message?: Compiled;
  }[];
  readonly annotations: readonly Compiled[];
}

const compiledPolicy = memoized(({ spec }: ValidatingAdmissionPolicy): CompiledPolicy => {
  const { variables = [], validations = [], auditAnnotations = [], paramKind } = spec;
  const outer = { hasParams: paramKind !== undefined, hasPatches: false };
  const { compiled: ready, scope } = compileVariables(variables, outer);
  return {
    variables: ready,
    validations: validations.map((of) => ({
      of,
      test: compileFor(of.expression, scope, [BOOL]),
      ...(of.messageExpression !== undefined &&
        of.messageExpression !== '' && { message: compileMessage(of.messageExpression, scope) }),
    })),
    annotations: auditAnnotations.map(({ valueExpression }) =>
      compileFor(valueExpression.trim(), scope, [STRING, typeOf('null')]),
    ),
  };
});

/**
 * Policies that say in expressions what the cluster takes.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
 */
export function validatingPolicies(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    connects: true,
    validate(attributes) {
      const selected = policiesFor(attributes, {
        policies: policies.validating,
        bindings: bindings.validating,
      });
      const denials = selected.flatMap(({ policy, bindings: bound }) =>
        bound.flatMap((binding) => denialsOf(policy, binding, attributes, authorizer)),
      );
      const [first] = denials;
      if (first !== undefined) throw denied(attributes, first);
    },
  };
}

/** What a binding lets stand in the way of a request; warnings are given on the way. */
function denialsOf(
  policy: ValidatingAdmissionPolicy,
  binding: PolicyBinding,
  attributes: AdmissionAttributes,
  authorizer: Authorizer,
): readonly Objection[] {
  const { name } = policy.metadata;
  const named = `ValidatingAdmissionPolicy '${name}' with binding '${binding.metadata.name}'`;
  const deniedBy = (objection: Objection): Objection => ({
    ...objection,
    message: `${named} denied request: ${objection.message}`,
  });
  let params: readonly (AnyObject | undefined)[];
  try {
    params = paramsOf(policy.spec.paramKind, binding, attributes);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (policy.spec.failurePolicy === 'Ignore') return [];
    const { of, message } = error;
    if (of === 'binding') return [deniedBy({ message, reason: 'Invalid' })];
    return [{ message: `ValidatingAdmissionPolicy '${name}' denied request: ${message}`, reason: 'Invalid' }];
  }
  const found = params.flatMap((param) => objectionsOf(policy, attributes, authorizer, param));
  const { validationActions = [] } = binding.spec;
  if (validationActions.includes('Warn')) {
    for (const { message } of found) attributes.warn(`Validation failed for ${named}: ${message}`);
  }
  return validationActions.includes('Deny') ? found.map(deniedBy) : [];
}

function objectionsOf(
  policy: ValidatingAdmissionPolicy,
  attributes: AdmissionAttributes,
  authorizer: Authorizer,
  params: AnyObject | undefined,
): readonly Objection[] {
  const { failurePolicy, matchConditions = [], paramKind } = policy.spec;
  const failed = (message: string): readonly Objection[] =>
    failurePolicy === 'Ignore' ? [] : [{ message, reason: 'Invalid' }];
  const about = { attributes, authorizer, params };
  const isMatch = matchesConditions(matchConditions, {
    ...about,
    failurePolicy,
    hasParams: paramKind !== undefined,
  });
  if (typeof isMatch === 'string') return failed(isMatch);
  if (!isMatch) return [];
  const { variables, validations, annotations } = compiledPolicy(policy);
  const evaluation = new Evaluation({ ...about, variables, limit: POLICY_BUDGET });
  try {
    const objections = validations.flatMap(({ of, test, message }) => {
      const outcome = evaluation.run(test);
      if ('error' in outcome) return failed(outcome.error);
      if (outcome.value === true) return [];
      const said = message === undefined ? undefined : evaluation.run(message);
      return [{ message: messageFor(of, said), reason: of.reason ?? 'Invalid' }];
    });
    const problems = annotations.flatMap((annotation) => {
      const outcome = evaluation.run(annotation);
      return 'error' in outcome ? failed(outcome.error) : [];
    });
    return [...objections, ...problems];
  } catch (error) {
    if (error instanceof BudgetSpent) return failed(error.message);
    throw error;
  }
}

/** What the expression says, else the message that is written down, else the expression that does not hold. */
function messageFor({ expression, message = '' }: Validation, said: Outcome | undefined): string {
  const text =
    said !== undefined && 'value' in said && typeof said.value === 'string' ? said.value.trim() : '';
  if (text !== '' && Buffer.byteLength(text) <= LONGEST_MESSAGE && !text.includes('\n')) return text;
  return message === '' ? `failed expression: ${expression.trim()}` : message.trim();
}

function denied(attributes: AdmissionAttributes, { message, reason }: Objection): Error {
  const { status } = refusal(attributes, message);
  return statusError(CODES[reason] ?? 422, reason, status.message ?? '', {
    ...status.details,
    causes: [{ message }],
  });
}
