import type { FileStat } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { modeText, names, sizeText } from '../common/describe.ts';
import { errorWords } from '../errors.ts';
import type { Options } from '../options.ts';
import { linksOf } from './tree.ts';
import { terminalOf } from '../terminal/terminal.ts';

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: FileStat;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_A_YEAR = 15_778_800_000;

const LETTERS = '1AaCxdFilnpQqRrSsctuvLHhKTw:gX';
const LONG = { color: ':', 'full-time': 'e' };

/** `ls`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/ls.html */
export const ls: Applet = async (command) => {
  const options = command.options(LETTERS, LONG);
  const listing = new Listing(
    command,
    options.has('e') ? command.withArgs(['-l', ...command.args]).options(LETTERS, LONG) : options,
  );
  return listing.run(options.operands.length === 0 ? ['.'] : options.operands);
};

class Listing {
  readonly #command: Command;
  readonly #options: Options;
  readonly #isTerminal: boolean;
  readonly #hasColors: boolean;
  #status = 0;
  #needsGap = false;

  constructor(command: Command, options: Options) {
    this.#command = command;
    this.#options = options;
    this.#isTerminal = terminalOf(command.context.stdout) !== undefined;
    const color = options.has(':') ? (options.value(':') ?? 'always') : 'auto';
    this.#hasColors = color === 'always' || (color === 'auto' && this.#isTerminal);
  }

  async run(operands: readonly string[]): Promise<number> {
    const files: Entry[] = [];
    const folders: Entry[] = [];
    for (const name of operands) {
      const entry = this.#look(name, name, !this.#options.has('l') && !this.#options.has('d'));
      if (entry === undefined) continue;
      const isFolder = entry.stat.type === 'directory' && !this.#options.has('d');
      (isFolder ? folders : files).push(entry);
    }
    if (files.length > 0) this.#show(this.#sorted(files));
    this.#needsGap = files.length > 0;
    const isNamed = operands.length > 1 || this.#options.has('R');
    for (const folder of this.#sorted(folders)) await this.#folder(folder.name, isNamed);
    return this.#status;
  }

  async #folder(path: string, isNamed: boolean): Promise<void> {
    const { files } = this.#command.context;
    let found: readonly string[];
    try {
      found = files.list(this.#command.path(path));
    } catch (error) {
      this.#fail(path, error);
      return;
    }
    const isAll = this.#options.has('a');
    const isAlmostAll = isAll || this.#options.has('A');
    const shown = [
      ...(isAll ? ['.', '..'] : []),
      ...found.filter((name) => isAlmostAll || !name.startsWith('.')),
    ];
    const inside = (name: string): string => `${path.endsWith('/') ? path : `${path}/`}${name}`;
    const entries = this.#sorted(shown.flatMap((name) => this.#look(name, inside(name), false) ?? []));
    if (this.#needsGap) this.#command.print('\n');
    this.#needsGap = true;
    if (isNamed) this.#command.print(`${path}:\n`);
    if (this.#options.has('l')) {
      const blocks = entries.reduce((sum, { stat }) => sum + blocksOf(stat), 0);
      this.#command.print(`total ${this.#options.has('h') ? sizeText(blocks * 1024) : blocks}\n`);
    }
    this.#show(entries);
    await this.#command.work(entries.length * 2000);
    if (!this.#options.has('R')) return;
    for (const { name, stat } of entries) {
      if (stat.type === 'directory' && name !== '.' && name !== '..') await this.#folder(inside(name), true);
    }
  }

  #look(name: string, path: string, follows: boolean): Entry | undefined {
    const { files } = this.#command.context;
    const full = this.#command.path(path);
    try {
      const isFollowed = this.#options.has('L') || (follows && files.exists(full));
      return { name, path: full, stat: isFollowed ? files.stat(full) : files.lstat(full) };
    } catch (error) {
      this.#fail(path, error);
      return undefined;
    }
  }

  #fail(path: string, error: unknown): void {
    const words = errorWords(error);
    this.#command.warn(
      words === 'Permission denied' ? `can't open '${path}': ${words}` : `${path}: ${words}`,
    );
    this.#status = 1;
  }

  #sorted(entries: readonly Entry[]): readonly Entry[] {
    const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    const sorted = entries.toSorted((a, b) => {
      if (this.#options.has('t')) return b.stat.modified - a.stat.modified || byName(a, b);
      if (this.#options.has('S')) return b.stat.size - a.stat.size || byName(a, b);
      return byName(a, b);
    });
    return this.#options.has('r') ? sorted.reverse() : sorted;
  }

  #show(entries: readonly Entry[]): void {
    if (this.#options.has('l') || this.#options.has('n')) {
      for (const entry of entries) this.#command.print(`${this.#longLine(entry)}\n`);
    } else if (
      this.#options.has('1') ||
      !(this.#isTerminal || this.#options.has('C') || this.#options.has('x'))
    ) {
      for (const entry of entries) this.#command.print(`${this.#prefix(entry)}${this.#label(entry)}\n`);
    } else this.#columns(entries);
  }

  #columns(entries: readonly Entry[]): void {
    const width = Number(this.#options.value('w') ?? this.#command.context.tty?.columns ?? 80);
    const plain = entries.map((entry) => this.#prefix(entry) + entry.name + this.#mark(entry.stat));
    const column = Math.max(0, ...plain.map(({ length }) => length)) + 2;
    const columns = Math.max(1, Math.floor((width - 1) / column));
    const rows = Math.ceil(entries.length / columns);
    for (let row = 0; row < rows; row++) {
      let line = '';
      for (let index = row; index < entries.length; index += rows) {
        const entry = entries[index];
        if (entry === undefined) continue;
        const isLast = index + rows >= entries.length;
        const padding = isLast ? '' : ' '.repeat(column - (plain[index]?.length ?? 0));
        line += `${this.#prefix(entry)}${this.#label(entry)}${padding}`;
      }
      this.#command.print(`${line}\n`);
    }
  }

  #prefix({ path, stat }: Entry): string {
    const inode = this.#options.has('i') ? `${String(inodeOf(path)).padStart(7)} ` : '';
    return this.#options.has('s') ? `${inode}${String(blocksOf(stat)).padStart(6)} ` : inode;
  }

  #label(entry: Entry): string {
    return `${this.#colored(entry.name, entry.stat)}${this.#mark(entry.stat)}`;
  }

  #mark(stat: FileStat): string {
    const isFolder = stat.type === 'directory';
    if (this.#options.has('p') && isFolder) return '/';
    if (!this.#options.has('F')) return '';
    if (stat.type === 'symlink') return '@';
    return isFolder ? '/' : stat.type === 'file' && (stat.mode & 0o111) !== 0 ? '*' : '';
  }

  #colored(name: string, stat: FileStat): string {
    if (!this.#hasColors) return name;
    const color =
      stat.type === 'directory'
        ? '1;34'
        : stat.type === 'symlink'
          ? '1;36'
          : stat.type === 'device'
            ? '1;33'
            : (stat.mode & 0o111) !== 0
              ? '1;32'
              : '0;0';
    return `\x1b[${color}m${name}\x1b[m`;
  }

  #longLine(entry: Entry): string {
    const { stat } = entry;
    const { users, groups } = names(this.#command.context.files);
    const isNumeric = this.#options.has('n');
    const user = isNumeric ? String(stat.uid) : (users.get(stat.uid) ?? String(stat.uid));
    const group = isNumeric ? String(stat.gid) : (groups.get(stat.gid) ?? String(stat.gid));
    const size = this.#size(stat);
    const owner = this.#options.has('g') ? '' : `${user.padEnd(8)} `;
    const links = linksOf(this.#command.context.files, entry.path, stat);
    const target = stat.type === 'symlink' ? ` -> ${stat.target ?? ''}` : '';
    return `${this.#prefix(entry)}${modeText(stat)} ${String(links).padStart(4)} ${owner}${group.padEnd(8)} ${size} ${this.#time(stat)} ${this.#label(entry)}${target}`;
  }

  /** A device has two numbers instead. */
  #size(stat: FileStat): string {
    if (stat.device !== undefined) {
      const [major, minor] = stat.device;
      return `${String(major).padStart(4)}, ${String(minor).padStart(3)}`;
    }
    return this.#options.has('h') ? sizeText(sizeOf(stat)).padStart(7) : String(sizeOf(stat)).padStart(9);
  }

  #time({ modified }: FileStat): string {
    const date = new Date(modified);
    const two = (value: number): string => String(value).padStart(2, '0');
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    if (this.#options.has('e')) {
      return `${date.toISOString().slice(0, 10)} ${clock}:${two(date.getUTCSeconds())} +0000`;
    }
    const day = `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)}`;
    const age = this.#command.context.clock.now() - modified;
    return age > HALF_A_YEAR || age < 0 ? `${day}  ${date.getUTCFullYear()}` : `${day} ${clock}`;
  }
}

export function sizeOf({ type, size, target }: FileStat): number {
  return type === 'directory' ? 4096 : type === 'symlink' ? (target ?? '').length : size;
}

/** Kilobytes on disk. */
export function blocksOf(stat: FileStat): number {
  if (stat.type === 'symlink' || stat.type === 'device') return 0;
  return Math.ceil(sizeOf(stat) / 4096) * 4;
}

/** There are no inodes; a path always gives the same number. */
export function inodeOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  return 100_000 + ((hash >>> 0) % 9_000_000);
}
