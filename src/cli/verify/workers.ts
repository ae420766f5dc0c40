import { type ChildProcess, spawn } from 'node:child_process';
import { readSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { COPYABLE } from '../../core/process-copy.ts';
import { messageOf } from '../../core/errors.ts';
import { receivedError, type SentError, sentError } from '../../core/sent-error.ts';
import type { CaseResult } from '../../engine/verify.ts';
import { hiddenCommands } from '../hidden-commands.ts';
import type { Proof, Row } from './proofs.ts';

/** What a worker says: rows that were proven, that it wants the next proof, or why it could not do one. */
type Message = { readonly row: CaseResult } | { readonly done: true } | { readonly error: SentError };

/** Where a worker is told proofs, and where it answers: a JSON document a line. */
const PROOFS = 3;
const MESSAGES = 4;

/** Bytes that a worker and its copy may need. */
const MEMORY = 2 ** 30;

/**
 * Has proofs done side by side, one process a core. They are processes, not threads, because only a process can be
 * copied for every case (docs/decisions/0012-copies-of-a-process.md). What a scenario prints goes to standard error.
 * @param entry the module that a worker starts with; it is to call {@link serveProofs}
 * @param row told of results as they come
 * @throws what a worker threw; the others are ended
 */
export async function proveInWorkers(
  entry: string,
  proofs: readonly Proof[],
  row: Row,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const waiting = [...proofs];
  const most = Math.max(1, Math.min(availableParallelism(), Math.floor(process.availableMemory() / MEMORY)));
  const workers: ChildProcess[] = [];
  const end = (): void => {
    for (const worker of workers) worker.kill('SIGKILL');
  };
  signal.addEventListener('abort', end);
  try {
    while (workers.length < Math.min(most, proofs.length)) {
      workers.push(
        spawn(process.execPath, [...process.execArgv, ...COPYABLE, entry, hiddenCommands.verifyWorker], {
          stdio: ['ignore', 2, 'inherit', 'pipe', 'pipe'],
        }),
      );
    }
    await Promise.all(workers.map((worker) => feed(worker, waiting, row, signal)));
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

async function feed(worker: ChildProcess, waiting: Proof[], row: Row, signal: AbortSignal): Promise<void> {
  const ended = new Promise<string>((resolve) => {
    worker.once('error', (error) => resolve(messageOf(error)));
    worker.once('exit', (code, by) => resolve(by ?? `exit code ${code}`));
  });
  if (worker.pid === undefined) throw new Error(`a process of verify could not be started: ${await ended}`);
  const proofs = worker.stdio[PROOFS] as Writable;
  // A worker that ends without reading all of them is told by its end.
  proofs.on('error', () => {});
  let proof: Proof | undefined;
  const next = (): boolean => {
    proof = waiting.shift();
    if (proof !== undefined) proofs.write(`${JSON.stringify(proof)}\n`);
    return proof !== undefined;
  };
  next();
  for await (const line of createInterface({ input: worker.stdio[MESSAGES] as Readable })) {
    const message = JSON.parse(line) as Message;
    if ('row' in message) row(message.row);
    else if ('error' in message) throw receivedError(message.error);
    else if (!next()) return;
  }
  // Who interrupts this process interrupts the worker too, and that may be seen first.
  const how = await ended;
  signal.throwIfAborted();
  throw new Error(`the process that proved ${proof?.scenario ?? ''}/${proof?.seed ?? ''} ended: ${how}`);
}

/**
 * The main of a worker: does the proofs that it is given, until nobody gives any or it is killed. Reads and writes
 * without the event loop: a copy of the process would have a share in it.
 */
export async function serveProofs(prove: (proof: Proof, row: Row) => Promise<void>): Promise<void> {
  const say = (message: Message): void => writeFileSync(MESSAGES, `${JSON.stringify(message)}\n`);
  try {
    for (let line = readLine(); line !== ''; line = readLine()) {
      await prove(JSON.parse(line) as Proof, (result) => say({ row: result }));
      say({ done: true });
    }
  } catch (error) {
    // Nobody listens any more.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    say({ error: sentError(error) });
  }
}

/** @returns an empty text at the end */
function readLine(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  while (readSync(PROOFS, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString();
}
