import { Failure } from '../errors.ts';
import type { Command } from '../command.ts';
import { posixRegex } from '../common/regex.ts';
import type { Options } from '../options.ts';
import { decode } from '../streams.ts';
import { toBytes, fromText } from '../terminal/bytes.ts';
import type { Key, Keys } from '../terminal/keys.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { Document } from './document.ts';
import { beyond, drawn, type Layout } from './rows.ts';

interface Parts {
  readonly command: Command;
  readonly terminal: Terminal;
  readonly keys: Keys;
  readonly names: readonly string[];
  readonly options: Options;
}

/** How a motion's rows depend on the screen. Counts stand for rows. */
const STEPS: Readonly<Record<Key, (height: number) => number>> = {
  e: () => 1,
  j: () => 1,
  Down: () => 1,
  '\r': () => 1,
  '\n': () => 1,
  y: () => -1,
  k: () => -1,
  Up: () => -1,
  ' ': (height) => height,
  f: (height) => height,
  z: (height) => height,
  '\x06': (height) => height,
  PageDown: (height) => height,
  b: (height) => -height,
  w: (height) => -height,
  '\x02': (height) => -height,
  PageUp: (height) => -height,
  d: (height) => Math.floor(height / 2),
  '\x04': (height) => Math.floor(height / 2),
  u: (height) => -Math.floor(height / 2),
  '\x15': (height) => -Math.floor(height / 2),
};

/** A screen of a file and what keys do to it. */
export class Pager {
  readonly #parts: Parts;
  readonly #layout: Layout;
  #document: Document;
  #index = 0;
  /** The first row that is shown. */
  #top = 0;
  #found: RegExp | undefined;
  #isBackwards = false;
  #tellsLines: boolean;
  #ignoresCase: boolean;
  #isBare: boolean;
  #isOver = false;
  readonly #marks = new Map<Key, number>();

  constructor(parts: Parts) {
    const { options, terminal, command } = parts;
    this.#parts = parts;
    this.#layout = {
      columns: terminal.size.columns,
      hasNumbers: options.has('N'),
      cuts: options.has('S'),
      withoutColours: options.has('R'),
    };
    this.#tellsLines = options.has('M') || options.has('m');
    this.#ignoresCase = options.has('I');
    this.#isBare = options.has('~');
    this.#document = new Document(command, command.stdin, '', this.#layout);
  }

  /** Begins with one of the files. @throws FileError */
  open(index: number): void {
    this.#show(this.#parts.names[index] ?? '-');
    this.#index = index;
  }

  async run(): Promise<void> {
    const { options, command, terminal } = this.#parts;
    command.context.onSignal('SIGWINCH', () => {
      this.#layout.columns = terminal.size.columns;
      this.#document.lay();
      void this.#draw();
    });
    await this.#draw();
    if (options.has('F') && this.#document.isWhole && this.#document.rows.length <= this.#height)
      this.#isOver = true;
    while (!this.#isOver) {
      const key = await this.#parts.keys.next();
      if (key === undefined) break;
      await this.#obey(key);
      await command.breathe();
    }
    this.#bottom('');
  }

  get #height(): number {
    return Math.max(1, this.#parts.terminal.size.rows - 1);
  }

  /** How far it goes: there is one row behind the end. */
  get #lastTop(): number {
    const { rows } = this.#document;
    return rows.length <= this.#height ? 0 : rows.length - this.#height + 1;
  }

  get #isAtEnd(): boolean {
    return this.#document.isWhole && this.#top + this.#height >= this.#document.rows.length;
  }

  async #obey(key: Key): Promise<void> {
    const step = STEPS[key];
    if (step !== undefined) {
      await this.#scrollBy(step(this.#height));
      return;
    }
    if (/^\d$/.test(key)) {
      await this.#count(key);
      return;
    }
    switch (key) {
      case 'q':
      case 'Q':
        this.#isOver = true;
        break;
      case 'g':
      case '<':
      case 'Home':
        await this.#goTo(0);
        break;
      case 'G':
      case '>':
      case 'End':
        await this.#goTo(Infinity);
        break;
      case 'r':
      case 'R':
      case '\x0c':
      case '\x12':
        await this.#draw();
        break;
      case '=':
        await this.#document.fill(Infinity);
        this.#bottom(reversed(this.#lines()));
        break;
      default:
        await this.#ask(key);
    }
  }

  /** Keys that want something more. */
  async #ask(key: Key): Promise<void> {
    switch (key) {
      case '/':
      case '?':
        await this.#search(key);
        break;
      case 'n':
      case 'N':
        if (this.#found === undefined) this.#bottom(reversed('No matches found'));
        else await this.#goToMatch(this.#isBackwards === (key === 'n'));
        break;
      case '-':
        await this.#toggle();
        break;
      case ':':
        await this.#command();
        break;
      case 'm':
        this.#bottom(reversed('Mark: '));
        this.#marks.set((await this.#parts.keys.next()) ?? '', this.#top);
        this.#status();
        break;
      case "'":
        this.#bottom(reversed('Go to mark: '));
        await this.#goTo(this.#marks.get((await this.#parts.keys.next()) ?? '') ?? this.#top);
    }
  }

  async #scrollBy(rows: number): Promise<void> {
    await this.#goTo(Math.max(0, this.#top + rows));
    if (this.#isAtEnd && rows > 0 && this.#parts.options.has('E')) this.#isOver = true;
  }

  async #goTo(row: number): Promise<void> {
    await this.#document.fill(row + this.#height);
    this.#top = Math.max(0, Math.min(row, this.#lastTop));
    await this.#draw();
  }

  async #draw(): Promise<void> {
    const document = this.#document;
    await document.fill(this.#tellsLines ? Infinity : this.#top + this.#height + 1);
    this.#top = Math.min(this.#top, this.#lastTop);
    let out = '\x1b[0;0H';
    for (let index = this.#top; index < this.#top + this.#height; index++) {
      const row = document.rows[index];
      const { hasNumbers } = this.#layout;
      out += `\x1b[K${row === undefined ? beyond(hasNumbers, this.#isBare) : drawn(row, this.#found, hasNumbers)}\n`;
    }
    this.#parts.command.owe(out.length);
    this.#print(out);
    this.#status();
  }

  #status(): void {
    if (this.#tellsLines) this.#bottom(reversed(this.#lines()));
    else if (this.#top === 0) this.#bottom(reversed(this.#name()));
    else this.#bottom(this.#isAtEnd ? reversed('(END)') : ':');
  }

  #name(): string {
    const { names } = this.#parts;
    const { name } = this.#document;
    return (
      fromText(name === '-' ? 'standard input' : name) +
      (names.length > 1 ? ` (file ${this.#index + 1} of ${names.length})` : '')
    );
  }

  /** Which lines are shown, of how many. */
  #lines(): string {
    const { rows, lineCount } = this.#document;
    const first = (rows[this.#top]?.line ?? 0) + 1;
    const last = Math.min(
      lineCount,
      (rows[Math.min(rows.length, this.#top + this.#height) - 1]?.line ?? 0) + 1,
    );
    const place = this.#isAtEnd ? '(END)' : `${Math.round((last * 100) / Math.max(1, lineCount))}%`;
    return `${this.#name()} lines ${first}-${last}/${lineCount} ${place}`;
  }

  /** A number, and what is done so often or goes there. */
  async #count(first: Key): Promise<void> {
    const { keys } = this.#parts;
    const { rows } = this.#parts.terminal.size;
    let digits = first;
    this.#bottom(`:${first}\x1b[${rows};3H`);
    let key = await keys.next();
    for (; key !== undefined && /^\d$/.test(key) && digits.length < 9; key = await keys.next()) {
      digits += key;
      this.#print(`${key}\x1b[${rows};${digits.length + 2}H`);
    }
    const number = Number(digits);
    if (key === 'g' || key === '<' || key === 'G' || key === '>') await this.#goTo(Math.max(0, number - 1));
    else if (key === 'p' || key === '%') {
      await this.#document.fill(Infinity);
      await this.#goTo(Math.floor((this.#document.rows.length * Math.min(100, number)) / 100));
    } else {
      const step = STEPS[key ?? '']?.(1) ?? 0;
      if (step !== 0 || key === 'd' || key === 'u')
        await this.#scrollBy(key === 'u' || step < 0 ? -number : number);
    }
  }

  async #search(direction: '/' | '?'): Promise<void> {
    const source = await this.#line(direction);
    if (source === undefined) return;
    this.#isBackwards = direction === '?';
    if (source !== '') {
      try {
        this.#found = posixRegex(source, true, this.#ignoresCase ? 'gi' : 'g');
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.#bottom(reversed('Bad pattern'));
        return;
      }
    }
    await this.#goToMatch(this.#isBackwards);
  }

  async #goToMatch(isBackwards: boolean): Promise<void> {
    const found = this.#found;
    if (found === undefined) return;
    await this.#document.fill(Infinity);
    const matches = this.#document.rows.flatMap(({ text }, index) => {
      found.lastIndex = 0;
      return found.test(text) ? [index] : [];
    });
    const next = isBackwards
      ? (matches.findLast((row) => row < this.#top) ?? matches[0])
      : (matches.find((row) => row > this.#top) ?? matches.at(-1));
    if (next === undefined) {
      this.#found = undefined;
      this.#bottom(reversed('No matches found'));
    } else await this.#goTo(next);
  }

  /** A line that is typed at the bottom; undefined where it was given up. */
  async #line(prompt: string, width = prompt.length): Promise<string | undefined> {
    const { rows } = this.#parts.terminal.size;
    const place = (): string => `\x1b[${rows};${width + line.length + 1}H`;
    let line = '';
    this.#bottom(prompt);
    this.#print(place());
    for (let key = await this.#parts.keys.next(); key !== undefined; key = await this.#parts.keys.next()) {
      if (key === '\r' || key === '\n') return line;
      if (key === '\x1b' || ((key === '\x7f' || key === '\b') && line === '')) break;
      if (key === '\x7f' || key === '\b') {
        line = line.slice(0, -1);
        this.#print(`${place()}\x1b[K`);
      } else if (key.length === 1 && key >= ' ') {
        line += key;
        this.#print(key + place());
      }
    }
    this.#status();
    return undefined;
  }

  /** A letter that turns an option round. */
  async #toggle(): Promise<void> {
    this.#bottom(`-\x1b[${this.#parts.terminal.size.rows};2H`);
    switch ((await this.#parts.keys.next()) ?? '') {
      case 'M':
      case 'm':
        this.#tellsLines = !this.#tellsLines;
        break;
      case 'N':
        this.#layout.hasNumbers = !this.#layout.hasNumbers;
        break;
      case 'S':
        this.#layout.cuts = !this.#layout.cuts;
        break;
      case 'I':
        this.#ignoresCase = !this.#ignoresCase;
        break;
      case '~':
        this.#isBare = !this.#isBare;
    }
    this.#document.lay();
    await this.#draw();
  }

  /** What stands behind a colon: other files. */
  async #command(): Promise<void> {
    this.#bottom(`${reversed(' :')}\x1b[${this.#parts.terminal.size.rows};3H`);
    switch ((await this.#parts.keys.next()) ?? '') {
      case 'q':
        this.#isOver = true;
        break;
      case 'n':
        await this.#change(this.#index + 1, 'No next file');
        break;
      case 'p':
        await this.#change(this.#index - 1, 'No previous file');
        break;
      case 'x':
        await this.#change(0, 'No previous file');
        break;
      case 'e': {
        const name = await this.#line(reversed('Examine: '), 'Examine: '.length);
        if (name !== undefined) await this.#examine(() => this.#show(decode(toBytes(name.trim()))));
        break;
      }
      default:
        this.#status();
    }
  }

  async #change(index: number, otherwise: string): Promise<void> {
    if (index < 0 || index >= this.#parts.names.length) this.#bottom(reversed(otherwise));
    else await this.#examine(() => this.open(index));
  }

  async #examine(open: () => void): Promise<void> {
    try {
      open();
    } catch {
      this.#bottom(reversed('Cannot read this file'));
      return;
    }
    await this.#draw();
  }

  /** @throws FileError */
  #show(name: string): void {
    const { command } = this.#parts;
    const document = new Document(command, command.open(name), name, this.#layout);
    this.#document.close();
    this.#document = document;
    this.#top = 0;
  }

  #bottom(text: string): void {
    this.#print(`\x1b[${this.#parts.terminal.size.rows};0H\x1b[K${text}`);
  }

  #print(text: string): void {
    this.#parts.command.print(toBytes(text));
  }
}

function reversed(text: string): string {
  return `\x1b[7m${text}\x1b[m`;
}
