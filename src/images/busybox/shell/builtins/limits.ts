import { limitOf } from '../../../../cluster/runtime/process-limits.ts';
import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

/** By the letter of the option: a label as `ulimit -a` shows it, and of how many of the kernel's units its own is. */
const SHOWN: Readonly<Record<string, readonly [label: string, units?: number]>> = {
  c: ['core file size (blocks)', 512],
  d: ['data seg size (kb)', 1024],
  e: ['scheduling priority'],
  f: ['file size (blocks)', 512],
  i: ['pending signals'],
  l: ['max locked memory (kb)', 1024],
  m: ['max memory size (kb)', 1024],
  n: ['open files'],
  q: ['POSIX message queues (bytes)'],
  r: ['real-time priority'],
  s: ['stack size (kb)', 1024],
  t: ['cpu time (seconds)'],
  u: ['max user processes'],
  v: ['virtual memory (kb)', 1024],
  x: ['file locks'],
};

/** Limits are remembered and shown; none of them is ever reached here. */
export const ulimit: Builtin = (shell, args) => {
  const letters = args
    .filter((each) => each.startsWith('-'))
    .join('')
    .replace(/[-HS]/g, '');
  const wrong = Array.from(letters).find((letter) => SHOWN[letter] === undefined && letter !== 'a');
  if (wrong !== undefined) {
    shell.say(`ulimit: invalid option -- '${wrong}'\n`);
    return 1;
  }
  const letter = letters.slice(-1) || 'f';
  const value = args.find((each) => !each.startsWith('-'));
  if (value !== undefined) return setLimit(shell, letter, value);
  if (!letters.includes('a')) {
    shell.print(`${shownLimit(shell, letter)}\n`);
    return 0;
  }
  for (const [each, [label]] of Object.entries(SHOWN)) {
    shell.print(`${label.padEnd(31)} (-${each}) ${shownLimit(shell, each)}\n`);
  }
  return 0;
};

function shownLimit(shell: Shell, letter: string): string {
  const given = limitOf(letter);
  const [, units = 1] = SHOWN[letter] ?? [];
  return shell.limits.get(letter) ?? (given === undefined ? 'unlimited' : String(given / units));
}

function setLimit(shell: Shell, letter: string, value: string): number {
  if (/^(\d+|unlimited)$/.test(value)) {
    shell.limits.set(letter, value);
    return 0;
  }
  shell.say(`${shell.name}: invalid number '${value}'\n`);
  return 1;
}
