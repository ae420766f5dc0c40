import type { FileSystem, OutputStream, Program, ProgramContext } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { CpuDebt } from '../cpu-debt.ts';
import { errorWords } from '../errors.ts';
import { BYTES_PER_MICROSECOND, Input } from '../streams.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { ShellError } from './control.ts';
import type { ExpansionHost } from './expand.ts';
import { Jobs } from './jobs.ts';
import { SignalInbox } from './inbox.ts';
import type { Command, Statement } from './tree.ts';
import { Variables } from './variables.ts';

/** An open file: one of both, or both for `<>`. */
export interface Descriptor {
  readonly input?: Input;
  readonly output?: OutputStream;
}

/** Runs what has been parsed; builtins call back through it. */
export interface Runner {
  statements(shell: Shell, statements: readonly Statement[]): Promise<number>;
  /** A simple command whose words have been expanded; `plain` leaves functions aside (`command`). */
  words(shell: Shell, words: readonly string[], plain: boolean): Promise<number>;
  /** Becomes another program: returns only with its exit code. @throws ShellError */
  replace(shell: Shell, words: readonly string[]): Promise<number>;
  substitute(shell: Shell, body: readonly Statement[]): Promise<string>;
  readonly builtins: ReadonlySet<string>;
}

export interface ShellOptions {
  /** `$0` */
  readonly name: string;
  readonly multicall: Program;
  readonly isInteractive?: boolean;
  readonly terminal?: Terminal | undefined;
}

/** What a step of the interpreter takes of the CPU, in microseconds, and how much is put together for one charge. */
const STEP = 30;
const SLICE = 10_000;

/** A running shell: variables, functions, descriptors, traps, jobs. A subshell is a copy in another process. */
export class Shell implements ExpansionHost {
  readonly context: ProgramContext;
  readonly runner: Runner;
  /** Runs another applet in a process that has become it. */
  readonly multicall: Program;
  readonly signals: SignalInbox;
  readonly jobs: Jobs;
  readonly variables: Variables;
  readonly functions: Map<string, Command>;
  readonly aliases: Map<string, string>;
  /** What `ulimit` has set, by the letter of its option. */
  readonly limits: Map<string, string>;
  /** Letters of `set`, and `pipefail`. */
  readonly options: Set<string>;
  /** By signal name without SIG, and EXIT. */
  readonly traps = new Map<string, string>();
  readonly terminal: Terminal | undefined;
  /** `$$` */
  readonly rootPid: number;
  /** `$0`. */
  name: string;
  /** The script, where there is one: errors then name it and the line. */
  script: string | undefined;
  /** The builtin that runs now, for errors. */
  builtin: string | undefined;
  line = 0;
  /** The statement that runs: a job is called so. */
  text = '';
  /** Above 0 where `exit` has just said that there are stopped jobs: the next one is meant. */
  exitsWarned = 0;
  /** What is added to the line of a command: scripts can come in parts. */
  lineOffset = 0;
  positional: readonly string[] = [];
  descriptors: Map<number, Descriptor>;
  cwd: string;
  status = 0;
  lastBackground: number | undefined;
  /** How deep in functions and sourced files, where `return` has something to return from. */
  callDepth = 0;
  loopDepth = 0;
  /** More than 0 where a failing command does not end a `set -e` script: it is a condition. */
  tested = 0;
  /** Exit code of the last `$(…)`, which is that of a command without words. */
  substituted: number | undefined;
  optionIndex = 0;
  /** Lines typed at the prompt. */
  readonly history: string[] = [];
  readonly isInteractive: boolean;
  readonly #debt: CpuDebt;

  constructor(context: ProgramContext, runner: Runner, options: ShellOptions, parent?: Shell) {
    const allocate = (bytes: number): void => context.memory.allocate(bytes);
    this.context = context;
    this.#debt = new CpuDebt(context.cpu, SLICE);
    this.runner = runner;
    this.multicall = options.multicall;
    this.name = options.name;
    this.isInteractive = options.isInteractive ?? false;
    this.terminal = options.terminal;
    this.signals = new SignalInbox(context);
    this.jobs = new Jobs();
    this.rootPid = parent?.rootPid ?? context.pid;
    this.cwd = parent?.cwd ?? context.cwd;
    this.descriptors = new Map([
      ...(parent?.descriptors ?? []),
      [0, { input: new Input(context.stdin, context) }],
      [1, { output: context.stdout }],
      [2, { output: context.stderr }],
    ]);
    this.variables = new Variables(allocate, parent?.variables);
    this.functions = new Map(parent?.functions);
    this.aliases = new Map(parent?.aliases);
    this.limits = new Map(parent?.limits);
    this.options = new Set(parent?.options);
    if (parent === undefined) this.#inheritEnvironment();
    else this.#copy(parent);
  }

  get files(): FileSystem {
    return this.context.files;
  }

  get stdin(): Input {
    const input = this.descriptors.get(0)?.input;
    if (input === undefined) throw new ShellError('0: Bad file descriptor', 1);
    return input;
  }

  hasOption(letter: string): boolean {
    return this.options.has(letter);
  }

  get(name: string): string | undefined {
    return this.parameter(name);
  }

  set(name: string, value: string): void {
    this.step(value.length / BYTES_PER_MICROSECOND);
    this.variables.set(name, value);
  }

  parameter(name: string): string | undefined {
    switch (name) {
      case '?':
        return String(this.status);
      case '$':
        return String(this.rootPid);
      case '!':
        return this.lastBackground === undefined ? undefined : String(this.lastBackground);
      case '#':
        return String(this.positional.length);
      case '-':
        return [...this.options].filter((letter) => letter.length === 1).join('');
      case '0':
        return this.name;
      case 'RANDOM':
        return String(this.context.random.between(0, 32767));
      case 'LINENO':
        return String(Math.max(0, this.line + this.lineOffset));
      default:
        return /^\d+$/.test(name) ? this.positional[Number(name) - 1] : this.variables.get(name);
    }
  }

  home(user: string): string | undefined {
    if (user === '') return this.variables.get('HOME');
    if (!this.files.exists('/etc/passwd')) return undefined;
    const line = this.files
      .readText('/etc/passwd')
      .split('\n')
      .find((each) => each.startsWith(`${user}:`));
    return line?.split(':')[5];
  }

  substitute(body: readonly Statement[]): Promise<string> {
    return this.runner.substitute(this, body);
  }

  /** An absolute path. */
  path(path: string): string {
    return path.startsWith('/') ? path : `${this.cwd === '/' ? '' : this.cwd}/${path}`;
  }

  print(text: string | Uint8Array): void {
    const output = this.descriptors.get(1)?.output;
    if (output === undefined) {
      if (this.builtin === 'echo') this.say(`${this.name}: write error: Bad file descriptor\n`);
      throw new ShellError('', 1);
    }
    try {
      output.write(text);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // Only this one tells; the others fail.
      if (this.builtin === 'echo') this.say(`${this.name}: write error: ${errorWords(error)}\n`);
      throw new ShellError('', 1);
    }
  }

  /** Text on standard error as it is. */
  say(text: string): void {
    this.descriptors.get(2)?.output?.write(text);
  }

  /** An error of the shell, with the names and numbers that ash puts in front. */
  complain(message: string): void {
    const command = this.builtin ?? this.script;
    const inner = command === undefined || command === this.name ? '' : `${command}: `;
    const line =
      command === undefined || this.isInteractive ? '' : `line ${Math.max(0, this.line + this.lineOffset)}: `;
    this.say(`${this.name}: ${inner}${line}${message}\n`);
  }

  /** Charges a step. @returns whether {@link pay} must be waited for */
  step(micros = STEP): boolean {
    this.#debt.owe(micros);
    return this.#debt.isDue;
  }

  pay(): Promise<void> {
    return this.#debt.pay();
  }

  /** A subshell: what it changes stays in it. @param context of the process it runs in */
  fork(): (context: ProgramContext) => Shell {
    const options = { name: this.name, terminal: this.terminal, multicall: this.multicall };
    const frozen = new Shell(this.context, this.runner, options, this);
    const descriptors = new Map(this.descriptors);
    for (const fd of [0, 1, 2]) descriptors.delete(fd);
    frozen.descriptors = descriptors;
    return (context) => new Shell(context, this.runner, options, frozen);
  }

  /** The exit code of the last `$(…)` since this was asked, 0 without one. */
  takeSubstituted(): number {
    const status = this.substituted ?? 0;
    this.substituted = undefined;
    return status;
  }

  isBuiltin(name: string): boolean {
    return this.runner.builtins.has(name);
  }

  /** Where commands are looked for, `undefined` where none is found. */
  findCommand(name: string): string | undefined {
    if (name.includes('/')) return this.isExecutable(this.path(name)) ? name : undefined;
    for (const folder of (this.variables.get('PATH') ?? '').split(':')) {
      const path = `${folder === '' ? '.' : folder}/${name}`;
      if (this.isExecutable(this.path(path))) return path;
    }
    return undefined;
  }

  isExecutable(path: string): boolean {
    try {
      const { type, mode } = this.files.stat(path);
      return type === 'file' && (mode & 0o111) !== 0;
    } catch (error) {
      if (error instanceof FileError) return false;
      throw error;
    }
  }

  #inheritEnvironment(): void {
    const { variables, context } = this;
    for (const [name, value] of Object.entries(context.env)) {
      if (!/^[A-Za-z_]\w*$/.test(name)) {
        variables.passOn(name, value);
        continue;
      }
      variables.set(name, value);
      variables.mark(name, { isExported: true });
    }
    variables.set('IFS', ' \t\n');
    variables.set('OPTIND', '1');
    if (!variables.has('PATH')) variables.set('PATH', '/sbin:/usr/sbin:/bin:/usr/bin');
    variables.set('PS1', '\\w \\$ ');
    variables.set('PS2', '> ');
    variables.set('PS4', '+ ');
    const self = context.processes.list().find(({ pid }) => pid === context.pid);
    variables.set('PPID', String(self?.parent ?? 0));
    variables.set('PWD', this.cwd);
    variables.mark('PWD', { isExported: true });
    variables.set('SHLVL', String(Number(variables.get('SHLVL') ?? 0) + 1));
    variables.mark('SHLVL', { isExported: true });
  }

  #copy(parent: Shell): void {
    this.positional = parent.positional;
    this.script = parent.script;
    this.line = parent.line;
    this.lineOffset = parent.lineOffset;
    this.status = parent.status;
    this.lastBackground = parent.lastBackground;
    this.callDepth = parent.callDepth;
    this.loopDepth = parent.loopDepth;
    this.tested = parent.tested;
  }
}
