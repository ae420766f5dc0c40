import { boundedRegex } from '../common/bounded-regex.ts';
import type { Applet, Command } from '../command.ts';
import { inEitherCase, posixSource } from '../common/regex.ts';
import { errorWords, Failure, UsageError } from '../errors.ts';
import { statOf } from '../files/tree.ts';
import type { Options } from '../options.ts';
import type { Input } from '../streams.ts';

/** The exit code of what is wrong; 1 says that nothing matched. */
const WRONG = 2;

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
    const { patterns, operands } = await this.#read();
    this.#regex = this.#compile(patterns);
    const options = this.#options;
    const isRecursive = options.has('r') || options.has('R');
    const names = operands.length > 0 ? operands : [isRecursive ? '.' : '-'];
    this.#hasNames = options.has('H') || (!options.has('h') && (names.length > 1 || isRecursive));
    let isBroken = false;
    for (const file of isRecursive ? names.flatMap((name) => this.#below(name)) : names) {
      // It reads folders like files, in which there is nothing.
      if (this.#isFolder(file)) continue;
      try {
        await this.#file(this.#command.open(file), file);
      } catch (error) {
        isBroken = true;
        const words = errorWords(error);
        if (!options.has('s')) this.#command.warn(`${file}: ${words}`);
      }
      if (this.#status === 0 && options.has('q')) return 0;
    }
    return isBroken ? 2 : this.#status;
  }

  #isFolder(name: string): boolean {
    return (
      name !== '-' && statOf(this.#command.context.files, this.#command.path(name))?.type === 'directory'
    );
  }

  /** Patterns from the options or from the first operand. */
  async #read(): Promise<{ readonly patterns: readonly string[]; readonly operands: readonly string[] }> {
    const options = this.#options;
    const patterns = options.values('e').flatMap((text) => text.split('\n'));
    for (const name of options.values('f')) {
      patterns.push(...(await this.#command.readText(name)).replace(/\n$/, '').split('\n'));
    }
    if (options.has('e') || options.has('f')) return { patterns, operands: options.operands };
    const [first, ...operands] = options.operands;
    if (first === undefined) throw new UsageError();
    return { patterns: first.split('\n'), operands };
  }

  #compile(patterns: readonly string[]): RegExp {
    const options = this.#options;
    const sources = patterns.map((pattern) =>
      options.has('F')
        ? pattern.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
        : posixSource(pattern, options.has('E'), WRONG),
    );
    let source = sources.map((each) => `(?:${each})`).join('|');
    if (options.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
    if (options.has('x')) source = `^(?:${source})$`;
    try {
      return boundedRegex(options.has('i') ? inEitherCase(source) : source, 'g');
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Failure(`bad regex '${patterns[0] ?? ''}': Invalid preceding regular expression`, WRONG);
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
    const limit = Number(options.value('m') ?? Infinity);
    const isSilent = ['c', 'l', 'L', 'q'].some((letter) => options.has(letter));
    const around = isSilent
      ? undefined
      : new Surroundings(this.#command, options, this.#hasNames ? label : undefined);
    let matches = 0;
    let number = 0;
    let read = 0;
    for (let line = await input.readLine(); line !== undefined; line = await input.readLine()) {
      number++;
      read += line.length + 20;
      if (read > 16_384) {
        await this.#command.work(read * 20);
        read = 0;
      }
      this.#regex.lastIndex = 0;
      if (this.#regex.test(line) === options.has('v')) {
        around?.other(line, number);
        continue;
      }
      matches++;
      this.#status = 0;
      around?.match(options.has('o') ? this.#parts(line) : [line], number);
      if (matches >= limit || options.has('q') || options.has('l')) break;
    }
    await this.#command.work(read * 20);
    this.#summary(label, matches);
  }

  /** What `-o` shows of a line. */
  #parts(line: string): readonly string[] {
    if (this.#options.has('v')) return [];
    this.#regex.lastIndex = 0;
    return [...line.matchAll(this.#regex)].map(([part]) => part).filter((part) => part !== '');
  }

  #summary(label: string, matches: number): void {
    const options = this.#options;
    if (options.has('q')) return;
    if (options.has('c')) this.#command.print(`${this.#hasNames ? `${label}:` : ''}${matches}\n`);
    if (options.has('l') && matches > 0) this.#command.print(`${label}\n`);
    if (options.has('L') && matches === 0) this.#command.print(`${label}\n`);
  }
}

/** Shows matches, and the lines around them that `-A`, `-B` and `-C` ask for. */
class Surroundings {
  readonly #command: Command;
  readonly #label: string | undefined;
  readonly #hasNumbers: boolean;
  readonly #before: number;
  readonly #after: number;
  #recent: { readonly line: string; readonly number: number }[] = [];
  #following = 0;
  #shown = 0;

  constructor(command: Command, options: Options, label: string | undefined) {
    this.#command = command;
    this.#label = label;
    this.#hasNumbers = options.has('n');
    this.#before = Number(options.value('B') ?? options.value('C') ?? 0);
    this.#after = Number(options.value('A') ?? options.value('C') ?? 0);
  }

  match(texts: readonly string[], number: number): void {
    for (const earlier of this.#recent) this.#show(earlier.line, earlier.number, '-');
    this.#recent = [];
    for (const text of texts) this.#show(text, number, ':');
    this.#following = this.#after;
  }

  other(line: string, number: number): void {
    if (this.#following > 0) {
      this.#following--;
      this.#show(line, number, '-');
    } else if (this.#before > 0) {
      this.#recent.push({ line, number });
      if (this.#recent.length > this.#before) this.#recent.shift();
    }
  }

  #show(line: string, number: number, mark: string): void {
    const hasContext = this.#before > 0 || this.#after > 0;
    if (hasContext && this.#shown > 0 && number > this.#shown + 1) this.#command.print('--\n');
    this.#shown = number;
    const file = this.#label === undefined ? '' : `${this.#label}${mark}`;
    this.#command.print(`${file}${this.#hasNumbers ? `${number}${mark}` : ''}${line}\n`);
  }
}
