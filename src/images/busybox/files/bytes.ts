import type { Applet, Command } from '../command.ts';
import { errorWords, Failure, outOfMemory } from '../errors.ts';
import type { Input } from '../streams.ts';
import { decode, FileOutput, joinBytes } from '../streams.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  c: 1,
  w: 2,
  b: 512,
  k: 1024,
  K: 1024,
  kB: 1000,
  M: 1024 ** 2,
  MB: 1000 ** 2,
  G: 1024 ** 3,
};

function amount(text: string): number {
  const match = /^(\d+)(c|w|b|k|K|kB|M|MB|G)?$/.exec(text);
  if (match === null) throw new Failure(`invalid number '${text}'`);
  return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
}

/** `dd`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/dd.html */
const dd: Applet = async (command) => {
  const given = new Map(
    command.args.map((argument) => {
      const index = argument.indexOf('=');
      if (index < 0) throw new Failure(`bad operand '${argument}'`);
      return [argument.slice(0, index), argument.slice(index + 1)] as const;
    }),
  );
  const size = amount(given.get('bs') ?? given.get('ibs') ?? '512');
  if (size > 64 * 1024 ** 2) outOfMemory();
  const count = given.has('count') ? amount(given.get('count') ?? '') : Infinity;
  const input = openInput(command, given.get('if') ?? '-');
  const output = openOutput(command, given.get('of'), {
    start: amount(given.get('seek') ?? '0') * size,
    keepsRest: (given.get('conv') ?? '').split(',').includes('notrunc'),
  });
  const startedAt = command.context.clock.now();
  const read = { full: 0, partial: 0 };
  const written = { full: 0, partial: 0 };
  let total = 0;
  await skip(command, input, { blocks: amount(given.get('skip') ?? '0'), size });
  try {
    while (read.full + read.partial < count) {
      const block = await readBlock(input, size);
      if (block.length === 0) break;
      const isFull = block.length === size;
      if (isFull) read.full++;
      else read.partial++;
      output.write(block);
      if (isFull) written.full++;
      else written.partial++;
      total += block.length;
      await command.work(block.length + output.weight);
    }
  } catch (error) {
    command.warn(`error writing '${given.get('of') ?? 'standard output'}': ${errorWords(error)}`);
    report(command, { read, written, total, startedAt });
    return 1;
  }
  if (given.get('status') !== 'none') report(command, { read, written, total, startedAt });
  return 0;
};

async function skip(
  command: Command,
  input: Input,
  { blocks, size }: { readonly blocks: number; readonly size: number },
): Promise<void> {
  for (let left = blocks; left > 0; left--) {
    if ((await readBlock(input, size)).length === 0) return;
    await command.work(size);
  }
}

function openInput(command: Command, name: string): Input {
  try {
    return command.open(name);
  } catch (error) {
    throw new Failure(`can't open '${name}': ${errorWords(error)}`);
  }
}

interface DdOutput {
  readonly write: (bytes: Uint8Array) => void;
  /** Bytes that every write copies beside its own. */
  readonly weight: number;
}

/** Bytes that may be left out in front (`seek`): there are no files with holes. */
const MOST_IN_FRONT = 256 * 1024 ** 2;

function openOutput(
  command: Command,
  name: string | undefined,
  { start, keepsRest }: { readonly start: number; readonly keepsRest: boolean },
): DdOutput {
  if (name === undefined) return { write: (bytes) => command.print(bytes), weight: 0 };
  if (start > MOST_IN_FRONT) throw new Failure(`error writing '${name}': No space left on device`);
  try {
    const { files } = command.context;
    const path = command.path(name);
    const isFile = !files.exists(path) || files.stat(path).type === 'file';
    const before =
      isFile && (start > 0 || keepsRest) && files.exists(path) ? files.read(path) : new Uint8Array();
    const output = new FileOutput(files, path, 'truncate');
    const head = new Uint8Array(start);
    head.set(before.subarray(0, start));
    if (start > 0) output.write(head);
    if (!keepsRest) return { write: (bytes) => output.write(bytes), weight: 0 };
    let end = start;
    const write = (bytes: Uint8Array): void => {
      end += bytes.length;
      // What was written so far, and behind it what the file had there.
      const written = files.read(path).subarray(0, end - bytes.length);
      files.write(path, joinBytes([written, bytes, before.subarray(end)]));
    };
    return { write, weight: before.length };
  } catch (error) {
    throw new Failure(`can't open '${name}': ${errorWords(error)}`);
  }
}

async function readBlock(input: Input, size: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let left = size; left > 0;) {
    const chunk = await input.read();
    if (chunk === undefined) break;
    chunks.push(chunk.subarray(0, left));
    input.unread(chunk.subarray(left));
    left -= Math.min(left, chunk.length);
  }
  return joinBytes(chunks);
}

/** Whole blocks, and parts of some. */
interface Records {
  readonly full: number;
  readonly partial: number;
}

function report(
  command: Command,
  { read, written, total, startedAt }: { read: Records; written: Records; total: number; startedAt: number },
): void {
  const seconds = Math.max((command.context.clock.now() - startedAt) / 1000, 0.000001);
  const units = ['', 'K', 'M', 'G'];
  const human = (value: number): string => {
    let unit = 0;
    let rest = value;
    while (rest >= 1024 && unit < units.length - 1) {
      rest /= 1024;
      unit++;
    }
    return `${unit === 0 ? Math.round(rest) : rest.toFixed(1)}${units[unit] ?? ''}B`;
  };
  command.context.stderr.write(
    `${read.full}+${read.partial} records in\n${written.full}+${written.partial} records out\n${total} bytes (${human(total)}) copied, ${seconds.toFixed(6)} seconds, ${human(total / seconds)}/s\n`,
  );
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join(
    '',
  );
}

interface Dump {
  readonly names: readonly string[];
  /** A line of sixteen bytes. */
  readonly line: (offset: number, bytes: Uint8Array) => string;
  /** What stands behind the last one. */
  readonly end: (offset: number) => string;
  /** Whether lines that are the same as the one before are left out, with a `*` in their place. */
  readonly abbreviates: boolean;
}

/** Prints lines of sixteen bytes as they come. */
async function dump(command: Command, { names, line, end, abbreviates }: Dump): Promise<number> {
  const inputs = (names.length === 0 ? ['-'] : names).map((name) => command.mustOpen(name));
  let before: Uint8Array | undefined;
  let isLeftOut = false;
  const lineOf = (offset: number, bytes: Uint8Array): string => {
    const isSame =
      abbreviates && bytes.length === 16 && before?.every((byte, at) => byte === bytes[at]) === true;
    before = bytes.length === 16 ? bytes : undefined;
    if (!isSame) {
      isLeftOut = false;
      return `${line(offset, bytes)}\n`;
    }
    if (isLeftOut) return '';
    isLeftOut = true;
    return '*\n';
  };
  let offset = 0;
  let rest: Uint8Array = new Uint8Array();
  for (const input of inputs) {
    for await (const chunk of input.chunks()) {
      const bytes = joinBytes([rest, chunk]);
      const whole = bytes.length - (bytes.length % 16);
      let text = '';
      for (let at = 0; at < whole; at += 16) text += lineOf(offset + at, bytes.subarray(at, at + 16));
      command.print(text);
      offset += whole;
      rest = bytes.slice(whole);
      await command.work(chunk.length * DUMPED);
    }
  }
  if (rest.length > 0) command.print(lineOf(offset, rest));
  command.print(end(offset + rest.length));
  return 0;
}

/** How much more it takes to show a byte than to copy it. */
const DUMPED = 40;

const hexdump: Applet = (command) => {
  const options = command.options('bcdoxCvn:s:');
  return dump(command, {
    names: options.operands,
    abbreviates: !options.has('v'),
    line: (offset, bytes) => {
      if (options.has('C')) {
        const cells = Array.from({ length: 16 }, (_each, index) => {
          const byte = bytes[index];
          return byte === undefined ? '  ' : hex(byte, 2);
        });
        return `${hex(offset, 8)}  ${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  |${printable(bytes)}|`;
      }
      const words: string[] = [];
      for (let index = 0; index < bytes.length; index += 2) {
        words.push(hex((bytes[index] ?? 0) + (bytes[index + 1] ?? 0) * 256, 4));
      }
      return `${hex(offset, 7)} ${words.join(' ')}`.padEnd(47);
    },
    end: (offset) => (offset === 0 ? '' : `${hex(offset, options.has('C') ? 8 : 7)}\n`),
  });
};

const xxd: Applet = (command) => {
  const options = command.options('pc:l:s:u');
  if (options.has('p')) {
    return dump(command, {
      names: options.operands,
      abbreviates: false,
      line: (_offset, bytes) => Array.from(bytes, (byte) => hex(byte, 2)).join(''),
      end: () => '',
    });
  }
  return dump(command, {
    names: options.operands,
    abbreviates: false,
    line: (offset, bytes) => {
      let cells = '';
      bytes.forEach((byte, index) => (cells += hex(byte, 2) + (index % 2 === 1 ? ' ' : '')));
      return `${hex(offset, 8)}: ${cells.padEnd(40)} ${printable(bytes)}`;
    },
    end: () => '',
  });
};

const NAMED: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

const od: Applet = (command) => {
  const options = command.options('abcdfhilovxA:N:t:w:j:S:');
  const isCharacters = options.has('c') || options.value('t')?.startsWith('c') === true;
  const isBytes = options.value('t')?.startsWith('x1') === true;
  const address = (offset: number): string =>
    options.value('A') === 'n'
      ? ''
      : options.value('A') === 'x'
        ? hex(offset, 6)
        : offset.toString(8).padStart(7, '0');
  return dump(command, {
    names: options.operands,
    abbreviates: !options.has('v'),
    line: (offset, bytes) => {
      if (isCharacters) {
        const cells = Array.from(bytes, (byte) => {
          const plain = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : undefined;
          return ` ${(NAMED[byte] ?? plain ?? byte.toString(8).padStart(3, '0')).padStart(3)}`;
        });
        return address(offset) + cells.join('');
      }
      if (isBytes) return address(offset) + Array.from(bytes, (byte) => ` ${hex(byte, 2)}`).join('');
      let words = '';
      for (let index = 0; index < bytes.length; index += 2) {
        const value = (bytes[index] ?? 0) + (bytes[index + 1] ?? 0) * 256;
        words += ` ${options.has('x') ? hex(value, 4) : value.toString(8).padStart(6, '0')}`;
      }
      return address(offset) + words;
    },
    end: (offset) => (options.value('A') === 'n' ? '' : `${address(offset)}\n`),
  });
};

const strings: Applet = async (command) => {
  const options = command.options('fan:o');
  const least = Number(options.value('n') ?? 4);
  for (const name of options.operands.length === 0 ? ['-'] : options.operands) {
    const text = decode(await command.read(name));
    await command.work(text.length * DUMPED);
    for (const [run] of text.matchAll(/[\t -~]+/g)) if (run.length >= least) command.print(`${run}\n`);
  }
  return 0;
};

const cmp: Applet = async (command) => {
  const options = command.options('sln:');
  const [first = '-', second = '-'] = options.operands;
  const [a, b] = [command.mustOpen(first, 2), command.mustOpen(second, 2)];
  let at = 0;
  let lines = 0;
  for (;;) {
    const [left, right] = [await a.read(), await b.read()];
    if (left === undefined && right === undefined) return 0;
    const length = Math.min(left?.length ?? 0, right?.length ?? 0);
    if (left === undefined || right === undefined || length === 0) {
      if (!options.has('s')) command.warn(`EOF on ${left === undefined ? first : second}`);
      return 1;
    }
    const place = left.subarray(0, length).findIndex((byte, index) => byte !== right[index]);
    lines += left.subarray(0, place < 0 ? length : place).filter((byte) => byte === 0x0a).length;
    if (place >= 0) {
      if (!options.has('s')) {
        command.print(`${first} ${second} differ: char ${at + place + 1}, line ${lines + 1}\n`);
      }
      return 1;
    }
    at += length;
    a.unread(left.subarray(length));
    b.unread(right.subarray(length));
    await command.work(4 * length);
  }
};

export const byteApplets: Readonly<Record<string, Applet>> = { dd, hexdump, xxd, od, strings, cmp };
