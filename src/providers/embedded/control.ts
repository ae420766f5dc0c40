import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ActiveFault } from '../../cluster/cluster-faults.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { BreakfixError } from '../../core/errors.ts';
import { receivedError, type SentError, sentError } from '../../core/sent-error.ts';
import type { ClusterRef } from '../provider.ts';
import { wordsFor } from './words.ts';

/**
 * What a lab's process is told beside the Kubernetes API: JSON lines over a Unix socket in the lab's folder, one
 * request and one answer each.
 */
export interface ControlMethods {
  /** Where the clock is, whether it follows the wall, and how far behind it (negative: ahead); microseconds. */
  sync(): Promise<{ now: number; live: boolean; behind: number }>;
  /** Writes the time into the log. */
  mark(): Promise<Record<string, never>>;
  advanceTo(at: number): Promise<{ now: number }>;
  /** Moves a clock that follows the wall on by so many microseconds. */
  advanceBy(by: number): Promise<{ now: number; behind: number }>;
  goLive(): Promise<{ now: number }>;
  /** Does something outside the API. */
  change(change: OutsideChange): Promise<Record<string, never>>;
  /** What was put in with a change and is not mended. */
  faults(): Promise<readonly ActiveFault[]>;
  /** Has work done on a copy of the lab as it is now; given up when nobody waits for it any more. */
  onCopy(question: unknown, signal: AbortSignal): Promise<unknown>;
  stop(): Promise<Record<string, never>>;
}

type Method = keyof ControlMethods;
type Question = {
  [M in Method]: { readonly method: M; readonly argument: Parameters<ControlMethods[M]>[0] };
}[Method];
type Answer = { readonly result: unknown } | { readonly error: SentError };

/** Paths of Unix sockets may have 107 bytes; a deeper folder gets one in the temporary folder. */
export function controlPath(folder: string): string {
  const path = join(folder, 'control.sock');
  if (Buffer.byteLength(path) < 100) return path;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `breakfix-${digest}.sock`);
}

/** Serves them on the socket of the lab's folder. */
export async function serveControl(folder: string, methods: ControlMethods): Promise<Server> {
  const path = controlPath(folder);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    const gone = new AbortController();
    socket.on('error', () => {});
    socket.once('close', () => gone.abort());
    const lines = createInterface({ input: socket });
    // It repeats the socket's.
    lines.on('error', () => {});
    lines.once('line', (line) => {
      void answer(methods, line, gone.signal).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** @param signal aborts when who has asked is gone */
async function answer(methods: ControlMethods, line: string, signal: AbortSignal): Promise<Answer> {
  try {
    const { method, argument } = JSON.parse(line) as Question;
    switch (method) {
      case 'sync':
        return { result: await methods.sync() };
      case 'mark':
        return { result: await methods.mark() };
      case 'advanceTo':
        return { result: await methods.advanceTo(argument) };
      case 'advanceBy':
        return { result: await methods.advanceBy(argument) };
      case 'goLive':
        return { result: await methods.goLive() };
      case 'change':
        return { result: await methods.change(argument) };
      case 'faults':
        return { result: await methods.faults() };
      case 'onCopy':
        return { result: await methods.onCopy(argument, signal) };
      case 'stop':
        return { result: await methods.stop() };
    }
  } catch (error) {
    return { error: sentError(error) };
  }
}

/** How long an answer may take, in milliseconds; moving time and work on a copy take as long as they take. */
const ANSWER_WITHIN: Readonly<Partial<Record<Method, number>>> = {
  sync: 20_000,
  mark: 20_000,
  change: 20_000,
  faults: 20_000,
  stop: 5_000,
};

/** No process answers on the lab's socket. */
export class NoLabProcess extends Error {
  constructor(folder: string) {
    super(`no process serves the lab in ${folder}`);
    this.name = 'NoLabProcess';
  }
}

/**
 * Asks the process of a lab.
 * @throws NoLabProcess where there is none, or where it ends before it answers; BreakfixError `lab` where it hangs; the
 * reason of a signal among the arguments; what the process throws
 */
export function askControl<M extends Method>(
  ref: ClusterRef,
  method: M,
  ...argument: Parameters<ControlMethods[M]>
): Promise<Awaited<ReturnType<ControlMethods[M]>>> {
  const { folder } = ref;
  const [what, signal] = argument as [unknown, AbortSignal?];
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = connect(controlPath(folder));
    let text = '';
    socket.on('error', () => reject(new NoLabProcess(folder)));
    const within = ANSWER_WITHIN[method];
    if (within !== undefined) {
      socket.setTimeout(within, () => {
        reject(hangs(ref, within));
        socket.destroy();
      });
    }
    socket.on('connect', () => socket.write(`${JSON.stringify({ method, argument: what })}\n`));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    const giveUp = (): void => {
      reject(signal?.reason as Error);
      socket.destroy();
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.on('close', () => {
      signal?.removeEventListener('abort', giveUp);
      if (text === '') {
        reject(new NoLabProcess(folder));
        return;
      }
      const reply = JSON.parse(text) as Answer;
      if ('error' in reply) reject(receivedError(reply.error));
      else resolve(reply.result as Awaited<ReturnType<ControlMethods[M]>>);
    });
  });
}

/**
 * Has work done on a copy of a lab, in the lab's process.
 * @throws what the work throws; the signal's reason; BreakfixError `lab` where the process ends before the work
 */
export async function askCopy(ref: ClusterRef, question: unknown, signal: AbortSignal): Promise<unknown> {
  try {
    return await askControl(ref, 'onCopy', question, signal);
  } catch (error) {
    if (!(error instanceof NoLabProcess)) throw error;
    const { subject, reset, stop } = wordsFor(ref);
    throw new BreakfixError({
      code: 'LAB_UNREACHABLE',
      kind: 'lab',
      message: `the process of ${subject} has ended while it was looked at`,
      fix: `the same command again brings the lab back; if it does not, ${reset}, ${stop}`,
    });
  }
}

function hangs(ref: ClusterRef, ms: number): BreakfixError {
  const { subject, reset, stop } = wordsFor(ref);
  return new BreakfixError({
    code: 'LAB_UNREACHABLE',
    kind: 'lab',
    message: `the process of ${subject} is there, and has not answered for ${ms / 1000} s`,
    fix: `${reset}, ${stop}`,
  });
}
