import fc from 'fast-check';
import { LawBroken, type Read, type Reader } from './reader.ts';

/** Inputs that are drawn from one seed of fast-check. */
export const BATCH = 250;

/** For how long a smaller input is looked for, in milliseconds. */
const SHRINKING_MS = 20_000;
/** As much of an input as is shown, in characters. */
const SHOWN = 2000;

/** Something that is to be mended. */
export interface Finding {
  readonly reader: string;
  readonly seed: number;
  /** Of the first input that showed it. */
  readonly index: number;
  /** The smallest that shows it, as JavaScript. */
  readonly input: string;
  readonly stack: string;
  /** The kind of error and where it came from: one finding has one. */
  readonly key: string;
}

/** What a batch is read with. */
export interface Batch {
  readonly reader: Reader;
  readonly read: Read<unknown>;
  readonly seed: number;
  /** Which one it is, from 0. */
  readonly batch: number;
  /** How many inputs; {@link BATCH} where it is left out. */
  readonly size?: number;
  /** Keys of findings that are known. */
  readonly known: Set<string>;
  /** Called before each input, with its number in the batch. */
  readonly about?: (index: number) => void;
}

/** Reads the inputs of a batch. @returns what is new */
export async function runBatch(given: Batch): Promise<Finding[]> {
  const { reader, read, seed, batch, size = BATCH, known, about } = given;
  const findings: Finding[] = [];
  for (const [index, input] of inputsOf(reader, seed, batch, size).entries()) {
    about?.(index);
    const error = await failureOf(read, input);
    if (error === undefined) continue;
    const key = keyOf(error);
    if (known.has(key)) continue;
    known.add(key);
    about?.(-1);
    const smallest = await shrunk(given, index, key);
    findings.push({
      reader: reader.name,
      seed,
      index: batch * BATCH + index,
      input: shown(smallest.found ? smallest.input : input),
      stack: stackOf(error),
      key,
    });
  }
  return findings;
}

/** The inputs of a batch, always the same ones. */
export function inputsOf(reader: Reader, seed: number, batch: number, size = BATCH): unknown[] {
  return fc.sample(reader.inputs, { seed: seedOf(seed, batch), numRuns: size });
}

/** An input as it can be pasted into a test. */
export function shown(input: unknown): string {
  const text = fc.stringify(input);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} … (${text.length} characters)` : text;
}

function seedOf(seed: number, batch: number): number {
  return (Math.imul(seed, 1_000_003) + batch) | 0;
}

interface Failure {
  readonly thrown: unknown;
}

async function failureOf(read: Read<unknown>, input: unknown): Promise<Failure | undefined> {
  try {
    // Most readers are done at once, and a promise for each would cost more than they do.
    const answer = read(input);
    if (answer instanceof Promise) await answer;
    mustBeClean();
    return undefined;
  } catch (thrown) {
    return { thrown };
  }
}

/** @throws where a key called `__proto__` or the like has changed what all objects have */
function mustBeClean(): void {
  for (const key in Object.prototype) {
    Reflect.deleteProperty(Object.prototype, key);
    throw new LawBroken(`every object has a ${JSON.stringify(key)} now`);
  }
}

/** Reads the batch again up to an input, and looks for a smaller one that fails in the same way. */
async function shrunk(
  { reader, read, seed, batch }: Batch,
  index: number,
  key: string,
): Promise<{ readonly found: boolean; readonly input?: unknown }> {
  const property = fc.asyncProperty(reader.inputs, async (input) => {
    const failure = await failureOf(read, input);
    if (failure !== undefined && keyOf(failure) === key) throw failure.thrown;
  });
  const { counterexample } = await fc.check(property, {
    seed: seedOf(seed, batch),
    numRuns: index + 1,
    interruptAfterTimeLimit: SHRINKING_MS,
    markInterruptAsFailure: false,
  });
  return counterexample === null ? { found: false } : { found: true, input: counterexample[0] };
}

function keyOf({ thrown }: Failure): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const [place = ''] = /(?:src|tools\/fuzz|node_modules)\/[^\s)]+/.exec(thrown.stack ?? '') ?? [];
  // The numbers and names of a message are those of the input.
  const words = thrown.message.replace(/["'`].*["'`]|\d+/gs, '…').slice(0, 80);
  return `${thrown.name}: ${words} (${place})`;
}

function stackOf({ thrown }: Failure): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const lines = (thrown.stack ?? thrown.message).split('\n');
  return lines.slice(0, 15).join('\n');
}
