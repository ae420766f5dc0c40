/** One thread of a run: reads every so manyth batch of one reader. */
import { parentPort, workerData } from 'node:worker_threads';
import { readers } from './readers.ts';
import { BATCH, type Finding, runBatch } from './run.ts';

/** What a thread is to do. */
export interface Share {
  readonly reader: string;
  readonly seed: number;
  /** Inputs of all threads. */
  readonly inputs: number;
  /** The batch to begin with, and how many batches further the next one is. */
  readonly first: number;
  readonly step: number;
  /** No batch begins when it has read for so long. */
  readonly minutes: number;
  readonly known: readonly string[];
  /** Where the thread says where it is: batch, input within it, count of inputs begun. */
  readonly position: Int32Array;
}

/** What a thread says: after each batch, and with `batch` undefined when it is done. */
export interface Progress {
  readonly batch?: number;
  readonly inputs: number;
  readonly findings: readonly Finding[];
}

const { reader: name, seed, inputs, first, step, minutes, known, position } = workerData as Share;
const reader = readers.find((one) => one.name === name);
if (reader === undefined) throw new Error(`there is no reader "${name}"`);
const say = (progress: Progress): void => parentPort?.postMessage(progress);
const read = await reader.open();
const keys = new Set(known);
const until = Date.now() + minutes * 60_000;
for (let batch = first; batch * BATCH < inputs && Date.now() < until; batch += step) {
  Atomics.store(position, 0, batch);
  const size = Math.min(BATCH, inputs - batch * BATCH);
  const about = (index: number): void => {
    Atomics.store(position, 1, index);
    Atomics.add(position, 2, 1);
  };
  const findings = await runBatch({ reader, read, seed, batch, size, known: keys, about });
  say({ batch, inputs: size, findings });
}
say({ inputs: 0, findings: [] });
