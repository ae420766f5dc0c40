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

/** What a volume or the writable layer of a container takes up. */
export class Storage {
  readonly limit: number | undefined;
  usedBytes = 0;

  /** @param limit bytes; more fails with ENOSPC. Undefined: as much as wanted. */
  constructor(limit?: number) {
    this.limit = limit;
  }

  /** Bytes that still fit. */
  get room(): number {
    return this.limit === undefined ? Infinity : this.limit - this.usedBytes;
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
  if (node.type === 'directory') {
    const entries = new Map<string, Node>();
    for (const name of node.entries.keys()) {
      const entry = node.entries.get(name);
      if (entry !== undefined) entries.set(name, entry);
    }
    return { ...node, storage, entries };
  }
  if (node.type === 'file' && node.data instanceof Uint8Array) storage.usedBytes += node.data.length;
  return { ...node, storage };
}

/** Gives back what `node` and everything below it take up in `storage`. */
export function release(node: Node, storage: Storage): void {
  if (node.type === 'directory') {
    for (const name of node.entries.keys()) {
      const entry = node.entries.get(name);
      if (entry !== undefined) release(entry, storage);
    }
  } else if (node.type === 'file' && node.storage === storage && node.data instanceof Uint8Array) {
    storage.usedBytes -= node.data.length;
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
      return { ...stat, size: 0 };
  }
}
