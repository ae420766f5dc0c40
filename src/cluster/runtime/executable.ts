import type { FileView } from './file-view.ts';
import type { ImageLayers } from './image-layers.ts';
import type { Program } from './types.ts';
import { FileError } from './types.ts';

/** What to run for an argument vector. */
export interface Executable {
  readonly program: Program;
  /** With the interpreter in front, for a script. */
  readonly args: readonly string[];
}

/** Why there is nothing to run; `path` is what was tried. */
export interface NotExecutable {
  readonly reason:
    'not-in-path' | 'missing' | 'denied' | 'directory' | 'format' | 'no-interpreter' | 'too-long';
  readonly path: string;
}

/** An interpreter of an interpreter is as far as Linux goes, give or take. */
const MAX_INTERPRETERS = 4;

/** What a container has in its environment when neither image nor pod say. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Finds the executable file of a command, as runc does: with a slash it is a path, otherwise $PATH is searched. */
export function findExecutable(
  files: FileView,
  layers: ImageLayers,
  args: readonly string[],
  where: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Executable | NotExecutable {
  const name = args[0] ?? '';
  if (name.includes('/')) {
    const path = absolute(name, where.cwd);
    return refusal(files, path, name) ?? load(files, layers, path, args, where.env);
  }
  if (name === '') return { reason: 'not-in-path', path: name };
  for (const directory of (where.env['PATH'] ?? DEFAULT_PATH).split(':')) {
    const path = absolute(`${directory === '' ? '.' : directory}/${name}`, where.cwd);
    if (refusal(files, path, name) === undefined) return load(files, layers, path, args, where.env);
  }
  return { reason: 'not-in-path', path: name };
}

/** MAX_ARG_STRLEN: bytes of one argument or variable, with the zero behind it. */
const LONGEST_STRING = 128 * 1024;
/** A quarter of the stack, which is 8 MiB large: arguments, environment and the pointers to them. */
const LONGEST_ARGUMENTS = 2 * 1024 * 1024;

/** Whether execve(2) refuses these with E2BIG. */
export function isTooLong(args: readonly string[], env: Readonly<Record<string, string>>): boolean {
  let total = 0;
  const fits = (length: number): boolean => {
    total += length + 1 + 8;
    return length < LONGEST_STRING && total <= LONGEST_ARGUMENTS;
  };
  return !(
    args.every((argument) => fits(Buffer.byteLength(argument))) &&
    Object.entries(env).every(([name, value]) => fits(Buffer.byteLength(name) + 1 + Buffer.byteLength(value)))
  );
}

/** A path from the working directory. */
export function absolute(path: string, cwd: string): string {
  return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
}

function refusal(files: FileView, path: string, shown: string): NotExecutable | undefined {
  try {
    if (files.stat(path).type === 'directory') return { reason: 'directory', path: shown };
    return files.isExecutable(path) ? undefined : { reason: 'denied', path: shown };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { reason: error.code === 'EACCES' ? 'denied' : 'missing', path: shown };
  }
}

function load(
  files: FileView,
  layers: ImageLayers,
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Executable | NotExecutable {
  let file = path;
  let all = args;
  for (let depth = 0; depth < MAX_INTERPRETERS; depth++) {
    const content = files.readToExecute(file);
    const program = layers.programIn(content);
    if (program !== undefined) {
      return isTooLong(all, env) ? { reason: 'too-long', path } : { program, args: all };
    }
    const line = /^#![ \t]*(\S+)(?:[ \t]+([^\n]*\S))?/.exec(firstLine(content));
    if (line?.[1] === undefined) return { reason: 'format', path };
    const option = line[2] === undefined ? [] : [line[2]];
    all = [line[1], ...option, file, ...all.slice(1)];
    file = line[1];
    if (refusal(files, file, file) !== undefined) return { reason: 'no-interpreter', path };
  }
  return { reason: 'format', path };
}

function firstLine(content: Uint8Array): string {
  const end = content.indexOf(0x0a);
  return new TextDecoder().decode(content.subarray(0, end < 0 ? 256 : end));
}

/** The words of runc for a command that it cannot even try, or undefined where the kernel refuses it later. */
export function wordsOfRunc(problem: NotExecutable): string | undefined {
  switch (problem.reason) {
    case 'not-in-path':
      return `exec: "${problem.path}": executable file not found in $PATH`;
    case 'missing':
      return `exec: "${problem.path}": stat ${problem.path}: no such file or directory`;
    case 'denied':
      return `exec: "${problem.path}": permission denied`;
    case 'directory':
      return `exec: "${problem.path}": is a directory`;
    case 'format':
    case 'no-interpreter':
    case 'too-long':
      return undefined;
  }
}

const KERNEL_WORDS: Readonly<Partial<Record<NotExecutable['reason'], string>>> = {
  format: 'exec format error',
  'too-long': 'argument list too long',
};

/** A program that says what runc's init says when the kernel refuses the file it was to become. */
export function refusedByKernel(problem: NotExecutable): Program {
  const why = KERNEL_WORDS[problem.reason] ?? 'no such file or directory';
  return (context) => {
    context.stderr.write(`exec ${problem.path}: ${why}\n`);
    return Promise.resolve(255);
  };
}
