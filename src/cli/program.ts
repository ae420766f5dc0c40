import { Command, CommanderError } from 'commander';
import { BreakfixError, messageOf } from '../core/errors.ts';
import type { CopyWork } from '../engine/copy-work.ts';
import { ClusterUnreachable } from '../kube/client.ts';
import type { WorkOnCopy } from '../providers/embedded/on-copy.ts';
import { type CommandContext, createContext, packageVersion } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { hiddenCommands } from './hidden-commands.ts';
import { createOutput, type Output, outputWidth, wrapLines } from './output.ts';
import { Cancelled } from './prompts.ts';
import { addAuthorCommands } from './tree/author.ts';
import { addClusterCommands } from './tree/cluster.ts';
import { treeOf, type Work } from './tree/define.ts';
import { addLearnerCommands } from './tree/learner.ts';

/** Runs a command line and says what the process is to end with. */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === hiddenCommands.labProcess) return labProcess(args[1] ?? '');
  if (args[0] === hiddenCommands.verifyWorker) return verifyWorker();
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Error('interrupted'));
  // Not `once`: execa re-raises a signal that nobody seems to listen to, and nothing would be cleaned up.
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', goneReader(onSignal));
  const output = createOutput({ json: args.includes('--json') });
  const context = createContext(output, interrupted.signal);
  try {
    return await runIn(context, args);
  } catch (error) {
    if (interrupted.signal.aborted || error instanceof Cancelled) {
      const error = { code: 'INTERRUPTED', kind: 'user', message: 'interrupted' };
      output.failure(error);
      output.note(error.message);
      return exitCodes.interrupted;
    }
    return failed(error, output);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Who read has left, as `| head` does: what is not done yet is not wanted any more. Stays until the process ends. */
function goneReader(interrupt: () => void): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== 'EPIPE') throw error;
    interrupt();
  };
}

/** @returns the exit code @throws whatever the command throws */
export async function runIn(context: CommandContext, args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = createProgram(async (work) => {
    const code = await work(context);
    exitCode = typeof code === 'number' ? code : exitCodes.ok;
  });
  try {
    await program.parseAsync(await wanted(context, program, args), { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCodes.ok;
    const message = error.message.replace(/^error: /, '');
    context.output.failure({ code: 'USAGE', kind: 'user', message, fix: 'breakfix --help' });
    return exitCodes.usage;
  }
}

/** Nothing asked: a menu where somebody can be asked, otherwise the help. */
async function wanted(
  context: CommandContext,
  program: Command,
  args: readonly string[],
): Promise<readonly string[]> {
  if (args.length > 0) return args;
  if (context.prompts !== undefined) {
    return (await import('./commands/menu.ts')).menu(context, context.prompts);
  }
  program.outputHelp();
  throw new CommanderError(exitCodes.ok, 'help', '');
}

/** Prints what went wrong. @returns the exit code */
export function failed(thrown: unknown, output: Output): number {
  const error = thrown instanceof ClusterUnreachable ? unreachable(thrown) : (notWritten(thrown) ?? thrown);
  if (error instanceof BreakfixError) {
    const { code, kind, message, fix, docs } = error;
    output.failure({ code, kind, message, fix, docs });
    // Wrapped with its first word, and coloured then: colours have no width.
    const text = wrapLines(`error ${message}`, output.width);
    output.note(text.replace('error', output.colors.red('error')));
    output.note(wrapLines(`fix: ${fix}`, output.width));
    return exitCodeOf(kind);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  output.failure({ code: 'BUG', kind: 'bug', message: messageOf(error) });
  output.note(`this is a bug of breakfix; please report it with these lines:\n${text}`);
  return exitCodes.bug;
}

/** A disk that is full or closed is nobody's bug, whichever file met it first. */
function notWritten(cause: unknown): BreakfixError | undefined {
  const { code } = cause as NodeJS.ErrnoException;
  if (!(cause instanceof Error) || code === undefined || !UNWRITABLE.has(code)) return undefined;
  return new BreakfixError({
    code: 'DISK_UNWRITABLE',
    kind: 'environment',
    message: `breakfix could not write what it keeps of a lab: ${cause.message}`,
    fix: 'free some space or mend its permissions, or set XDG_STATE_HOME to a folder that can be written',
    cause,
  });
}
const UNWRITABLE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM']);

function unreachable(cause: ClusterUnreachable): BreakfixError {
  return new BreakfixError({
    code: 'CLUSTER_UNREACHABLE',
    kind: 'lab',
    message: cause.message,
    fix: 'breakfix status shows what is left; breakfix reset builds the lab anew, breakfix stop removes it',
    cause,
  });
}

/** The hidden command that a lab's background process runs. */
async function labProcess(folder: string): Promise<number> {
  const { runLabProcess } = await import('../providers/embedded/lab-process.ts');
  await runLabProcess(folder, { ready: (port) => process.send?.({ port }), loadWork: copyWork });
  return exitCodes.ok;
}

/** What a lab's process does on copies of the lab. The catalogue is loaded with it: the first grade is not to wait for it. */
async function copyWork(): Promise<WorkOnCopy> {
  const { workOnCopy } = await import('../engine/copy-work.ts');
  const context = createContext(createOutput({ json: false }), new AbortController().signal);
  await context.catalogue();
  return (copy, question, signal) =>
    workOnCopy(copy, question as CopyWork, (record) => context.catalogueOf(record), signal);
}

/** The hidden command that a process of `breakfix verify` runs. */
async function verifyWorker(): Promise<number> {
  const { ProcessCopies } = await import('../core/process-copy.ts');
  const { localProver } = await import('./verify/proofs.ts');
  const { serveProofs } = await import('./verify/workers.ts');
  const context = createContext(createOutput({ json: false }), new AbortController().signal);
  const provider = await context.provider('embedded', { local: true });
  await serveProofs(localProver(context, provider, await ProcessCopies.load()));
  return exitCodes.ok;
}

/** The tree of commands. @param run does what the command line asked for */
export function createProgram(run: (work: Work) => Promise<void>): Command {
  const program = new Command('breakfix')
    .description('Breaks a Kubernetes cluster, hands it to you with a ticket, and grades your repair.')
    // Without a terminal, and beside long names, commander's lines have no end. That all commands have options says nothing.
    .configureOutput({ getOutHelpWidth: outputWidth })
    .configureHelp({
      minWidthToWrap: 30,
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace(' [options]', ''),
    })
    .version(packageVersion())
    .showSuggestionAfterError()
    .addHelpText('after', '\nExamples:\n  $ breakfix start\n  $ breakfix grade\n  $ breakfix stop --all');
  const tree = treeOf(program, run);
  addLearnerCommands(tree);
  addClusterCommands(tree);
  addAuthorCommands(tree, program);
  return program;
}
