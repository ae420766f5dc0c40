/** Where the line begins that a place is in. */
export function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}

/** Where its newline is. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** Where the next line begins; undefined behind the last one. */
export function nextLine(text: string, at: number): number | undefined {
  const next = lineEnd(text, at) + 1;
  return next < text.length ? next : undefined;
}

export function previousLine(text: string, at: number): number | undefined {
  const start = lineStart(text, at);
  return start === 0 ? undefined : lineStart(text, start - 1);
}

/** The beginning of the line that many lines below, or above where it is negative; of the last there is. */
export function linesFrom(text: string, at: number, lines: number): number {
  let place = lineStart(text, at);
  for (let left = Math.abs(lines); left > 0; left--) {
    const next = lines < 0 ? previousLine(text, place) : nextLine(text, place);
    if (next === undefined) break;
    place = next;
  }
  return place;
}

export function countLines(text: string, from = 0, to = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** The number of the line that a place is in, from 1 on. */
export function lineNumber(text: string, at: number): number {
  return countLines(text, 0, at) + 1;
}

/** Where a line begins; undefined where there are not so many. */
export function lineNumbered(text: string, number: number): number | undefined {
  const last = countLines(text);
  return number < 1 || number > last ? undefined : linesFrom(text, 0, number - 1);
}

/** The first character of a line that is no blank; its end where all are. */
export function firstNonBlank(text: string, at: number): number {
  let place = lineStart(text, at);
  while (text.charAt(place) === ' ' || text.charAt(place) === '\t') place++;
  return place;
}

/** What one step of indentation looks like at the beginning of a line. */
export function indentation(tabStop: number): RegExp {
  return new RegExp(`^(?:\t| {1,${tabStop}})`);
}

/** The last place in a line where the cursor can be. */
export function lastInLine(text: string, at: number): number {
  const end = lineEnd(text, at);
  return end > lineStart(text, at) ? end - 1 : end;
}

/** The column behind a character that begins in `column`. */
export function columnAfter(character: string, column: number, tabStop: number): number {
  if (character === '\t') return column + tabStop - (column % tabStop);
  return column + (character < ' ' || character === '\x7f' ? 2 : 1);
}

/** The place in a line that covers a column, but not its end; its last place where it is shorter. */
export function placeAtColumn(text: string, start: number, wanted: number, tabStop: number): number {
  const last = lastInLine(text, start);
  let place = lineStart(text, start);
  for (let column = 0; place < last; place++) {
    column = columnAfter(text.charAt(place), column, tabStop);
    if (column > wanted) break;
  }
  return place;
}
