import type { FileErrorCode } from '../../cluster/runtime/types.ts';
import { FileError } from '../../cluster/runtime/types.ts';

/** Ends an applet: `message` goes to standard error behind the applet's name. */
export class Failure extends Error {
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.name = 'Failure';
    this.code = code;
  }
}

/** Options that an applet does not have, or too few arguments: its usage goes to standard error. */
export class UsageError extends Error {
  /** The line in front of it, e.g. `unrecognized option '--x'`. */
  readonly problem: string | undefined;

  constructor(problem?: string) {
    super(problem ?? 'usage');
    this.name = 'UsageError';
    this.problem = problem;
  }
}

/** strerror(3) of glibc. */
const WORDS: Readonly<Record<FileErrorCode, string>> = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  ENOTEMPTY: 'Directory not empty',
  ENOSPC: 'No space left on device',
  EXDEV: 'Invalid cross-device link',
  EINVAL: 'Invalid argument',
  EBUSY: 'Device or resource busy',
  ELOOP: 'Too many levels of symbolic links',
  ENOEXEC: 'Exec format error',
};

/** What the C library calls a file error; anything else is thrown on. */
export function errorWords(error: unknown): string {
  if (error instanceof FileError) return WORDS[error.code];
  throw error;
}
