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

/**
 * No text that a program works on may be longer: what is done to one is done in one step, for which everybody else in
 * the cluster waits.
 */
export const LONGEST_TEXT = 4 * 1024 * 1024;

/**
 * What a program says where malloc(3) finds nothing any more. A container with a limit does not get so far: the kernel
 * kills it (`memory.exhaust` of whoever reports it).
 */
export const OUT_OF_MEMORY = 'out of memory';

/** @throws Failure */
export function outOfMemory(): never {
  throw new Failure(OUT_OF_MEMORY);
}

/** The end of V8's error where an expression is too large to be compiled. */
const OUT_OF_PROGRAM = 'Regular expression too large';
/** The error of V8 where functions call each other too deeply. */
const OUT_OF_STACK = 'Maximum call stack size exceeded';

/**
 * What the language says where a text, a list or the stack grows beyond what it can hold, in the words of a program
 * of C. The error may be of another realm.
 * @returns undefined for every other error
 */
export function memoryProblem(error: unknown): Failure | undefined {
  const { name, message } = (error ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (name === 'SyntaxError' && String(message).endsWith(OUT_OF_PROGRAM)) return new Failure(OUT_OF_MEMORY);
  if (name !== 'RangeError') return undefined;
  // A stack that has overflown is a segmentation fault, of which the parent tells.
  return message === OUT_OF_STACK ? new Failure('', 139) : new Failure(OUT_OF_MEMORY);
}

/** `text.padStart` or `padEnd` that ends where memory does. @throws Failure */
export function padded(text: string, width: number, side: 'start' | 'end', fill = ' '): string {
  if (width > LONGEST_TEXT) outOfMemory();
  return side === 'start' ? text.padStart(width, fill) : text.padEnd(width, fill);
}

/** A text of a length that a script says. @throws Failure */
export function limited(text: string): string {
  if (text.length > LONGEST_TEXT) outOfMemory();
  return text;
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
  ENAMETOOLONG: 'File name too long',
  E2BIG: 'Argument list too long',
};

/** What the C library calls a file error; anything else is thrown on. */
export function errorWords(error: unknown): string {
  if (error instanceof FileError) return WORDS[error.code];
  throw error;
}
