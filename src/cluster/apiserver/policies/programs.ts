import { compile, type Program } from '../expressions/expressions.ts';
import { formatType, sameType, STRING, type Type, typeOf } from '../expressions/types.ts';
import { declarationsOf, type Scope } from './declarations.ts';
import type { Variable } from './objects.ts';

/** An expression with what it was made of, or with what is wrong with it. */
export interface Compiled {
  readonly source: string;
  /** Undefined where there is a problem. */
  readonly program: Program | undefined;
  readonly problem: string | undefined;
}

export interface CompiledVariable extends Compiled {
  readonly name: string;
}

/** @param wanted types one of which the expression must have; any where none is given */
export function compileFor(source: string, scope: Scope, wanted: readonly Type[] = []): Compiled {
  const program = compile(source, declarationsOf(scope));
  if (typeof program === 'string')
    return { source, program: undefined, problem: `compilation failed: ${program}` };
  if (wanted.length === 0 || wanted.some((type) => sameType(type, program.type))) {
    return { source, program, problem: undefined };
  }
  const must = wanted.length === 1 ? formatNamed(wanted[0]) : `one of [${wanted.map(formatNamed).join(' ')}]`;
  return {
    source,
    program: undefined,
    problem: `must evaluate to ${must} but got ${formatNamed(program.type)}`,
  };
}

/** Go's name of a type, which has other words for some than CEL. */
function formatNamed(type: Type | undefined): string {
  if (type === undefined) return '';
  return type.kind === 'null' ? 'null_type' : formatType(type);
}

/** What a refusal says; it may not ask who may do what. */
export function compileMessage(source: string, scope: Scope): Compiled {
  return compileFor(source, { ...scope, hasAuthorizer: false }, [STRING]);
}

/** Compiles the variables of a policy, each of which may refer to those before it. */
export function compileVariables(
  variables: readonly Variable[],
  scope: Omit<Scope, 'variables'>,
): { readonly compiled: readonly CompiledVariable[]; readonly scope: Scope } {
  const types = new Map<string, Type>();
  const compiled = variables.map(({ name, expression }) => {
    const result = compileFor(expression, { ...scope, variables: types });
    types.set(name, result.program?.type ?? typeOf('dyn'));
    return { ...result, name };
  });
  return { compiled, scope: { ...scope, variables: types } };
}
