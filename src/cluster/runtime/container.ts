import type { ExecInput, ExecOutput } from '../node-api.ts';
import { cgroupRoot, sysRoot } from './cgroup-files.ts';
import type { ContainerConfig, ContainerExit, Limits, RuntimeContainer } from './container-types.ts';
import { RuntimeError } from './container-types.ts';
import { createContext } from './context.ts';
import { CpuGroup } from './cpu.ts';
import type { Executable } from './executable.ts';
import { absolute, DEFAULT_PATH, findExecutable, refusedByKernel, wordsOfRunc } from './executable.ts';
import { FileView, NODE } from './file-view.ts';
import { parseAccounts } from './image-layers.ts';
import { MemoryGroup } from './memory.ts';
import type { ContainerFiles } from './mounts.ts';
import { mountContainer } from './mounts.ts';
import type { ByteSink, ByteSource } from './pipe.ts';
import { nothing, Pipe, sinkTo } from './pipe.ts';
import { PidNamespace } from './pid-namespace.ts';
import { procRoot } from './proc-files.ts';
import type { Process } from './process.ts';
import type { Terminal } from './process-entry.ts';
import { ProcessTable } from './process-table.ts';
import type { RuntimeNode } from './runtime.ts';
import type { Signal } from './types.ts';
import { FileError } from './types.ts';

const CREATE_FAILED =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';
/** What runc says where not even its own start has room. */
export const OUT_OF_MEMORY = `${CREATE_FAILED}container init was OOM-killed (memory limit too low?)`;
const EXEC_FAILED = 'OCI runtime exec failed: exec failed: unable to start container process: ';
/** What the window of a terminal is until the client has told. */
const TERMINAL: Terminal = { columns: 80, rows: 24 };
/** The start of runc itself needs more than this; a pod whose own limit is lower gets no sandbox. */
export const LEAST_MEMORY = 5 * 1024 * 1024;

/** One container: files, processes and a cgroup. */
export class Container implements RuntimeContainer {
  readonly config: ContainerConfig;
  readonly #node: RuntimeNode;
  readonly #owner: string;
  readonly #cpu: CpuGroup;
  readonly #memory: MemoryGroup;
  readonly #table: ProcessTable;
  readonly #files: ContainerFiles;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #stdin = new Pipe();
  readonly #terminal: Terminal | undefined;
  readonly #attached = new Set<ExecOutput>();
  #state: 'created' | 'running' | 'exited' | 'removed' = 'created';
  #isOomKilled = false;
  #mountProblem: string | undefined;
  #onExit: (exit: ContainerExit) => void = () => {};

  /** @throws RuntimeError where there is no command */
  constructor(node: RuntimeNode, config: ContainerConfig) {
    const { simulation } = node;
    this.config = config;
    this.#node = node;
    this.#owner = `container/${config.pod.namespace}/${config.pod.name}/${config.name}`;
    this.#args = argumentsOf(config);
    this.#terminal = config.tty ? { ...TERMINAL } : undefined;
    this.#cpu = new CpuGroup(node.cpu, this.#owner);
    this.#cpu.configure(config.requests.cpu, config.limits.cpu);
    this.#memory = new MemoryGroup({
      parent: node.memory,
      limit: config.limits.memory,
      onExceeded: () => this.#oomKill(),
    });
    const { processes } = config;
    this.#table = new ProcessTable({
      simulation,
      ...(processes instanceof PidNamespace && { namespace: processes }),
      root: () => this.#files.table.root,
      owner: this.#owner,
      cpu: this.#cpu,
      memory: this.#memory,
      makeContext: (entry) =>
        createContext(
          {
            simulation,
            layers: node.layers,
            network: config.network,
            createLookup: node.createLookup,
            table: this.#table,
            random: simulation.random.stream(this.#randomName),
            hostname: config.hostname,
            owner: this.#owner,
            mountsFor: (pid) => this.#mountsFor(pid),
          },
          entry,
        ),
      onInitEnd: (code) => {
        this.#ended(code);
      },
    });
    node.processes.enter(this.#table, config.sandbox);
    this.#files = this.#mountFiles();
    this.#env = this.#environment();
    this.#stdin.holdWriter(this);
  }

  get processes(): PidNamespace {
    return this.#table.namespace;
  }

  start(onExit: (exit: ContainerExit) => void): void {
    if (this.#state !== 'created') throw new RuntimeError(`container ${this.config.id} was started before`);
    this.#onExit = onExit;
    const executable = this.#executableForStart();
    this.#state = 'running';
    const stdout = sinkTo((bytes) => {
      this.#output('stdout', bytes);
    });
    const stderr = this.config.tty
      ? stdout
      : sinkTo((bytes) => {
          this.#output('stderr', bytes);
        });
    this.#startProcess(executable, {
      stdin: this.config.stdin ? this.#stdin : nothing,
      stdout,
      stderr,
      terminal: this.#terminal,
    });
  }

  kill(signal: Signal): void {
    this.#table.signalInit(signal);
  }

  exec(
    command: readonly string[],
    options: { readonly stdin: boolean; readonly tty: boolean },
    output: ExecOutput,
  ): ExecInput {
    const client = new Client(output);
    const id = this.#node.execIds.hex(64);
    const fail = (words: string): ExecInput => {
      this.#node.simulation.after(0, `${this.#owner}/exec`, () => {
        client.exit({ error: words });
      });
      return NO_INPUT;
    };
    if (this.#state !== 'running') {
      return fail(`failed to exec in container: container is in CONTAINER_EXITED state`);
    }
    const found = this.#find(command);
    const words = 'program' in found ? undefined : wordsOfRunc(found);
    if (words !== undefined) {
      return fail(`failed to exec in container: failed to start exec "${id}": ${EXEC_FAILED}${words}`);
    }
    const stdin = new Pipe();
    stdin.holdWriter(client);
    const terminal = options.tty ? { ...TERMINAL } : undefined;
    // As with containerd, the session lasts until nobody can write to it any more: a background job of a shell
    // that has ended keeps it open. What is counted are the process and its streams.
    let open = options.tty ? 2 : 3;
    const closed = (): void => {
      if (--open > 0) return;
      this.#node.simulation.after(0, `${this.#owner}/exec`, () => {
        client.exit({ code: process.exitCode ?? 0 });
      });
    };
    const stdout = sinkTo((bytes) => {
      client.stdout(bytes);
    }, closed);
    const stderr = options.tty
      ? stdout
      : sinkTo((bytes) => {
          client.stderr(bytes);
        }, closed);
    const process = this.#startProcess(
      'program' in found ? found : { program: refusedByKernel(found), args: command },
      { stdin: options.stdin ? stdin : nothing, stdout, stderr, terminal },
    );
    process.atEnd(closed);
    return {
      stdin: (bytes) => {
        if (process.isAlive) stdin.write(bytes);
      },
      stdinEnd: () => {
        stdin.releaseWriter(client);
      },
      resize: (columns, rows) => {
        this.#resizeTerminal(terminal, columns, rows);
      },
      close: () => {
        client.close();
        stdin.releaseWriter(client);
      },
    };
  }

  attach(output: ExecOutput): ExecInput {
    const client = new Client(output);
    this.#attached.add(client);
    return {
      stdin: (bytes) => {
        if (this.config.stdin) this.#stdin.write(bytes);
      },
      stdinEnd: () => {
        if (this.config.stdinOnce === true) this.#stdin.releaseWriter(this);
      },
      resize: (columns, rows) => {
        this.#resizeTerminal(this.#terminal, columns, rows);
      },
      close: () => {
        client.close();
        this.#attached.delete(client);
        if (this.config.stdinOnce === true) this.#stdin.releaseWriter(this);
      },
    };
  }

  resize(limits: Limits, requests: Limits = this.config.requests): boolean {
    if (limits.memory !== undefined && limits.memory < this.#memory.used) return false;
    this.#memory.limit = limits.memory;
    this.#cpu.configure(requests.cpu, limits.cpu);
    return true;
  }

  usage(): ReturnType<RuntimeContainer['usage']> {
    return {
      cpu: this.#cpu.statistics().usageUsec,
      memory: this.#memory.used,
      files: this.#files.layer.usedBytes,
      oomEvents: this.#memory.events.oom,
    };
  }

  remove(): void {
    this.#state = 'removed';
    this.#table.killAll();
    this.#files.discard();
    this.#node.processes.leave(this.#table);
    this.#attached.clear();
    this.#node.simulation.random.drop(this.#randomName);
  }

  /** The files of the container; a mount that does not fit is what {@link start} will say. */
  #mountFiles(): ContainerFiles {
    const { image, readOnlyRoot, mounts } = this.config;
    const options = {
      image: this.#node.layers.rootOf(image, this.#node.nowMs()),
      readOnlyRoot,
      sys: sysRoot(),
      cgroup: cgroupRoot(this.#table, this.#cpu, this.#memory),
      random: () => this.#randomBytes(),
      now: this.#node.nowMs,
      disk: this.#node.disk,
    };
    try {
      return mountContainer({ ...options, mounts });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#mountProblem = error.message;
      return mountContainer({ ...options, mounts: [] });
    }
  }

  get #randomName(): string {
    return `container/${this.config.id}`;
  }

  /** @throws RuntimeError in runc's words */
  #executableForStart(): Executable {
    const { limits, user } = this.config;
    if (limits.memory !== undefined && limits.memory < LEAST_MEMORY) {
      throw new RuntimeError(OUT_OF_MEMORY);
    }
    if (this.#mountProblem !== undefined) {
      throw new RuntimeError(`${CREATE_FAILED}error during container init: ${this.#mountProblem}`);
    }
    const root = new FileView(this.#files.table, NODE, this.#node.nowMs);
    try {
      if (!root.exists(this.#cwd) && !this.config.readOnlyRoot) root.mkdir(this.#cwd, { parents: true });
      if (root.stat(this.#cwd).type !== 'directory') throw new FileError('ENOTDIR', this.#cwd);
      new FileView(this.#files.table, user, this.#node.nowMs).exists(this.#cwd);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const why = error.code === 'ENOTDIR' ? 'not a directory' : 'no such file or directory';
      throw new RuntimeError(`${CREATE_FAILED}error during container init: mkdir ${this.#cwd}: ${why}`);
    }
    const found = this.#find(this.#args);
    if ('program' in found) return found;
    const words = wordsOfRunc(found);
    if (words !== undefined) throw new RuntimeError(`${CREATE_FAILED}error during container init: ${words}`);
    return { program: refusedByKernel(found), args: this.#args };
  }

  #find(args: readonly string[]): ReturnType<typeof findExecutable> {
    const files = new FileView(this.#mountsFor(1), this.config.user, this.#node.nowMs);
    return findExecutable(files, this.#node.layers, args, { cwd: this.#cwd, env: this.#env });
  }

  #startProcess(
    executable: Executable,
    streams: {
      readonly stdin: ByteSource;
      readonly stdout: ByteSink;
      readonly stderr: ByteSink;
      readonly terminal: Terminal | undefined;
    },
  ): Process {
    return this.#table.start(executable.program, {
      parent: 0,
      args: executable.args,
      env: streams.terminal === undefined ? this.#env : { ...this.#env, TERM: 'xterm' },
      cwd: this.#cwd,
      user: this.config.user,
      ...streams,
    });
  }

  get #cwd(): string {
    const { workingDir, image } = this.config;
    const cwd = workingDir ?? image.config.workingDir ?? '';
    return cwd === '' ? '/' : absolute(cwd, '/');
  }

  #environment(): Readonly<Record<string, string>> {
    const { image, env, hostname, user } = this.config;
    const merged: Record<string, string> = {
      PATH: DEFAULT_PATH,
      ...image.config.env,
      HOSTNAME: hostname,
      ...env,
    };
    if (merged['HOME'] !== undefined) return merged;
    const files = new FileView(this.#files.table, NODE, this.#node.nowMs);
    const accounts = files.exists('/etc/passwd') ? parseAccounts(files.readText('/etc/passwd')) : [];
    merged['HOME'] = accounts.find(({ uid }) => uid === user.uid)?.home ?? '/';
    return merged;
  }

  #mountsFor(pid: number): ContainerFiles['table'] {
    const { table } = this.#files;
    const proc = procRoot(
      {
        ...this.#node.kernel,
        sysctls: this.config.sysctls ?? {},
        table: this.#table,
        network: this.config.network,
        hostname: this.config.hostname,
        mounts: () => table.list(),
        oomScoreAdjust: this.config.oomScoreAdjust ?? 0,
      },
      pid,
    );
    return table.with({
      path: '/proc',
      root: proc,
      storage: undefined,
      readOnly: false,
      source: 'proc',
      type: 'proc',
    });
  }

  #output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.config.log(stream, bytes);
    for (const client of this.#attached) client[stream](bytes);
  }

  #resizeTerminal(terminal: Terminal | undefined, columns: number, rows: number): void {
    if (terminal === undefined) return;
    terminal.columns = columns;
    terminal.rows = rows;
    for (const { process, spec } of this.#table.list()) {
      if (spec.terminal === terminal) process.signal('SIGWINCH');
    }
  }

  #oomKill(): number {
    this.#isOomKilled = true;
    return this.#table.killAll();
  }

  #ended(code: number): void {
    if (this.#state === 'removed') return;
    this.#state = 'exited';
    const exit = { code, oomKilled: this.#isOomKilled };
    this.#node.simulation.after(0, `${this.#owner}/exit`, () => {
      this.#onExit(exit);
      for (const client of this.#attached) client.exit({ code });
      this.#attached.clear();
    });
  }

  #randomBytes(): Uint8Array {
    const random = this.#node.simulation.random.stream(this.#randomName);
    return Uint8Array.from({ length: 256 }, () => random.between(0, 255));
  }
}

/** @throws RuntimeError where neither pod nor image say what to run */
function argumentsOf(config: ContainerConfig): readonly string[] {
  const { command = [], args = [], image } = config;
  const entrypoint = command.length > 0 ? command : (image.config.entrypoint ?? []);
  const rest = args.length > 0 || command.length > 0 ? args : (image.config.cmd ?? []);
  const all = [...entrypoint, ...rest];
  if (all.length === 0) {
    throw new RuntimeError(
      `failed to generate container "${config.id}" spec: failed to generate spec: no command specified`,
    );
  }
  return all;
}

/** The far end of exec or attach: it gets nothing any more after it has gone. */
class Client implements ExecOutput {
  readonly #output: ExecOutput;
  #isGone = false;

  constructor(output: ExecOutput) {
    this.#output = output;
  }

  stdout(bytes: Uint8Array): void {
    if (!this.#isGone) this.#output.stdout(bytes);
  }

  stderr(bytes: Uint8Array): void {
    if (!this.#isGone) this.#output.stderr(bytes);
  }

  exit(result: { code: number } | { error: string }): void {
    if (!this.#isGone) this.#output.exit(result);
    this.#isGone = true;
  }

  close(): void {
    this.#isGone = true;
  }
}

const NO_INPUT: ExecInput = { stdin: () => {}, stdinEnd: () => {}, resize: () => {}, close: () => {} };
