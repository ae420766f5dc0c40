import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { BreakfixError } from '../../core/errors.ts';
import { makeFolder, stateFolder, unwritable } from '../../engine/lab-store.ts';
import { holdLock } from '../../engine/lock.ts';
import { aloneRef } from '../../providers/embedded/alone.ts';
import type { ClusterRef } from '../../providers/provider.ts';

/** What a cluster is called where nobody says so. */
export const DEFAULT_NAME = 'breakfix';

/** Names of nodes come from it, and a name of a node is a label's value of at most 63 characters. */
const LONGEST_NAME = 40;

/** The clusters of this user that are no labs: a folder each under the XDG state directory. */
export class ClusterStore {
  readonly root: string;

  constructor(root: string = stateFolder('clusters')) {
    this.root = root;
  }

  /**
   * One command at a time may start a cluster of a name: until its process is noted, its folder looks like what a start
   * has left that was killed.
   * @throws BreakfixError for a name that cannot be, and where another process starts it
   */
  lock(name: string): Disposable {
    mustBeName(name);
    return this.#writing(() =>
      holdLock(join(this.root, `.${name}`), 'started', (holder) => ({
        code: 'CLUSTER_EXISTS',
        kind: 'user',
        message: `a cluster ${name} is being ${holder.doing} already (process ${holder.process})`,
        fix: 'wait until that is done, or start another one: --name with another name',
      })),
    );
  }

  /** @returns undefined where there is one of that name @throws BreakfixError for a name that cannot be */
  create(name: string): ClusterRef | undefined {
    mustBeName(name);
    const ref = this.ref(name);
    return this.#writing(() => (makeFolder(ref.folder) ? ref : undefined));
  }

  #writing<T>(work: () => T): T {
    try {
      mkdirSync(this.root, { recursive: true, mode: 0o700 });
      return work();
    } catch (error) {
      throw error instanceof BreakfixError ? error : unwritable(this.root, error);
    }
  }

  /** Without the locks. */
  names(): string[] {
    try {
      return readdirSync(this.root)
        .filter((name) => !name.startsWith('.'))
        .sort();
    } catch {
      return [];
    }
  }

  all(): ClusterRef[] {
    return this.names().map((name) => this.ref(name));
  }

  ref(name: string): ClusterRef {
    return aloneRef(name, join(this.root, name));
  }

  /** The cluster of a name, or the only one. @throws BreakfixError where it is unknown or ambiguous */
  find(name: string | undefined): ClusterRef {
    const names = this.names();
    const [only, ...others] = names;
    if (only === undefined) throw noCluster('there is no cluster', 'start one: breakfix cluster start');
    if (name === undefined && others.length === 0) return this.ref(only);
    if (name === undefined) {
      throw noCluster(`there are ${names.length} clusters: ${names.join(', ')}`, `name one: --name ${only}`);
    }
    if (names.includes(name)) return this.ref(name);
    throw noCluster(
      `there is no cluster "${name}"; there ${others.length === 0 ? 'is' : 'are'} ${names.join(', ')}`,
      `--name ${closest(name, names)}`,
    );
  }

  remove(ref: ClusterRef): void {
    rmSync(ref.folder, { recursive: true, force: true });
  }
}

function noCluster(message: string, fix: string): BreakfixError {
  return new BreakfixError({ code: 'CLUSTER_UNKNOWN', kind: 'user', message, fix });
}

function mustBeName(name: string): void {
  if (name.length <= LONGEST_NAME && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)) return;
  throw new BreakfixError({
    code: 'CLUSTER_NAME_INVALID',
    kind: 'user',
    message: `a cluster cannot be called "${name}"; a name has at most ${LONGEST_NAME} lower case letters, digits and dashes, and begins and ends with a letter or digit`,
    fix: `--name ${DEFAULT_NAME}`,
  });
}
