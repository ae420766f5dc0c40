import type { Simulation } from '../simulation/simulation.ts';
import type { CpuGroup } from './cpu.ts';
import type { Credentials } from './file-view.ts';
import type { MemoryGroup } from './memory.ts';
import type { ByteSink, ByteSource } from './pipe.ts';
import { Process } from './process.ts';
import { exitCodeOf } from './signals.ts';
import { ProcessInput, ProcessOutput } from './streams.ts';
import type { Program, ProgramContext, Signal } from './types.ts';

/** What a small program has resident before it does anything. */
export const BASE_MEMORY = 512 * 1024;
/** pids.max of a container. */
export const MAX_PROCESSES = 1024;

/** The window of `-t`. */
export interface Terminal {
  columns: number;
  rows: number;
}

export interface ProcessSpec {
  readonly parent: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: Credentials;
  readonly stdin: ByteSource;
  readonly stdout: ByteSink;
  readonly stderr: ByteSink;
  readonly terminal: Terminal | undefined;
}

/** A process with what only its relatives and /proc need to know. */
export interface TableEntry {
  readonly process: Process;
  readonly spec: ProcessSpec;
  readonly stdin: ProcessInput;
  readonly stdout: ProcessOutput;
  readonly stderr: ProcessOutput;
}

/** Linux' answer where pids.max is reached. */
export class ForkError extends Error {
  readonly code = 'EAGAIN';

  constructor() {
    super('fork: Resource temporarily unavailable');
    this.name = 'ForkError';
  }
}

/** The processes of one container: a pid namespace. */
export class ProcessTable {
  readonly #simulation: Simulation;
  readonly #owner: string;
  readonly #cpu: CpuGroup;
  readonly #memory: MemoryGroup;
  readonly #makeContext: (entry: TableEntry) => ProgramContext;
  readonly #onInitEnd: (code: number) => void;
  readonly #entries = new Map<number, TableEntry>();
  #lastPid = 0;

  /**
   * @param options.owner prefix of the names of simulation events
   * @param options.onInitEnd called when pid 1 has ended and everything else was killed
   */
  constructor(options: {
    readonly simulation: Simulation;
    readonly owner: string;
    readonly cpu: CpuGroup;
    readonly memory: MemoryGroup;
    readonly makeContext: (entry: TableEntry) => ProgramContext;
    readonly onInitEnd: (code: number) => void;
  }) {
    this.#simulation = options.simulation;
    this.#owner = options.owner;
    this.#cpu = options.cpu;
    this.#memory = options.memory;
    this.#makeContext = options.makeContext;
    this.#onInitEnd = options.onInitEnd;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** By pid. */
  list(): readonly TableEntry[] {
    return [...this.#entries.values()];
  }

  get(pid: number): TableEntry | undefined {
    return this.#entries.get(pid);
  }

  /** @throws ForkError */
  start(program: Program, spec: ProcessSpec): Process {
    if (this.#entries.size >= MAX_PROCESSES) throw new ForkError();
    const { args, env, cwd, user } = spec;
    const process = new Process(this.#simulation, {
      identity: { pid: ++this.#lastPid, args, env, cwd, user },
      parent: spec.parent,
      thread: this.#cpu.thread(),
      owner: this.#owner,
    });
    const stdin = new ProcessInput(process, spec.stdin);
    stdin.hold();
    const entry: TableEntry = {
      process,
      spec,
      stdin,
      stdout: new ProcessOutput(process, spec.stdout),
      stderr: new ProcessOutput(process, spec.stderr),
    };
    this.#entries.set(process.pid, entry);
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

  free(process: Process, bytes: number): void {
    const freed = Math.min(bytes, process.memory);
    process.memory -= freed;
    this.#memory.uncharge(freed);
  }

  /** A signal from inside the container, from which pid 1 is safe. @returns false where there is no such process */
  signal(pid: number, signal: Signal): boolean {
    const entry = this.#entries.get(pid);
    entry?.process.signal(signal, pid === 1);
    return entry !== undefined;
  }

  /** A signal from the runtime to pid 1, which only SIGKILL ends without a handler. */
  signalInit(signal: Signal): void {
    this.#entries.get(1)?.process.signal(signal, signal !== 'SIGKILL');
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
    for (const { process: other } of this.#entries.values()) {
      if (other.parent === process.pid) other.parent = 1;
    }
    if (process.pid !== 1) return;
    this.killAll();
    this.#onInitEnd(process.exitCode ?? 0);
  }
}
