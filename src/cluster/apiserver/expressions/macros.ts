import type { Call, Comprehension, Expression, Macro } from './syntax.ts';
import { SyntaxProblem } from './tokens.ts';

const ONE_OR_TWO: ReadonlySet<string> = new Set<Macro>(['all', 'exists', 'exists_one']);
const WITH_INDEX: ReadonlySet<string> = new Set<Macro>([
  'transformList',
  'transformMap',
  'transformMapEntry',
]);

/**
 * A call, or what the macro of that name stands for.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros
 * @throws SyntaxProblem
 */
export function expand(call: Call): Expression {
  const { target, name, parameters } = call;
  if (target === undefined) return name === 'has' && parameters.length === 1 ? has(call) : call;
  if ((name === 'optMap' || name === 'optFlatMap') && parameters.length === 2) return optional(call, target);
  return comprehension(call, target) ?? call;
}

function has({ parameters: [of], at }: Call): Expression {
  if (of?.kind !== 'select') throw new SyntaxProblem(of?.at ?? at, 'invalid argument to has() macro');
  return { ...of, at, test: true };
}

function optional(call: Call, value: Expression): Expression {
  const [name, body] = call.parameters;
  if (name === undefined || body === undefined) return call;
  if (name.kind !== 'name') {
    throw new SyntaxProblem(name.at, `${call.name}() variable name must be a simple identifier`);
  }
  return { kind: 'binding', at: call.at, how: call.name as 'optMap', name: name.name, value, body };
}

function comprehension(call: Call, range: Expression): Expression | undefined {
  const { at, name, parameters } = call;
  const count = parameters.length;
  const make = (
    variables: number,
    condition: number | undefined,
    result: number | undefined,
  ): Comprehension => ({
    kind: 'comprehension',
    at,
    macro: (name === 'existsOne' ? 'exists_one' : name) as Macro,
    range,
    variables: parameters.slice(0, variables).map(variable),
    condition: condition === undefined ? undefined : parameters[condition],
    result: result === undefined ? undefined : parameters[result],
  });
  if (ONE_OR_TWO.has(name) && (count === 2 || count === 3)) return make(count - 1, count - 1, undefined);
  if (name === 'existsOne' && count === 3) return make(2, 2, undefined);
  if (name === 'filter' && count === 2) return make(1, 1, undefined);
  if (name === 'map' && count === 2) return make(1, undefined, 1);
  if (name === 'map' && count === 3) return make(1, 1, 2);
  if (WITH_INDEX.has(name) && count === 3) return make(2, undefined, 2);
  if (WITH_INDEX.has(name) && count === 4) return make(2, 2, 3);
  return undefined;
}

function variable(expression: Expression): string {
  if (expression.kind === 'name') return expression.name;
  throw new SyntaxProblem(expression.at, 'argument is not an identifier');
}
