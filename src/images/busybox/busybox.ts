import type { Program, ProgramContext } from '../../cluster/runtime/types.ts';
import { FileError } from '../../cluster/runtime/types.ts';
import { applets } from './applets.ts';
import { baseName, Command } from './command.ts';
import { derive } from './derive.ts';
import { errorWords, Failure, memoryProblem, OUT_OF_MEMORY, UsageError } from './errors.ts';
import { withTerminal } from './terminal/terminal.ts';
import { usageOf } from './usage.ts';

const BANNER = 'BusyBox v1.37.0 (2024-09-26 21:31:42 UTC) multi-call binary.\n';

/** The program behind every name in `/bin`: what it is called by says what it does. */
export const busybox: Program = async (raw) => {
  const context = withTerminal(raw);
  const name = baseName(context.args[0] ?? '').replace(/^-/, '');
  if (name !== 'busybox') return runApplet(context, name);
  const [, first, ...rest] = context.args;
  if (first === undefined || first === '--help') return introduce(context);
  if (first === '--list') {
    context.stdout.write([...applets.keys()].map((each) => `${each}\n`).join(''));
    return 0;
  }
  return runApplet(derive(context, { args: [first, ...rest] }), baseName(first));
};

async function runApplet(context: ProgramContext, name: string): Promise<number> {
  const applet = applets.get(name);
  if (applet === undefined) {
    context.stderr.write(`${name}: applet not found\n`);
    return 127;
  }
  if (context.args[1] === '--help' && !/^(\[|\[\[|echo|test|true|false|:)$/.test(name)) {
    context.stderr.write(`${BANNER}\nUsage: ${usageOf(name)}\n`);
    return 0;
  }
  const command = new Command(context, busybox);
  try {
    return await applet(command);
  } catch (error) {
    return explain(command, error);
  }
}

function explain(command: Command, thrown: unknown): number {
  const error = memoryProblem(thrown) ?? thrown;
  if (error instanceof UsageError) {
    if (error.problem !== undefined) command.warn(error.problem);
    command.context.stderr.write(`${BANNER}\nUsage: ${usageOf(command.name)}\n`);
    return /^([ef]?grep|sort|test|\[)$/.test(command.name) ? 2 : 1;
  }
  if (error instanceof Failure) {
    if (error.message === OUT_OF_MEMORY) command.context.memory.exhaust();
    if (error.message !== '') command.warn(error.message);
    return error.code;
  }
  if (!(error instanceof FileError)) throw error;
  command.warn(`write error: ${errorWords(error)}`);
  return 1;
}

function introduce(context: ProgramContext): number {
  const names = [...applets.keys()].sort().join(', ');
  const lines = names.match(/.{1,70}(?:, |$)/g) ?? [];
  context.stdout.write(
    `${BANNER}\nUsage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n   or: function [arguments]...\n\nCurrently defined functions:\n${lines.map((line) => `\t${line.trimEnd()}\n`).join('')}`,
  );
  return 0;
}
