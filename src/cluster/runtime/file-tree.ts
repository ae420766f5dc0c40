import type { FileTree, Shown } from './container-types.ts';
import { FileView, NODE } from './file-view.ts';
import { MountTable } from './mount-table.ts';
import type { DirectoryNode, Disk, Node } from './nodes.ts';
import { directoryNode, fileNode, linkNode, ROOT_OWNED, Storage } from './nodes.ts';
import { FileError } from './types.ts';

/**
 * A volume's files. Whoever holds it (the kubelet, a provisioner) works on it as root of the node; containers
 * mount it.
 */
export class VolumeTree extends FileView implements FileTree {
  readonly kind = 'tree';
  readonly storage: Storage;
  readonly #table: MountTable;

  /** @param options.files what is in it from the start, never changed through it */
  constructor(
    now: () => number,
    { limit, disk, files }: { limit?: number | undefined; disk?: Disk; files?: DirectoryNode } = {},
  ) {
    const storage = new Storage(limit, disk);
    const table = new MountTable({
      path: '/',
      root: files ?? directoryNode(storage, { mode: 0o755, uid: 0, gid: 0, modified: now() }),
      storage,
      readOnly: files !== undefined,
      source: 'tmpfs',
      type: 'tmpfs',
    });
    super(table, NODE, now);
    this.storage = storage;
    this.#table = table;
  }

  get usedBytes(): number {
    return this.storage.usedBytes;
  }

  discard(): void {
    this.storage.discard();
  }

  watch(changed: () => void): void {
    this.storage.onChange = changed;
  }

  show(path: string, shown: Shown): void {
    const slash = path.lastIndexOf('/');
    const folder = this.nodeAt(path.slice(0, slash) || '/');
    if (folder.type !== 'directory') throw new FileError('ENOTDIR', path);
    folder.entries.set(path.slice(slash + 1), nodeOf(shown));
  }

  /**
   * What a mount binds: like an inode, it stays the same when the path is pointed elsewhere later.
   * @throws FileError ENOENT
   */
  nodeAt(path: string): Node {
    const { last, missing } = this.#table.walk(path, true, () => {});
    if (missing !== undefined) throw new FileError('ENOENT', path);
    return last.node;
  }
}

function nodeOf(shown: Shown): Node {
  const attributes = { ...ROOT_OWNED, mode: shown.mode ?? 0o755, modified: shown.modified };
  if ('target' in shown) return linkNode(undefined, attributes, shown.target);
  if ('text' in shown) {
    const { text } = shown;
    return { ...fileNode(undefined, attributes, text), size: () => Buffer.byteLength(text()) };
  }
  return directoryNode(undefined, attributes, {
    get: (name) => {
      const entry = shown.entries().get(name);
      return entry === undefined ? undefined : nodeOf(entry);
    },
    keys: () => shown.entries().keys(),
    set: () => undefined,
    delete: () => false,
  });
}

/** @returns the runtime's own tree behind a {@link FileTree}; there is no other kind */
export function volumeTree(tree: FileTree): VolumeTree {
  if (!(tree instanceof VolumeTree))
    throw new TypeError('a mount needs a tree of ContainerRuntime.createTree()');
  return tree;
}
