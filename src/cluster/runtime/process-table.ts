import type { Simulation } from '../simulation/simulation.ts';
import type { CpuGroup } from './cpu.ts';
import type { MemoryGroup } from './memory.ts';
import type { Node } from './nodes.ts';
import { PidNamespace } from './pid-namespace.ts';
import { Process } from './process.ts';
import type { Contained, ProcessSpec, TableEntry } from './process-entry.ts';
import { exitCodeOf } from './signals.ts';
import { ProcessInput, ProcessOutput } from './streams.ts';
import type { Program, ProgramContext, Signal } from './types.ts';

/** What a small program has resident before it does anything. */
export const BASE_MEMORY = 512 * 1024;
/** pids.max of a container. */
export const MAX_PROCESSES = 1024;

/** Linux' answer where pids.max is reached. */
export class ForkError extends Error {
  readonly code = 'EAGAIN';

  constructor() {
    super('fork: Resource temporarily unavailable');
    this.name = 'ForkError';
  }
}

/** The processes of one container, which may see those of others: {@link PidNamespace}. */
export class ProcessTable implements Contained {
  readonly namespace: PidNamespace;
  readonly root: () => Node;
  readonly #simulation: Simulation;
  readonly #owner: string;
  readonly #cpu: CpuGroup;
  readonly #memory: MemoryGroup;
  readonly #makeContext: (entry: TableEntry) => ProgramContext;
  readonly #onInitEnd: (code: number) => void;
  readonly #entries = new Map<number, TableEntry>();
  #init: Process | undefined;

  /**
   * @param options.namespace in which they are; one of their own where it is left out
   * @param options.owner prefix of the names of simulation events
   * @param options.onInitEnd called when the first process has ended and everything else was killed
   */
  constructor(options: {
    readonly simulation: Simulation;
    readonly namespace?: PidNamespace;
    readonly owner: string;
    readonly root: () => Node;
    readonly cpu: CpuGroup;
    readonly memory: MemoryGroup;
    readonly makeContext: (entry: TableEntry) => ProgramContext;
    readonly onInitEnd: (code: number) => void;
  }) {
    this.#simulation = options.simulation;
    this.namespace = options.namespace ?? new PidNamespace();
    this.root = options.root;
    this.#owner = options.owner;
    this.#cpu = options.cpu;
    this.#memory = options.memory;
    this.#makeContext = options.makeContext;
    this.#onInitEnd = options.onInitEnd;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Those of this container, by pid. */
  list(): readonly TableEntry[] {
    return [...this.#entries.values()];
  }

  /** @throws ForkError */
  start(program: Program, spec: ProcessSpec): Process {
    if (this.#entries.size >= MAX_PROCESSES) throw new ForkError();
    const { args, env, cwd, user } = spec;
    const process = new Process(this.#simulation, {
      identity: { pid: this.namespace.nextPid(), args, env, cwd, user },
      parent: spec.parent,
      thread: this.#cpu.thread(),
      owner: this.#owner,
    });
    this.#init ??= process;
    const stdin = new ProcessInput(process, spec.stdin);
    stdin.hold();
    const entry: TableEntry = {
      process,
      spec,
      container: this,
      stdin,
      stdout: new ProcessOutput(process, spec.stdout),
      stderr: new ProcessOutput(process, spec.stderr),
    };
    this.#entries.set(process.pid, entry);
    this.namespace.add(entry);
    process.atEnd(() => {
      this.#ended(process);
    });
    this.allocate(process, BASE_MEMORY);
    process.run(
      program,
      () => this.#makeContext(entry),
      (text) => entry.stderr.write(text),
    );
    return process;
  }

  /** @returns false where that was too much: the process has been killed, and the container with it */
  allocate(process: Process, bytes: number): boolean {
    if (!this.#memory.charge(bytes) || !process.isAlive) return false;
    process.memory += bytes;
    return true;
  }

  /** Bytes that the container may still have; undefined without a limit. */
  get memoryLeft(): number | undefined {
    return this.#memory.left;
  }

  free(process: Process, bytes: number): void {
    const freed = Math.min(bytes, process.memory);
    process.memory -= freed;
    this.#memory.uncharge(freed);
  }

  /** A signal from the runtime to the first process; where that has pid 1, only SIGKILL ends it without a handler. */
  signalInit(signal: Signal): void {
    this.#init?.signal(signal, signal !== 'SIGKILL' && this.#init.pid === 1);
  }

  /** Kills everything. @returns how many processes that were */
  killAll(): number {
    const { size } = this.#entries;
    for (const { process } of [...this.#entries.values()].reverse()) process.end(exitCodeOf('SIGKILL'));
    return size;
  }

  #ended(process: Process): void {
    this.#entries.delete(process.pid);
    this.#memory.uncharge(process.memory);
    process.memory = 0;
    this.namespace.ended(process);
    if (process !== this.#init) return;
    this.killAll();
    this.#onInitEnd(process.exitCode ?? 0);
  }
}
