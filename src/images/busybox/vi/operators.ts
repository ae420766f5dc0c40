import type { Key } from '../terminal/keys.ts';
import type { Editor } from './editor.ts';
import { countLines, firstNonBlank, indentation, lineEnd, lineStart, linesFrom } from './lines.ts';
import { isMotion, type Motion, move } from './motions.ts';

/** A part of the text. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly isLines: boolean;
}

/** Whole lines from that of one place to that of another. */
export function lineSpan(text: string, from: number, to: number): Span {
  return { from: lineStart(text, from), to: lineEnd(text, to) + 1, isLines: true };
}

/** What an operator works on: the motion behind it, or lines where it is pressed twice. */
async function spanOf(editor: Editor, operator: Key, counted: number | undefined): Promise<Span | undefined> {
  const { text, dot } = editor;
  const { key, digits } = await countedKey(editor, await editor.keys.next());
  // A count in front of a motion multiplies the one before the operator.
  const count = digits === '' ? counted : Number(digits) * (counted ?? 1);
  if (key === undefined || key === '\x1b') return undefined;
  if (key === operator) {
    const rest = countLines(text, dot);
    if ((count ?? 1) <= rest) return lineSpan(text, dot, linesFrom(text, dot, (count ?? 1) - 1));
    editor.bell();
  }
  const motion = isMotion(key) ? await move(editor, key, count) : undefined;
  const span = motion === undefined ? undefined : between(text, dot, motion, operator);
  if (span === undefined || span.from === span.to) {
    editor.bell();
    return undefined;
  }
  return span;
}

/**
 * A command and the digits in front of it.
 * @param first the key that was pressed already
 * @param next gives the one behind a digit
 */
export async function countedKey(
  { keys }: Editor,
  first: Key | undefined,
  next = (): Promise<Key | undefined> => keys.next(),
): Promise<{ readonly key: Key | undefined; readonly digits: string }> {
  let digits = '';
  let key = first;
  while (key !== undefined && /^\d$/.test(key) && !(key === '0' && digits === '')) {
    digits = (digits + key).slice(0, 9);
    key = await next();
  }
  if (key === 'g') key = `g${(await keys.next()) ?? ''}`;
  return { key, digits };
}

function between(text: string, dot: number, { to, kind }: Motion, operator: Key): Span {
  const [from, behind] = to < dot ? [to, dot] : [dot, to];
  if (kind === 'lines') return lineSpan(text, from, behind);
  if (kind === 'inclusive')
    return { from, to: Math.min(behind + 1, lineEnd(text, behind) + 1), isLines: false };
  if (kind !== 'word') return { from, to: behind, isLines: false };
  // A word at the end of a line ends there, and one that is changed keeps the blanks behind it.
  const isLast = behind === text.length - 2 || behind === text.length - 1;
  const whole = text.slice(from, isLast ? lineEnd(text, behind) : behind);
  const trimmed = whole.replace(operator === 'c' ? /\s+$/ : /\n\s*$/, '');
  return { from, to: from + (trimmed === '' ? whole : trimmed).length, isLines: false };
}

/** `d`, `y` and `c`, `<` and `>`. */
export async function operate(editor: Editor, operator: Key, count: number | undefined): Promise<void> {
  const span = await spanOf(editor, operator, count);
  if (span === undefined) return;
  if (operator === 'y') {
    yank(editor, span);
    if (span.from < editor.dot && !span.isLines) editor.dot = span.from;
  } else if (operator === 'd') remove(editor, span);
  else if (operator === 'c') change(editor, span);
  else shift(editor, span, operator === '>');
}

export function yank(editor: Editor, span: Span): void {
  const { from, to, isLines } = span;
  editor.say(editor.registers.put({ text: editor.text.slice(from, to), isLines }, 'Yank'));
}

export function remove(editor: Editor, span: Span): void {
  const { from, to, isLines } = span;
  editor.say(editor.registers.put({ text: editor.text.slice(from, to), isLines }, 'Delete'));
  editor.buffer.remove(from, to);
  editor.dot = from;
  if (isLines) editor.dot = firstNonBlank(editor.text, editor.dot);
}

/** Deletes, and takes text in the place of it; lines leave an empty one. */
function change(editor: Editor, { from, to, isLines }: Span): void {
  const { registers, buffer, text, settings } = editor;
  registers.put({ text: text.slice(from, to), isLines }, 'Delete');
  const kept = isLines && settings.autoindent ? firstNonBlank(text, from) : from;
  buffer.remove(kept, isLines ? to - 1 : to);
  editor.dot = kept;
  editor.mode = 'I';
}

/** Indents lines by a tab, or takes as much away. */
function shift(editor: Editor, { from, to }: Span, isDeeper: boolean): void {
  const { buffer, settings } = editor;
  const tab = settings.expandtab ? ' '.repeat(settings.tabstop) : '\t';
  const indent = indentation(settings.tabstop);
  const old = editor.text.slice(from, to - 1);
  const lines = old.split('\n').map((line) => {
    if (isDeeper) return line === '' ? line : tab + line;
    return line.replace(indent, '');
  });
  buffer.replace(from, to - 1, lines.join('\n'));
  editor.dot = firstNonBlank(editor.text, from);
}
