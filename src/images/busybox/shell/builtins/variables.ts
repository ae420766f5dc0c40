import { ShellError } from '../control.ts';
import { ArithmeticError, calculate } from '../arithmetic.ts';
import { singleQuoted } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { getopts } from './getopts.ts';
import type { Builtin } from './types.ts';

/** `NAME` or `NAME=VALUE`. */
function readAssignment(argument: string): { readonly name: string; readonly value: string | undefined } {
  const [, name, , value] = /^([A-Za-z_]\w*)(=([^]*))?$/.exec(argument) ?? [];
  if (name === undefined) throw new ShellError(`${argument.replace(/=.*/s, '')}: bad variable name`);
  return { name, value };
}

const marker =
  (mark: 'isExported' | 'isReadOnly'): Builtin =>
  (shell, args, command) => {
    const operands = args.filter((argument) => argument !== '-p');
    if (operands.length === 0) {
      for (const [name, value] of shell.variables.list(mark)) {
        shell.print(`${command} ${name}${value === undefined ? '' : `=${singleQuoted(value)}`}\n`);
      }
      return 0;
    }
    const isUnmarked = operands[0] === '-n';
    for (const argument of isUnmarked ? operands.slice(1) : operands) {
      const { name, value } = readAssignment(argument);
      if (value !== undefined) shell.set(name, value);
      shell.variables.mark(name, { [mark]: !isUnmarked });
    }
    return 0;
  };

const local: Builtin = (shell, args) => {
  if (shell.callDepth === 0) throw new ShellError('not in a function');
  for (const argument of args) {
    const { name, value } = readAssignment(argument);
    shell.variables.local(name);
    if (value !== undefined) shell.set(name, value);
  }
  return 0;
};

const unset: Builtin = (shell, args) => {
  const isFunction = args[0] === '-f';
  const names = /^-[fv]$/.test(args[0] ?? '') ? args.slice(1) : args;
  for (const name of names) {
    if (isFunction) {
      shell.functions.delete(name);
      continue;
    }
    shell.variables.unset(readAssignment(name).name);
  }
  return 0;
};

const OPTIONS: Readonly<Record<string, string>> = {
  errexit: 'e',
  noglob: 'f',
  ignoreeof: 'I',
  monitor: 'm',
  noexec: 'n',
  xtrace: 'x',
  verbose: 'v',
  noclobber: 'C',
  allexport: 'a',
  notify: 'b',
  nounset: 'u',
  errtrace: 'E',
  vi: 'V',
  pipefail: 'pipefail',
};

/** Reads the options of `set` or of the shell itself from `args`. @returns how many arguments they were */
export function setOptions(shell: Shell, args: readonly string[]): number {
  let index = 0;
  for (; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '--') return index + 1;
    if (argument === '-') return index + 1;
    if (!/^[-+]./.test(argument)) return index;
    const isOn = argument.startsWith('-');
    for (const letter of argument.slice(1)) {
      const option = letter === 'o' ? OPTIONS[args[++index] ?? ''] : letter;
      if (option === undefined || !(Object.values(OPTIONS).includes(option) || option === 'c')) {
        throw new ShellError(`illegal option ${letter === 'o' ? `-o ${args[index] ?? ''}` : `-${letter}`}`);
      }
      if (isOn) shell.options.add(option);
      else shell.options.delete(option);
    }
  }
  return index;
}

const set: Builtin = (shell, args) => {
  if (args.length === 0) {
    for (const [name, value = ''] of shell.variables.list('all')) {
      shell.print(`${name}=${singleQuoted(value)}\n`);
    }
    return 0;
  }
  if (args.length === 1 && (args[0] === '-o' || args[0] === '+o')) {
    for (const [name, letter] of Object.entries(OPTIONS)) {
      const isOn = shell.options.has(letter);
      shell.print(
        args[0] === '-o'
          ? `${name.padEnd(16)}${isOn ? 'on' : 'off'}\n`
          : `set ${isOn ? '-' : '+'}o ${name}\n`,
      );
    }
    return 0;
  }
  const count = setOptions(shell, args);
  if (count < args.length || args[count - 1] === '--') shell.positional = args.slice(count);
  return 0;
};

const letBuiltin: Builtin = (shell, args) => {
  let value = 0n;
  for (const argument of args) {
    try {
      value = calculate(argument, shell);
    } catch (error) {
      if (error instanceof ArithmeticError) throw new ShellError(error.message);
      throw error;
    }
  }
  return value === 0n ? 1 : 0;
};

export const variables: Readonly<Record<string, Builtin>> = {
  export: marker('isExported'),
  readonly: marker('isReadOnly'),
  local,
  unset,
  set,
  let: letBuiltin,
  getopts,
};
