import { type Type, typeOf } from './types.ts';
import type { Value } from './values.ts';

/** What a function learns of the run that it is called in. */
export interface Running {
  /** Counts work beyond that of a call. @throws ExpressionError where the expression has used up what it may */
  spend(cost: number): void;
}

type Run = (parameters: readonly Value[], running: Running) => Value;

/** One form of a function. */
export interface Overload {
  readonly name: string;
  /** Called as a method of its first parameter. */
  readonly isMember: boolean;
  readonly parameters: readonly Type[];
  readonly result: Type;
  readonly run: Run;
}

/** The functions that expressions may call, by name. */
export type Library = ReadonlyMap<string, readonly Overload[]>;

/** The text of a type for each of several values. */
type Texts<P extends readonly unknown[]> = { readonly [K in keyof P]: string };
type Rest<P extends readonly unknown[]> = P extends readonly [unknown, ...infer R] ? R : never;

/** A function, by the texts of its types; its name may have a namespace (`optional.of`). */
export function define<P extends readonly Value[]>(
  name: string,
  parameters: Texts<P>,
  result: string,
  run: (...parameters: [...P, Running]) => Value,
): Overload {
  return overload({ name, isMember: false }, parameters, result, run);
}

/** A method of a type. */
export function method<P extends readonly Value[]>(
  of: string,
  name: string,
  parameters: Texts<Rest<P>>,
  result: string,
  run: (...parameters: [...P, Running]) => Value,
): Overload {
  return overload({ name, isMember: true }, [of, ...parameters], result, run);
}

function overload(
  about: Pick<Overload, 'name' | 'isMember'>,
  parameters: readonly string[],
  result: string,
  run: (...parameters: never) => Value,
): Overload {
  return {
    ...about,
    parameters: parameters.map(typeOf),
    result: typeOf(result),
    // The values have the types of the signature: the interpreter has looked at them.
    run: (values, running) => run(...([...values, running] as never)),
  };
}

/** Several overloads of one name are kept in their order. */
export function libraryOf(...groups: readonly (readonly Overload[])[]): Library {
  const library = new Map<string, Overload[]>();
  for (const overload of groups.flat()) {
    const overloads = library.get(overload.name);
    if (overloads === undefined) library.set(overload.name, [overload]);
    else overloads.push(overload);
  }
  return library;
}
