import { columnAfter, countLines, lineEnd, lineStart, linesFrom, nextLine } from './lines.ts';

/** What is to be seen. */
export interface View {
  readonly text: string;
  readonly dot: number;
  readonly tabStop: number;
  /** Whether characters go in front of the one that the cursor is on: then it stands where a tab begins. */
  readonly isInserting: boolean;
}

const CLEAR = '\x1b[H\x1b[J';

/** The lines of the terminal but the last one: it remembers what it shows, and draws what is different. */
export class Screen {
  /** Where the first line begins that is shown. */
  top = 0;
  readonly #write: (text: string) => void;
  #rows = 24;
  #columns = 80;
  #shown: string[] = [];
  /** Columns that are out of sight at the left. */
  #offset = 0;
  #row = 0;
  #column = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Lines of text that there is room for. */
  get height(): number {
    return this.#rows - 1;
  }

  get columns(): number {
    return this.#columns;
  }

  /** @returns whether it is another one now */
  resize({ rows, columns }: { readonly rows: number; readonly columns: number }): boolean {
    if (rows === this.#rows && columns === this.#columns) return false;
    this.#rows = Math.max(2, rows);
    this.#columns = Math.max(2, columns);
    this.#shown = [];
    return true;
  }

  /** Clears the terminal; everything is drawn at the next `refresh`. */
  clear(): void {
    this.#write(CLEAR);
    this.#shown = [];
  }

  /** @param isWhole draws all columns of every line, whatever is there */
  refresh(view: View, isWhole = false): void {
    this.#scroll(view);
    const before = this.#offset;
    this.#findCursor(view);
    const blank = ' '.repeat(this.#columns);
    const rows = this.#lines(view);
    for (const [row, line] of rows.entries()) {
      const old = this.#shown[row] ?? blank;
      let [from, to] = [0, this.#columns];
      if (!isWhole) {
        if (line === old && this.#offset === before) continue;
        while (from < to && line.charAt(from) === old.charAt(from)) from++;
        while (to > from && line.charAt(to - 1) === old.charAt(to - 1)) to--;
        if (from === to) [from, to] = [0, this.#columns];
      }
      this.#write(`${place(row, from)}${line.slice(from, to)}`);
    }
    this.#shown = rows;
    this.placeCursor();
  }

  placeCursor(): void {
    this.#write(place(this.#row, this.#column));
  }

  /** Goes to the last line, which is empty then. */
  bottomLine(text: string): void {
    this.#write(`${place(this.#rows - 1, 0)}\x1b[K${text}`);
  }

  /** Moves the first line that is shown, so that the cursor's is: a little, or to the middle where it is far away. */
  #scroll({ text, dot }: View): void {
    const line = lineStart(text, dot);
    const half = Math.floor(this.height / 2);
    if (this.top >= text.length) this.top = line;
    this.top = lineStart(text, this.top);
    if (line < this.top) {
      const above = countLines(text, line, this.top);
      this.top = above >= half ? linesFrom(text, line, -half) : line;
      return;
    }
    const below = countLines(text, this.top, line) - (this.height - 1);
    if (below <= 0) return;
    this.top = below >= half ? linesFrom(text, line, -half) : linesFrom(text, this.top, below);
  }

  #findCursor({ text, dot, tabStop, isInserting }: View): void {
    this.#row = countLines(text, this.top, dot);
    let column = 0;
    for (let at = lineStart(text, dot); at < dot; at++) {
      column = columnAfter(text.charAt(at), column, tabStop);
    }
    const under = text.charAt(dot);
    if (under !== '\n' && under !== '' && !(isInserting && under === '\t' && column > 0)) {
      column = columnAfter(under, column, tabStop) - 1;
    }
    if (column < this.#offset) this.#offset = column;
    if (column >= this.#offset + this.#columns) this.#offset = column - this.#columns + 1;
    this.#column = column - this.#offset;
  }

  #lines({ text, tabStop }: View): string[] {
    const rows: string[] = [];
    let start: number | undefined = this.top;
    while (rows.length < this.height) {
      const line = start === undefined ? '~' : this.#shownLine(text, start, tabStop);
      rows.push(line.slice(this.#offset, this.#offset + this.#columns).padEnd(this.#columns));
      if (start !== undefined) start = nextLine(text, start);
    }
    return rows;
  }

  /** As much of a line as can be in sight. */
  #shownLine(text: string, start: number, tabStop: number): string {
    const end = lineEnd(text, start);
    let shown = '';
    for (let at = start; at < end && shown.length < this.#offset + this.#columns; at++) {
      const character = text.charAt(at);
      if (character === '\t') shown = shown.padEnd(columnAfter(character, shown.length, tabStop));
      else shown += visible(character);
    }
    return shown;
  }
}

/** Control characters as a caret and a letter. What begins a sequence of its own (0x9b) is not sent to the terminal. */
export function visible(character: string): string {
  if (character === '\x7f') return '^?';
  if (character < ' ') return `^${String.fromCharCode(character.charCodeAt(0) + 0x40)}`;
  return character === '\x9b' ? '.' : character;
}

function place(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}
