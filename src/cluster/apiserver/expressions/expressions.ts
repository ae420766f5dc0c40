import { check, type Declarations } from './checker.ts';
import { authorizer } from './functions/authorizer.ts';
import { conversions } from './functions/conversions.ts';
import { lists } from './functions/lists.ts';
import { namedFormats } from './functions/named-formats.ts';
import { networks } from './functions/networks.ts';
import { operators } from './functions/operators.ts';
import { optionals } from './functions/optionals.ts';
import { quantities } from './functions/quantities.ts';
import { regex } from './functions/regex.ts';
import { semver } from './functions/semver.ts';
import { strings } from './functions/strings.ts';
import { times } from './functions/times.ts';
import { urls } from './functions/urls.ts';
import { type Budget, evaluate, OUT_OF_BUDGET, type Variables } from './interpreter.ts';
import { type Library, libraryOf, type Overload } from './library.ts';
import { literalIssues, partsOf } from './literals.ts';
import { parse } from './parser.ts';
import { type Expression, formatIssues, type Issue } from './syntax.ts';
import type { Type } from './types.ts';
import { ExpressionError, type Value } from './values.ts';

/** What one evaluation may cost: no expression can make the cluster stand still. */
const CALL_LIMIT = 1_000_000;
const LONGEST = 100_000;
const LINE = 100;
/** Deeper ones could need more of the stack than there is. */
const DEEPEST = 1000;
const TOO_DEEP: Issue = { at: 0, message: `expression recursion limit exceeded: ${DEEPEST}` };
const TOO_LONG = (size: number): Issue => ({
  at: 0,
  message: `expression code point size exceeds limit: size: ${size}, limit ${LONGEST}`,
});

/** An expression that has been understood. */
export interface Program {
  readonly type: Type;
  /** Every name that it mentions. */
  readonly names: ReadonlySet<string>;
  /**
   * @param shared counts against it, too, and may be left with less than nothing
   * @throws ExpressionError
   */
  run(variables: Variables, shared: Budget): Value;
}

let base: Library | undefined;

/** The functions that every expression may call, and more. */
export function standardLibrary(more: readonly Overload[] = []): Library {
  base ??= libraryOf(
    operators,
    conversions,
    strings,
    lists,
    optionals,
    regex,
    times,
    urls,
    quantities,
    networks,
    namedFormats,
    semver,
    authorizer,
  );
  return more.length === 0 ? base : libraryOf([...base.values()].flat(), more);
}

/**
 * Reads and checks an expression of CEL, the language of Kubernetes' policies and rules.
 * https://kubernetes.io/docs/reference/using-api/cel/
 * @returns a program, or what is wrong with the expression, as the API server shows it
 */
export function compile(source: string, declarations: Declarations): Program | string {
  if (source.length > LONGEST) return formatIssues(source.slice(0, LINE), [TOO_LONG(source.length)]);
  const expression = parse(source);
  if (isIssues(expression)) return formatIssues(source, expression);
  if (depthOf(expression) > DEEPEST) return formatIssues(source, [TOO_DEEP]);
  const { type, issues, late } = check(expression, declarations);
  const all = issues.length > 0 ? issues : [...literalIssues(expression), ...late];
  if (all.length > 0) return formatIssues(source, all);
  const { library } = declarations;
  return {
    type,
    names: new Set(namesIn(expression)),
    run(variables, shared) {
      const budget = { spent: 0, limit: CALL_LIMIT };
      try {
        return evaluate(expression, { library, variables, budget });
      } catch (error) {
        // A text, a number or a time that JavaScript cannot hold, or variables that ask for each other.
        throw error instanceof RangeError ? new ExpressionError(error.message) : error;
      } finally {
        shared.spent += budget.spent;
      }
    },
  };
}

function isIssues(parsed: Expression | readonly Issue[]): parsed is readonly Issue[] {
  return Array.isArray(parsed);
}

function namesIn(expression: Expression): readonly string[] {
  const own = expression.kind === 'name' ? [expression.name] : [];
  return [...own, ...partsOf(expression).flatMap(namesIn)];
}

/** How many expressions are within one another: a long chain of operators is deep, too. */
function depthOf(expression: Expression): number {
  let level: readonly Expression[] = [expression];
  let depth = 0;
  for (; level.length > 0 && depth <= DEEPEST; depth++) level = level.flatMap(partsOf);
  return depth;
}

/** Whether an error says that an expression has used up what one evaluation may cost. */
export function isOutOfBudget(error: unknown): boolean {
  return error instanceof ExpressionError && error.message === OUT_OF_BUDGET;
}
