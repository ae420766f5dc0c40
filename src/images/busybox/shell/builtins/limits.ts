import type { Shell } from '../shell.ts';
import type { Builtin } from './types.ts';

/** What a container is given, by the letter of the option: a label as `ulimit -a` shows it, and the value. */
const LIMITS: Readonly<Record<string, readonly [label: string, value: string]>> = {
  c: ['core file size (blocks)', 'unlimited'],
  d: ['data seg size (kb)', 'unlimited'],
  e: ['scheduling priority', '0'],
  f: ['file size (blocks)', 'unlimited'],
  i: ['pending signals', '31500'],
  l: ['max locked memory (kb)', '8192'],
  m: ['max memory size (kb)', 'unlimited'],
  n: ['open files', '1048576'],
  q: ['POSIX message queues (bytes)', '819200'],
  r: ['real-time priority', '0'],
  s: ['stack size (kb)', '8192'],
  t: ['cpu time (seconds)', 'unlimited'],
  u: ['max user processes', 'unlimited'],
  v: ['virtual memory (kb)', 'unlimited'],
  x: ['file locks', 'unlimited'],
};

/** Limits are remembered and shown; none of them is ever reached here. */
export const ulimit: Builtin = (shell, args) => {
  const letters = args
    .filter((each) => each.startsWith('-'))
    .join('')
    .replace(/[-HS]/g, '');
  const wrong = Array.from(letters).find((letter) => LIMITS[letter] === undefined && letter !== 'a');
  if (wrong !== undefined) {
    shell.say(`ulimit: invalid option -- '${wrong}'\n`);
    return 1;
  }
  const letter = letters.slice(-1) || 'f';
  const value = args.find((each) => !each.startsWith('-'));
  if (value !== undefined) return setLimit(shell, letter, value);
  if (!letters.includes('a')) {
    shell.print(`${limitOf(shell, letter)}\n`);
    return 0;
  }
  for (const [each, [label]] of Object.entries(LIMITS)) {
    shell.print(`${label.padEnd(31)} (-${each}) ${limitOf(shell, each)}\n`);
  }
  return 0;
};

function limitOf(shell: Shell, letter: string): string {
  return shell.limits.get(letter) ?? LIMITS[letter]?.[1] ?? 'unlimited';
}

function setLimit(shell: Shell, letter: string, value: string): number {
  if (/^(\d+|unlimited)$/.test(value)) {
    shell.limits.set(letter, value);
    return 0;
  }
  shell.say(`${shell.name}: invalid number '${value}'\n`);
  return 1;
}
