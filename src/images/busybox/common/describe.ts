import type { FileStat, FileSystem } from '../../../cluster/runtime/types.ts';

/** `-rw-r--r--` */
export function modeText(stat: FileStat): string {
  const type = { file: '-', directory: 'd', symlink: 'l', device: 'c' }[stat.type];
  const bits = (shift: number, special: number, letter: string): string => {
    const mode = stat.mode >> shift;
    const isSpecial = (stat.mode & special) !== 0;
    const execute = (mode & 1) !== 0 ? (isSpecial ? letter : 'x') : isSpecial ? letter.toUpperCase() : '-';
    return `${mode & 4 ? 'r' : '-'}${mode & 2 ? 'w' : '-'}${execute}`;
  };
  return `${type}${bits(6, 0o4000, 's')}${bits(3, 0o2000, 's')}${bits(0, 0o1000, 't')}`;
}

/** Bytes with one decimal place and a letter, as `-h` shows them. */
export function sizeText(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? String(bytes) : `${value.toFixed(1)}${units[unit] ?? ''}`;
}

/** User and group names by number. */
export function names(files: FileSystem): {
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
} {
  return { users: readNames(files, '/etc/passwd'), groups: readNames(files, '/etc/group') };
}

function readNames(files: FileSystem, path: string): ReadonlyMap<number, string> {
  if (!files.exists(path)) return new Map();
  const lines = files.readText(path).split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [name = '', , id] = line.split(':');
      return id === undefined ? [] : [[Number(id), name] as const];
    }),
  );
}
