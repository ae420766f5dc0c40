import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { ActiveFault } from '../../cluster/cluster-faults.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { BreakfixError, messageOf } from '../../core/errors.ts';
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
  stop(): Promise<Record<string, never>>;
}

type Method = keyof ControlMethods;
type Question = {
  [M in Method]: { readonly method: M; readonly argument: Parameters<ControlMethods[M]>[0] };
}[Method];
type Answer = { readonly result: unknown } | { readonly error: string };

/** Paths of Unix sockets may have 107 bytes; a deeper folder gets one in the temporary folder. */
export function controlPath(folder: string): string {
  const path = join(folder, 'control.sock');
  if (Buffer.byteLength(path) < 100) return path;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  return join(tmpdir(), `breakfix-${digest}.sock`);
}

/**
 * @param copy serves a copy of the lab on a connection that has asked for one; what it throws is the answer
 */
export async function serveControl(
  folder: string,
  methods: ControlMethods,
  copy: (socket: Socket, lines: Interface) => Promise<void>,
): Promise<Server> {
  const path = controlPath(folder);
  rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const lines = createInterface({ input: socket });
    // It repeats the socket's.
    lines.on('error', () => {});
    const end = (reply: Answer): void => void socket.end(`${JSON.stringify(reply)}\n`);
    lines.once('line', (line) => {
      if (line === COPY) copy(socket, lines).catch((error: unknown) => end({ error: messageOf(error) }));
      else void answer(methods, line).then(end);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

/** A connection that is to be a copy of the lab. */
export const COPY = '{"method":"copy"}';

async function answer(methods: ControlMethods, line: string): Promise<Answer> {
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
      case 'stop':
        return { result: await methods.stop() };
    }
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** How long an answer may take, in milliseconds; moving time may take as long as it takes. */
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
 * @throws NoLabProcess where there is none; BreakfixError `lab` where it hangs; Error with what the process says
 */
export function askControl<M extends Method>(
  ref: ClusterRef,
  method: M,
  ...argument: Parameters<ControlMethods[M]>
): Promise<Awaited<ReturnType<ControlMethods[M]>>> {
  const { folder } = ref;
  return new Promise((resolve, reject) => {
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
    socket.on('connect', () => socket.write(`${JSON.stringify({ method, argument: argument[0] })}\n`));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
    socket.on('close', () => {
      if (text === '') {
        reject(new NoLabProcess(folder));
        return;
      }
      const reply = JSON.parse(text) as Answer;
      if ('error' in reply) reject(new Error(reply.error));
      else resolve(reply.result as Awaited<ReturnType<ControlMethods[M]>>);
    });
  });
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
