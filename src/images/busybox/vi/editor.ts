import type { Command } from '../command.ts';
import { fromText } from '../terminal/bytes.ts';
import type { Key, Keys } from '../terminal/keys.ts';
import { terminalOf } from '../terminal/terminal.ts';
import { columnAfter, countLines, lastInLine, lineEnd, lineNumber, lineStart } from './lines.ts';
import { Registers } from './registers.ts';
import type { Screen } from './screen.ts';
import { TextBuffer } from './text-buffer.ts';

/** `-` takes commands, the others text. */
export type Mode = '-' | 'I' | 'R';

/** What `:set` changes. */
export interface Settings {
  autoindent: boolean;
  expandtab: boolean;
  flash: boolean;
  ignorecase: boolean;
  showmatch: boolean;
  tabstop: number;
}

/** The last search for a character in a line. */
export interface CharacterSearch {
  readonly key: string;
  readonly character: string;
}

/** Everything that the keys of `vi` work on. */
export class Editor {
  readonly command: Command;
  readonly screen: Screen;
  readonly keys: Keys;
  readonly buffer = new TextBuffer();
  readonly registers = new Registers();
  readonly settings: Settings = {
    autoindent: false,
    expandtab: false,
    flash: false,
    ignorecase: false,
    showmatch: false,
    tabstop: 8,
  };
  mode: Mode = '-';
  /** The path as it was given; none for a text without a file. */
  file: string | undefined;
  isReadOnly = false;
  /** The column that up and down want to be in. */
  wantedColumn = 0;
  /** Where the search goes on, and what for. */
  pattern: { readonly source: string; readonly direction: '/' | '?' } | undefined;
  characterSearch: CharacterSearch | undefined;
  /** What `.` does again. */
  lastChange: readonly Key[] = [];
  /** Where the last jump began. */
  before = 0;
  /** Whether it is left, with which way to go on. */
  left: 'quit' | 'next' | 'previous' | 'rewind' | undefined;
  /** Lines that Ctrl-D and Ctrl-U go on; half a screen where nobody has said. */
  scrollLines = 0;
  #dot = 0;
  #message: { readonly text: string; readonly isProblem: boolean } | undefined;
  #status: string | undefined;
  #allocated = 0;

  /** Whether others of the files come after this one and before it. */
  files = { hasNext: false, hasPrevious: false };

  constructor(command: Command, keys: Keys, screen: Screen) {
    this.command = command;
    this.keys = keys;
    this.screen = screen;
  }

  get text(): string {
    return this.buffer.text;
  }

  /** Where the cursor is. */
  get dot(): number {
    return Math.min(this.#dot, this.text.length - 1);
  }

  set dot(at: number) {
    this.#dot = Math.max(0, at);
  }

  bell(): void {
    this.command.print('\x07');
  }

  /** Lets others have the terminal as it was. */
  cooked<T>(work: () => Promise<T>): Promise<T> {
    const terminal = terminalOf(this.command.context.stdin);
    return terminal === undefined ? work() : terminal.cooked(work);
  }

  /** Shows a line instead of the status until the next key. */
  say(text: string): void {
    this.#message = { text, isProblem: false };
  }

  /** The same the other way round, for what did not work. */
  complain(text: string): void {
    this.#message = { text, isProblem: true };
  }

  /** What was to be said is not worth it. */
  beQuiet(): void {
    this.#message = undefined;
  }

  notImplemented(what: string): void {
    this.complain(`'${what}' is not implemented`);
  }

  /** The status is drawn anew, though it may be the same. */
  forgetStatus(): void {
    this.#status = undefined;
  }

  refresh(isWhole = false): void {
    const { text, dot, settings, mode } = this;
    this.screen.refresh({ text, dot, tabStop: settings.tabstop, isInserting: mode !== '-' }, isWhole);
  }

  redraw(isWhole: boolean): void {
    this.screen.clear();
    this.refresh(isWhole);
    this.forgetStatus();
    this.showStatus();
  }

  /** The last line of the screen, where it is not there already. @returns whether that was a message too long for it */
  showStatus(): boolean {
    const message = this.#message;
    this.#message = undefined;
    const text = message?.text ?? this.#statusLine();
    if (message === undefined && text === this.#status) return false;
    this.#status = message === undefined ? text : undefined;
    this.screen.bottomLine(message?.isProblem === true ? `\x1b[7m${text}\x1b[m` : text);
    this.screen.placeCursor();
    return text.length > this.screen.columns - 1;
  }

  /** Where commands are taken the cursor cannot stand behind a line. */
  clampDot(): void {
    const { text, dot } = this;
    this.#dot = this.mode === '-' && dot === lineEnd(text, dot) ? lastInLine(text, dot) : dot;
  }

  /** The process has as much memory as the text, and what can be undone or put. */
  account(): void {
    const needed = this.buffer.size + this.registers.size;
    const more = needed - this.#allocated;
    this.#allocated = needed;
    const { memory } = this.command.context;
    if (more > 0) memory.allocate(more);
    else memory.free(-more);
    this.command.owe(this.text.length);
  }

  /** The column of the screen, were it wide enough, where the character under the cursor begins. */
  get column(): number {
    let column = 0;
    for (let at = lineStart(this.text, this.dot); at < this.dot; at++) {
      column = columnAfter(this.text.charAt(at), column, this.settings.tabstop);
    }
    return column;
  }

  #statusLine(): string {
    const { text } = this;
    const [current, total] = [lineNumber(text, this.dot), countLines(text)];
    const marks = `${this.isReadOnly ? ' [Readonly]' : ''}${this.buffer.isModified ? ' [Modified]' : ''}`;
    const name = this.file === undefined ? 'No file' : fromText(this.file);
    return `${this.mode} ${name}${marks} ${current}/${total} ${Math.floor((current * 100) / total)}%`;
  }
}
