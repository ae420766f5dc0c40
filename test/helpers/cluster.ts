import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Newcomer } from './lab.ts';
import { type Ended, run, type RunOptions } from './processes.ts';

/** A cluster of `breakfix cluster`, seen from the shell of somebody. */
export interface Alone {
  readonly folder: string;
  /** What `cluster start --json` has said. */
  readonly started: AloneDocument;
  kubectl(args: readonly string[] | string, options?: RunOptions): Promise<Ended>;
  /** As {@link kubectl}, but only the output. @throws with what kubectl said where it fails */
  ok(args: readonly string[] | string, options?: RunOptions): Promise<string>;
  /** The process that serves it. */
  readonly pid: number;
}

export interface AloneDocument {
  readonly name: string;
  readonly state: string;
  readonly nodes: readonly string[];
  readonly seed: string;
  readonly server: string;
  readonly kubeconfig: string;
  readonly headroomMs: number;
  readonly behindMs: number;
}

/** Runs `breakfix cluster … --json`. @returns what it says @throws with that where it fails */
export async function clusterCommand(user: Newcomer, ...args: readonly string[]): Promise<unknown> {
  const ended = await user.breakfix(['cluster', ...args, '--json']);
  if (ended.code !== 0) throw new Error(`it ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stdout);
}

export async function startAloneAs(user: Newcomer, ...args: readonly string[]): Promise<Alone> {
  const started = (await clusterCommand(user, 'start', ...args)) as AloneDocument;
  const folder = dirname(started.kubeconfig);
  const kubectl: Alone['kubectl'] = (given, options = {}) =>
    run('kubectl', typeof given === 'string' ? given.split(' ') : given, {
      ...options,
      env: { ...user.env, KUBECONFIG: started.kubeconfig, ...options.env },
    });
  return {
    folder,
    started,
    kubectl,
    ok: async (given, options) => {
      const ended = await kubectl(given, options);
      if (ended.code !== 0) throw new Error(`kubectl ${String(given)}: ${ended.stdout}${ended.stderr}`);
      return ended.stdout;
    },
    get pid() {
      return Number(readFileSync(join(folder, 'alive'), 'utf8'));
    },
  };
}
