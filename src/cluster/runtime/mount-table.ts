import type { DirectoryNode, Entries, FileNode, Node, Storage } from './nodes.ts';
import { copyNode } from './nodes.ts';
import { FileError } from './types.ts';

/** A file system under a path of a {@link MountTable}. */
export interface MountPoint {
  readonly path: string;
  /** What stands at the path; replaced when a shared node is copied before its first change. */
  root: Node;
  /** Takes what is written; undefined for /proc and /sys, which take nothing. */
  readonly storage: Storage | undefined;
  readonly readOnly: boolean;
  readonly source: string;
  readonly type: string;
}

/** One step of a path that has been walked. */
interface Step {
  readonly mount: MountPoint;
  node: Node;
  readonly name: string;
  /** Absolute, without links. */
  readonly path: string;
}

/** Where a path has led: to a node, or to a directory that has no `missing` in it. */
export interface Walked {
  readonly steps: readonly Step[];
  readonly last: Step;
  readonly missing: string | undefined;
}

/** Bytes of a path with the zero behind it (PATH_MAX), and of a name in it (NAME_MAX). */
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;

/** Linux follows as many symbolic links in one path. */
const MAX_LINKS = 40;

/** The mounts that a container (or the owner of a volume) sees, and the way from a path to a node. */
export class MountTable {
  readonly #root: MountPoint;
  readonly #mounts = new Map<string, MountPoint>();
  /** Characters of the longest path of a mount: what is deeper needs not be looked up. */
  #longest = 0;

  constructor(root: MountPoint) {
    this.#root = root;
  }

  /** What stands at `/`. */
  get root(): Node {
    return this.#root.root;
  }

  /** In the order they were mounted, the root first. */
  list(): readonly MountPoint[] {
    return [this.#root, ...this.#mounts.values()];
  }

  /** @param mount `path` must be one without links, as {@link Walked} gives it */
  add(mount: MountPoint): void {
    this.#mounts.set(mount.path, mount);
    this.#longest = Math.max(this.#longest, mount.path.length);
  }

  /** The same mounts with one more: each process sees a /proc of its own. */
  with(mount: MountPoint): MountTable {
    const table = new MountTable(this.#root);
    for (const each of this.#mounts.values()) table.add(each);
    table.add(mount);
    return table;
  }

  at(path: string): MountPoint | undefined {
    return path === '/' ? this.#root : this.#mounts.get(path);
  }

  /** Is something mounted at the path or below it? */
  isBusy(path: string): boolean {
    if (path === '/') return true;
    for (const each of this.#mounts.keys()) if (each === path || each.startsWith(`${path}/`)) return true;
    return false;
  }

  /**
   * @param mayEnter throws where the caller may not look into a directory
   * @throws FileError ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG; a missing last component is not an error
   */
  walk(
    path: string,
    followLast: boolean,
    mayEnter: (directory: DirectoryNode, path: string) => void,
  ): Walked {
    mustBePath(path);
    const start: Step = { mount: this.#root, node: this.#root.root, name: '', path: '/' };
    let steps = [start];
    let links = 0;
    const todo = path.split('/').reverse();
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '' || name === '.') continue;
      if (isLongerThan(name, LONGEST_NAME)) throw new FileError('ENAMETOOLONG', path);
      const current = steps.at(-1) ?? start;
      if (current.node.type !== 'directory') throw new FileError('ENOTDIR', path);
      if (name === '..') {
        if (steps.length > 1) steps.pop();
        continue;
      }
      mayEnter(current.node, path);
      const isLast = todo.every((rest) => rest === '' || rest === '.');
      const next = this.#enter(current, current.node, name);
      if (next === undefined) {
        if (!isLast) throw new FileError('ENOENT', path);
        return { steps, last: current, missing: name };
      }
      if (next.node.type === 'symlink' && (followLast || !isLast)) {
        if (++links > MAX_LINKS) throw new FileError('ELOOP', path);
        todo.push(...next.node.target.split('/').reverse());
        if (next.node.target.startsWith('/')) steps = [start];
      } else {
        steps.push(next);
      }
    }
    return { steps, last: steps.at(-1) ?? start, missing: undefined };
  }

  #enter(current: Step, directory: DirectoryNode, name: string): Step | undefined {
    const path = current.path === '/' ? `/${name}` : `${current.path}/${name}`;
    const mount = path.length > this.#longest ? undefined : this.#mounts.get(path);
    if (mount !== undefined) return { mount, node: mount.root, name, path };
    const node = directory.entries.get(name);
    return node === undefined ? undefined : { mount: current.mount, node, name, path };
  }
}

/** @throws FileError */
function mustBePath(path: string): void {
  if (!path.startsWith('/')) throw new FileError('EINVAL', path);
  if (isLongerThan(path, LONGEST_PATH - 1)) throw new FileError('ENAMETOOLONG', path);
}

/** Counts bytes where characters alone do not decide it. */
function isLongerThan(text: string, bytes: number): boolean {
  return text.length > bytes || (text.length * 3 > bytes && Buffer.byteLength(text) > bytes);
}

/**
 * The node at the end of `steps`, owned by its mount's storage: shared nodes on the way (image layers) are copied
 * first.
 * @throws FileError EACCES where nothing can be written at all (/proc)
 */
export function own(steps: readonly Step[], index = steps.length - 1): Node {
  const step = steps[index];
  const storage = step?.mount.storage;
  if (step === undefined || storage === undefined) throw new FileError('EACCES', step?.path ?? '/');
  if (step.node.storage === storage) return step.node;
  const above = steps[index - 1];
  const copy = copyNode(step.node, storage);
  if (above?.mount !== step.mount) step.mount.root = copy;
  else ownEntries(steps, index - 1).set(step.name, copy);
  step.node = copy;
  return copy;
}

/** As {@link own}, for a step that is known to be a directory. */
export function ownEntries(steps: readonly Step[], index = steps.length - 1): Entries {
  const node = own(steps, index);
  if (node.type !== 'directory') throw new FileError('ENOTDIR', steps[index]?.path ?? '/');
  return node.entries;
}

/** As {@link own}, for a step that is known to be a file. */
export function ownFile(steps: readonly Step[]): FileNode {
  const node = own(steps);
  if (node.type !== 'file') throw new FileError('EINVAL', steps.at(-1)?.path ?? '/');
  return node;
}
