import type { HttpResponse } from '../../cluster/network/types.ts';
import { type FileErrorCode, FileError, type ProgramContext } from '../../cluster/runtime/types.ts';

/** A line as Go's `log` package writes it, on standard error. */
export function log(context: ProgramContext, text: string): void {
  const [date = '', time = ''] = new Date(context.clock.now()).toISOString().split('T');
  context.stderr.write(`${date.replaceAll('-', '/')} ${time.slice(0, 8)} ${text}\n`);
}

/** A line as klog writes it. */
export function klog(context: ProgramContext, level: 'I' | 'E', file: string, text: string): void {
  const iso = new Date(context.clock.now()).toISOString();
  const at = `${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000`;
  context.stderr.write(`${level}${at} ${String(context.pid).padStart(7)} ${file}] ${text}\n`);
}

/** An answer of Go's HTTP server. */
export function answer(
  body: string,
  { status = 200, type = 'text/plain; charset=utf-8', headers = {} }: AnswerOptions = {},
): HttpResponse {
  return { status, headers: { 'content-type': type, ...headers }, body };
}

export interface AnswerOptions {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What `http.Error` of Go answers. */
export function failure(status: number, text: string): HttpResponse {
  return answer(`${text}\n`, { status, headers: { 'x-content-type-options': 'nosniff' } });
}

const WORDS: Readonly<Partial<Record<FileErrorCode, string>>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EROFS: 'read-only file system',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  ENOSPC: 'no space left on device',
};

/** A file error in Go's words: `open /x: no such file or directory`. @throws whatever is none */
export function fileWords(error: unknown, call: string, path: string): string {
  if (!(error instanceof FileError)) throw error;
  return `${call} ${path}: ${WORDS[error.code] ?? error.code}`;
}

/** `-rw-r--r--`, `dtrwxrwxrwx`: a mode as Go prints it. */
export function modeText(mode: number, type: 'file' | 'directory' | 'symlink' | 'device' = 'file'): string {
  const kind = { file: '', directory: 'd', symlink: 'L', device: 'Dc' }[type];
  const special = `${(mode & 0o4000) !== 0 ? 'u' : ''}${(mode & 0o2000) !== 0 ? 'g' : ''}${(mode & 0o1000) !== 0 ? 't' : ''}`;
  const prefix = kind + special;
  const bits = 'rwxrwxrwx'.replace(/./g, (letter, index: number) =>
    (mode >> (8 - index)) & 1 ? letter : '-',
  );
  return (prefix === '' ? '-' : prefix) + bits;
}

/** Milliseconds as Go prints a duration: `1.5s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms % 60_000) / 1000}s`;
  return minutes === 0
    ? seconds
    : `${Math.floor(minutes / 60) > 0 ? `${Math.floor(minutes / 60)}h` : ''}${minutes % 60}m${seconds}`;
}
