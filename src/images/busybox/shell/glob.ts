import type { FileSystem } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { compilePattern, isPattern } from '../common/pattern.ts';
import { OUT_OF_MEMORY } from '../errors.ts';
import { ShellError } from './control.ts';

/** Whose paths are looked for, and who pays for it. */
export interface GlobHost {
  readonly files: FileSystem;
  readonly cwd: string;
  /** Charges microseconds of CPU. @returns whether {@link pay} must be waited for */
  step(micros?: number): boolean;
  pay(): Promise<void>;
}

/** Microseconds that an entry of a folder takes. */
const MICROS_PER_ENTRY = 1;
/** Bytes that paths may take: `x/../x` again and again stands for more of them than there is memory. */
const MOST_PATHS = 16 * 1024 * 1024;

/**
 * The paths that a pattern stands for, sorted; relative ones where the pattern is.
 * @throws ShellError where they take too much memory
 */
export async function findPaths(host: GlobHost, pattern: string): Promise<readonly string[]> {
  const names = pattern.split(/\/+/);
  const isAbsolute = pattern.startsWith('/');
  if (isAbsolute) names.shift();
  let paths = [isAbsolute ? '/' : ''];
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    const next: string[] = [];
    let size = 0;
    for (const path of paths) {
      for (const found of step(host, path, name, isLast)) {
        size += 8 + found.length;
        next.push(found);
      }
      if (size > MOST_PATHS) throw new ShellError(OUT_OF_MEMORY);
      if (host.step(MICROS_PER_ENTRY)) await host.pay();
    }
    paths = next;
    if (paths.length === 0) return [];
  }
  return paths.sort();
}

function step(host: GlobHost, path: string, name: string, isLast: boolean): string[] {
  const { files, cwd } = host;
  const suffix = isLast ? '' : '/';
  const full = path.startsWith('/') ? path : `${cwd}/${path}`;
  if (name === '') return isLast ? [path] : [];
  if (!isPattern(name)) {
    const plain = name.replace(/\\(.)/g, '$1');
    const found = isLast ? isThere(files, `${full}/${plain}`) : isDirectory(files, `${full}/${plain}`);
    return found ? [`${path}${plain}${suffix}`] : [];
  }
  const compiled = compilePattern(name);
  // The C library's glob finds these two as well.
  const entries = ['.', '..', ...entriesOf(files, full)];
  host.step(entries.length * MICROS_PER_ENTRY);
  return entries
    .filter((entry) => (entry.startsWith('.') ? name.startsWith('.') : true) && compiled.matches(entry))
    .filter((entry) => isLast || isDirectory(files, `${full}/${entry}`))
    .map((entry) => `${path}${entry}${suffix}`);
}

function entriesOf(files: FileSystem, path: string): readonly string[] {
  try {
    return files.list(path);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}

function isThere(files: FileSystem, path: string): boolean {
  try {
    files.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

function isDirectory(files: FileSystem, path: string): boolean {
  return files.exists(path) && files.stat(path).type === 'directory';
}
