import type { Simulation } from '../simulation/simulation.ts';
import type { ProcessNamespace } from './container-types.ts';
import type { CpuThread } from './cpu.ts';
import { nothing, sinkTo } from './pipe.ts';
import { Process } from './process.ts';
import type { SeenEntry, TableEntry } from './process-entry.ts';
import { exitCodeOf } from './signals.ts';
import { ProcessInput, ProcessOutput } from './streams.ts';
import type { Signal } from './types.ts';

/** The process of a pod itself, and as whom it runs. */
export const PAUSE = { args: ['/pause'], user: { uid: 65_535, gid: 65_535 } } as const;

/**
 * Processes that see each other and send each other signals: those of one container, or of all that share it.
 * https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 */
export class PidNamespace implements ProcessNamespace {
  readonly kind = 'pids';
  readonly #entries = new Map<number, TableEntry>();
  #lastPid = 0;

  /** One in which no container has pid 1: the pod's own process, which only waits, has it. */
  static ofPod(simulation: Simulation, options: { thread: CpuThread; owner: string }): PidNamespace {
    const namespace = new PidNamespace();
    const identity = { pid: namespace.nextPid(), ...PAUSE, env: {}, cwd: '/' };
    const process = new Process(simulation, { identity, parent: 0, ...options });
    const silent = sinkTo(() => {});
    namespace.add({
      process,
      spec: { ...identity, parent: 0, stdin: nothing, stdout: silent, stderr: silent, terminal: undefined },
      container: undefined,
      stdin: new ProcessInput(process, nothing),
      stdout: new ProcessOutput(process, silent),
      stderr: new ProcessOutput(process, silent),
    });
    return namespace;
  }

  nextPid(): number {
    return ++this.#lastPid;
  }

  /** By pid. */
  list(): readonly SeenEntry[] {
    return [...this.#entries.values()];
  }

  get(pid: number): SeenEntry | undefined {
    return this.#entries.get(pid);
  }

  add(entry: TableEntry): void {
    this.#entries.set(entry.process.pid, entry);
  }

  /** A process has ended: pid 1 takes its children, and with pid 1 everything ends. */
  ended({ pid }: Process): void {
    this.#entries.delete(pid);
    for (const { process } of this.#entries.values()) if (process.parent === pid) process.parent = 1;
    if (pid !== 1) return;
    for (const { process } of [...this.#entries.values()].reverse()) process.end(exitCodeOf('SIGKILL'));
  }

  /** A signal from inside, from which pid 1 is safe. @returns false where there is no such process */
  signal(pid: number, signal: Signal): boolean {
    const entry = this.#entries.get(pid);
    entry?.process.signal(signal, pid === 1);
    return entry !== undefined;
  }
}
