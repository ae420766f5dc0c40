import { memoized } from '../../../core/memo.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { joined } from '../admission/refuse.ts';
import { BOOL, type Type } from '../expressions/types.ts';
import type { AdmissionAttributes, Authorizer } from '../pipeline.ts';
import { BudgetSpent, CONDITIONS_BUDGET, Evaluation } from './evaluation.ts';
import type { MatchCondition } from './objects.ts';
import { type Compiled, compileFor } from './programs.ts';

const NO_VARIABLES: ReadonlyMap<string, Type> = new Map();

/** One condition under which a policy or a webhook is asked. */
export function compileCondition({ expression = '' }: MatchCondition, hasParams: boolean): Compiled {
  return compileFor(expression.trim(), { hasParams, hasPatches: false, variables: NO_VARIABLES }, [BOOL]);
}

const compiledWith = (hasParams: boolean): ((conditions: readonly MatchCondition[]) => readonly Compiled[]) =>
  memoized((conditions) => conditions.map((condition) => compileCondition(condition, hasParams)));
/** The conditions of a stored object. */
const compiled = { plain: compiledWith(false), withParams: compiledWith(true) };

/**
 * Whether all conditions hold. One that does not hold decides; errors count where the others hold.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions
 * @returns false also where an error is to be ignored; the error's text where it is not
 */
export function matchesConditions(
  conditions: readonly MatchCondition[],
  about: {
    readonly attributes: AdmissionAttributes;
    readonly authorizer: Authorizer;
    readonly params?: AnyObject | undefined;
    readonly failurePolicy: string | undefined;
    readonly hasParams?: boolean;
  },
): boolean | string {
  if (conditions.length === 0) return true;
  const evaluation = new Evaluation({ ...about, limit: CONDITIONS_BUDGET });
  const errors: string[] = [];
  try {
    for (const condition of compiled[about.hasParams === true ? 'withParams' : 'plain'](conditions)) {
      const outcome = evaluation.run(condition);
      if ('error' in outcome) errors.push(outcome.error);
      else if (outcome.value === false) return false;
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    errors.push(error.message);
  }
  if (errors.length === 0) return true;
  if (about.failurePolicy === 'Ignore') return false;
  return joined(errors);
}
