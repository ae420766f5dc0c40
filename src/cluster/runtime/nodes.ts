import type { FileStat } from './types.ts';

/** What stands at a path, below every file system of the runtime. */
export type Node = FileNode | DirectoryNode | LinkNode | DeviceNode;

/** Owner, group and permission bits of a node; `modified` in milliseconds since 1970. */
export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  modified: number;
}

interface Base extends Attributes {
  /** The storage that may change this node in place; everybody else copies it first. */
  readonly storage: Storage | undefined;
}

export interface FileNode extends Base {
  readonly type: 'file';
  /** A function where the content is made when it is read (/proc, /sys). */
  data: Uint8Array | (() => string);
  /** What such a file says that it has, in bytes; those of /proc say 0. */
  readonly size?: () => number;
}

export interface DirectoryNode extends Base {
  readonly type: 'directory';
  readonly entries: Entries;
}

export interface LinkNode extends Base {
  readonly type: 'symlink';
  readonly target: string;
}

export interface DeviceNode extends Base {
  readonly type: 'device';
  readonly numbers: readonly [major: number, minor: number];
  readonly read: () => Uint8Array;
  readonly write: (data: Uint8Array) => void;
}

/** The part of a Map that a directory needs; /proc has one that is computed. */
export interface Entries {
  get(name: string): Node | undefined;
  set(name: string, node: Node): unknown;
  delete(name: string): boolean;
  keys(): Iterable<string>;
}

/** What a file, a folder or a link takes beside its content, about, in the host's memory. */
const ENTRY = 1024;

/**
 * What all containers and volumes of a node may hold together: their files are in the host's memory, which would end
 * long before a disk does.
 */
export class Disk {
  readonly limit: number;
  usedBytes = 0;

  /** @param limit bytes; more fails with ENOSPC */
  constructor(limit: number) {
    this.limit = limit;
  }

  get room(): number {
    return this.limit - this.usedBytes;
  }
}

/** What a volume or the writable layer of a container takes up. */
export class Storage {
  readonly limit: number | undefined;
  #disk: Disk | undefined;
  /** Told of every change, for who follows what others do to these files. */
  onChange: (() => void) | undefined;
  #usedBytes = 0;
  #entries = 0;

  /**
   * @param limit bytes; more fails with ENOSPC. Undefined: as much as wanted.
   * @param disk on which it is
   */
  constructor(limit?: number, disk?: Disk) {
    this.limit = limit;
    this.#disk = disk;
  }

  /** Bytes of the files in it. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /**
   * Bytes that still fit.
   * @param isReserved for the node itself, which works on when the disk is full
   */
  room(isReserved: boolean): number {
    const own = this.limit === undefined ? Infinity : this.limit - this.#usedBytes;
    return isReserved || this.#disk === undefined ? own : Math.min(own, this.#disk.room);
  }

  /** @returns false where another file or folder does not fit */
  hasRoomForEntry(isReserved: boolean): boolean {
    return isReserved || this.#disk === undefined || this.#disk.room >= ENTRY;
  }

  /** Counts bytes of files that have come; fewer than none have gone. */
  use(bytes: number): void {
    this.#usedBytes += bytes;
    if (this.#disk !== undefined) this.#disk.usedBytes += bytes;
    this.onChange?.();
  }

  /** Counts files, folders and links that have come; fewer than none have gone. */
  enter(count: number): void {
    this.#entries += count;
    if (this.#disk !== undefined) this.#disk.usedBytes += count * ENTRY;
    this.onChange?.();
  }

  /** What is in it so far is no use of whoever fills it. */
  startAtZero(): void {
    this.use(-this.#usedBytes);
  }

  /** Gives the disk back what it takes up there: nobody can reach it any more. */
  discard(): void {
    if (this.#disk !== undefined) this.#disk.usedBytes -= this.#usedBytes + this.#entries * ENTRY;
    this.#disk = undefined;
  }
}

export const ROOT_OWNED = { uid: 0, gid: 0 } as const;

export function directoryNode(
  storage: Storage | undefined,
  attributes: Attributes,
  entries: Entries = new Map<string, Node>(),
): DirectoryNode {
  return { type: 'directory', storage, ...attributes, entries };
}

export function fileNode(
  storage: Storage | undefined,
  attributes: Attributes,
  data: Uint8Array | (() => string),
): FileNode {
  return { type: 'file', storage, ...attributes, data };
}

export function linkNode(storage: Storage | undefined, attributes: Attributes, target: string): LinkNode {
  return { type: 'symlink', storage, ...attributes, mode: 0o777, target };
}

/** A copy that `storage` may change; a directory's entries stay shared until they are changed themselves. */
export function copyNode(node: Node, storage: Storage): Node {
  storage.enter(1);
  if (node.type === 'directory') {
    const entries = new Map<string, Node>();
    for (const name of node.entries.keys()) {
      const entry = node.entries.get(name);
      if (entry !== undefined) entries.set(name, entry);
    }
    return { ...node, storage, entries };
  }
  if (node.type === 'file' && node.data instanceof Uint8Array) storage.use(node.data.length);
  return { ...node, storage };
}

/** Gives back what `node` and everything below it take up in `storage`. */
export function release(node: Node, storage: Storage): void {
  if (node.storage === storage) storage.enter(-1);
  if (node.type === 'directory') {
    for (const name of node.entries.keys()) {
      const entry = node.entries.get(name);
      if (entry !== undefined) release(entry, storage);
    }
  } else if (node.type === 'file' && node.storage === storage && node.data instanceof Uint8Array) {
    storage.use(-node.data.length);
  }
}

export function statOf(node: Node): FileStat {
  const { type, mode, uid, gid, modified } = node;
  const stat = { type, mode, uid, gid, modified };
  switch (node.type) {
    case 'file':
      return { ...stat, size: node.data instanceof Uint8Array ? node.data.length : (node.size?.() ?? 0) };
    case 'directory':
      return { ...stat, size: 4096 };
    case 'symlink':
      return { ...stat, size: node.target.length, target: node.target };
    case 'device':
      return { ...stat, size: 0, device: node.numbers };
  }
}
