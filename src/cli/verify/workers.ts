import { type ChildProcess, spawn } from 'node:child_process';
import { readSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { BreakfixError, type BreakfixErrorOptions, messageOf } from '../../core/errors.ts';
import { COPYABLE } from '../../core/process-copy.ts';
import type { CaseResult } from '../../engine/verify.ts';
import type { Proof, Row } from './proofs.ts';

/** What a worker says: rows as they are proven, that it wants the next proof, or why it could not do one. */
type Message = { readonly row: CaseResult } | { readonly done: true } | { readonly error: SentError };

/** An error for another process. */
type SentError =
  { readonly known: BreakfixErrorOptions } | { readonly message: string; readonly stack: string | undefined };

/** The command line of a worker's program. */
export const WORKER = 'verify-worker';

/** Where a worker is told proofs, and where it answers: a JSON document a line. */
const PROOFS = 3;
const MESSAGES = 4;

/**
 * Has proofs done side by side, one process a core. They are processes, not threads, because only a process can be
 * copied for every case (docs/decisions/0012-copies-of-a-process.md).
 * @param entry the module that a worker starts with; it is to call {@link serveProofs}
 * @param row told of every result as it comes
 * @throws what a worker threw; the others are ended
 */
export async function proveInWorkers(
  entry: string,
  proofs: readonly Proof[],
  row: Row,
  signal: AbortSignal,
): Promise<void> {
  const waiting = [...proofs];
  const workers = Array.from({ length: Math.min(availableParallelism(), proofs.length) }, () =>
    spawn(process.execPath, [...process.execArgv, ...COPYABLE, entry, WORKER], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    }),
  );
  const end = (): void => {
    for (const worker of workers) worker.kill('SIGKILL');
  };
  signal.addEventListener('abort', end);
  try {
    await Promise.all(workers.map((worker) => feed(worker, waiting, row)));
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
  signal.throwIfAborted();
}

async function feed(worker: ChildProcess, waiting: Proof[], row: Row): Promise<void> {
  const proofs = worker.stdio[PROOFS] as Writable;
  // A worker that ends without reading all of them is told by the end of its messages.
  proofs.on('error', () => {});
  const next = (): boolean => {
    const proof = waiting.shift();
    if (proof !== undefined) proofs.write(`${JSON.stringify(proof)}\n`);
    return proof !== undefined;
  };
  if (!next()) return;
  for await (const line of createInterface({ input: worker.stdio[MESSAGES] as Readable })) {
    const message = JSON.parse(line) as Message;
    if ('row' in message) row(message.row);
    else if ('error' in message) throw received(message.error);
    else if (!next()) return;
  }
  throw new Error('a process of verify ended before it was done');
}

/**
 * The main of a worker: does the proofs that it is given, until nobody gives any. Reads and writes without the event
 * loop: a copy of the process would have a share in it.
 */
export async function serveProofs(prove: (proof: Proof, row: Row) => Promise<void>): Promise<void> {
  const say = (message: Message): void => writeFileSync(MESSAGES, `${JSON.stringify(message)}\n`);
  try {
    for (let line = readLine(); line !== ''; line = readLine()) {
      await prove(JSON.parse(line) as Proof, (result) => say({ row: result }));
      say({ done: true });
    }
  } catch (error) {
    say({ error: sent(error) });
  }
}

function sent(error: unknown): SentError {
  if (!(error instanceof BreakfixError))
    return { message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
  const { code, kind, message, fix, docs } = error;
  return { known: { code, kind, message, fix, ...(docs === undefined ? {} : { docs }) } };
}

function received(error: SentError): Error {
  if ('known' in error) return new BreakfixError(error.known);
  return Object.assign(new Error(error.message), { stack: error.stack });
}

/** @returns an empty text at the end */
function readLine(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  while (readSync(PROOFS, byte) === 1 && byte[0] !== 0x0a) bytes.push(byte[0] ?? 0);
  return Buffer.from(bytes).toString();
}
