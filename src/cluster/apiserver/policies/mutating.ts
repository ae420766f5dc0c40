import type { AnyObject } from '../../../model/objects.ts';
import { memoized } from '../../../core/memo.ts';
import { replaceObject } from '../admission/replace-object.ts';
import { refusal } from '../admission/refuse.ts';
import { DYN, type Type } from '../expressions/types.ts';
import type { AdmissionAttributes, AdmissionPlugin, ApplyDefaults, Authorizer } from '../pipeline.ts';
import { statusError } from '../status.ts';
import { JSON_PATCH, PATCH_OBJECT, type Scope } from './declarations.ts';
import { BudgetSpent, Evaluation, POLICY_BUDGET } from './evaluation.ts';
import { typeSchemaOf } from './kinds.ts';
import { matchesConditions } from './match-conditions.ts';
import { applyConfiguration, applyPatches, MutationError } from './mutations.ts';
import {
  bindings,
  type Mutation,
  type MutatingAdmissionPolicy,
  policies,
  type PolicyBinding,
} from './objects.ts';
import { ConfigurationError, paramsOf } from './params.ts';
import { type Compiled, compileFor, type CompiledVariable, compileVariables } from './programs.ts';
import { policiesFor } from './selection.ts';

const NAME = 'MutatingAdmissionPolicy';

/** What the expression of a mutation has to make. */
const OBJECT: Type = { kind: 'struct', name: PATCH_OBJECT, field: () => DYN };
const PATCHES: Type = { kind: 'list', items: { kind: 'struct', name: JSON_PATCH, field: () => DYN } };

interface CompiledPolicy {
  readonly variables: readonly CompiledVariable[];
  readonly mutations: readonly { readonly isPatch: boolean; readonly program: Compiled }[];
}

const compiledPolicy = memoized(({ spec }: MutatingAdmissionPolicy): CompiledPolicy => {
  const { variables = [], mutations = [], paramKind } = spec;
  const outer = { hasParams: paramKind !== undefined, hasPatches: true };
  const { compiled, scope } = compileVariables(variables, outer);
  return {
    variables: compiled,
    mutations: mutations.map((mutation) => ({
      isPatch: mutation.patchType === 'JSONPatch',
      program: compileMutation(mutation, scope),
    })),
  };
});

export function compileMutation(
  { patchType, jsonPatch, applyConfiguration: configuration }: Mutation,
  scope: Scope,
): Compiled {
  return patchType === 'JSONPatch'
    ? compileFor((jsonPatch?.expression ?? '').trim(), scope, [PATCHES])
    : compileFor((configuration?.expression ?? '').trim(), scope, [OBJECT]);
}

/**
 * Policies that change objects on their way in.
 * https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
 */
export function mutatingPolicies(parts: {
  readonly authorizer: Authorizer;
  readonly applyDefaults: ApplyDefaults;
}): AdmissionPlugin {
  return {
    name: NAME,
    mutate(attributes) {
      const { operation, reinvocation } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      const selected = policiesFor(attributes, { policies: policies.mutating, bindings: bindings.mutating });
      if (selected.length === 0) return;
      const invoked = reinvocation.for(NAME);
      invoked.begin(attributes.object);
      const problems: string[] = [];
      for (const { policy, bindings: bound } of selected) {
        for (const binding of bound) problems.push(...invoke(parts, policy, binding, attributes));
      }
      invoked.end(attributes.object);
      if (problems.length > 0) throw refused(attributes, problems);
    },
  };
}

/** Lets a policy change the object, once with each of its parameters. @returns what stands in the way */
function invoke(
  parts: Parameters<typeof mutatingPolicies>[0],
  policy: MutatingAdmissionPolicy,
  binding: PolicyBinding,
  attributes: AdmissionAttributes,
): readonly string[] {
  const { failurePolicy, matchConditions = [], paramKind, reinvocationPolicy } = policy.spec;
  const { name } = policy.metadata;
  const failed = (
    message: string,
    by = `policy '${name}' with binding '${binding.metadata.name}'`,
  ): readonly string[] => (failurePolicy === 'Ignore' ? [] : [`${by} denied request: ${message}`]);
  let all: readonly (AnyObject | undefined)[];
  try {
    all = paramsOf(paramKind, binding, attributes);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return failed(error.message, error.of === 'policy' ? `policy ${JSON.stringify(name)}` : undefined);
  }
  const invoked = attributes.reinvocation.for(NAME);
  return all.flatMap((params) => {
    const about = { attributes, authorizer: parts.authorizer, params };
    const hasParams = paramKind !== undefined;
    const isMatch = matchesConditions(matchConditions, { ...about, failurePolicy, hasParams });
    if (typeof isMatch === 'string') return failed(isMatch);
    const key = [
      policy.metadata.name,
      binding.metadata.name,
      params?.metadata.namespace,
      params?.metadata.name,
    ].join(' ');
    if (!isMatch || !invoked.isDue(key)) return [];
    const { hasChanged, problems } = mutate(parts, policy, about);
    invoked.asked(key, { hasChanged, canBeAskedAgain: reinvocationPolicy === 'IfNeeded' });
    return problems.flatMap((problem) => failed(problem));
  });
}

function mutate(
  { authorizer, applyDefaults }: Parameters<typeof mutatingPolicies>[0],
  policy: MutatingAdmissionPolicy,
  {
    attributes,
    params,
  }: { readonly attributes: AdmissionAttributes; readonly params: AnyObject | undefined },
): { readonly hasChanged: boolean; readonly problems: readonly string[] } {
  const { variables, mutations } = compiledPolicy(policy);
  const problems: string[] = [];
  let hasChanged = false;
  for (const { isPatch, program } of mutations) {
    const { object } = attributes;
    if (object === undefined) break;
    // Each mutation sees what those before it have made of the object.
    const evaluation = new Evaluation({ attributes, authorizer, params, variables, limit: POLICY_BUDGET });
    try {
      const outcome = evaluation.run(program);
      if ('error' in outcome) {
        problems.push(outcome.error);
        continue;
      }
      const changed = isPatch
        ? applyPatches(object, outcome.value)
        : applyConfiguration(object, outcome.value, typeSchemaOf(attributes.api, attributes.resource));
      if (replaceObject(attributes, changed, applyDefaults)) hasChanged = true;
    } catch (error) {
      if (!(error instanceof MutationError || error instanceof BudgetSpent)) throw error;
      problems.push(error.message);
    }
  }
  return { hasChanged, problems };
}

function refused(attributes: AdmissionAttributes, problems: readonly string[]): Error {
  const { status } = refusal(attributes, 'admission request denied by policy');
  return statusError(status.code, 'Invalid', problems[0] ?? '', {
    ...status.details,
    causes: problems.map((message) => ({ message })),
  });
}
