import type { Entries, Node, Storage } from './nodes.ts';
import { directoryNode, fileNode, linkNode, release, statOf } from './nodes.ts';
import type { MountTable, Walked } from './mount-table.ts';
import { own, ownEntries, ownFile } from './mount-table.ts';
import type { FileStat, FileSystem } from './types.ts';
import { FileError } from './types.ts';

/** On whose behalf files are touched. */
export interface Credentials {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
  /** The node itself, for which some of the disk is kept when it is full. */
  readonly isNode?: true;
}

/** On whose behalf the kubelet and runc work on files. */
export const NODE: Credentials = { uid: 0, gid: 0, isNode: true };

const READ = 4;
const WRITE = 2;
const EXECUTE = 1;
const SET_GROUP = 0o2000;
const STICKY = 0o1000;
/** What containers begin with. */
const DEFAULT_UMASK = 0o022;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Texts of small files that were read: /etc/resolv.conf is read with every lookup. The bytes of a file never change. */
const texts = new WeakMap<Uint8Array, string>();
const KEPT_TEXT = 4096;

/** Files as one user sees them: Linux' rules about paths, permissions and mounts over a {@link MountTable}. */
export class FileView implements FileSystem {
  umask = DEFAULT_UMASK;
  readonly #table: MountTable;
  readonly #user: Credentials;
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(table: MountTable, user: Credentials, now: () => number) {
    this.#table = table;
    this.#user = user;
    this.#now = now;
  }

  read(path: string): Uint8Array {
    const { node } = this.#find(path, true).last;
    if (node.type === 'directory') throw new FileError('EISDIR', path);
    this.#check(node, READ, path);
    if (node.type === 'device') return node.read();
    if (node.type === 'symlink') throw new FileError('ELOOP', path);
    return node.data instanceof Uint8Array ? node.data : encoder.encode(node.data());
  }

  readText(path: string): string {
    const bytes = this.read(path);
    const known = texts.get(bytes);
    if (known !== undefined) return known;
    const text = decoder.decode(bytes);
    if (bytes.length <= KEPT_TEXT) texts.set(bytes, text);
    return text;
  }

  write(
    path: string,
    data: string | Uint8Array,
    options: { readonly append?: boolean; readonly mode?: number } = {},
  ): void {
    const bytes = typeof data === 'string' ? encoder.encode(data) : data.slice();
    const walked = this.#walk(path, true);
    const { node } = walked.last;
    if (walked.missing !== undefined) {
      const { entries, storage } = this.#writable(walked, path);
      this.#enter(storage, path);
      const kept = this.#take(storage, bytes, 0, path);
      entries.set(
        walked.missing,
        fileNode(storage, this.#newAttributes(node, options.mode ?? 0o666 & ~this.umask), kept),
      );
      if (kept.length < bytes.length) throw new FileError('ENOSPC', path);
      return;
    }
    if (node.type === 'directory') throw new FileError('EISDIR', path);
    if (node.type === 'device') {
      this.#check(node, WRITE, path);
      node.write(bytes);
      return;
    }
    this.#refuseReadOnly(walked, path);
    this.#check(node, WRITE, path);
    const file = ownFile(walked.steps);
    const before = file.data instanceof Uint8Array ? file.data : new Uint8Array();
    const after = options.append === true ? joined(before, bytes) : bytes;
    file.data = this.#take(walked.last.mount.storage, after, before.length, path);
    file.modified = this.#now();
    if (file.data.length < after.length) throw new FileError('ENOSPC', path);
  }

  list(path: string): readonly string[] {
    const { node } = this.#find(path, true).last;
    if (node.type !== 'directory') throw new FileError('ENOTDIR', path);
    this.#check(node, READ, path);
    return [...node.entries.keys()].sort();
  }

  stat(path: string): FileStat {
    return statOf(this.#find(path, true).last.node);
  }

  lstat(path: string): FileStat {
    return statOf(this.#find(path, false).last.node);
  }

  exists(path: string): boolean {
    try {
      return this.#walk(path, true).missing === undefined;
    } catch (error) {
      if (error instanceof FileError) return false;
      throw error;
    }
  }

  mkdir(path: string, options: { readonly parents?: boolean; readonly mode?: number } = {}): void {
    if (options.parents === true) {
      const parts = path.split('/').filter((part) => part !== '');
      for (let count = 1; count < parts.length; count++) {
        const above = `/${parts.slice(0, count).join('/')}`;
        if (!this.exists(above)) this.mkdir(above);
      }
      if (this.exists(path) && this.stat(path).type === 'directory') return;
    }
    const walked = this.#walk(path, false);
    if (walked.missing === undefined) throw new FileError('EEXIST', path);
    const { entries, storage } = this.#writable(walked, path);
    const attributes = this.#newAttributes(walked.last.node, options.mode ?? 0o777 & ~this.umask);
    attributes.mode |= walked.last.node.mode & SET_GROUP;
    this.#enter(storage, path);
    entries.set(walked.missing, directoryNode(storage, attributes));
  }

  remove(path: string, options: { readonly recursive?: boolean } = {}): void {
    const walked = this.#find(path, false);
    const { node } = walked.last;
    if (this.#table.at(walked.last.path) !== undefined) throw new FileError('EBUSY', path);
    const isFilled = node.type === 'directory' && [...node.entries.keys()].length > 0;
    if (isFilled && options.recursive !== true) throw new FileError('ENOTEMPTY', path);
    if (this.#table.isBusy(walked.last.path)) throw new FileError('EBUSY', path);
    if (isFilled) this.#checkBelow(node, path);
    const { entries, storage } = this.#parent(walked, path);
    entries.delete(walked.last.name);
    release(node, storage);
  }

  rename(from: string, to: string): void {
    const source = this.#find(from, false);
    const target = this.#walk(to, false);
    const targetPath =
      target.missing === undefined ? target.last.path : `${target.last.path}/${target.missing}`;
    if (this.#table.isBusy(source.last.path)) throw new FileError('EBUSY', from);
    if (target.missing === undefined && this.#table.isBusy(targetPath)) throw new FileError('EBUSY', to);
    if (source.last.mount !== target.last.mount) throw new FileError('EXDEV', to);
    if (targetPath === source.last.path) return;
    if (`${targetPath}/`.startsWith(`${source.last.path}/`)) throw new FileError('EINVAL', to);
    if (target.missing === undefined) refuseReplacing(source.last.node, target.last.node, to);
    const old = this.#parent(source, from);
    const replaced = target.missing === undefined ? target.last.node : undefined;
    // The two walks may share directories that the first one has just copied, so walk again.
    const fresh = this.#walk(to, false);
    const place = fresh.missing === undefined ? this.#parent(fresh, to) : this.#writable(fresh, to);
    const node = this.#find(from, false).last.node;
    old.entries.delete(source.last.name);
    if (replaced !== undefined) release(replaced, old.storage);
    place.entries.set(fresh.missing ?? fresh.last.name, node);
    place.storage.onChange?.();
  }

  symlink(target: string, path: string): void {
    const walked = this.#walk(path, false);
    if (walked.missing === undefined) throw new FileError('EEXIST', path);
    const { entries, storage } = this.#writable(walked, path);
    this.#enter(storage, path);
    entries.set(walked.missing, linkNode(storage, this.#newAttributes(walked.last.node, 0o777), target));
  }

  chmod(path: string, mode: number): void {
    const walked = this.#find(path, true);
    this.#refuseReadOnly(walked, path);
    this.#checkOwner(walked.last.node, path);
    own(walked.steps).mode = mode;
  }

  chown(path: string, uid: number, gid: number): void {
    const walked = this.#find(path, true);
    this.#refuseReadOnly(walked, path);
    const { node } = walked.last;
    const groupOnly = uid === node.uid && node.uid === this.#user.uid && this.#isInGroup(gid);
    if (this.#user.uid !== 0 && !groupOnly) throw new FileError('EPERM', path);
    const owned = own(walked.steps);
    owned.uid = uid;
    owned.gid = gid;
  }

  touch(path: string, modified?: number): void {
    if (this.#walk(path, true).missing !== undefined) this.write(path, '');
    const walked = this.#find(path, true);
    const { node } = walked.last;
    if (node.type === 'device') return;
    this.#refuseReadOnly(walked, path);
    if (node.uid !== this.#user.uid) this.#check(node, WRITE, path);
    own(walked.steps).modified = modified ?? this.#now();
  }

  mounts(): ReturnType<FileSystem['mounts']> {
    return this.#table.list().map(({ source, path, type, readOnly, storage }) => ({
      source,
      path,
      type,
      readOnly,
      size: storage?.limit,
    }));
  }

  /** Could the user execute this file? Scripts and programs alike; directories never. */
  isExecutable(path: string): boolean {
    const { node } = this.#find(path, true).last;
    return node.type === 'file' && this.#allows(node, EXECUTE);
  }

  /** The content of a file that is to be executed, which needs no permission to read it. */
  readToExecute(path: string): Uint8Array {
    const { node } = this.#find(path, true).last;
    return node.type === 'file' && node.data instanceof Uint8Array ? node.data : new Uint8Array();
  }

  #walk(path: string, followLast: boolean): Walked {
    return this.#table.walk(path, followLast, (directory) => {
      this.#check(directory, EXECUTE, path);
    });
  }

  #find(path: string, followLast: boolean): Walked {
    const walked = this.#walk(path, followLast);
    if (walked.missing !== undefined) throw new FileError('ENOENT', path);
    return walked;
  }

  /** The entries of the directory that lacks `walked.missing`, ready to be changed. */
  #writable(walked: Walked, path: string): { entries: Entries; storage: Storage } {
    return this.#open(walked, walked.steps.length - 1, path);
  }

  /** The entries of the directory that `walked` was found in, ready to be changed. */
  #parent(walked: Walked, path: string): { entries: Entries; storage: Storage } {
    const index = walked.steps.length - 2;
    const directory = walked.steps[index]?.node;
    if (directory === undefined) throw new FileError('EBUSY', path);
    const opened = this.#open(walked, index, path);
    const { uid } = this.#user;
    const isSticky = (directory.mode & STICKY) !== 0;
    if (isSticky && uid !== 0 && uid !== walked.last.node.uid && uid !== directory.uid) {
      throw new FileError('EPERM', path);
    }
    return opened;
  }

  #open(walked: Walked, index: number, path: string): { entries: Entries; storage: Storage } {
    const step = walked.steps[index];
    if (step === undefined) throw new FileError('EBUSY', path);
    if (step.node.type !== 'directory') throw new FileError('ENOTDIR', path);
    if (step.mount.readOnly) throw new FileError('EROFS', path);
    this.#check(step.node, WRITE, path);
    if (step.mount.storage === undefined) throw new FileError('ENOENT', path);
    const entries = ownEntries(walked.steps, index);
    step.node.modified = this.#now();
    return { entries, storage: step.mount.storage };
  }

  #refuseReadOnly(walked: Walked, path: string): void {
    if (walked.last.mount.readOnly) throw new FileError('EROFS', path);
  }

  /**
   * Room for what a file is to hold instead of `before` bytes.
   * @returns as much of it as fits
   */
  #take(storage: Storage | undefined, bytes: Uint8Array, before: number, path: string): Uint8Array {
    if (storage === undefined) throw new FileError('EACCES', path);
    const kept = bytes.subarray(0, Math.max(0, storage.room(this.#isNode) + before));
    storage.use(kept.length - before);
    return kept;
  }

  /** Room for another file, folder or link. */
  #enter(storage: Storage, path: string): void {
    if (!storage.hasRoomForEntry(this.#isNode)) throw new FileError('ENOSPC', path);
    storage.enter(1);
  }

  get #isNode(): boolean {
    return this.#user.isNode === true;
  }

  #newAttributes(
    directory: Node,
    mode: number,
  ): { mode: number; uid: number; gid: number; modified: number } {
    const gid = (directory.mode & SET_GROUP) === 0 ? this.#user.gid : directory.gid;
    return { mode, uid: this.#user.uid, gid, modified: this.#now() };
  }

  #isInGroup(gid: number): boolean {
    return gid === this.#user.gid || this.#user.groups?.includes(gid) === true;
  }

  #allows(node: Node, want: number): boolean {
    const { uid } = this.#user;
    if (uid === 0) return want !== EXECUTE || node.type === 'directory' || (node.mode & 0o111) !== 0;
    const shift = uid === node.uid ? 6 : this.#isInGroup(node.gid) ? 3 : 0;
    return ((node.mode >> shift) & want) === want;
  }

  #check(node: Node, want: number, path: string): void {
    if (!this.#allows(node, want)) throw new FileError('EACCES', path);
  }

  #checkOwner(node: Node, path: string): void {
    if (this.#user.uid !== 0 && this.#user.uid !== node.uid) throw new FileError('EPERM', path);
  }

  /** `rm -r` needs to write every directory it empties. */
  #checkBelow(node: Node, path: string): void {
    if (node.type !== 'directory') return;
    const names = [...node.entries.keys()];
    if (names.length > 0) this.#check(node, WRITE | EXECUTE, path);
    for (const name of names) {
      const entry = node.entries.get(name);
      if (entry !== undefined) this.#checkBelow(entry, `${path}/${name}`);
    }
  }
}

function refuseReplacing(source: Node, target: Node, path: string): void {
  if (target.type !== 'directory') {
    if (source.type === 'directory') throw new FileError('ENOTDIR', path);
    return;
  }
  if (source.type !== 'directory') throw new FileError('EISDIR', path);
  if ([...target.entries.keys()].length > 0) throw new FileError('ENOTEMPTY', path);
}

/** How far the buffers behind files that grow are filled. */
const filled = new WeakMap<ArrayBufferLike, number>();

/** Files beyond this size have a buffer that grows where it is: to copy them again and again takes seconds. */
const LARGE = 1024 * 1024;
/** What such a buffer may grow to. Addresses only: memory is taken when it does. */
const LARGEST = 512 * LARGE;

/**
 * The bytes of a file with more behind them. The buffer has room for what comes next: a log of a day is not copied
 * with every line. Views of earlier states stay as they are.
 */
function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const { buffer, byteOffset: start } = first;
  const length = first.length + second.length;
  const hasRoom = filled.get(buffer) === start + first.length && hasRoomFor(buffer, start + length);
  const bytes = new Uint8Array(hasRoom ? buffer : bufferFor(length), hasRoom ? start : 0, length);
  if (!hasRoom) bytes.set(first);
  bytes.set(second, first.length);
  filled.set(bytes.buffer, bytes.byteOffset + length);
  return bytes;
}

/** Grows the buffer where it can be. */
function hasRoomFor(buffer: ArrayBufferLike, length: number): boolean {
  if (length <= buffer.byteLength) return true;
  if (!(buffer instanceof ArrayBuffer) || !buffer.resizable || length > buffer.maxByteLength) return false;
  buffer.resize(length);
  return true;
}

function bufferFor(length: number): ArrayBuffer {
  if (length <= LARGE || length > LARGEST) return new ArrayBuffer(length + (length >> 1));
  return new ArrayBuffer(length, { maxByteLength: LARGEST });
}
