import type { Applet, Command } from '../command.ts';
import { errorWords, Failure } from '../errors.ts';
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
  if (size > 64 * 1024 ** 2) throw new Failure('out of memory');
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
  for (let left = amount(given.get('skip') ?? '0'); left > 0; left--) await readBlock(input, size);
  try {
    while (read.full + read.partial < count) {
      const block = await readBlock(input, size);
      if (block.length === 0) break;
      const isFull = block.length === size;
      if (isFull) read.full++;
      else read.partial++;
      output(block);
      if (isFull) written.full++;
      else written.partial++;
      total += block.length;
      await command.work(block.length);
    }
  } catch (error) {
    command.warn(`error writing '${given.get('of') ?? 'standard output'}': ${errorWords(error)}`);
    report(command, { read, written, total, startedAt });
    return 1;
  }
  if (given.get('status') !== 'none') report(command, { read, written, total, startedAt });
  return 0;
};

function openInput(command: Command, name: string): Input {
  try {
    return command.open(name);
  } catch (error) {
    throw new Failure(`can't open '${name}': ${errorWords(error)}`);
  }
}

function openOutput(
  command: Command,
  name: string | undefined,
  { start, keepsRest }: { readonly start: number; readonly keepsRest: boolean },
): (bytes: Uint8Array) => void {
  if (name === undefined) return (bytes) => command.print(bytes);
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
    if (!keepsRest) return (bytes) => output.write(bytes);
    let end = start;
    return (bytes) => {
      end += bytes.length;
      // What was written so far, and behind it what the file had there.
      const written = files.read(path).subarray(0, end - bytes.length);
      files.write(path, joinBytes([written, bytes, before.subarray(end)]));
    };
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

/** Prints lines of sixteen bytes, and what `end` makes of the offset behind the last. */
async function dump(
  command: Command,
  names: readonly string[],
  line: (offset: number, bytes: Uint8Array) => string,
  end: (offset: number) => string,
): Promise<number> {
  const chunks: Uint8Array[] = [];
  for (const name of names.length === 0 ? ['-'] : names) chunks.push(await command.read(name));
  const bytes = joinBytes(chunks);
  for (let offset = 0; offset < bytes.length; offset += 16) {
    command.print(`${line(offset, bytes.subarray(offset, offset + 16))}\n`);
  }
  command.print(end(bytes.length));
  return 0;
}

const hexdump: Applet = (command) => {
  const options = command.options('bcdoxCvn:s:');
  return dump(
    command,
    options.operands,
    (offset, bytes) => {
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
    (offset) => (offset === 0 ? '' : `${hex(offset, options.has('C') ? 8 : 7)}\n`),
  );
};

const xxd: Applet = (command) => {
  const options = command.options('pc:l:s:u');
  if (options.has('p')) {
    return dump(
      command,
      options.operands,
      (_offset, bytes) => Array.from(bytes, (byte) => hex(byte, 2)).join(''),
      () => '',
    );
  }
  return dump(
    command,
    options.operands,
    (offset, bytes) => {
      let cells = '';
      bytes.forEach((byte, index) => (cells += hex(byte, 2) + (index % 2 === 1 ? ' ' : '')));
      return `${hex(offset, 8)}: ${cells.padEnd(40)} ${printable(bytes)}`;
    },
    () => '',
  );
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
  return dump(
    command,
    options.operands,
    (offset, bytes) => {
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
    (offset) => (options.value('A') === 'n' ? '' : `${address(offset)}\n`),
  );
};

const strings: Applet = async (command) => {
  const options = command.options('fan:o');
  const least = Number(options.value('n') ?? 4);
  for (const name of options.operands.length === 0 ? ['-'] : options.operands) {
    const text = decode(await command.read(name));
    for (const [run] of text.matchAll(/[\t -~]+/g)) if (run.length >= least) command.print(`${run}\n`);
  }
  return 0;
};

const cmp: Applet = async (command) => {
  const options = command.options('sln:');
  const [first = '-', second = '-'] = options.operands;
  const [a, b] = [await command.read(first, { status: 2 }), await command.read(second, { status: 2 })];
  const place = a.findIndex((byte, index) => byte !== b[index]);
  if (place < 0 && a.length === b.length) return 0;
  if (options.has('s')) return 1;
  if (place < 0 || place >= b.length) {
    command.warn(`EOF on ${a.length < b.length ? first : second}`);
    return 1;
  }
  const lines = a.subarray(0, place).filter((byte) => byte === 0x0a).length;
  command.print(`${first} ${second} differ: char ${place + 1}, line ${lines + 1}\n`);
  return 1;
};

export const byteApplets: Readonly<Record<string, Applet>> = { dd, hexdump, xxd, od, strings, cmp };
