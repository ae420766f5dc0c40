import type { ImportedFiles } from '../../model/corefile/corefile.ts';
import { FileError, type FileErrorCode, type FileSystem } from '../runtime/types.ts';

const PROBLEMS: Partial<Readonly<Record<FileErrorCode, string>>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
};

/** A file's text. @throws Error in Go's words where it cannot be read */
export function readAsGo(files: FileSystem, path: string): string {
  try {
    return files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    // A folder is opened like a file.
    const action = isFolder(error) ? 'read' : 'open';
    throw new Error(`${action} ${path}: ${PROBLEMS[error.code] ?? error.code}`, { cause: error });
  }
}

/** Files of a container as Corefiles import them. */
export function importsFrom(files: FileSystem, warn: (words: string) => void): ImportedFiles {
  return {
    find: (pattern) => find(files, pattern),
    read: (path) => {
      try {
        return readAsGo(files, path);
      } catch (error) {
        // CoreDNS looks itself, before it reads.
        const { cause } = error as Error;
        throw isFolder(cause) ? new Error('is a directory', { cause }) : error;
      }
    },
    warn,
  };
}

const isFolder = (error: unknown): boolean => error instanceof FileError && error.code === 'EISDIR';

/** As Go's filepath.Glob: `*` and `?` within the parts of an absolute path, also for names that begin with a dot. */
function find(files: FileSystem, pattern: string): string[] {
  let found = [''];
  for (const part of pattern.split('/').slice(1)) {
    const fits = new RegExp(
      `^${part
        .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      's',
    );
    found = /[*?]/.test(part)
      ? found.flatMap((folder) =>
          namesIn(files, folder === '' ? '/' : folder)
            .filter((name) => fits.test(name))
            .map((name) => `${folder}/${name}`),
        )
      : found.map((folder) => `${folder}/${part}`);
  }
  return found.filter((path) => files.exists(path));
}

function namesIn(files: FileSystem, folder: string): string[] {
  try {
    return [...files.list(folder)].sort();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return [];
  }
}
