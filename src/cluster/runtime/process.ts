import { Members } from '../../core/members.ts';
import type { Deferred, Simulation } from '../simulation/simulation.ts';
import type { CpuThread } from './cpu.ts';
import type { Credentials } from './file-view.ts';
import type { ByteSink } from './pipe.ts';
import { runAsProgram } from './host-guard.ts';
import { exitCodeOf, isIgnoredByDefault, stopsByDefault } from './signals.ts';
import type { Program, ProgramContext, Signal } from './types.ts';

/** CPU that the kernel and the C library take to start a process, in microseconds. */
const START_COST = 300;

const CANNOT_BE_HANDLED: ReadonlySet<Signal> = new Set(['SIGKILL', 'SIGSTOP']);

/** Unwinds a program that has been killed; nothing of it is seen any more. */
export class ProcessKilled extends Error {
  constructor() {
    super('killed');
    this.name = 'ProcessKilled';
  }
}

export interface ProcessIdentity {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: Credentials;
}

/**
 * One running program. Every promise that the program can wait on is made by {@link wait} or {@link deferred}, and
 * none of them settles after the end: a killed program simply never goes on.
 */
export class Process {
  /** What others see of it; another one where it has made itself another program, as exec(2) does. */
  identity: ProcessIdentity;
  readonly thread: CpuThread;
  /** Microseconds since 1970. */
  readonly startedAt: number;
  /** Pid of the parent; 0 for pid 1 and for what exec has started. */
  parent: number;
  /** Bytes resident. */
  memory = 0;
  /** Undefined while it runs. */
  exitCode: number | undefined;
  readonly #simulation: Simulation;
  readonly #owner: string;
  readonly #handlers = new Map<Signal, () => void>();
  readonly #pending = new Members<() => void>();
  readonly #endings = new Set<() => void>();
  /** Calls those who wait for it to be stopped. */
  readonly #stops = new Set<() => void>();
  /** Full pipes that it has written to: it waits for their readers before it goes on. */
  readonly #filled = new Set<ByteSink>();
  /** What would have gone on since it was stopped, in order; undefined while nobody holds it. */
  #held: (() => void)[] | undefined;

  constructor(
    simulation: Simulation,
    options: {
      readonly identity: ProcessIdentity;
      readonly parent: number;
      readonly thread: CpuThread;
      readonly owner: string;
    },
  ) {
    this.#simulation = simulation;
    this.#owner = `${options.owner}/${options.identity.pid}`;
    this.identity = options.identity;
    this.parent = options.parent;
    this.thread = options.thread;
    this.startedAt = simulation.now;
  }

  get pid(): number {
    return this.identity.pid;
  }

  get isAlive(): boolean {
    return this.exitCode === undefined;
  }

  get state(): 'R' | 'S' | 'T' {
    if (this.isStopped) return 'T';
    return this.thread.isBusy ? 'R' : 'S';
  }

  get isStopped(): boolean {
    return this.#held !== undefined;
  }

  /** Runs the program once the CPU for its start has been had. */
  run(program: Program, makeContext: () => ProgramContext, reportCrash: (text: string) => void): void {
    this.later(
      (done) => this.thread.spend(START_COST, done),
      () => {
        this.#simulation.wake();
        const name = this.identity.args[0] ?? '';
        const running = runAsProgram(name, () => startProgram(program, makeContext));
        running.then(
          (code) => this.#finish(code & 0xff),
          (error: unknown) => this.crash(error, reportCrash),
        );
      },
    );
  }

  /** What an exception that nobody caught does: its text on standard error, exit code 1. */
  crash(error: unknown, report: (text: string) => void): void {
    if (!this.isAlive) return;
    report(`${String(error)}\n`);
    this.#finish(1);
  }

  /** Ends the process now; everything it waited for is called off. */
  end(code: number): void {
    if (!this.isAlive) return;
    this.exitCode = code;
    for (const cancel of this.#pending) cancel();
    const endings = [...this.#endings];
    this.#endings.clear();
    for (const ending of endings) ending();
  }

  /** Calls `ending` when the process ends, or now if it has. @returns forgets it again */
  atEnd(ending: () => void): () => void {
    if (!this.isAlive) ending();
    else this.#endings.add(ending);
    return () => {
      this.#endings.delete(ending);
    };
  }

  /** Calls `stopped` once when the process is stopped, or now if it is. @returns forgets it again */
  atStop(stopped: () => void): () => void {
    if (this.isStopped) stopped();
    else this.#stops.add(stopped);
    return () => {
      this.#stops.delete(stopped);
    };
  }

  /** @param mayIgnore pid 1 ignores what it has no handler for, SIGKILL included when it comes from inside */
  signal(signal: Signal, mayIgnore = false): void {
    if (!this.isAlive) return;
    if (signal === 'SIGCONT') this.#resume();
    else if (this.isStopped && signal !== 'SIGKILL') {
      this.#goOn(() => this.signal(signal, mayIgnore));
      return;
    }
    const handler = CANNOT_BE_HANDLED.has(signal) ? undefined : this.#handlers.get(signal);
    if (handler !== undefined) {
      const timer = this.#simulation.after(0, `${this.#owner}/${signal}`, () => {
        this.#pending.delete(pending);
        this.#simulation.wake();
        handler();
      });
      const pending = this.#pending.add(() => timer.cancel());
      return;
    }
    if (mayIgnore || isIgnoredByDefault(signal)) return;
    if (stopsByDefault(signal)) this.#stop();
    else this.end(exitCodeOf(signal));
  }

  /** Whatever it waits for still happens; the program sees nothing of it until it goes on. */
  #stop(): void {
    this.#held = [];
    const stops = [...this.#stops];
    this.#stops.clear();
    for (const stopped of stops) stopped();
  }

  #resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const step of held) this.#goOn(step);
  }

  /** Takes a step of the program, once it is not stopped. */
  #goOn(step: () => void): void {
    if (!this.isAlive) return;
    if (this.#held === undefined) step();
    else this.#held.push(step);
  }

  onSignal(signal: Signal, handler: () => void): void {
    this.#handlers.set(signal, handler);
  }

  /**
   * Something that calls back once, unless the process ends first.
   * @param start begins it and returns how to call it off
   */
  later<T>(start: (done: (value: T) => void) => () => void, then: (value: T) => void): () => void {
    if (!this.isAlive) return () => {};
    let isDone = false;
    let isCancelled = false;
    let cancelStarted = (): void => {};
    const cancel = (): void => {
      isDone = true;
      isCancelled = true;
      this.#pending.delete(pending);
      cancelStarted();
    };
    const pending = this.#pending.add(cancel);
    cancelStarted = start((value) => {
      if (isDone || !this.isAlive) return;
      isDone = true;
      this.#pending.delete(pending);
      this.#goOn(() => {
        if (!isCancelled) then(value);
      });
    });
    return cancel;
  }

  /** A promise for the program of something that calls back once. */
  wait<T>(start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void): Promise<T> {
    const deferred = this.deferred<T>();
    this.later<{ readonly value: T } | { readonly error: unknown }>(
      (done) =>
        start(
          (value) => {
            done({ value });
          },
          (error) => {
            done({ error });
          },
        ),
      (result) => {
        if ('value' in result) deferred.resolve(result.value);
        else deferred.reject(result.error);
      },
    );
    return deferred.promise;
  }

  /** It has written to a pipe that is full now. */
  fill(sink: ByteSink): void {
    this.#filled.add(sink);
  }

  get hasFilled(): boolean {
    return this.#filled.size > 0;
  }

  /** Waits for the readers of the pipes that it has filled: write(2) would not have returned before. */
  async drained(): Promise<void> {
    for (const sink of this.#filled) {
      this.#filled.delete(sink);
      if (sink.isFull) await this.wait<undefined>((resolve) => sink.whenDrained(() => resolve(undefined)));
    }
  }

  /** A promise that does not settle any more once the process has ended. */
  deferred<T>(): Deferred<T> {
    const inner = this.#simulation.deferred<T>();
    // A rejection that the program does not look at is its own matter, not the host's.
    inner.promise.catch(() => {});
    return {
      promise: inner.promise,
      resolve: (value) => {
        this.#goOn(() => inner.resolve(value));
      },
      reject: (error) => {
        this.#goOn(() => inner.reject(error));
      },
    };
  }

  /** @throws ProcessKilled where the process has ended: nothing may happen on its behalf */
  mustBeAlive(): void {
    if (!this.isAlive) throw new ProcessKilled();
  }

  /** A program has returned, in a microtask; its end is an event like every other. */
  #finish(code: number): void {
    if (!this.isAlive) return;
    this.later(
      (done) => {
        const timer = this.#simulation.after(0, `${this.#owner}/exit`, () => {
          done(undefined);
        });
        return () => timer.cancel();
      },
      () => this.end(code),
    );
  }
}

async function startProgram(program: Program, makeContext: () => ProgramContext): Promise<number> {
  return program(makeContext());
}
