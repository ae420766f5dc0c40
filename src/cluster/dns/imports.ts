import type { ImportedFiles } from '../../model/corefile/corefile.ts';
import { FileError, type FileErrorCode, type FileSystem } from '../runtime/types.ts';

const PROBLEMS: Partial<Readonly<Record<FileErrorCode, string>>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
};

/** What keeps a file from being read, in Go's words; undefined for what is no problem of files. */
export function fileProblem(error: unknown): string | undefined {
  return error instanceof FileError ? (PROBLEMS[error.code] ?? error.code) : undefined;
}

/** Files of a container as Corefiles import them. */
export function importsFrom(files: FileSystem, warn: (words: string) => void): ImportedFiles {
  return {
    find: (pattern) => find(files, pattern),
    read: (path) => {
      try {
        return files.readText(path);
      } catch (error) {
        const problem = fileProblem(error);
        if (problem === undefined) throw error;
        // Go opens a folder like a file, and sees only then what it is.
        const isFolder = problem === PROBLEMS.EISDIR;
        throw new Error(isFolder ? problem : `open ${path}: ${problem}`, { cause: error });
      }
    },
    warn,
  };
}

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
