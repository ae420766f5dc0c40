import type { FileTree } from './container-types.ts';
import { FileView } from './file-view.ts';
import { MountTable } from './mount-table.ts';
import type { DirectoryNode, Node } from './nodes.ts';
import { directoryNode, Storage } from './nodes.ts';
import { FileError } from './types.ts';

/**
 * A volume's files. Whoever holds it (the kubelet, a provisioner) works on it as root of the node; containers
 * mount it.
 */
export class VolumeTree extends FileView implements FileTree {
  readonly kind = 'tree';
  readonly storage: Storage;
  readonly #table: MountTable;

  /** @param files what is in it from the start, never changed through it */
  constructor(now: () => number, limit?: number, files?: DirectoryNode) {
    const storage = new Storage(limit);
    const table = new MountTable({
      path: '/',
      root: files ?? directoryNode(storage, { mode: 0o755, uid: 0, gid: 0, modified: now() }),
      storage,
      readOnly: files !== undefined,
      source: 'tmpfs',
      type: 'tmpfs',
    });
    super(table, { uid: 0, gid: 0 }, now);
    this.storage = storage;
    this.#table = table;
  }

  get usedBytes(): number {
    return this.storage.usedBytes;
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

/** @returns the runtime's own tree behind a {@link FileTree}; there is no other kind */
export function volumeTree(tree: FileTree): VolumeTree {
  if (!(tree instanceof VolumeTree))
    throw new TypeError('a mount needs a tree of ContainerRuntime.createTree()');
  return tree;
}
