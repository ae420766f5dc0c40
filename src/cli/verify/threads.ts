import { on } from 'node:events';
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import type { CaseResult } from '../../engine/verify.ts';
import type { Proof, Row } from './proofs.ts';

/** What a thread says: rows as they are proven, and that it wants the next proof. */
type Message = { readonly row: CaseResult } | { readonly done: true };

/**
 * Has proofs done side by side, one thread a core: a cluster of a thread's own memory is all that they need.
 * @param entry the module that a thread starts with; it is to call {@link serveProofs}
 * @param row told of every result as it comes
 * @throws what a thread threw; the others are ended
 */
export async function proveInThreads(
  entry: string,
  proofs: readonly Proof[],
  row: Row,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...proofs];
  const workers = Array.from(
    { length: Math.min(availableParallelism(), proofs.length) },
    () => new Worker(entry, { argv: [THREAD] }),
  );
  try {
    await Promise.all(workers.map((worker) => feed(worker, waiting, row, signal)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** The command line of a thread's program. */
export const THREAD = 'verify-thread';

async function feed(worker: Worker, waiting: Proof[], row: Row, signal: AbortSignal): Promise<void> {
  const next = (): boolean => {
    const proof = waiting.shift();
    if (proof !== undefined) worker.postMessage(proof);
    return proof !== undefined;
  };
  if (!next()) return;
  // An error of the thread is thrown here.
  for await (const [message] of on(worker, 'message', { signal }) as AsyncIterable<[Message]>) {
    if ('row' in message) row(message.row);
    else if (!next()) return;
  }
}

/** The main of a thread: does the proofs that it is given, until it is ended. */
export async function serveProofs(prove: (proof: Proof, row: Row) => Promise<void>): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error(`${THREAD} is for threads of breakfix`);
  const say = (message: Message): void => port.postMessage(message);
  for await (const [proof] of on(port, 'message') as AsyncIterable<[Proof]>) {
    await prove(proof, (result) => say({ row: result }));
    say({ done: true });
  }
}
