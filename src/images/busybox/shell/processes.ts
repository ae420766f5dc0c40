import type {
  InputStream,
  OutputStream,
  SpawnedProcess,
  SpawnOptions,
} from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { errorWords, OUT_OF_MEMORY } from '../errors.ts';
import { decode, EMPTY, Input, joinBytes } from '../streams.ts';
import { withTerminal } from '../terminal/terminal.ts';
import { unwrapInput, unwrapOutput } from '../terminal/views.ts';
import { ShellError } from './control.ts';
import { type Job, nextStop } from './jobs.ts';
import type { Descriptor, Shell } from './shell.ts';
import type { Part, Simple } from './tree.ts';

/** A child; one that could not be started has no pid. */
export interface Running {
  readonly pid?: number;
  readonly exited: Promise<number>;
  readonly stopped?: () => Promise<void>;
}

/** Output of `$(…)` beyond this is no text any more that a shell could hold. */
const LONGEST_SUBSTITUTION = 16 * 1024 * 1024;

/** What a shell says about a process that a signal has ended, by exit code. */
const OBITUARIES: Readonly<Record<number, string>> = {
  129: 'Hangup',
  131: 'Quit',
  137: 'Killed',
  138: 'User defined signal 1',
  139: 'Segmentation fault',
  140: 'User defined signal 2',
  143: 'Terminated',
};

/** Statuses of what SIGINT has ended, and of what SIGTSTP has stopped. */
const INTERRUPTED = 130;
const STOPPED = 148;

const CLOSED: OutputStream = { write: () => {}, end: () => {} };

export function pipeOf(shell: Shell): { readonly input: Input; readonly output: OutputStream } {
  const { input, output } = shell.context.processes.pipe();
  return { input: new Input(input, shell.context), output };
}

function streamsOf(
  descriptors: ReadonlyMap<number, Descriptor>,
): Required<Pick<SpawnOptions, 'stdin' | 'stdout' | 'stderr'>> {
  const output = (fd: number): OutputStream => unwrapOutput(descriptors.get(fd)?.output ?? CLOSED);
  const input: InputStream = descriptors.get(0)?.input?.forChild() ?? EMPTY;
  return { stdin: unwrapInput(input), stdout: output(1), stderr: output(2) };
}

/** Would it be a program whatever its words expand to, without anything that takes time to expand? */
export function isPlain(shell: Shell, command: Simple, builtins: ReadonlyMap<string, unknown>): boolean {
  const name = command.words[0]?.literal;
  if (name === undefined || builtins.has(name) || shell.functions.has(name) || shell.aliases.has(name)) {
    return false;
  }
  const words = [
    ...command.words,
    ...command.assignments.map(({ value }) => value),
    ...command.redirections.map(({ word }) => word),
  ];
  return words.every(({ parts }) => parts.every(isQuick));
}

function isQuick(part: Part): boolean {
  if (part.kind === 'double') return part.parts.every(isQuick);
  return part.kind === 'text' || part.kind === 'quoted' || (part.kind === 'parameter' && !part.operator);
}

/** Microseconds of CPU that fork(2) takes of the parent, and what it has to copy for each variable. */
const FORK = 100;

function costOfFork(shell: Shell): number {
  return FORK + shell.variables.size;
}

/** Starts a program. @returns the exit code where that cannot be, which has been said then */
export function startProgram(
  shell: Shell,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  descriptors: ReadonlyMap<number, Descriptor>,
): SpawnedProcess | number {
  const [name = '', ...args] = words;
  shell.step(costOfFork(shell));
  const options = { env, cwd: shell.cwd, ...streamsOf(descriptors) };
  try {
    const isFindable = name.includes('/') || shell.variables.has('PATH');
    const child = isFindable ? shell.context.processes.spawn(words, options) : undefined;
    if (child !== undefined) return child;
    shell.complain(`${name}: not found`);
    return 127;
  } catch (error) {
    if (isOutOfProcesses(error)) throw new ShellError("can't fork: Resource temporarily unavailable");
    if (!(error instanceof FileError)) throw error;
    if (error.code === 'ENOEXEC') {
      const script = shell.findCommand(name) ?? name;
      const child = shell.context.processes.spawn(['/bin/sh', script, ...args], options);
      if (child !== undefined) return child;
    }
    shell.complain(`${name}: ${errorWords(error)}`);
    return 126;
  }
}

/** Runs a copy of the shell in a process of its own. */
export function forkShell(
  shell: Shell,
  descriptors: Map<number, Descriptor>,
  run: (sub: Shell) => Promise<number>,
): SpawnedProcess {
  shell.step(costOfFork(shell));
  const before = shell.descriptors;
  shell.descriptors = descriptors;
  const copy = shell.fork();
  shell.descriptors = before;
  try {
    return shell.context.processes.fork((context) => run(copy(withTerminal(context))), shell.context.args, {
      env: shell.variables.environment(),
      cwd: shell.cwd,
      ...streamsOf(descriptors),
    });
  } catch (error) {
    if (isOutOfProcesses(error)) throw new ShellError("can't fork: Resource temporarily unavailable");
    throw error;
  }
}

function isOutOfProcesses(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/** Waits for children that the terminal belongs to meanwhile. @returns the status of the pipeline */
export function waitForeground(shell: Shell, children: readonly Running[]): Promise<number> {
  return inForeground(shell, children, () => shell.jobs.add(children, shell.text));
}

/** The same for a job that was stopped, or ran in the background. */
export async function bringToForeground(shell: Shell, job: Job): Promise<number> {
  job.stoppedBy = undefined;
  continueJob(shell, job);
  const status = await inForeground(shell, job.children, () => job);
  if (job.status !== undefined) shell.jobs.forget(job);
  return status;
}

/** Has all of its processes go on. */
export function continueJob(shell: Shell, { pids }: Job): void {
  if (shell.terminal !== undefined) shell.terminal.signalGroup(pids, 'SIGCONT');
  else for (const pid of pids) shell.context.processes.kill(pid, 'SIGCONT');
}

/** @param asJob what they are when Ctrl-Z has stopped them */
async function inForeground(shell: Shell, children: readonly Running[], asJob: () => Job): Promise<number> {
  const pids = children.flatMap(({ pid }) => pid ?? []);
  const mayStop = shell.isInteractive && shell.hasOption('m');
  const giveBack = shell.isInteractive ? shell.terminal?.takeForeground(pids, mayStop) : undefined;
  const ended = Promise.all(children.map(({ exited }) => exited));
  const codes = await (mayStop ? Promise.race([ended, nextStop(children)]) : ended);
  const isInterrupted = giveBack?.() ?? false;
  if (codes === undefined) {
    shell.jobs.stop(asJob(), 'key');
    return STOPPED;
  }
  const last = codes.at(-1) ?? 0;
  // Whoever interrupts a program means what the shell was to do with it as well.
  if (last === INTERRUPTED && isInterrupted) shell.signals.raise('INT');
  const obituary = OBITUARIES[last];
  if (obituary !== undefined) shell.say(`${obituary}\n`);
  return shell.hasOption('pipefail') ? (codes.findLast((code) => code !== 0) ?? 0) : last;
}

/** Reads what a command substitution writes, to the end. */
export async function readOutput(shell: Shell, input: Input): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let chunk = await input.read(); chunk !== undefined; chunk = await input.read()) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LONGEST_SUBSTITUTION) throw new ShellError(OUT_OF_MEMORY);
    if (shell.step(chunk.length / 100)) await shell.pay();
  }
  return decode(joinBytes(chunks)).replaceAll('\0', '');
}
