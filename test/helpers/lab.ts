import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { type Ended, run, type RunOptions } from './processes.ts';

/** Home and state folder of somebody who has never used breakfix; removed with every lab in it when disposed. */
export interface Newcomer extends AsyncDisposable {
  readonly home: string;
  readonly state: string;
  /** The environment of their shell. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs the built command line, as `npx breakfix` does. */
  breakfix(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Starts a lab. @throws with what was said where that fails */
  start(args?: readonly string[]): Promise<Lab>;
  /** A lab that has been started already. */
  lab(name: string): Lab;
  /** Processes of labs in the state folder that live. */
  labProcesses(): number[];
}

/** A lab of the newcomer, seen from their shell. */
export interface Lab {
  readonly name: string;
  readonly folder: string;
  readonly kubeconfig: string;
  /** Runs kubectl on the lab. */
  kubectl(args: readonly string[] | string, options?: RunOptions): Promise<Ended>;
  /** As {@link kubectl}, but only the output. @throws with what kubectl said where it fails */
  ok(args: readonly string[] | string, options?: RunOptions): Promise<string>;
  /** The process that serves it. */
  readonly pid: number;
}

const BIN = join(packageRoot, 'dist', 'breakfix.js');

export function newcomer(): Newcomer {
  const root = mkdtempSync(join(tmpdir(), 'e2e-'));
  const home = join(root, 'home');
  const state = join(root, 'state');
  mkdirSync(home);
  const env = { PATH: process.env['PATH'], HOME: home, XDG_STATE_HOME: state };
  const breakfix = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
    run(process.execPath, [BIN, ...args], { ...options, env: { ...env, ...options.env } });
  const lab = (name: string): Lab => labIn(join(state, 'breakfix', 'labs', name), name, env);
  return {
    home,
    state,
    env,
    breakfix,
    lab,
    start: async (args = []) => {
      const ended = await breakfix(['start', '--json', ...args]);
      if (ended.code !== 0) throw new Error(`start ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
      return lab((JSON.parse(ended.stdout) as { lab: string }).lab);
    },
    labProcesses: () => processesWith(root),
    [Symbol.asyncDispose]: async () => {
      await breakfix(['stop', '--all']);
      for (const pid of processesWith(root)) process.kill(pid, 'SIGKILL');
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function labIn(folder: string, name: string, env: NodeJS.ProcessEnv): Lab {
  const kubeconfig = join(folder, 'kubeconfig');
  const kubectl: Lab['kubectl'] = (args, options = {}) =>
    run('kubectl', typeof args === 'string' ? args.split(' ') : args, {
      ...options,
      env: { ...env, KUBECONFIG: kubeconfig, ...options.env },
    });
  return {
    name,
    folder,
    kubeconfig,
    kubectl,
    ok: async (args, options) => {
      const ended = await kubectl(args, options);
      if (ended.code !== 0) {
        throw new Error(`kubectl ${String(args)} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
      }
      return ended.stdout;
    },
    get pid() {
      return Number(readFileSync(join(folder, 'alive'), 'utf8'));
    },
  };
}

/** Living processes that have a text in their command line, ourselves left out. */
function processesWith(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number);
}

/** Empty for one that is gone or only waits for its parent to notice. */
function commandLine(pid: string): string {
  const path = `/proc/${pid}/cmdline`;
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}
