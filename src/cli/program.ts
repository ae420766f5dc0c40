import { Command, CommanderError } from 'commander';
import { BreakfixError, messageOf } from '../core/errors.ts';
import { type CommandContext, createContext, packageVersion } from './context.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';

/** @returns the exit code, where that is not 0 */
type Work = (context: CommandContext) => Promise<unknown>;

/** Runs a command line and says what the process is to end with. */
export async function run(args: readonly string[]): Promise<number> {
  if (args[0] === 'lab-process') return labProcess(args[1] ?? '');
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Error('interrupted'));
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  const output = createOutput({ json: args.includes('--json') });
  let exitCode: number = exitCodes.ok;
  const program = createProgram(async (work) => {
    const code = await work(createContext(output, interrupted.signal));
    exitCode = typeof code === 'number' ? code : exitCodes.ok;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (interrupted.signal.aborted) {
      output.note('interrupted');
      return exitCodes.interrupted;
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return failed(error, output);
  }
}

function failed(error: unknown, output: Output): number {
  if (error instanceof BreakfixError) {
    const { code, kind, message, fix, docs } = error;
    if (output.json) output.result({ error: { code, kind, message, fix, docs } }, '');
    else {
      output.note(`${output.colors.red('error')} ${message}`);
      output.note(`fix: ${fix}`);
    }
    return exitCodeOf(kind);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  if (output.json) output.result({ error: { code: 'BUG', kind: 'bug', message: messageOf(error) } }, '');
  else output.note(`this is a bug of breakfix; please report it with these lines:\n${text}`);
  return exitCodes.bug;
}

/** The hidden command that a lab's background process runs. */
async function labProcess(folder: string): Promise<number> {
  const { runLabProcess } = await import('../providers/embedded/lab-process.ts');
  await runLabProcess(folder, (port) => process.send?.({ port }));
  return exitCodes.ok;
}

function createProgram(work: (work: Work) => Promise<void>): Command {
  const program = new Command('breakfix')
    .description('Breaks a Kubernetes cluster, hands it to you with a ticket, and grades your repair.')
    .version(packageVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .option('--json', 'print one JSON document on standard output');
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option('--json', 'print one JSON document on standard output')
      .exitOverride();

  command('list', 'the incidents')
    .option('--area <area>', 'probes, dns, images or memory')
    .option('--difficulty <difficulty>', 'beginner, intermediate or advanced')
    .option('--author', 'with what learners must not see')
    .action((flags: { area?: string; difficulty?: string; author?: boolean }) =>
      work(async (context) => (await import('./commands/list.ts')).list(context, flags)),
    );
  command('show <incident>', 'the ticket of an incident and its rules')
    .option('--author', 'with what learners must not see')
    .action((incident: string, flags: { author?: boolean }) =>
      work(async (context) => (await import('./commands/list.ts')).show(context, incident, flags)),
    );
  command('start [incident]', 'start a lab: a broken cluster and a ticket')
    .option('--provider <name>', 'embedded or kind', 'embedded')
    .option('--seed <number>', 'the same numbers and names again')
    .option('--area <area>', 'any incident of an area')
    .option('--random', 'any incident')
    .option('--id <id>', 'a scenario by its id (for authors)')
    .action(
      (
        incident: string | undefined,
        flags: { provider: string; seed?: string; area?: string; random?: boolean; id?: string },
      ) => work(async (context) => (await import('./commands/start.ts')).start(context, incident, flags)),
    );
  command('status', 'the labs that run').action(() =>
    work(async (context) => (await import('./commands/status.ts')).status(context)),
  );
  command('hint [lab]', 'the next hint').action((lab: string | undefined) =>
    work(async (context) => (await import('./commands/hint.ts')).hint(context, lab)),
  );
  command('grade [lab]', 'look at the cluster and grade the repair').action((lab: string | undefined) =>
    work(async (context) => (await import('./commands/grade.ts')).grade(context, lab)),
  );
  command('stop [lab]', 'remove a lab and everything it left')
    .option('--all', 'every lab')
    .action((lab: string | undefined, flags: { all?: boolean }) =>
      work(async (context) => (await import('./commands/stop.ts')).stop(context, lab, flags)),
    );
  command('verify [ids...]', 'prove that scenarios are sound (for authors)')
    .option('--all', 'every scenario')
    .option('--provider <name>', 'embedded or kind', 'embedded')
    .option('--seeds <seeds>', 'how many, or which (7,12)', '1')
    .option('--only <text>', 'only cases with this in their name')
    .action((ids: string[], flags: { all?: boolean; provider: string; seeds: string; only?: string }) =>
      work(async (context) => (await import('./commands/verify.ts')).verify(context, ids, flags)),
    );
  return program;
}
