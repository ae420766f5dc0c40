import type fc from 'fast-check';

/** Reads one input. What it throws, or rejects with, is a finding: it has caught its own refusals. */
export type Read<Input> = (input: Input) => unknown;

/** Something that reads what comes from outside, and the inputs that it is tried with. */
export interface Reader<Input = unknown> {
  readonly name: string;
  /** What is read, for people. */
  readonly reads: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Makes what reads; once a thread. A cluster is started here. */
  open(): Read<Input> | Promise<Read<Input>>;
  /** How many inputs a run without a number takes; a million where it is left out. */
  readonly usual?: number;
  /** How many of them the unit tests take. */
  readonly tested: number;
}

/** Forgets what kind of inputs it is, so that readers can stand in one list. */
export function reader<Input>(one: Reader<Input>): Reader {
  return one as Reader;
}

type ErrorClass = abstract new (...args: never[]) => Error;

/**
 * What a call gives, or undefined where it refuses.
 * @throws everything that is none of the refusals
 */
export function unlessRefused<T>(call: () => T, ...refusals: readonly ErrorClass[]): T | undefined {
  try {
    return call();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}

/** @throws where a law of the reader does not hold */
export function mustHold(holds: boolean, law: string): void {
  if (!holds) throw new LawBroken(law);
}

/** A reader that answered, but wrongly. */
export class LawBroken extends Error {
  override readonly name = 'LawBroken';
}
