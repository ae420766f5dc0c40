import type { FileStat, FileSystem } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';

/** A file below a folder, as `find`, `du`, `tar` and `cp -r` walk through it. */
export interface Found {
  /** As it is shown: the operand and what is below it. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly stat: FileStat;
  readonly depth: number;
}

/**
 * Walks through a tree, a folder before what is in it.
 * @param onError gets what cannot be looked into
 */
export function* walk(
  files: FileSystem,
  name: string,
  path: string,
  onError: (name: string, error: unknown) => void,
  depth = 0,
): Generator<Found, void, 'skip' | undefined> {
  let stat: FileStat;
  try {
    stat = files.lstat(path);
  } catch (error) {
    onError(name, error);
    return;
  }
  const order = yield { name, path, stat, depth };
  if (order === 'skip' || stat.type !== 'directory') return;
  for (const entry of entriesOf(files, name, path, onError)) {
    yield* walk(files, join(name, entry), join(path, entry), onError, depth + 1);
  }
}

export function join(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

function entriesOf(
  files: FileSystem,
  name: string,
  path: string,
  onError: (name: string, error: unknown) => void,
): readonly string[] {
  try {
    return files.list(path);
  } catch (error) {
    onError(name, error);
    return [];
  }
}

/** What a path leads to, or undefined where it leads nowhere. */
export function statOf(files: FileSystem, path: string, follows = true): FileStat | undefined {
  try {
    return follows ? files.stat(path) : files.lstat(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Without `.`, `..` and double slashes; links stay. */
export function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** Where links lead in the end; undefined where a folder on the way is missing. */
export function realPath(files: FileSystem, path: string, links = 0): string | undefined {
  let real = '';
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const [index, part] of parts.entries()) {
    if (part === '..') {
      real = real.replace(/\/[^/]*$/, '');
      continue;
    }
    const next = `${real}/${part}`;
    const stat = statOf(files, next, false);
    if (stat?.type === 'symlink') {
      if (links > 40) return undefined;
      const target = stat.target ?? '';
      const rest = parts.slice(index + 1).join('/');
      return realPath(files, `${target.startsWith('/') ? '' : `${real}/`}${target}/${rest}`, links + 1);
    }
    if (stat === undefined && index < parts.length - 1) return undefined;
    real = next;
  }
  return real === '' ? '/' : real;
}

/** How many names a file has: a folder one more for each folder in it. */
export function linksOf(files: FileSystem, path: string, stat: FileStat): number {
  if (stat.type !== 'directory') return 1;
  try {
    const entries = files.list(path);
    return 2 + entries.filter((name) => statOf(files, join(path, name), false)?.type === 'directory').length;
  } catch (error) {
    if (error instanceof FileError) return 2;
    throw error;
  }
}
