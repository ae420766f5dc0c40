import { FileError } from '../../../../cluster/runtime/types.ts';
import { errorWords } from '../../errors.ts';
import { parseMode } from '../../common/mode.ts';
import { realPath } from '../../files/tree.ts';
import { ShellError } from '../control.ts';
import { singleQuoted } from '../quote.ts';
import type { Shell } from '../shell.ts';
import { ulimit } from './limits.ts';
import type { Builtin } from './types.ts';

const KEYWORDS: ReadonlySet<string> = new Set(
  '! case do done elif else esac fi for function if in then until while { }'.split(' '),
);

/** Collapses `.` and `..`. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const cd: Builtin = (shell, args) => {
  const operands = args.filter((argument) => !/^-[LP]+$/.test(argument));
  const [operand = shell.variables.get('HOME') ?? '/'] = operands;
  const target = operand === '-' ? (shell.variables.get('OLDPWD') ?? shell.cwd) : operand;
  const path = normal(shell.path(target));
  try {
    if (shell.files.stat(path).type !== 'directory') throw new FileError('ENOTDIR', path);
    shell.files.exists(`${path}/.`);
    mustBeEntered(shell, path);
  } catch (error) {
    throw new ShellError(`can't cd to ${target}: ${errorWords(error)}`);
  }
  shell.set('OLDPWD', shell.cwd);
  shell.cwd = path;
  shell.set('PWD', path);
  shell.variables.mark('OLDPWD', { isExported: true });
  if (operand === '-') shell.print(`${path}\n`);
  return 0;
};

function mustBeEntered(shell: Shell, path: string): void {
  const { uid, gid } = shell.context.user;
  const stat = shell.files.stat(path);
  const shift = uid === stat.uid ? 6 : gid === stat.gid ? 3 : 0;
  if (uid !== 0 && ((stat.mode >> shift) & 1) === 0) throw new FileError('EACCES', path);
}

const pwd: Builtin = (shell, args) => {
  let isPhysical = false;
  for (const letter of args
    .filter((each) => /^-./.test(each))
    .join('')
    .replaceAll('-', '')) {
    if (!'LP'.includes(letter)) throw new ShellError(`illegal option -${letter}`);
    isPhysical = letter === 'P';
  }
  shell.print(`${isPhysical ? (realPath(shell.files, shell.cwd) ?? shell.cwd) : shell.cwd}\n`);
  return 0;
};

const umask: Builtin = (shell, args) => {
  const isSymbolic = args[0] === '-S';
  const [mode] = isSymbolic ? args.slice(1) : args;
  if (mode !== undefined) {
    if (/^[0-7]+$/.test(mode)) shell.files.umask = parseInt(mode, 8) & 0o777;
    else {
      const allowed = parseMode(mode, ~shell.files.umask & 0o777, true);
      if (allowed === undefined) throw new ShellError(`illegal mode: ${mode}`);
      shell.files.umask = ~allowed & 0o777;
    }
    return 0;
  }
  const letters = (shift: number): string => {
    const bits = (~shell.files.umask >> shift) & 7;
    return `${bits & 4 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 1 ? 'x' : ''}`;
  };
  shell.print(
    isSymbolic
      ? `u=${letters(6)},g=${letters(3)},o=${letters(0)}\n`
      : `${shell.files.umask.toString(8).padStart(4, '0')}\n`,
  );
  return 0;
};

/** What a name stands for, in the words of `type` and of `command -v`. */
function describe(shell: Shell, name: string, isBrief: boolean, isBuiltin: boolean): string | undefined {
  if (KEYWORDS.has(name)) return isBrief ? name : `${name} is a shell keyword`;
  const alias = shell.aliases.get(name);
  if (alias !== undefined) {
    return isBrief ? `alias ${name}=${singleQuoted(alias)}` : `${name} is an alias for ${alias}`;
  }
  if (shell.functions.has(name)) return isBrief ? name : `${name} is a function`;
  if (isBuiltin) return isBrief ? name : `${name} is a shell builtin`;
  const path = shell.findCommand(name);
  if (path === undefined) return undefined;
  return isBrief ? path : `${name} is ${path}`;
}

/** @param isBuiltin knows the names of the builtins */
export function commandsFor(
  isBuiltin: (name: string) => boolean,
  isSpecial: (name: string) => boolean,
): Readonly<Record<string, Builtin>> {
  const type: Builtin = (shell, args) => {
    let status = 0;
    for (const name of args) {
      const special = isSpecial(name) ? ' special' : '';
      const words = describe(shell, name, false, isBuiltin(name));
      shell.print(
        `${words?.replace(' shell builtin', `${special} shell builtin`) ?? `${name}: not found`}\n`,
      );
      if (words === undefined) status = 127;
    }
    return status;
  };
  const command: Builtin = (shell, args) => {
    const [option, ...rest] = args;
    if (option === '-V') return type(shell, rest.slice(0, 1), 'type');
    if (option === '-v') {
      const [name = ''] = rest;
      const words = describe(shell, name, true, isBuiltin(name));
      if (words === undefined) return 127;
      shell.print(`${words}\n`);
      return 0;
    }
    const words = option === '-p' || option === '--' ? rest : args;
    if (words.length === 0) return 0;
    shell.builtin = undefined;
    return shell.runner.words(shell, words, true);
  };
  return {
    type,
    command,
    cd,
    chdir: cd,
    pwd,
    umask,
    alias,
    unalias,
    hash,
    ulimit,
    times,
    help,
    history,
  };
}

const alias: Builtin = (shell, args) => {
  const show = (name: string, value: string): void => shell.print(`${name}=${singleQuoted(value)}\n`);
  if (args.length === 0) for (const [name, value] of [...shell.aliases].sort()) show(name, value);
  let status = 0;
  for (const argument of args) {
    const [, name, value] = /^([^=]+)=([^]*)$/.exec(argument) ?? [];
    if (name !== undefined && value !== undefined) {
      shell.aliases.set(name, value);
      continue;
    }
    const known = shell.aliases.get(argument);
    if (known !== undefined) show(argument, known);
    else {
      shell.say(`alias: ${argument} not found\n`);
      status = 1;
    }
  }
  return status;
};

const unalias: Builtin = (shell, args) => {
  if (args[0] === '-a') {
    shell.aliases.clear();
    return 0;
  }
  let status = 0;
  for (const name of args) {
    if (shell.aliases.delete(name)) continue;
    shell.say(`unalias: ${name} not found\n`);
    status = 1;
  }
  return status;
};

/** Commands are looked for anew each time, so there is nothing to remember or to forget. */
const hash: Builtin = (shell, args) => {
  const missing = args.find((name) => !name.startsWith('-') && shell.findCommand(name) === undefined);
  if (missing === undefined) return 0;
  shell.complain(`${missing}: not found`);
  return 1;
};

const times: Builtin = (shell) => {
  const self = shell.context.processes.list().find(({ pid }) => pid === shell.context.pid);
  const seconds = ((self?.cpu ?? 0) / 1e6).toFixed(3);
  shell.print(`0m${seconds}s 0m0.000s\n0m0.000s 0m0.000s\n`);
  return 0;
};

const help: Builtin = (shell) => {
  shell.print('Built-in commands:\n------------------\n');
  shell.print(
    '\t. : [ [[ alias bg break cd chdir command continue echo eval exec\n\texit export false fg getopts hash help history jobs kill let\n\tlocal printf pwd read readonly return set shift source test times\n\ttrap true type ulimit umask unalias unset wait\n',
  );
  return 0;
};

const history: Builtin = (shell) => {
  shell.history.forEach((line, index) => {
    shell.print(`${String(index).padStart(4)} ${line}\n`);
  });
  return 0;
};
