import type { Applet, Command } from '../command.ts';
import { errorWords, Failure } from '../errors.ts';
import type { Options } from '../options.ts';
import { decode } from '../streams.ts';
import { eachLine } from './each-file.ts';

interface Key {
  readonly from: number;
  readonly offset: number;
  readonly to: number;
  readonly letters: string;
}

function keyOf(text: string, defaults: string): Key {
  const match = /^(\d+)(?:\.(\d+))?([bdfghiMnr]*)(?:,(\d+)(?:\.\d+)?([bdfghiMnr]*))?$/.exec(text);
  if (match === null) throw new Failure(`bad field specification: '${text}'`);
  const letters = (match[3] ?? '') + (match[5] ?? '');
  return {
    from: Number(match[1]) - 1,
    offset: Number(match[2] ?? 1) - 1,
    to: match[4] === undefined ? Infinity : Number(match[4]),
    letters: letters === '' ? defaults : letters,
  };
}

function fieldsOf(line: string, separator: string | undefined): readonly string[] {
  return separator === undefined ? (line.match(/\s*\S+/g) ?? []) : line.split(separator);
}

function part(line: string, key: Key, separator: string | undefined): string {
  const fields = fieldsOf(line, separator).slice(key.from, key.to);
  return fields.join(separator ?? '').slice(key.offset);
}

const UNITS = ' KMGTPE';

function numeric(text: string, letters: string): number {
  const match = /^\s*(-?\d*\.?\d+|-?\d+)([KMGTPE]?)/i.exec(text);
  if (match?.[1] === undefined) return 0;
  const unit = letters.includes('h') ? UNITS.indexOf((match[2] ?? '').toUpperCase() || ' ') : 0;
  return Number(match[1]) * 1024 ** unit;
}

/** Version numbers: digits count as numbers. */
function compareVersions(a: string, b: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D+/g) ?? [];
  const left = parts(a);
  const right = parts(b);
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const x = left[index] ?? '';
    const y = right[index] ?? '';
    const order = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compare(a: string, b: string, letters: string): number {
  const order = /[ngh]/.test(letters)
    ? numeric(a, letters) - numeric(b, letters)
    : letters.includes('V')
      ? compareVersions(a, b)
      : compareText(prepared(a, letters), prepared(b, letters));
  return letters.includes('r') ? -order : order;
}

function prepared(text: string, letters: string): string {
  let result = letters.includes('b') ? text.trimStart() : text;
  if (letters.includes('f')) result = result.toUpperCase();
  return letters.includes('d') ? result.replace(/[^A-Za-z0-9\s]/g, '') : result;
}

function comparison(options: Options): (a: string, b: string) => number {
  const letters = ['n', 'g', 'h', 'V', 'f', 'd', 'b', 'r'].filter((each) => options.has(each)).join('');
  const separator = options.value('t');
  const keys = options.values('k').map((text) => keyOf(text, letters));
  return (a, b) => {
    for (const key of keys) {
      const order = compare(part(a, key, separator), part(b, key, separator), key.letters);
      if (order !== 0) return order;
    }
    const order = keys.length === 0 ? compare(a, b, letters) : 0;
    if (order !== 0 || options.has('s') || options.has('u')) return order;
    return options.has('r') ? compareText(b, a) : compareText(a, b);
  };
}

/** Lines that are sorted in one step; what comes of them is merged. */
const AT_ONCE = 4096;
/** What sorting or merging a line takes, as bytes that are copied. */
const PER_LINE = 400;

/** Sorts step by step, so that others go on while there are many lines. */
async function sortedLines(
  command: Command,
  lines: readonly string[],
  order: (a: string, b: string) => number,
): Promise<readonly string[]> {
  let runs: (readonly string[])[] = [];
  for (let start = 0; start === 0 || start < lines.length; start += AT_ONCE) {
    const run = lines.slice(start, start + AT_ONCE).sort(order);
    await command.work(run.length * PER_LINE);
    runs.push(run);
  }
  while (runs.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const [a = [], b = []] = runs.slice(index, index + 2);
      merged.push(b.length === 0 ? a : await merge(command, a, b, order));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge(
  command: Command,
  a: readonly string[],
  b: readonly string[],
  order: (a: string, b: string) => number,
): Promise<readonly string[]> {
  const merged: string[] = [];
  let [left, right] = [0, 0];
  while (left < a.length && right < b.length) {
    const [x = '', y = ''] = [a[left], b[right]];
    if (order(x, y) <= 0) {
      merged.push(x);
      left++;
    } else {
      merged.push(y);
      right++;
    }
    if (merged.length % AT_ONCE === 0) await command.work((AT_ONCE * PER_LINE) / 8);
  }
  return merged.concat(a.slice(left), b.slice(right));
}

const sort: Applet = async (command) => {
  const options = command.options('ngMucszbrdfimS:T:o:k:*t:hVC');
  const texts: string[] = [];
  for (const name of options.operands.length === 0 ? ['-'] : options.operands) {
    texts.push(decode(await command.read(name, { status: 2 })));
  }
  const end = options.has('z') ? '\0' : '\n';
  const lines = texts.flatMap((text) =>
    text === '' ? [] : text.replace(new RegExp(`${end}$`), '').split(end),
  );
  const order = comparison(options);
  if (options.has('c')) {
    const wrong = lines.findIndex((line, index) => index > 0 && order(lines[index - 1] ?? '', line) > 0);
    if (wrong < 0) return 0;
    command.context.stderr.write(`Check line ${wrong}\n`);
    return 1;
  }
  const sorted = await sortedLines(command, lines, order);
  const unique = options.has('u')
    ? sorted.filter((line, index) => index === 0 || order(sorted[index - 1] ?? '', line) !== 0)
    : sorted;
  const text = unique.map((line) => `${line}${end}`).join('');
  const output = options.value('o');
  if (output === undefined) command.print(text);
  else command.context.files.write(command.path(output), text);
  return 0;
};

const uniq: Applet = async (command) => {
  const options = command.options('cduf:s:w:i');
  const [input = '-', output] = options.operands;
  const key = (line: string): string => {
    let text = line.replace(new RegExp(`^(\\s*\\S+){0,${Number(options.value('f') ?? 0)}}`), '');
    text = text.slice(Number(options.value('s') ?? 0));
    if (options.has('w')) text = text.slice(0, Number(options.value('w')));
    return options.has('i') ? text.toLowerCase() : text;
  };
  let result = '';
  let current: string | undefined;
  let times = 0;
  const flush = (): void => {
    if (current === undefined) return;
    const isShown = times > 1 ? !options.has('u') : !options.has('d');
    if (!isShown) return;
    const line = `${options.has('c') ? `${String(times).padStart(7)} ` : ''}${current}\n`;
    if (output === undefined) command.print(line);
    else result += line;
  };
  let stream;
  try {
    stream = command.open(input);
  } catch (error) {
    throw new Failure(`can't open '${input}': ${errorWords(error)}`);
  }
  await eachLine(command, stream, (line) => {
    if (current !== undefined && key(current) === key(line)) times++;
    else {
      flush();
      current = line;
      times = 1;
    }
    return true;
  });
  flush();
  if (output !== undefined) command.context.files.write(command.path(output), result);
  return 0;
};

export const sortApplets: Readonly<Record<string, Applet>> = { sort, uniq };
