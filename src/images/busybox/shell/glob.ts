import type { FileSystem } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { compilePattern, isPattern } from '../common/pattern.ts';

/** The paths that a pattern stands for, sorted; relative ones where the pattern is. */
export function findPaths(files: FileSystem, cwd: string, pattern: string): readonly string[] {
  const names = pattern.split(/\/+/);
  const isAbsolute = pattern.startsWith('/');
  if (isAbsolute) names.shift();
  let paths = [isAbsolute ? '/' : ''];
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    paths = paths.flatMap((path) => step(files, cwd, path, name, isLast));
    if (paths.length === 0) return [];
  }
  return paths.sort();
}

function step(files: FileSystem, cwd: string, path: string, name: string, isLast: boolean): string[] {
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
