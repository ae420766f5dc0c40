import type { SystemProcess } from './container-types.ts';
import { ROOT_OWNED } from './nodes.ts';
import { PAUSE, PidNamespace } from './pid-namespace.ts';
import type { SeenEntry, SeenProcess, TableEntry } from './process-entry.ts';
import type { Process } from './process.ts';
import type { ProcessTable } from './process-table.ts';
import type { Signal } from './types.ts';

/** What the smallest programs have resident, in bytes. */
const SMALL = 1024 * 1024;
const SHIM_MEMORY = 12 * 1024 * 1024;

/** What holds the containers of a pod together. */
interface PodProcesses {
  readonly shim: SeenEntry;
  readonly pause: SeenEntry;
}

/**
 * All processes of a node, as containers with `hostPID` see them: the node's own system, those of every container under
 * numbers that they have here only, and those of the containers that see them.
 * https://kubernetes.io/docs/concepts/security/pod-security-standards/ (host namespaces)
 */
export class NodeProcesses extends PidNamespace {
  readonly #system: readonly SeenEntry[];
  readonly #bootAt: number;
  /** Of every container there is, with the id of its sandbox. */
  readonly #tables = new Map<ProcessTable, string>();
  readonly #pods = new Map<string, PodProcesses>();
  /** Numbers are given when somebody looks: hardly anybody does. */
  readonly #pids = new WeakMap<Process, number>();
  #lastPid: number;

  /** @param bootAt microseconds since 1970 */
  constructor(system: readonly SystemProcess[], bootAt: number) {
    super();
    this.#bootAt = bootAt;
    this.#system = system.map(({ pid, args, memory }) =>
      this.#seen({ pid, parent: pid === 1 ? 0 : 1, args, memory, user: ROOT_OWNED }),
    );
    this.#lastPid = Math.max(0, ...system.map(({ pid }) => pid));
  }

  /** A container was made. */
  enter(table: ProcessTable, sandbox: string): void {
    this.#tables.set(table, sandbox);
  }

  /** A container is gone. */
  leave(table: ProcessTable): void {
    const sandbox = this.#tables.get(table);
    this.#tables.delete(table);
    if (sandbox !== undefined && ![...this.#tables.values()].includes(sandbox)) this.#pods.delete(sandbox);
  }

  override nextPid(): number {
    return ++this.#lastPid;
  }

  override list(): readonly SeenEntry[] {
    const entries: SeenEntry[] = [...this.#system, ...super.list()];
    const pods = new Set<PodProcesses>();
    for (const [table, sandbox] of this.#tables) {
      const pod = this.#podOf(sandbox);
      pods.add(pod);
      if (table.namespace === this) continue;
      const own = table.list();
      for (const entry of own) entries.push(this.#fromOutside(entry, own, pod));
    }
    for (const { shim, pause } of pods) entries.push(shim, pause);
    return entries.sort((one, other) => one.process.pid - other.process.pid);
  }

  override get(pid: number): SeenEntry | undefined {
    return this.list().find(({ process }) => process.pid === pid);
  }

  /** The system's own processes are safe: systemd starts them again. */
  override signal(pid: number, signal: Signal): boolean {
    if (super.signal(pid, signal)) return true;
    for (const table of this.#tables.keys()) {
      for (const { process } of table.list()) {
        if (this.#pids.get(process) !== pid) continue;
        process.signal(signal, process.pid === 1 && signal !== 'SIGKILL');
        return true;
      }
    }
    return this.get(pid) !== undefined;
  }

  #podOf(sandbox: string): PodProcesses {
    let pod = this.#pods.get(sandbox);
    if (pod !== undefined) return pod;
    const shim = this.nextPid();
    const address = ['-address', '/run/containerd/containerd.sock'];
    const args = [
      '/usr/local/bin/containerd-shim-runc-v2',
      '-namespace',
      'k8s.io',
      '-id',
      sandbox,
      ...address,
    ];
    pod = {
      shim: this.#seen({ pid: shim, parent: 1, args, memory: SHIM_MEMORY, user: ROOT_OWNED }),
      pause: this.#seen({ pid: this.nextPid(), parent: shim, memory: SMALL, ...PAUSE }),
    };
    this.#pods.set(sandbox, pod);
    return pod;
  }

  /** A process of another namespace. */
  #fromOutside(entry: TableEntry, own: readonly TableEntry[], { shim, pause }: PodProcesses): SeenEntry {
    const { process } = entry;
    const parent = own.find((other) => other.process.pid === process.parent);
    // Pid 1 of a namespace that a pod's containers share.
    const orphaned = process.parent === 1 ? pause : shim;
    const seen: SeenProcess = {
      pid: this.#pidOf(process),
      parent: parent === undefined ? orphaned.process.pid : this.#pidOf(parent.process),
      identity: process.identity,
      state: process.state,
      startedAt: process.startedAt,
      memory: process.memory,
      thread: process.thread,
    };
    return { ...entry, process: seen };
  }

  #pidOf(process: Process): number {
    const pid = this.#pids.get(process) ?? this.nextPid();
    this.#pids.set(process, pid);
    return pid;
  }

  #seen(
    of: Pick<SeenProcess, 'pid' | 'parent' | 'memory'> & Pick<SeenProcess['identity'], 'args' | 'user'>,
  ): SeenEntry {
    const { pid, parent, memory, args, user } = of;
    const identity = { pid, args, user, env: {}, cwd: '/' };
    const thread = { usage: () => 0 };
    return {
      process: { pid, parent, identity, memory, thread, state: 'S', startedAt: this.#bootAt },
      container: undefined,
    };
  }
}
