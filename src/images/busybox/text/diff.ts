import type { Applet, Command } from '../command.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { decode } from '../streams.ts';

interface Step {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

const CONTEXT = 3;
/** Beyond this many cells of the table the rest counts as changed: no program may take the host's memory. */
const CELLS = 4_000_000;

/** The longest common subsequence as steps from one list of lines to the other. */
function compareLines(before: readonly string[], after: readonly string[]): readonly Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  return [
    ...before.slice(0, start).map((line): Step => ({ kind: ' ', line })),
    ...middle(removed, added),
    ...before.slice(before.length - end).map((line): Step => ({ kind: ' ', line })),
  ];
}

function middle(removed: readonly string[], added: readonly string[]): readonly Step[] {
  const width = added.length + 1;
  const all = (kind: '-' | '+', lines: readonly string[]): Step[] => lines.map((line) => ({ kind, line }));
  if (removed.length * added.length > CELLS) return [...all('-', removed), ...all('+', added)];
  const table = new Uint32Array((removed.length + 1) * width);
  const at = (row: number, column: number): number => table[row * width + column] ?? 0;
  for (let row = removed.length - 1; row >= 0; row--) {
    for (let column = added.length - 1; column >= 0; column--) {
      table[row * width + column] =
        removed[row] === added[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const steps: Step[] = [];
  let row = 0;
  let column = 0;
  while (row < removed.length && column < added.length) {
    if (removed[row] === added[column]) {
      steps.push({ kind: ' ', line: removed[row++] ?? '' });
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1))
      steps.push({ kind: '-', line: removed[row++] ?? '' });
    else steps.push({ kind: '+', line: added[column++] ?? '' });
  }
  return [...steps, ...all('-', removed.slice(row)), ...all('+', added.slice(column))];
}

/** Unified hunks with three lines around what has changed. */
function hunks(steps: readonly Step[], around: number): string {
  let text = '';
  let index = 0;
  while (index < steps.length) {
    const change = steps.findIndex((step, place) => place >= index && step.kind !== ' ');
    if (change < 0) return text;
    const start = Math.max(index, change - around);
    let end = change;
    for (let place = change; place < steps.length && place - end <= 2 * around; place++) {
      if (steps[place]?.kind !== ' ') end = place;
    }
    const stop = Math.min(steps.length, end + around + 1);
    text += hunk(steps, start, stop);
    index = stop;
  }
  return text;
}

function hunk(steps: readonly Step[], start: number, stop: number): string {
  const count = (list: readonly Step[], kind: '-' | '+'): number =>
    list.filter((step) => step.kind === ' ' || step.kind === kind).length;
  const earlier = steps.slice(0, start);
  const own = steps.slice(start, stop);
  const range = (kind: '-' | '+'): string => {
    const length = count(own, kind);
    const first = count(earlier, kind) + (length === 0 ? 0 : 1);
    return length === 1 ? String(first) : `${first},${length}`;
  };
  return `@@ -${range('-')} +${range('+')} @@\n${own.map(({ kind, line }) => `${kind}${line}\n`).join('')}`;
}

/** `diff`, always in the unified format, as busybox has it. */
export const diff: Applet = async (command) => {
  const options = command.options('abBdiL:NqrsS:tTU:uw', { 'from-file': 'L' });
  const [first, second] = options.operands;
  if (first === undefined || second === undefined) throw new UsageError();
  const [before, after] = [await textOf(command, first), await textOf(command, second)];
  if (before === after) {
    if (options.has('s')) command.print(`Files ${first} and ${second} are identical\n`);
    return 0;
  }
  if (options.has('q')) {
    command.print(`Files ${first} and ${second} differ\n`);
    return 1;
  }
  await command.work((before.length + after.length) * 10);
  const lines = (text: string): readonly string[] => {
    if (text === '') return [];
    const parts = text.split('\n');
    const last = parts.pop() ?? '';
    return last === '' ? parts : [...parts, `${last}\n\\ No newline at end of file`];
  };
  const [left = first, right = second] = options.values('L');
  command.print(`--- ${left}\n+++ ${right}\n`);
  command.print(hunks(compareLines(lines(before), lines(after)), Number(options.value('U') ?? CONTEXT)));
  return 1;
};

async function textOf(command: Command, name: string): Promise<string> {
  try {
    return decode(await command.open(name).readAll());
  } catch (error) {
    throw new Failure(`can't stat '${name}': ${errorWords(error)}`, 2);
  }
}
