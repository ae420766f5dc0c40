import { FileError } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { errorWords, Failure, outOfMemory } from '../errors.ts';
import { parseOptions } from '../options.ts';
import type { Input } from '../streams.ts';
import { decode, joinBytes, MOST_KEPT } from '../streams.ts';
import { eachFile } from './each-file.ts';

const SUFFIXES: Readonly<Record<string, number>> = { b: 512, k: 1024, K: 1024, m: 1024 ** 2, M: 1024 ** 2 };

const NEWLINE = 0x0a;

/** A number of lines or bytes with what stands in front of it. */
function amountOf(text: string): { readonly sign: string; readonly value: number } {
  const [, sign = '', digits, suffix = ''] = /^([-+]?)(\d+)([bkKmM]?)$/.exec(text) ?? [];
  if (digits === undefined) throw new Failure(`invalid number '${text}'`);
  return { sign, value: Number(digits) * (SUFFIXES[suffix] ?? 1) };
}

/** `-5` means `-n 5`. */
function withoutOldStyle(args: readonly string[]): readonly string[] {
  const [first = '', ...rest] = args;
  return /^[-+]\d+$/.test(first) ? ['-n', first.replace(/^-/, ''), ...rest] : args;
}

function title(name: string, index: number): string {
  return `${index === 0 ? '' : '\n'}==> ${name === '-' ? 'standard input' : name} <==\n`;
}

function linesOf(bytes: Uint8Array): readonly string[] {
  return decode(bytes).match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

const head: Applet = (command) => {
  const options = parseOptions(withoutOldStyle(command.args), 'n:c:qv');
  const isBytes = options.has('c');
  const amount = options.value('c') ?? options.value('n') ?? '10';
  const { sign, value } = amountOf(amount);
  if (sign === '+') throw new Failure(`invalid number '${amount}'`);
  const hasTitles = options.has('v') || (options.operands.length > 1 && !options.has('q'));
  return eachFile(command, options.operands, async (input, name, index) => {
    if (hasTitles) command.print(title(name, index));
    if (sign === '-') {
      const bytes = await input.readAll();
      const end = Math.max(0, bytes.length - value);
      command.print(
        isBytes
          ? bytes.subarray(0, end)
          : linesOf(bytes)
              .slice(0, -value || undefined)
              .join(''),
      );
    } else if (isBytes) await printBytes(command, input, value);
    else await printLines(command, input, value);
  });
};

async function printLines(command: Command, input: Input, amount: number): Promise<void> {
  for (let left = amount; left > 0; left--) {
    const line = await input.readUntil();
    if (line === undefined) return;
    command.print(line);
    if (left % 100 === 0) await command.work(100 * line.length);
  }
}

async function printBytes(command: Command, input: Input, amount: number): Promise<void> {
  for (let left = amount; left > 0;) {
    const chunk = await input.read();
    if (chunk === undefined) return;
    const part = chunk.subarray(0, left);
    command.print(part);
    await command.work(part.length);
    left -= part.length;
  }
}

const tail: Applet = async (command) => {
  const options = parseOptions(withoutOldStyle(command.args), 'fFn:c:s:qv');
  const isBytes = options.has('c');
  const amount = amountOf(options.value('c') ?? options.value('n') ?? '10');
  const readable = options.operands.filter((name) => canOpen(command, name));
  const hasTitles = options.has('v') || (readable.length > 1 && !options.has('q'));
  const seen = new Map<string, number>();
  const status = await eachFile(
    command,
    options.operands,
    async (input, name) => {
      const isFirst = seen.size === 0;
      const total = { bytes: 0 };
      const announce = (): void => {
        if (hasTitles) command.print(title(name, isFirst ? 0 : 1));
      };
      if (amount.sign === '+') {
        announce();
        await printBehind(command, input, { isBytes, value: amount.value, total });
      } else {
        const kept = await readLast(command, input, { isBytes, value: amount.value, total });
        announce();
        command.print(isBytes ? lastBytes(kept, amount.value) : lastLines(kept, amount.value));
      }
      seen.set(name, total.bytes);
    },
    (name, reason) => `can't open '${name}': ${reason}`,
  );
  const isFollowing = options.has('f') || options.has('F');
  const names = options.operands.filter((name) => name !== '-' && (seen.has(name) || options.has('F')));
  if (status !== 0 && names.length === 0) {
    command.warn('no files');
    return 1;
  }
  if (isFollowing && names.length > 0) await follow(command, names, seen, Number(options.value('s') ?? 1));
  return status;
};

function canOpen(command: Command, name: string): boolean {
  try {
    command.open(name);
    return true;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

interface Wanted {
  readonly isBytes: boolean;
  readonly value: number;
  /** Counts what has been read. */
  readonly total: { bytes: number };
}

/** What of an input has its last bytes or lines in it, and not much more. @throws Failure */
async function readLast(
  { context: { memory } }: Command,
  input: Input,
  { isBytes, value, total }: Wanted,
): Promise<Uint8Array> {
  const kept: { readonly chunk: Uint8Array; readonly weight: number }[] = [];
  let weight = 0;
  let size = 0;
  for await (const chunk of input.chunks()) {
    total.bytes += chunk.length;
    size += chunk.length;
    memory.allocate(chunk.length);
    const own = isBytes ? chunk.length : newlinesIn(chunk);
    kept.push({ chunk, weight: own });
    weight += own;
    // The newline of the line in front of the last ones has to be there as well.
    for (let [first] = kept; first !== undefined && weight - first.weight > value; [first] = kept) {
      weight -= first.weight;
      size -= first.chunk.length;
      memory.free(first.chunk.length);
      kept.shift();
    }
    if (size > MOST_KEPT) outOfMemory();
  }
  memory.free(size);
  return joinBytes(kept.map(({ chunk }) => chunk));
}

/** Everything from the byte or line of that number on. */
async function printBehind(command: Command, input: Input, { isBytes, value, total }: Wanted): Promise<void> {
  let left = Math.max(0, value - 1);
  for await (const chunk of input.chunks()) {
    total.bytes += chunk.length;
    let start = 0;
    if (isBytes) {
      start = Math.min(left, chunk.length);
      left -= start;
    } else {
      for (; left > 0 && start < chunk.length; left--) {
        const end = chunk.indexOf(NEWLINE, start);
        if (end < 0) break;
        start = end + 1;
      }
      if (left > 0) start = chunk.length;
    }
    command.print(chunk.subarray(start));
  }
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

function lastBytes(bytes: Uint8Array, value: number): Uint8Array {
  return bytes.subarray(Math.max(0, bytes.length - value));
}

function lastLines(bytes: Uint8Array, value: number): string {
  const lines = linesOf(bytes);
  return lines.slice(Math.max(0, lines.length - value)).join('');
}

/** Prints what is added to files, for ever. */
async function follow(
  command: Command,
  names: readonly string[],
  seen: Map<string, number>,
  seconds: number,
): Promise<never> {
  let shown = names.at(-1);
  for (;;) {
    await command.context.clock.sleep(Math.max(seconds, 0.1) * 1000);
    for (const name of names) {
      const bytes = readIfThere(command, name);
      const before = seen.get(name) ?? 0;
      if (bytes === undefined || bytes.length === before) continue;
      const added = bytes.length > before ? bytes.subarray(before) : bytes;
      if (names.length > 1 && shown !== name) command.print(title(name, 1));
      shown = name;
      command.print(added);
      seen.set(name, bytes.length);
    }
  }
}

function readIfThere(command: Command, name: string): Uint8Array | undefined {
  try {
    return command.context.files.read(command.path(name));
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw new Failure(errorWords(error));
  }
}

export const headTailApplets: Readonly<Record<string, Applet>> = { head, tail };
