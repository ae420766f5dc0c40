import { Failure } from '../errors.ts';
import { decode, encode, joinBytes } from '../streams.ts';

/** Archives in the ustar format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
export const BLOCK = 512;

export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly target: string;
  readonly data: Uint8Array;
}

const TYPES: Readonly<Record<TarEntry['type'], string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  directory: '5',
};

/** An entry as blocks: header, and data up to a whole block. */
export function writeEntry(entry: TarEntry): Uint8Array {
  const name = encode(entry.name);
  if (name.length <= 100) return joinBytes([header(entry, entry.name), padded(entry.data)]);
  const long = {
    ...entry,
    name: '././@LongLink',
    data: joinBytes([name, new Uint8Array(1)]),
    mode: 0,
    modified: 0,
  };
  return joinBytes([
    header(long, long.name, 'L'),
    padded(long.data),
    header(entry, decode(name.subarray(0, 100))),
    padded(entry.data),
  ]);
}

/** What an archive ends with. */
export function endOfArchive(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

function padded(data: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  result.set(data);
  return result;
}

function header(entry: TarEntry, name: string, type = TYPES[entry.type]): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, text: string): void => block.set(encode(text), offset);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  put(0, name);
  put(100, octal(entry.mode & 0o7777, 7));
  put(108, octal(entry.uid, 7));
  put(116, octal(entry.gid, 7));
  put(124, octal(entry.data.length, 11));
  put(136, octal(Math.floor(entry.modified / 1000), 11));
  put(148, '        ');
  put(156, type);
  put(157, entry.target.slice(0, 100));
  put(257, 'ustar  \0');
  put(265, entry.user.slice(0, 31));
  put(297, entry.group.slice(0, 31));
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** The entries of an archive. @throws Failure where it is none */
export function readEntries(archive: Uint8Array): readonly TarEntry[] {
  const entries: TarEntry[] = [];
  let longName: string | undefined;
  let longTarget: string | undefined;
  for (let offset = 0; offset + BLOCK <= archive.length;) {
    const block = archive.subarray(offset, offset + BLOCK);
    if (block.every((byte) => byte === 0)) return entries;
    const text = (from: number, length: number): string => {
      const bytes = block.subarray(from, from + length);
      const end = bytes.indexOf(0);
      return decode(end < 0 ? bytes : bytes.subarray(0, end));
    };
    const number = (from: number, length: number): number => parseInt(text(from, length).trim() || '0', 8);
    mustHaveChecksum(block, number(148, 8));
    const size = number(124, 12);
    const data = archive.subarray(offset + BLOCK, offset + BLOCK + size);
    if (data.length < size) throw new Failure('short read');
    offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = text(156, 1);
    if (type === 'L') longName = decode(data).replace(/\0.*$/s, '');
    else if (type === 'K') longTarget = decode(data).replace(/\0.*$/s, '');
    else if (type === 'x') {
      const records = paxRecords(data);
      longName = records.get('path') ?? longName;
      longTarget = records.get('linkpath') ?? longTarget;
    } else if (type !== 'g') {
      const isPosix = text(257, 8) === 'ustar';
      const prefix = isPosix ? text(345, 155) : '';
      const name = longName ?? `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`;
      entries.push({
        name,
        type: typeOf(type, name),
        mode: number(100, 8),
        uid: number(108, 8),
        gid: number(116, 8),
        user: text(265, 32),
        group: text(297, 32),
        modified: number(136, 12) * 1000,
        target: longTarget ?? text(157, 100),
        data,
      });
      longName = undefined;
      longTarget = undefined;
    }
  }
  if (entries.length === 0) throw new Failure('short read');
  return entries;
}

function typeOf(type: string, name: string): TarEntry['type'] {
  if (type === '5' || (type === '' && name.endsWith('/'))) return 'directory';
  return type === '2' ? 'symlink' : type === '1' ? 'link' : 'file';
}

function mustHaveChecksum(block: Uint8Array, expected: number): void {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (sum !== expected) throw new Failure('invalid tar magic');
}

/** `length key=value\n` */
function paxRecords(data: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let offset = 0; offset < data.length;) {
    const space = data.indexOf(0x20, offset);
    const length = Number(decode(data.subarray(offset, space)));
    if (!(length > 0)) break;
    const record = decode(data.subarray(space + 1, offset + length - 1));
    const index = record.indexOf('=');
    records.set(record.slice(0, index), record.slice(index + 1));
    offset += length;
  }
  return records;
}
