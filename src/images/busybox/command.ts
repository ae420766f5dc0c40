import type { Program, ProgramContext, SpawnedProcess } from '../../cluster/runtime/types.ts';
import { FileError } from '../../cluster/runtime/types.ts';
import { CpuDebt } from './cpu-debt.ts';
import { derive } from './derive.ts';
import { errorWords, Failure } from './errors.ts';
import type { Options } from './options.ts';
import { parseOptions } from './options.ts';
import { BYTES_PER_MICROSECOND, decode, FileInput, Input } from './streams.ts';
import { unwrapInput, unwrapOutput } from './terminal/views.ts';

/** One of the programs in the busybox binary. @returns the exit code */
export type Applet = (command: Command) => Promise<number> | number;

/** A running applet: its arguments, and what applets have in common. */
export class Command {
  readonly context: ProgramContext;
  /** What it was called by, without folders. */
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin: Input;
  /** Runs the applet that the first argument of a context names in this very process. */
  readonly multicall: Program;
  readonly #debt: CpuDebt;

  constructor(context: ProgramContext, multicall: Program) {
    this.context = context;
    this.#debt = new CpuDebt(context.cpu);
    this.name = baseName(context.args[0] ?? '');
    this.args = context.args.slice(1);
    this.stdin = new Input(context.stdin, context);
    this.multicall = multicall;
  }

  /** @throws UsageError */
  options(spec: string, long: Readonly<Record<string, string>> = {}): Options {
    return parseOptions(this.args, spec, long);
  }

  /** The same applet, called with other arguments. */
  withArgs(args: readonly string[]): Command {
    return new Command(derive(this.context, { args: [this.name, ...args] }), this.multicall);
  }

  print(text: string | Uint8Array): void {
    if (text.length > 0) this.context.stdout.write(text);
  }

  /** A line on standard error behind the applet's name. */
  warn(message: string): void {
    this.context.stderr.write(`${this.name}: ${message}\n`);
  }

  /** An absolute path. */
  path(path: string): string {
    const { cwd } = this.context;
    return path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
  }

  /** Standard input for `-`, otherwise a file. @throws FileError */
  open(path: string): Input {
    if (path === '-' || isStandardInput(path)) return this.stdin;
    const { files } = this.context;
    const full = this.path(path);
    if (files.stat(full).type === 'directory') throw new FileError('EISDIR', path);
    return new Input(new FileInput(files, full), this.context);
  }

  /** The same for who cannot do without it. @param status exit code where that fails @throws Failure */
  mustOpen(path: string, status = 1): Input {
    try {
      return this.open(path);
    } catch (error) {
      throw new Failure(`${path}: ${errorWords(error)}`, status);
    }
  }

  /**
   * Everything in a file or in standard input.
   * @param status exit code where that fails
   * @throws Failure in the form of `words`
   */
  async read(
    path: string,
    { words = (reason: string) => `${path}: ${reason}`, status = 1 } = {},
  ): Promise<Uint8Array> {
    try {
      return await this.open(path).readAll();
    } catch (error) {
      throw new Failure(words(errorWords(error)), status);
    }
  }

  async readText(path: string): Promise<string> {
    return decode(await this.read(path));
  }

  /** CPU for so many bytes. */
  work(bytes: number): Promise<void> {
    return this.context.cpu.spend(10 + bytes / BYTES_PER_MICROSECOND);
  }

  /** Notes CPU for so many bytes, which {@link breathe} pays: for what cannot wait. */
  owe(bytes: number): void {
    this.#debt.owe(bytes / BYTES_PER_MICROSECOND);
  }

  /** Pays what is owed where it is worth a wait. In a loop that reads nothing this is what lets others go on. */
  async breathe(): Promise<void> {
    if (this.#debt.isDue) await this.#debt.pay();
  }

  /**
   * Starts a program with this one's streams, folder and environment; undefined where there is none of that name.
   * @throws FileError
   */
  spawn(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>> } = {},
  ): SpawnedProcess | undefined {
    const { context } = this;
    return context.processes.spawn(args, {
      env: options.env ?? context.env,
      cwd: context.cwd,
      stdin: unwrapInput(this.stdin.forChild()),
      stdout: unwrapOutput(context.stdout),
      stderr: unwrapOutput(context.stderr),
    });
  }

  /** Runs a program to its end; 127 and 126 with the usual words where that cannot be. */
  async run(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly words?: string } = {},
  ): Promise<number> {
    const say = (reason: string): void =>
      this.warn(`${options.words ?? `can't execute '${args[0]}'`}: ${reason}`);
    try {
      const child = this.spawn(args, options);
      if (child !== undefined) return await child.exited;
      say('No such file or directory');
      return 127;
    } catch (error) {
      say(errorWords(error));
      return 126;
    }
  }
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function isStandardInput(path: string): boolean {
  return /^\/dev\/(stdin|fd\/0)$|^\/proc\/self\/fd\/0$/.test(path);
}
