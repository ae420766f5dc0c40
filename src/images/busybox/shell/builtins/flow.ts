import { FileError } from '../../../../cluster/runtime/types.ts';
import { errorWords } from '../../errors.ts';
import { Exit, LoopJump, Return, ShellError } from '../control.ts';
import { runScript } from '../script.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

const jumpOutOfLoops =
  (kind: 'break' | 'continue'): Builtin =>
  (shell, [count = '1']) => {
    if (!/^\d+$/.test(count) || count === '0') throw new ShellError(`Illegal number: ${count}`);
    if (shell.loopDepth === 0) return 0;
    throw new LoopJump(kind, Math.min(Number(count), shell.loopDepth));
  };

const statusOf = (shell: Shell, text: string | undefined): number => {
  if (text === undefined) return shell.status;
  if (!/^\d+$/.test(text)) throw new ShellError(`Illegal number: ${text}`);
  return Number(text) & 0xff;
};

const returnFrom: Builtin = (shell, [status]) => {
  const value = statusOf(shell, status);
  throw shell.callDepth === 0 ? new Exit(value) : new Return(value);
};

const exit: Builtin = (shell, [status]) => {
  if (shell.isInteractive && shell.jobs.areStopped && shell.exitsWarned === 0) {
    shell.say('You have stopped jobs.\n');
    shell.exitsWarned = 2;
    return 0;
  }
  throw new Exit(statusOf(shell, status));
};

const evaluate: Builtin = async (shell, args) => {
  await Promise.resolve();
  return runScript(shell, args.join(' '));
};

const source: Builtin = async (shell, [name, ...args]) => {
  if (name === undefined) return 0;
  const text = readScript(shell, name);
  const { positional, script } = shell;
  if (args.length > 0) shell.positional = args;
  shell.script = name;
  shell.builtin = undefined;
  shell.callDepth++;
  await Promise.resolve();
  try {
    return await runScript(shell, text);
  } catch (jump) {
    if (jump instanceof Return) return jump.status;
    throw jump;
  } finally {
    shell.callDepth--;
    shell.script = script;
    if (args.length > 0) shell.positional = positional;
  }
};

function readScript(shell: Shell, name: string): string {
  const found = name.includes('/') ? undefined : findInPath(shell, name);
  if (found === undefined && !name.includes('/')) throw new ShellError(`${name}: not found`);
  try {
    return shell.files.readText(shell.path(found ?? name));
  } catch (error) {
    throw new ShellError(`can't open '${name}': ${errorWords(error)}`);
  }
}

/** A sourced file needs not be executable. */
function findInPath(shell: Shell, name: string): string | undefined {
  const folders = (shell.variables.get('PATH') ?? '').split(':');
  return [...folders, '.']
    .map((folder) => `${folder === '' ? '.' : folder}/${name}`)
    .find((path) => {
      try {
        return shell.files.stat(shell.path(path)).type === 'file';
      } catch (error) {
        if (error instanceof FileError) return false;
        throw error;
      }
    });
}

const execute: Builtin = async (shell, args) => {
  if (args.length === 0) return 0;
  const status = await shell.runner.replace(shell, args);
  throw new Exit(status);
};

const shift: Builtin = (shell, [count = '1']) => {
  if (!/^\d+$/.test(count)) throw new ShellError(`Illegal number: ${count}`);
  if (Number(count) > shell.positional.length) return 1;
  shell.positional = shell.positional.slice(Number(count));
  return 0;
};

export const flow: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  break: jumpOutOfLoops('break'),
  continue: jumpOutOfLoops('continue'),
  return: returnFrom,
  exit,
  eval: evaluate,
  '.': source,
  source,
  exec: execute,
  shift,
};
