import { createContainerRuntime } from '../../../../src/cluster/runtime/runtime.ts';
import type {
  ContainerConfig,
  ContainerExit,
  ContainerRuntime,
  RuntimeContainer,
} from '../../../../src/cluster/runtime/container-types.ts';
import type { Image, ImageFile, Program } from '../../../../src/cluster/runtime/types.ts';
import type { NetworkStack } from '../../../../src/cluster/network/types.ts';
import { MILLISECOND, SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';

export const EPOCH = Date.UTC(2026, 0, 1) * MILLISECOND;

/** A stack on which nothing ever answers; its listeners are kept for looking at. */
export class SilentStack implements NetworkStack {
  readonly ip = '10.244.0.7';
  readonly owner = { kind: 'pod', uid: 'uid-1', namespace: 'default', name: 'web-0' } as const;
  readonly listeners = new Map<number, Parameters<NetworkStack['listen']>[1]>();
  cancelled = 0;

  listen(port: number, listener: Parameters<NetworkStack['listen']>[1]) {
    this.listeners.set(port, listener);
    return {
      port,
      close: () => {
        this.listeners.delete(port);
      },
    };
  }

  listening() {
    return [...this.listeners.keys()].map((port) => ({
      protocol: 'tcp' as const,
      ip: '0.0.0.0',
      port,
      pid: 1,
    }));
  }

  http() {
    return () => {
      this.cancelled++;
    };
  }

  connect(to: { ip: string; port: number }) {
    return {
      peer: to,
      write: () => {},
      end: () => {},
      destroy: () => {
        this.cancelled++;
      },
    };
  }

  query() {
    return () => {
      this.cancelled++;
    };
  }

  datagram() {
    return () => {
      this.cancelled++;
    };
  }

  ping() {
    return () => {
      this.cancelled++;
    };
  }
}

/** One node with its runtime, and what its containers have said. */
export class Lab {
  readonly simulation: Simulation;
  readonly runtime: ContainerRuntime;
  readonly network = new SilentStack();
  /** Everything that pid 1s wrote, in order. */
  log = '';
  #count = 0;

  constructor(options: { seed?: string; cores?: number } = {}) {
    this.simulation = new Simulation({ seed: options.seed ?? 'seed', epoch: EPOCH });
    this.runtime = createContainerRuntime({
      simulation: this.simulation,
      node: 'worker',
      cores: options.cores ?? 2,
      memory: 8 * 1024 ** 3,
      system: [
        { pid: 1, args: ['/init'], memory: 1024 ** 2 },
        { pid: 90, args: ['/kubelet', '--v=2'], memory: 1024 ** 2 },
      ],
      createLookup: () => (name) => Promise.reject(new Error(`no lookup of ${name}`)),
    });
  }

  create(config: Partial<ContainerConfig> & { image: Image }): RuntimeContainer {
    const id = String(++this.#count).padStart(64, '0');
    return this.runtime.create({
      id,
      pod: { namespace: 'default', name: 'web-0', uid: 'uid-1' },
      sandbox: 'f'.repeat(64),
      name: 'web',
      env: {},
      user: { uid: 0, gid: 0 },
      readOnlyRoot: false,
      mounts: [],
      limits: {},
      requests: {},
      network: this.network,
      hostname: 'web-0',
      tty: false,
      stdin: false,
      log: (_stream, bytes) => {
        this.log += new TextDecoder().decode(bytes);
      },
      ...config,
    });
  }

  /** Creates and starts; `exit` is filled when it has ended. */
  start(config: Partial<ContainerConfig> & { image: Image }): Running {
    const container = this.create(config);
    const running: Running = { container, exit: undefined };
    container.start((exit) => {
      running.exit = exit;
    });
    return running;
  }

  /** Runs `command` in a container as its pid 1, to the end or for `seconds`. */
  async run(program: Program, config: Partial<ContainerConfig> = {}, seconds = 60): Promise<Running> {
    const running = this.start({ image: imageOf({ '/app': program }), ...config });
    await this.advance(seconds);
    return running;
  }

  async advance(seconds: number): Promise<void> {
    await this.simulation.advanceTo(this.simulation.now + Math.round(seconds * SECOND));
  }

  /** Runs a command by exec and returns what it wrote and how it ended. */
  async exec(
    container: RuntimeContainer,
    command: readonly string[],
    options: { stdin?: string; tty?: boolean; seconds?: number } = {},
  ): Promise<ExecResult> {
    const result: ExecResult = { stdout: '', stderr: '', code: undefined, error: undefined };
    const input = container.exec(
      command,
      { stdin: options.stdin !== undefined, tty: options.tty ?? false },
      {
        stdout: (bytes) => (result.stdout += new TextDecoder().decode(bytes)),
        stderr: (bytes) => (result.stderr += new TextDecoder().decode(bytes)),
        exit: (end) => {
          if ('code' in end) result.code = end.code;
          else result.error = end.error;
        },
      },
    );
    if (options.stdin !== undefined) {
      input.stdin(new TextEncoder().encode(options.stdin));
      input.stdinEnd();
    }
    await this.advance(options.seconds ?? 1);
    return result;
  }
}

export interface Running {
  readonly container: RuntimeContainer;
  exit: ContainerExit | undefined;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  code: number | undefined;
  error: string | undefined;
}

/** An image with these programs; the first is what runs. */
export function imageOf(
  programs: Readonly<Record<string, Program>>,
  files: readonly ImageFile[] = [],
  config: Image['config'] = {},
): Image {
  const [first = '/app'] = Object.keys(programs);
  return {
    digest: `sha256:${'0'.repeat(64)}`,
    sizeBytes: 1_000_000,
    config: { entrypoint: [first], ...config },
    files: [...Object.entries(programs).map(([path, program]) => ({ path, program })), ...files],
  };
}

/** Writes its standard input to its standard output. */
export const cat: Program = async (context) => {
  for (;;) {
    const bytes = await context.stdin.read();
    if (bytes === undefined) return 0;
    context.stdout.write(bytes);
  }
};

/** Sleeps for ever. */
export const sleeper: Program = async (context) => {
  for (;;) await context.clock.sleep(3_600_000);
};
