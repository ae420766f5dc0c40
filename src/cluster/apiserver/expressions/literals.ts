import { parseDuration, parseTimestamp } from './functions/times.ts';
import { patternOf } from './functions/regex.ts';
import type { Call, Expression, Issue } from './syntax.ts';

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  matches: patternOf,
  duration: parseDuration,
  timestamp: parseTimestamp,
};

/** Patterns, durations and times that are written out and are wrong: they need not be run to be found. */
export function literalIssues(expression: Expression): readonly Issue[] {
  const own = expression.kind === 'call' ? callIssues(expression) : [];
  return [...own, ...partsOf(expression).flatMap(literalIssues)];
}

function callIssues({ name, parameters }: Call): readonly Issue[] {
  const read = READERS[name];
  const last = parameters.at(-1);
  if (read === undefined || last?.kind !== 'literal' || typeof last.value !== 'string') return [];
  try {
    read(last.value);
    return [];
  } catch {
    return [{ at: last.at, message: `invalid ${name} argument` }];
  }
}

/** The expressions that one is made of. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'name':
      return [];
    case 'select':
      return [expression.of];
    case 'call':
      return [...(expression.target === undefined ? [] : [expression.target]), ...expression.parameters];
    case 'list':
      return expression.items.map(({ value }) => value);
    case 'map':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'struct':
      return expression.fields.map(({ value }) => value);
    case 'comprehension': {
      const { range, condition, result } = expression;
      return [range, condition, result].filter((part) => part !== undefined);
    }
    case 'binding':
      return [expression.value, expression.body];
  }
}
