import { ShellError } from '../control.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/getopts.html */
export const getopts: Builtin = (shell, [spec, name, ...rest]) => {
  if (spec === undefined || name === undefined) throw new ShellError('usage: getopts optstring var [arg]');
  const args = rest.length > 0 ? rest : shell.positional;
  const next = Number(shell.variables.get('OPTIND') ?? '1') - 1;
  // Beyond the arguments it begins anew.
  const index = next > args.length ? 0 : next;
  const argument = args[index];
  if (argument === '--') return finish(shell, name, index + 1);
  if (argument === undefined || !/^-./.test(argument)) return finish(shell, name, index);
  const position = Math.max(1, shell.optionIndex);
  const letter = argument.charAt(position);
  const attached = argument.slice(position + 1);
  shell.variables.unset('OPTARG');
  const kind = kindOf(spec, letter);
  if (kind !== 'value') {
    step(shell, index, attached === '' ? 1 : 0, position);
    shell.set(name, kind === 'flag' ? letter : complain(shell, spec, letter, true));
    return 0;
  }
  const value = attached === '' ? args[index + 1] : attached;
  step(shell, index, attached === '' ? 2 : 1, position);
  if (value !== undefined) shell.set('OPTARG', value);
  shell.set(name, value === undefined ? complain(shell, spec, letter, false) : letter);
  return 0;
};

function kindOf(spec: string, letter: string): 'unknown' | 'flag' | 'value' {
  const place = letter === ':' ? -1 : spec.indexOf(letter);
  if (place < 0) return 'unknown';
  return spec.charAt(place + 1) === ':' ? 'value' : 'flag';
}

/** @param taken how many arguments are done with; 0: the next letter of this one comes next */
function step(shell: Shell, index: number, taken: number, position: number): void {
  shell.optionIndex = taken === 0 ? position + 1 : 1;
  shell.set('OPTIND', String(index + 1 + taken));
}

/** @returns what the variable becomes: `?`, or `:` in silent mode where only the value is missing */
function complain(shell: Shell, spec: string, letter: string, isUnknown: boolean): string {
  if (!spec.startsWith(':')) {
    shell.say(isUnknown ? `Illegal option -${letter}\n` : `No arg for -${letter} option\n`);
    return '?';
  }
  shell.set('OPTARG', letter);
  return isUnknown ? '?' : ':';
}

function finish(shell: Shell, name: string, index: number): number {
  step(shell, index, 0, 0);
  shell.set(name, '?');
  return 1;
}
