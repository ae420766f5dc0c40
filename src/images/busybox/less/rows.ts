import { fromBytes } from '../terminal/bytes.ts';

/** How lines are shown. */
export interface Layout {
  columns: number;
  hasNumbers: boolean;
  cuts: boolean;
  withoutColours: boolean;
}

/** A line of the screen. */
export interface Row {
  readonly text: string;
  /** Which line of the file it is of, from 0 on. */
  readonly line: number;
}

const TAB = 8;
/** Digits and a blank in front of each line. */
const NUMBER_WIDTH = 8;
const COLOUR = /\x1b\[[\d;]*m/g; // eslint-disable-line no-control-regex -- that is what begins a colour

/** The lines of the screen that a line of the file takes, one character a byte. */
export function rowsOf(bytes: Uint8Array, line: number, layout: Layout): readonly Row[] {
  const raw = fromBytes(bytes);
  const text = layout.withoutColours ? raw.replace(COLOUR, '') : raw;
  const room = Math.max(1, layout.columns - (layout.hasNumbers ? NUMBER_WIDTH : 0));
  const rows: Row[] = [];
  let [start, column] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const after = columnAfter(text.charCodeAt(at), column);
    if (after > room && at > start) {
      rows.push({ text: text.slice(start, at), line });
      if (layout.cuts) return rows;
      start = at;
      column = columnAfter(text.charCodeAt(at), 0);
    } else column = after;
  }
  rows.push({ text: text.slice(start), line });
  return rows;
}

function columnAfter(code: number, column: number): number {
  if (code === 0x09) return column + TAB - (column % TAB);
  // The bytes of a character behind its first one take no room.
  return (code & 0xc0) === 0x80 ? column : column + 1;
}

/** What a row looks like on the terminal: what is found, and control characters, the other way round. */
export function drawn(row: Row, found: RegExp | undefined, hasNumbers: boolean): string {
  const number = hasNumbers ? `${String(row.line + 1).padStart(NUMBER_WIDTH - 1)} ` : '';
  return number + (found === undefined ? controls(row.text) : highlighted(row.text, found));
}

/** The row behind the end of the file. */
export function beyond(hasNumbers: boolean, isBare: boolean): string {
  return isBare ? '' : `${' '.repeat(hasNumbers ? NUMBER_WIDTH : 0)}~`;
}

function highlighted(text: string, found: RegExp): string {
  let [result, end] = ['', 0];
  found.lastIndex = 0;
  for (let match = found.exec(text); match !== null; match = found.exec(text)) {
    if (match[0] === '') {
      found.lastIndex++;
      continue;
    }
    result += `${controls(text.slice(end, match.index))}\x1b[7m${controls(match[0])}\x1b[m`;
    end = match.index + match[0].length;
  }
  return result + controls(text.slice(end));
}

function controls(text: string): string {
  return Array.from(text, (character) => {
    if (character === '\t' || (character >= ' ' && character !== '\x7f')) return character;
    const shown = character === '\x7f' ? '?' : String.fromCharCode(character.charCodeAt(0) + 0x40);
    return `\x1b[7m${shown}\x1b[m`;
  }).join('');
}
