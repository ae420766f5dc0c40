import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  compile,
  isOutOfBudget,
  standardLibrary,
} from '../../../../../src/cluster/apiserver/expressions/expressions.ts';
import { formatType, typeOf } from '../../../../../src/cluster/apiserver/expressions/types.ts';
import {
  ExpressionError,
  fromJson,
  isList,
  isMap,
  Optional,
  typeNameOf,
  TypeValue,
  Unsigned,
  type Value,
} from '../../../../../src/cluster/apiserver/expressions/values.ts';

interface Recorded {
  readonly expression: string;
  readonly issues?: string;
  readonly type?: string;
  readonly value?: string;
  readonly error?: string;
}

/** What the API server's own library says; `record/main.go` has asked it. */
const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as {
  readonly object: object;
  readonly expressions: readonly Recorded[];
};

const declarations = {
  library: standardLibrary(),
  variables: new Map([
    ['object', typeOf('dyn')],
    ['n', typeOf('int')],
    ['s', typeOf('string')],
  ]),
};

function evaluate(expression: string): Omit<Recorded, 'expression'> {
  const program = compile(expression, declarations);
  if (typeof program === 'string') return { issues: program };
  const variables = new Map<string, Value>([
    ['object', fromJson(recorded.object)],
    ['n', 3n],
    ['s', 'text'],
  ]);
  const type = formatType(program.type);
  try {
    const value = program.run((name) => variables.get(name), { spent: 0, limit: Infinity });
    return { type, value: `${typeNameOf(value)} ${written(value)}` };
  } catch (error) {
    if (error instanceof ExpressionError) return { type, error: error.message };
    throw error;
  }
}

/** As Go prints it. */
function written(value: Value): string {
  if (isList(value)) return `[${value.map(written).join(' ')}]`;
  if (isMap(value))
    return `map[${[...value].map(([key, item]) => `${written(key)}:${written(item)}`).join(' ')}]`;
  if (value instanceof Unsigned) return String(value.value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Optional) return value.value === undefined ? '<nil>' : written(value.value);
  return typeof value === 'object' && value !== null ? typeNameOf(value) : String(value);
}

test.each(recorded.expressions)('$expression', ({ expression, ...answer }) => {
  expect(evaluate(expression)).toEqual(answer);
});

describe('no expression can make the cluster stand still', () => {
  const many = Array.from({ length: 100 }, (_, index) => index).join(', ');

  test('one that goes through lists within lists is stopped', () => {
    const loops = `[${many}].all(a, [${many}].all(b, [${many}].all(c, [${many}].all(d, a + b + c + d >= 0))))`;
    expect(evaluate(loops)).toEqual({
      type: 'bool',
      error: 'operation cancelled: actual cost limit exceeded',
    });
  });

  test('neither || nor exists() goes on after that', () => {
    const endless = `[${many}].all(a, [${many}].all(b, [${many}].all(c, [${many}].all(d, true))))`;
    expect(evaluate(`${endless} || true`).error).toBe('operation cancelled: actual cost limit exceeded');
  });

  test('a text that doubles itself is stopped', () => {
    const doubling = Array.from({ length: 26 }, () => '.map(x, x + x)').join('');
    expect(evaluate(`["${'a'.repeat(50)}"]${doubling}`).error).toBe(
      'operation cancelled: actual cost limit exceeded',
    );
  });

  test('what one expression may not, several may not together', () => {
    const program = compile('[1, 2, 3].all(x, x > 0)', declarations);
    if (typeof program === 'string') throw new Error(program);
    const shared = { spent: 0, limit: 20 };
    program.run(() => undefined, shared);
    const once = shared.spent;
    program.run(() => undefined, shared);
    expect(once).toBeGreaterThan(0);
    expect(shared.spent).toBe(2 * once);
  });

  test.each([
    ['parentheses', '('.repeat(300) + '1' + ')'.repeat(300), 'expression recursion limit exceeded: 250'],
    ['a chain', Array.from({ length: 2000 }, () => '1').join(' + '), 'expression recursion limit exceeded'],
    ['its length', `"${'x'.repeat(100_000)}"`, 'expression code point size exceeds limit'],
  ])('one is refused for %s', (_what, expression, words) => {
    expect(evaluate(expression).issues).toContain(words);
  });

  test('a pattern whose work would explode does not', () => {
    expect(evaluate(`"${'a'.repeat(40)}!".matches("^(a+)+$")`)).toEqual({
      type: 'bool',
      value: 'bool false',
    });
  });

  test.each([`'%.101f'.format([1.0])`, `string(timestamp(9000000000000))`])(
    '%s is an error of the expression',
    (expression) => {
      expect(evaluate(expression).error).toBeDefined();
    },
  );

  test('only errors of the budget are told as such', () => {
    expect(isOutOfBudget(new ExpressionError('no such key: a'))).toBe(false);
  });
});
