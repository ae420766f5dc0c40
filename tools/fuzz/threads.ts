import { Worker } from 'node:worker_threads';
import type { Reader } from './reader.ts';
import { BATCH, type Finding, inputsOf, shown } from './run.ts';
import type { Progress, Share } from './worker.ts';

/** An input that takes more than this of the processor, in milliseconds, hangs: the time of a busy machine says nothing. */
const PATIENCE_MS = 5000;
/** Memory of a thread in MiB: what takes more grows with what it reads. */
const MEMORY_MIB = 1500;

/** What to run. */
export interface Wanted {
  readonly reader: Reader;
  readonly inputs: number;
  readonly seed: number;
  readonly workers: number;
  /** For how long at most. */
  readonly minutes: number;
}

/** What came of it. */
export interface Outcome {
  readonly reader: string;
  readonly inputs: number;
  readonly seed: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

/** Runs a reader in threads. @param told each finding as it is found */
export async function runInThreads(wanted: Wanted, told: (finding: Finding) => void): Promise<Outcome> {
  const { reader, seed, workers } = wanted;
  const begun = performance.now();
  const found = new Map<string, Finding>();
  let inputs = 0;
  const add = (progress: Progress): void => {
    inputs += progress.inputs;
    for (const finding of progress.findings) {
      if (found.has(finding.key)) continue;
      found.set(finding.key, finding);
      told(finding);
    }
  };
  await Promise.all(
    Array.from({ length: workers }, async (_, first) => {
      let next: number | undefined = first;
      while (next !== undefined) next = await inThread(wanted, next, [...found.keys()], add);
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  return { reader: reader.name, inputs, seed, seconds, findings: [...found.values()] };
}

/** @returns the batch to go on with in another thread, where this one hung or died */
function inThread(
  { reader, inputs, seed, workers, minutes }: Wanted,
  first: number,
  known: readonly string[],
  add: (progress: Progress) => void,
): Promise<number | undefined> {
  const position = new Int32Array(new SharedArrayBuffer(12));
  position[1] = -1;
  const share: Share = { reader: reader.name, seed, inputs, first, step: workers, minutes, known, position };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: share,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
  return new Promise((resolve) => {
    const giveUp = (how: string): void => {
      clearInterval(watch);
      void worker.terminate();
      const [batch = first, index = -1] = position;
      add({ inputs: Math.max(0, index), findings: [lost(reader, seed, batch, index, how)] });
      resolve(batch + workers);
    };
    const used = (): number => process.cpuUsage().user / 1000 / workers;
    let last = { count: -1, at: used() };
    const watch = setInterval(() => {
      const [, index = -1, count = 0] = position;
      // Before the first input, and while a smaller one is looked for, it may take as long as it likes.
      if (count !== last.count || index < 0) last = { count, at: used() };
      else if (used() - last.at > PATIENCE_MS) giveUp('hangs');
    }, 1000);
    worker.on('message', (progress: Progress) => {
      add(progress);
      if (progress.batch !== undefined) return;
      clearInterval(watch);
      void worker.terminate();
      resolve(undefined);
    });
    worker.once('error', (error) =>
      giveUp(`ends the thread: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
    );
  });
}

/** A finding of which the thread could not tell any more. */
function lost(reader: Reader, seed: number, batch: number, index: number, how: string): Finding {
  const input = index < 0 ? 'unknown' : shown(inputsOf(reader, seed, batch, index + 1)[index]);
  const key = `${reader.name} ${how} ${batch * BATCH + index}`;
  return { reader: reader.name, seed, index: batch * BATCH + index, input, stack: how, key };
}
