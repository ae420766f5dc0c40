import type { RuntimeContainer } from '../../../../src/cluster/runtime/container-types.ts';
import { createContainerRuntime } from '../../../../src/cluster/runtime/runtime.ts';
import { LookupError } from '../../../../src/cluster/runtime/types.ts';
import { agnhostImage } from '../../../../src/images/public-images.ts';
import { createWorld, type World } from '../../cluster/network/support.ts';

export interface Started {
  readonly ip: string;
  /** What it has written so far. */
  readonly log: () => string;
  readonly code: () => number | undefined;
  readonly container: RuntimeContainer;
}

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | undefined;
}

/** Containers of the image on a network; a name is looked up among the pods that were started. */
export class AgnhostLab {
  readonly world: World = createWorld();
  readonly #runtime = createContainerRuntime({
    simulation: this.world.simulation,
    node: 'worker',
    cores: 2,
    memory: 8 * 1024 ** 3,
    createLookup: () => (name) => {
      const ip = this.#names.get(name);
      return ip === undefined ? Promise.reject(new LookupError('ENOTFOUND', name)) : Promise.resolve([ip]);
    },
  });
  readonly #names = new Map<string, string>();
  #count = 0;

  start(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const { stack } = this.world.addPod(name);
    this.#names.set(name, stack.ip);
    let log = '';
    let code: number | undefined;
    const container = this.#runtime.create({
      id: String(++this.#count).padStart(64, '0'),
      pod: { namespace: 'shop', name, uid: name },
      sandbox: name,
      name: 'agnhost',
      image: agnhostImage(),
      args,
      env,
      user: { uid: 0, gid: 0 },
      readOnlyRoot: false,
      mounts: [],
      limits: {},
      requests: {},
      network: stack,
      hostname: name,
      tty: false,
      stdin: false,
      log: (_stream, bytes) => {
        log += new TextDecoder().decode(bytes);
      },
    });
    container.start((exit) => {
      code = exit.code;
    });
    return { ip: stack.ip, log: () => log, code: () => code, container };
  }

  /** Runs a command in a container to its end, within `seconds`. */
  async exec({ container }: Started, script: string, seconds = 20): Promise<Outcome> {
    let stdout = '';
    let stderr = '';
    let code: number | undefined;
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    container.exec(
      ['sh', '-c', script],
      { stdin: false, tty: false },
      {
        stdout: (bytes) => {
          stdout += decode(bytes);
        },
        stderr: (bytes) => {
          stderr += decode(bytes);
        },
        exit: (result) => {
          code = 'code' in result ? result.code : -1;
        },
      },
    );
    await this.world.run(seconds);
    return { stdout, stderr, code };
  }
}
