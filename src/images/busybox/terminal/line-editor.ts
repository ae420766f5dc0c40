import type { ProgramContext } from '../../../cluster/runtime/types.ts';
import { decode, encode } from '../streams.ts';
import type { Terminal } from './terminal.ts';

/** What came of a prompt: a line, Ctrl-C, or the end of the input. */
export type Typed = { readonly line: string } | 'interrupt' | 'end';

const CONTROL = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 0x40);
/** Asks the terminal where its cursor is, as busybox does behind every prompt; the answer is swallowed. */
const ASK_POSITION = '\x1b[6n';
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Characters of a line; keys beyond them do nothing. */
const LONGEST_LINE = 1022;
const BELL = '\x07';
const CLEAR_BELOW = '\x1b[J';
/** Keys that terminals send as sequences. */
const ESCAPE = '\x1b';
const SEQUENCE = new RegExp(`^${ESCAPE}(?:\\[[0-9;]*[A-Za-z~]|O[A-Za-z]|[^[O])`);
const INCOMPLETE_SEQUENCE = new RegExp(`^${ESCAPE}(?:\\[[0-9;]*|O)?$`);
/** Keys that move the cursor or go through the history. */
const MOVES: Readonly<Record<string, 'start' | 'end' | 'left' | 'right' | 'older' | 'newer'>> = {
  [CONTROL('A')]: 'start',
  '\x1b[H': 'start',
  '\x1b[1~': 'start',
  '\x1bOH': 'start',
  [CONTROL('E')]: 'end',
  '\x1b[F': 'end',
  '\x1b[4~': 'end',
  '\x1bOF': 'end',
  [CONTROL('B')]: 'left',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  [CONTROL('F')]: 'right',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  [CONTROL('P')]: 'older',
  '\x1b[A': 'older',
  '\x1bOA': 'older',
  [CONTROL('N')]: 'newer',
  '\x1b[B': 'newer',
  '\x1bOB': 'newer',
};

/** Reads lines from a terminal with the keys of busybox' editor. */
export class LineEditor {
  readonly #context: ProgramContext;
  readonly #terminal: Terminal;
  readonly #history: string[];
  readonly #complete: (line: string) => readonly string[];
  #prompt = '';
  #line = '';
  #cursor = 0;
  #place = 0;
  /** Whether the last key was a Tab that several names fit. */
  #isAmbiguous = false;

  /**
   * @param history grows with every line
   * @param complete what the last word of a line could become
   */
  constructor(
    context: ProgramContext,
    terminal: Terminal,
    history: string[],
    complete: (line: string) => readonly string[],
  ) {
    this.#context = context;
    this.#terminal = terminal;
    this.#history = history;
    this.#complete = complete;
  }

  async read(prompt: string): Promise<Typed> {
    this.#prompt = prompt;
    this.#line = '';
    this.#cursor = 0;
    this.#place = this.#history.length;
    this.#write(prompt + ASK_POSITION);
    return this.#terminal.raw(() => this.#edit());
  }

  async #edit(): Promise<Typed> {
    let keys = '';
    for (;;) {
      const bytes = await this.#terminal.read(this.#context);
      if (bytes === undefined) return 'end';
      // What comes behind the line is for whoever reads then.
      const end = bytes.findIndex((byte) => byte === RETURN || byte === NEWLINE) + 1;
      if (end > 0 && end < bytes.length) this.#terminal.unread(bytes.subarray(end));
      keys += decode(end > 0 ? bytes.subarray(0, end) : bytes);
      while (keys !== '') {
        if (INCOMPLETE_SEQUENCE.test(keys)) break;
        const key = SEQUENCE.exec(keys)?.[0] ?? String.fromCodePoint(keys.codePointAt(0) ?? 0);
        keys = keys.slice(key.length);
        const typed = this.#press(key);
        if (typed === undefined) continue;
        if (keys !== '') this.#terminal.unread(encode(keys));
        return typed;
      }
    }
  }

  #press(key: string): Typed | undefined {
    if (key !== '\t') this.#isAmbiguous = false;
    switch (key) {
      case '\r':
      case '\n':
        this.#moveTo(this.#line.length);
        this.#write('\n');
        if (this.#line !== '' && this.#line !== this.#history.at(-1)) this.#history.push(this.#line);
        return { line: this.#line };
      case CONTROL('C'):
        this.#moveTo(this.#line.length);
        this.#write('^C\n');
        return 'interrupt';
      case CONTROL('D'):
        if (this.#line === '') {
          this.#write('\n');
          return 'end';
        }
        this.#remove(this.#cursor, this.#cursor + 1);
        return undefined;
      default:
        this.#change(key);
        return undefined;
    }
  }

  #change(key: string): void {
    switch (key) {
      case '\b':
      case '\x7f':
        this.#remove(this.#cursor - 1, this.#cursor);
        break;
      case CONTROL('U'):
        this.#show(this.#line.slice(this.#cursor), 0);
        break;
      case CONTROL('K'):
        this.#remove(this.#cursor, this.#line.length);
        break;
      case CONTROL('W'): {
        const word = /\S*\s*$/.exec(this.#line.slice(0, this.#cursor))?.[0].length ?? 0;
        this.#remove(this.#cursor - word, this.#cursor);
        break;
      }
      case CONTROL('L'):
        this.#write('\x1b[H');
        this.#write(CLEAR_BELOW);
        this.#show(this.#line, this.#cursor);
        break;
      case '\x1b[3~':
        this.#remove(this.#cursor, this.#cursor + 1);
        break;
      case '\t':
        this.#completeWord();
        break;
      default:
        if (key.startsWith('\x1b') || key < ' ') this.#move(key);
        else this.#insert(key);
    }
  }

  #move(key: string): void {
    switch (MOVES[key]) {
      case 'start':
        this.#moveTo(0);
        break;
      case 'end':
        this.#moveTo(this.#line.length);
        break;
      case 'left':
        this.#moveTo(this.#cursor - 1);
        break;
      case 'right':
        this.#moveTo(this.#cursor + 1);
        break;
      case 'older':
        this.#recall(this.#place - 1);
        break;
      case 'newer':
        this.#recall(this.#place + 1);
        break;
      case undefined:
    }
  }

  #recall(place: number): void {
    if (place < 0 || place > this.#history.length) return;
    this.#place = place;
    const line = this.#history[place] ?? '';
    this.#show(line, line.length);
  }

  #insert(keys: string): void {
    const text = keys.slice(0, LONGEST_LINE - this.#line.length);
    const rest = this.#line.slice(this.#cursor);
    this.#line = this.#line.slice(0, this.#cursor) + text + rest;
    this.#cursor += text.length;
    this.#write(text + rest + '\b'.repeat(rest.length));
  }

  #remove(from: number, to: number): void {
    if (from < 0 || from >= this.#line.length) return;
    this.#moveTo(from);
    const rest = this.#line.slice(to);
    this.#line = this.#line.slice(0, from) + rest;
    this.#write(rest + CLEAR_BELOW + '\b'.repeat(rest.length));
  }

  #moveTo(cursor: number): void {
    const target = Math.max(0, Math.min(cursor, this.#line.length));
    const text =
      target < this.#cursor ? '\b'.repeat(this.#cursor - target) : this.#line.slice(this.#cursor, target);
    this.#cursor = target;
    if (text !== '') this.#write(text);
  }

  /** Draws prompt and line anew. */
  #show(line: string, cursor: number): void {
    this.#line = line;
    this.#cursor = cursor;
    this.#write(`\r${this.#prompt}${line}${CLEAR_BELOW}${'\b'.repeat(line.length - cursor)}`);
  }

  /** The first Tab completes as far as it can, the next one lists what there is. */
  #completeWord(): void {
    const before = this.#line.slice(0, this.#cursor);
    const candidates = this.#complete(before);
    const [first] = candidates;
    if (first === undefined) {
      this.#write(BELL);
      return;
    }
    const names = candidates.map((each) => each.replace(/.*\/(?=.)/, ''));
    if (candidates.length > 1 && this.#isAmbiguous) {
      this.#write(`\n${inColumns(names, this.#terminal.size.columns)}`);
      this.#show(this.#line, this.#cursor);
      return;
    }
    this.#isAmbiguous = candidates.length > 1;
    let common = first;
    for (const each of candidates) while (!each.startsWith(common)) common = common.slice(0, -1);
    if (this.#isAmbiguous) this.#write(BELL);
    if (common === '' || (this.#isAmbiguous && common.endsWith('/'))) return;
    const isWhole = candidates.length === 1 && !common.endsWith('/');
    const word = /\S*$/.exec(before)?.[0] ?? '';
    const added = (common.slice(word.length) + (isWhole ? ' ' : '')).slice(
      0,
      LONGEST_LINE - this.#line.length,
    );
    this.#show(before + added + this.#line.slice(this.#cursor), this.#cursor + added.length);
  }

  #write(text: string): void {
    this.#context.stdout.write(text);
  }
}

/** Names as `ls` has them: down, then to the right. */
function inColumns(names: readonly string[], width: number): string {
  const column = Math.max(...names.map(({ length }) => length)) + 2;
  const rows = Math.ceil(names.length / Math.max(1, Math.floor(width / column)));
  const lines = Array.from({ length: rows }, (_, row) => {
    const inRow = names.filter((_name, index) => index % rows === row);
    return inRow.map((name, index) => (index < inRow.length - 1 ? name.padEnd(column) : name)).join('');
  });
  return lines.map((line) => `${line}\n`).join('');
}
