import type { Mount } from './container-types.ts';
import { RuntimeError } from './container-types.ts';
import { volumeTree } from './file-tree.ts';
import { FileView, NODE } from './file-view.ts';
import type { MountPoint } from './mount-table.ts';
import { MountTable } from './mount-table.ts';
import type { DeviceNode, DirectoryNode, Disk, Node } from './nodes.ts';
import { directoryNode, ROOT_OWNED, Storage } from './nodes.ts';
import { FileError } from './types.ts';

/** Bytes in /dev/shm and beside it. */
const SHARED_MEMORY = 64 * 1024 * 1024;

/** What a container sees of its own: the image with a writable layer, and what the kernel shows. */
export interface ContainerFiles {
  readonly table: MountTable;
  /** The writable layer. */
  readonly layer: Storage;
  /** Gives back what it takes up of the node's disk. */
  discard(): void;
}

/**
 * Puts the files of a container together as runc does: image, kernel file systems, then the pod's mounts from the
 * top down. Missing mount points are made.
 * @throws RuntimeError where a file would be mounted on a directory or the other way round
 */
export function mountContainer(options: {
  readonly image: DirectoryNode;
  readonly readOnlyRoot: boolean;
  readonly mounts: readonly Mount[];
  readonly sys: DirectoryNode;
  readonly cgroup: DirectoryNode;
  readonly random: () => Uint8Array;
  readonly now: () => number;
  readonly disk: Disk;
}): ContainerFiles {
  const { now } = options;
  const layer = new Storage(undefined, options.disk);
  const root = {
    path: '/',
    root: options.image,
    storage: layer,
    readOnly: false,
    source: 'overlay',
    type: 'overlay',
  };
  const setUp = new MountTable(root);
  const kernel = (path: string, type: string, node: DirectoryNode, readOnly: boolean): void => {
    setUp.add({ path, root: node, storage: undefined, readOnly, source: type, type });
  };
  kernel('/proc', 'proc', directoryNode(undefined, { mode: 0o555, ...ROOT_OWNED, modified: now() }), false);
  const devices = new Storage(SHARED_MEMORY, options.disk);
  setUp.add(deviceMount(devices, options.random, now));
  kernel('/sys', 'sysfs', options.sys, true);
  kernel('/sys/fs/cgroup', 'cgroup2', options.cgroup, true);
  const depth = ({ path }: Mount): number => path.split('/').filter((name) => name !== '').length;
  const mounts = options.mounts.toSorted((a, b) => depth(a) - depth(b));
  for (const mount of mounts) mountOne(setUp, mount, now);
  layer.startAtZero();
  const discard = (): void => {
    for (const storage of [layer, devices]) storage.discard();
  };
  if (!options.readOnlyRoot) return { table: setUp, layer, discard };
  const table = new MountTable({ ...root, root: root.root, readOnly: true });
  for (const mount of setUp.list().slice(1)) table.add(mount);
  return { table, layer, discard };
}

function mountOne(table: MountTable, mount: Mount, now: () => number): void {
  const tree = volumeTree(mount.tree);
  const node = boundNode(mount);
  const files = new FileView(writable(table), NODE, now);
  try {
    if (!files.exists(mount.path)) {
      const above = mount.path.replace(/\/[^/]*\/*$/, '');
      if (above !== '') files.mkdir(above, { parents: true });
      if (node.type === 'directory') files.mkdir(mount.path);
      else files.write(mount.path, '');
    }
    const { last } = table.walk(mount.path, true, () => {});
    if ((last.node.type === 'directory') !== (node.type === 'directory'))
      throw new FileError('ENOTDIR', mount.path);
    const { readOnly, source, type } = mount;
    table.add({ path: last.path, root: node, storage: tree.storage, readOnly, source, type });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const words = error.code === 'EROFS' ? 'read-only file system' : 'not a directory';
    throw new RuntimeError(`error mounting "${mount.source}" to rootfs at "${mount.path}": ${words}`);
  }
}

/** runc makes mount points before anything becomes read-only. */
function writable(table: MountTable): MountTable {
  const [root, ...rest] = table.list();
  if (root === undefined) return table;
  const view = new MountTable(root);
  for (const mount of rest) view.add(asWritable(mount));
  return view;
}

function asWritable(mount: MountPoint): MountPoint {
  return mount.storage === undefined ? mount : { ...mount, readOnly: false };
}

/** A sub-path that is missing is made as a directory, as the kubelet does. */
function boundNode(mount: Mount): Node {
  const tree = volumeTree(mount.tree);
  if (mount.subPath === undefined) return tree.nodeAt('/');
  const path = `/${mount.subPath}`;
  if (!tree.exists(path)) tree.mkdir(path, { parents: true });
  return tree.nodeAt(path);
}

/** /dev with what every container has in it. */
function deviceMount(storage: Storage, random: () => Uint8Array, now: () => number): MountPoint {
  const attributes = { mode: 0o755, ...ROOT_OWNED, modified: now() };
  const root = directoryNode(storage, attributes);
  const mount = { path: '/dev', root, storage, readOnly: false, source: 'tmpfs', type: 'tmpfs' };
  const device = (
    name: string,
    numbers: DeviceNode['numbers'],
    read: () => Uint8Array,
    write: (bytes: Uint8Array) => void = () => {},
  ): void => {
    root.entries.set(name, { type: 'device', numbers, storage, ...attributes, mode: 0o666, read, write });
  };
  const zeros = (): Uint8Array => new Uint8Array(65_536);
  device('null', [1, 3], () => new Uint8Array());
  device('zero', [1, 5], zeros);
  device('full', [1, 7], zeros, ({ length }) => {
    // It can be opened.
    if (length > 0) throw new FileError('ENOSPC', '/dev/full');
  });
  device('random', [1, 8], random);
  device('urandom', [1, 9], random);
  const files = new FileView(new MountTable({ ...mount, path: '/' }), NODE, now);
  files.mkdir('/shm', { mode: 0o1777 });
  files.mkdir('/mqueue', { mode: 0o1777 });
  files.mkdir('/pts');
  files.symlink('/proc/self/fd', '/fd');
  files.symlink('/proc/self/fd/0', '/stdin');
  files.symlink('/proc/self/fd/1', '/stdout');
  files.symlink('/proc/self/fd/2', '/stderr');
  return mount;
}
