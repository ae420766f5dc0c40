import { killProcesses } from '../../common/kill.ts';
import { SIGNALS, signalName } from '../../common/signals.ts';
import { ShellError } from '../control.ts';
import type { Job } from '../jobs.ts';
import { parseReadable } from '../script.ts';
import { bringToForeground, continueJob } from '../processes.ts';
import { singleQuoted } from '../quote.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

const trap: Builtin = (shell, args) => {
  const operands = args[0] === '--' ? args.slice(1) : args;
  if (/^-[^-]/.test(args[0] ?? '')) throw new ShellError(`illegal option ${args[0]?.slice(0, 2) ?? ''}`);
  if (operands.length === 0) {
    for (const [name, action] of shell.traps) shell.print(`trap -- ${singleQuoted(action)} ${name}\n`);
    return 0;
  }
  const [first = '', ...rest] = operands;
  const isReset = first === '-' || (rest.length === 0 && signalOrExit(first) !== undefined);
  let status = 0;
  for (const operand of isReset && first !== '-' ? operands : rest) {
    const name = signalOrExit(operand);
    if (name === undefined) {
      shell.complain(`${operand}: invalid signal specification`);
      status = 1;
    } else if (isReset) shell.traps.delete(name);
    else {
      parseReadable(first);
      shell.traps.set(name, first);
      if (name !== 'EXIT') shell.signals.listen(name);
    }
  }
  return status;
};

function signalOrExit(text: string): string | undefined {
  return text === '0' || text.toUpperCase() === 'EXIT' ? 'EXIT' : signalName(text);
}

const wait: Builtin = async (shell, args) => {
  if (args.length === 0) {
    for (const job of shell.jobs.list) {
      const interrupted = await waitFor(shell, job);
      if (interrupted !== undefined) return interrupted;
    }
    return 0;
  }
  let status = 0;
  for (const argument of args) {
    const job = shell.jobs.find(argument);
    if (job === undefined && argument.startsWith('%')) throw new ShellError(`${argument}: no such job`);
    if (job === undefined) {
      status = shell.jobs.remembered(Number(argument)) ?? 127;
      continue;
    }
    const interrupted = await waitFor(shell, job);
    if (interrupted !== undefined) return interrupted;
    status = job.status ?? 0;
    if (status === 143 && !shell.isInteractive) shell.say('Terminated\n');
    if (status === 137 && !shell.isInteractive) shell.say('Killed\n');
  }
  return status;
};

/** @returns the status where a signal came first; its trap runs next */
async function waitFor(shell: Shell, job: Job): Promise<number | undefined> {
  if (job.status === undefined && (await shell.signals.waitFor(job.ended)) === undefined) {
    const name = shell.signals.take() ?? 'INT';
    shell.signals.putBack(name);
    return 128 + (SIGNALS[name] ?? 0);
  }
  job.isWaitedFor = true;
  return undefined;
}

const jobs: Builtin = (shell, args) => {
  for (const job of shell.jobs.list) {
    shell.print(args[0] === '-p' ? `${job.pids[0]}\n` : `${shell.jobs.describe(job)}\n`);
  }
  for (const job of shell.jobs.list) {
    job.isNews = false;
    if (job.status !== undefined) shell.jobs.forget(job);
  }
  return 0;
};

const findJob = (shell: Shell, text: string | undefined): Job => {
  const job = shell.jobs.find(text ?? '%%');
  if (job === undefined) throw new ShellError(text === undefined ? 'No current job' : `No such job: ${text}`);
  return job;
};

const fg: Builtin = (shell, [text]) => {
  const job = findJob(shell, text);
  shell.print(`${job.text}\n`);
  return bringToForeground(shell, job);
};

const bg: Builtin = (shell, [text]) => {
  const job = findJob(shell, text);
  shell.print(`[${job.number}] ${job.text}\n`);
  continueJob(shell, job);
  shell.jobs.goesOn(job);
  return 0;
};

const kill: Builtin = async (shell, args) => {
  const resolved = args.flatMap((argument) => {
    if (!argument.startsWith('%')) return [argument];
    const job = shell.jobs.find(argument);
    if (job === undefined) throw new ShellError(`${argument}: no such job`);
    return job.pids.map(String);
  });
  const status = killProcesses(shell.context, resolved, {
    print: (text) => shell.print(text),
    warn: (message) => shell.say(`sh: ${message}\n`),
  });
  // A signal to the shell itself arrives before the next command.
  await shell.pay();
  return status;
};

export const jobBuiltins: Readonly<Record<string, Builtin>> = { trap, wait, jobs, fg, bg, kill };
