import type { Random } from '../../core/random.ts';
import type { NetworkStack } from '../network/types.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import { absolute, findExecutable, isTooLong, refusedByKernel } from './executable.ts';
import { FileView } from './file-view.ts';
import type { ImageLayers } from './image-layers.ts';
import { parseAccounts } from './image-layers.ts';
import type { MountTable } from './mount-table.ts';
import { Pipe } from './pipe.ts';
import { ProcessKilled } from './process.ts';
import type { PidNamespace } from './pid-namespace.ts';
import type { ProcessSpec, TableEntry } from './process-entry.ts';
import type { ProcessTable } from './process-table.ts';
import { BASE_MEMORY } from './process-table.ts';
import type { CreateLookup } from './program-network.ts';
import { createProgramNetwork } from './program-network.ts';
import { ProcessInput, ProcessOutput, sinkOf, sourceOf } from './streams.ts';
import type {
  Processes,
  ProcessInfo,
  Program,
  ProgramContext,
  SpawnedProcess,
  SpawnOptions,
} from './types.ts';
import { FileError } from './types.ts';

/** What the processes of a container have in common. */
export interface ContextParts {
  readonly simulation: Simulation;
  readonly layers: ImageLayers;
  readonly network: NetworkStack;
  readonly createLookup: CreateLookup;
  readonly table: ProcessTable;
  readonly random: Random;
  readonly hostname: string;
  /** Prefix of the names of simulation events. */
  readonly owner: string;
  /** The container's mounts with the /proc that process `pid` sees. */
  readonly mountsFor: (pid: number) => MountTable;
}

/** The world as the program of one process knows it. */
export function createContext(parts: ContextParts, entry: TableEntry): ProgramContext {
  const { simulation } = parts;
  const { process, spec, stdin, stdout, stderr } = entry;
  const { pid, args, env, cwd, user } = process.identity;
  const owner = `${parts.owner}/${pid}`;
  const now = (): number => Math.floor(simulation.now / MILLISECOND);
  const files = new FileView(parts.mountsFor(pid), user, now);
  if (spec.umask !== undefined) files.umask = spec.umask;
  const sleep = async (ms: number): Promise<void> => {
    if (process.hasFilled) await process.drained();
    return process.wait((resolve) => {
      const timer = simulation.after(ms * MILLISECOND, owner, () => resolve(undefined));
      return () => timer.cancel();
    });
  };
  const allocate = (bytes: number): void => {
    process.mustBeAlive();
    if (!parts.table.allocate(process, bytes)) throw new ProcessKilled();
  };
  return {
    args,
    env,
    cwd,
    pid,
    user: { uid: user.uid, gid: user.gid },
    hostname: parts.hostname,
    stdin,
    stdout,
    stderr,
    get tty() {
      return spec.terminal === undefined ? undefined : { ...spec.terminal };
    },
    files,
    clock: { now, sleep },
    random: parts.random,
    net: createProgramNetwork({
      process,
      stack: parts.network,
      simulation,
      files,
      createLookup: parts.createLookup,
      sleep,
      owner,
      crash: (error) => {
        process.crash(error, (text) => stderr.write(text));
      },
    }),
    memory: {
      allocate,
      exhaust: () => {
        const left = parts.table.memoryLeft;
        if (left !== undefined) allocate(Math.max(0, left) + 1);
      },
      free: (bytes) => {
        parts.table.free(process, Math.min(bytes, process.memory - BASE_MEMORY));
      },
      get used() {
        return process.memory;
      },
    },
    cpu: {
      spend: async (micros) => {
        await process.wait<undefined>((resolve) => process.thread.spend(micros, resolve));
        if (process.hasFilled) await process.drained();
      },
    },
    processes: createProcesses(parts, entry, files),
    onSignal: (signal, handler) => {
      process.onSignal(signal, handler);
    },
    deferred: () => process.deferred(),
  };
}

function createProcesses(parts: ContextParts, entry: TableEntry, files: FileView): Processes {
  const { table } = parts;
  const { process } = entry;

  const childSpec = (args: readonly string[], options: SpawnOptions): ProcessSpec => ({
    parent: process.pid,
    args,
    env: { ...(options.env ?? process.identity.env) },
    cwd: absolute(options.cwd ?? process.identity.cwd, process.identity.cwd),
    user: process.identity.user,
    umask: files.umask,
    stdin: sourceOf(options.stdin ?? entry.stdin),
    stdout: sinkOf(options.stdout ?? entry.stdout),
    stderr: sinkOf(options.stderr ?? entry.stderr),
    terminal: entry.spec.terminal,
  });

  const start = (program: Program, spec: ProcessSpec): SpawnedProcess => {
    process.mustBeAlive();
    const child = table.start(program, spec);
    const exited = process.deferred<number>();
    // Whoever ends first lets go of the other: orphans of orphans would keep all of their ancestors in memory.
    const listening: (() => void)[] = [];
    const forget = process.atEnd(() => {
      for (const stop of listening) stop();
    });
    listening.push(
      child.atEnd(() => {
        forget();
        exited.resolve(child.exitCode ?? 0);
      }),
    );
    const stopped = (): Promise<void> => {
      const noticed = process.deferred<undefined>();
      listening.push(child.atStop(() => noticed.resolve(undefined)));
      return noticed.promise;
    };
    return { pid: child.pid, exited: exited.promise, stopped };
  };

  return {
    list: () => describe(table.namespace, files),
    spawn: (args, options) => {
      const spec = childSpec(args, options);
      const found = findExecutable(files, parts.layers, args, { cwd: spec.cwd, env: spec.env });
      if ('program' in found) return start(found.program, { ...spec, args: found.args });
      switch (found.reason) {
        case 'not-in-path':
        case 'missing':
          return undefined;
        case 'denied':
        case 'directory':
          throw new FileError('EACCES', found.path);
        case 'format':
          throw new FileError('ENOEXEC', found.path);
        case 'too-long':
          throw new FileError('E2BIG', found.path);
        case 'no-interpreter':
          return start(refusedByKernel(found), spec);
      }
    },
    fork: (program, args, options) => start(program, childSpec(args, options)),
    pipe: () => {
      const pipe = new Pipe();
      return { input: new ProcessInput(process, pipe), output: new ProcessOutput(process, pipe) };
    },
    become: (args, env) => {
      if (isTooLong(args, env)) throw new FileError('E2BIG', args[0] ?? '');
      process.identity = { ...process.identity, args, env };
    },
    kill: (pid, signal) => table.namespace.signal(pid, signal),
  };
}

function describe(namespace: PidNamespace, files: FileView): readonly ProcessInfo[] {
  const names = new Map<number, string>();
  if (files.exists('/etc/passwd')) {
    for (const { uid, name } of parseAccounts(files.readText('/etc/passwd'))) names.set(uid, name);
  }
  return namespace.list().map(({ process }) => ({
    pid: process.pid,
    parent: process.parent,
    user: names.get(process.identity.user.uid) ?? String(process.identity.user.uid),
    command: process.identity.args,
    startedAt: Math.floor(process.startedAt / MILLISECOND),
    cpu: process.thread.usage(),
    memory: process.memory,
    state: process.state,
  }));
}
