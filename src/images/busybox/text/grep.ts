import type { Applet, Command } from '../command.ts';
import { posixSource } from '../common/regex.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import type { Options } from '../options.ts';
import type { Input } from '../streams.ts';

/** `grep`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/grep.html */
export const grep: Applet = async (command) => {
  const options = command.options('lnqvscFiHhe:f:LorRm:wxEA:B:C:zau', {
    color: 'u',
    'ignore-case': 'i',
    'line-number': 'n',
    count: 'c',
    quiet: 'q',
    recursive: 'r',
    'invert-match': 'v',
    'extended-regexp': 'E',
    'fixed-strings': 'F',
    'only-matching': 'o',
    'word-regexp': 'w',
    'files-with-matches': 'l',
  });
  return new Search(command, options).run();
};

/** `egrep` and `fgrep`. */
export const grepAs =
  (letter: 'E' | 'F'): Applet =>
  (command) =>
    grep(command.withArgs([`-${letter}`, ...command.args]));

class Search {
  readonly #command: Command;
  readonly #options: Options;
  #regex = /(?:)/;
  #status = 1;
  #hasNames = false;

  constructor(command: Command, options: Options) {
    this.#command = command;
    this.#options = options;
  }

  async run(): Promise<number> {
    const options = this.#options;
    const patterns = options.values('e').flatMap((text) => text.split('\n'));
    for (const name of options.values('f')) {
      patterns.push(...(await this.#command.readText(name)).replace(/\n$/, '').split('\n'));
    }
    let operands = options.operands;
    if (!options.has('e') && !options.has('f')) {
      const [first, ...rest] = operands;
      if (first === undefined) throw new UsageError();
      patterns.push(...first.split('\n'));
      operands = rest;
    }
    this.#regex = this.#compile(patterns);
    const isRecursive = options.has('r') || options.has('R');
    const names = operands.length > 0 ? operands : [isRecursive ? '.' : '-'];
    this.#hasNames = options.has('H') || (!options.has('h') && (names.length > 1 || isRecursive));
    let isBroken = false;
    for (const name of names) {
      for (const file of isRecursive ? this.#below(name) : [name]) {
        try {
          await this.#file(this.#command.open(file), file);
        } catch (error) {
          isBroken = true;
          const words = errorWords(error);
          if (!options.has('s')) this.#command.warn(`${file}: ${words}`);
        }
        if (this.#status === 0 && options.has('q')) return 0;
      }
    }
    return isBroken && (this.#status !== 0 || !options.has('q')) ? 2 : this.#status;
  }

  #compile(patterns: readonly string[]): RegExp {
    const options = this.#options;
    const sources = patterns.map((pattern) =>
      options.has('F')
        ? pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
        : posixSource(pattern, options.has('E')),
    );
    let source = sources.map((each) => `(?:${each})`).join('|');
    if (options.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
    if (options.has('x')) source = `^(?:${source})$`;
    try {
      return new RegExp(source, options.has('i') ? 'gi' : 'g');
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Failure(`bad regex '${patterns[0] ?? ''}': Invalid preceding regular expression`, 2);
    }
  }

  /** The files of a folder and of those in it. */
  #below(path: string): readonly string[] {
    const { files } = this.#command.context;
    const full = this.#command.path(path);
    if (path === '-' || !files.exists(full) || files.stat(full).type !== 'directory') return [path];
    return files.list(full).flatMap((name) => {
      const inner = `${path.replace(/\/$/, '')}/${name}`;
      return files.lstat(`${full}/${name}`).type === 'symlink' ? [] : this.#below(inner);
    });
  }

  async #file(input: Input, name: string): Promise<void> {
    const options = this.#options;
    const label = name === '-' ? '(standard input)' : name;
    const after = Number(options.value('A') ?? options.value('C') ?? 0);
    const before = Number(options.value('B') ?? options.value('C') ?? 0);
    const limit = Number(options.value('m') ?? Infinity);
    const isSilent = ['c', 'l', 'L', 'q'].some((letter) => options.has(letter));
    const recent: { readonly number: number; readonly line: string }[] = [];
    let matches = 0;
    let number = 0;
    let shown = 0;
    let following = 0;
    let read = 0;
    const show = (line: string, place: number, mark: string): void => {
      if ((before > 0 || after > 0) && shown > 0 && place > shown + 1) this.#command.print('--\n');
      shown = place;
      const file = this.#hasNames ? `${label}${mark}` : '';
      this.#command.print(`${file}${options.has('n') ? `${place}${mark}` : ''}${line}\n`);
    };
    for (let line = await input.readLine(); line !== undefined; line = await input.readLine()) {
      number++;
      read += line.length + 20;
      if (read > 16_384) {
        await this.#command.work(read * 8);
        read = 0;
      }
      this.#regex.lastIndex = 0;
      if (this.#regex.test(line) !== options.has('v')) {
        matches++;
        this.#status = 0;
        if (options.has('q') || options.has('l')) break;
        if (!isSilent) {
          for (const earlier of recent.splice(0))
            if (earlier.number > shown) show(earlier.line, earlier.number, '-');
          if (options.has('o')) this.#showParts(line, number, show);
          else show(line, number, ':');
        }
        following = after;
        if (matches >= limit) break;
      } else if (following > 0 && !isSilent) {
        following--;
        show(line, number, '-');
      } else if (before > 0) {
        recent.push({ number, line });
        if (recent.length > before) recent.shift();
      }
    }
    await this.#command.work(read * 8);
    this.#summary(label, matches);
  }

  #showParts(line: string, number: number, show: (line: string, place: number, mark: string) => void): void {
    if (this.#options.has('v')) return;
    for (const [part] of line.matchAll(this.#regex)) if (part !== '') show(part, number, ':');
  }

  #summary(label: string, matches: number): void {
    const options = this.#options;
    if (options.has('q')) return;
    if (options.has('c')) this.#command.print(`${this.#hasNames ? `${label}:` : ''}${matches}\n`);
    if (options.has('l') && matches > 0) this.#command.print(`${label}\n`);
    if (options.has('L') && matches === 0) this.#command.print(`${label}\n`);
  }
}
