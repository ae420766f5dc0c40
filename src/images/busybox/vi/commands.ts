import { LONGEST_TEXT, outOfMemory } from '../errors.ts';
import type { Key } from '../terminal/keys.ts';
import type { Editor } from './editor.ts';
import { runEx } from './ex.ts';
import { writeFile } from './files.ts';
import { breakLine, indentOf, keyName } from './insert.ts';
import { firstNonBlank, lineEnd, lineStart, linesFrom, nextLine } from './lines.ts';
import { isMotion, move, ringsItself } from './motions.ts';
import { countedKey, lineSpan, operate, yank } from './operators.ts';
import { scroll, scrollTo } from './scroll.ts';

/** @param count undefined where nobody has said */
type Action = (editor: Editor, count: number | undefined) => void | Promise<void>;

/** Commands that `.` does again. */
const CHANGES = /^[aAcCdDiIJoOpPrRsxX<>~]$|^Delete$|^Insert$/;

/** A command, from its first key on. */
export async function obey(editor: Editor, first: Key): Promise<void> {
  const { key, digits } = await countedKey(editor, first, async () => {
    // Each digit is a command of its own to the screen.
    if (!editor.keys.hasMore) editor.refresh();
    const next = await editor.keys.next();
    if (next !== undefined) editor.showStatus();
    return next;
  });
  if (key === undefined) return;
  const count = digits === '' ? undefined : Number(digits);
  if (CHANGES.test(key) && !editor.keys.isRepeating) editor.keys.record([...Array.from(digits), key]);
  await perform(editor, key, count);
  if (editor.mode !== '-') return;
  const keys = editor.keys.recorded();
  if (keys !== undefined) editor.lastChange = keys;
}

async function perform(editor: Editor, key: Key, count: number | undefined): Promise<void> {
  const action = ACTIONS[key];
  if (action !== undefined) {
    await action(editor, count);
    if (key !== '.') rememberColumn(editor, key);
    return;
  }
  if (!isMotion(key)) {
    if (key !== 'g\x1b' && key !== 'gx') editor.notImplemented(key.startsWith('g') ? key : keyName(key));
    return;
  }
  const motion = await move(editor, key, count);
  if (motion === undefined) {
    if (!ringsItself(key) || key === '%') editor.bell();
    return;
  }
  editor.dot = motion.to;
  editor.clampDot();
  if (motion.keepsColumn !== true) rememberColumn(editor, key);
}

function rememberColumn(editor: Editor, key: Key): void {
  if (key === '$' || key === 'End') editor.wantedColumn = Infinity;
  else editor.wantedColumn = editor.column;
}

function insertAt(editor: Editor, at: number): void {
  editor.dot = at;
  editor.mode = 'I';
}

function open(editor: Editor, isAbove: boolean): void {
  const { text, dot, buffer } = editor;
  if (isAbove) {
    const start = lineStart(text, dot);
    const indent = indentOf(editor);
    buffer.insert(start, `${indent}\n`);
    insertAt(editor, start + indent.length);
    return;
  }
  insertAt(editor, lineEnd(text, dot));
  breakLine(editor);
  editor.buffer.endTyping();
}

/** Characters under the cursor and behind it, in its line. */
function erase(editor: Editor, count: number): void {
  const { text, dot, registers, buffer } = editor;
  const end = Math.min(lineEnd(text, dot), dot + count);
  if (end === dot) return;
  registers.put({ text: text.slice(dot, end), isLines: false }, 'Delete');
  buffer.remove(dot, end);
}

function eraseBefore(editor: Editor, count: number): void {
  const { text, dot, registers, buffer } = editor;
  const from = Math.max(lineStart(text, dot), dot - count);
  if (from === dot) {
    editor.bell();
    return;
  }
  registers.put({ text: text.slice(from, dot), isLines: false }, 'Delete');
  buffer.remove(from, dot);
  editor.dot = from;
}

function eraseRest(editor: Editor): void {
  erase(editor, lineEnd(editor.text, editor.dot) - editor.dot);
}

async function replace(editor: Editor, count: number): Promise<void> {
  const key = await editor.keys.next();
  if (key === undefined || key === '\x1b') return;
  const { text, dot, buffer } = editor;
  if (dot + count > lineEnd(text, dot)) {
    editor.bell();
    return;
  }
  const isReturn = key === '\r' || key === '\n';
  buffer.replace(dot, dot + count, isReturn ? '\n' : key.charAt(0).repeat(count));
  editor.dot = isReturn ? dot + 1 : dot + count - 1;
}

function swapCase(editor: Editor, count: number): void {
  const { text, dot, buffer } = editor;
  const end = Math.min(lineEnd(text, dot), dot + count);
  const swapped = text
    .slice(dot, end)
    .replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
  if (swapped !== text.slice(dot, end)) buffer.replace(dot, end, swapped);
  editor.dot = Math.min(end, lineEnd(editor.text, dot));
}

function join(editor: Editor, count: number): void {
  for (let left = count, isChained = false; left > 0; left--, isChained = true) {
    const { text, dot, buffer } = editor;
    const end = lineEnd(text, dot);
    if (nextLine(text, dot) === undefined) return;
    buffer.replace(end, firstNonBlank(text, end + 1), ' ', isChained);
    editor.dot = end + 1;
  }
}

function put(editor: Editor, count: number, isBefore: boolean): void {
  const { registers, buffer, text, dot } = editor;
  const register = registers.get();
  if (register === undefined) {
    editor.complain(`Nothing in register ${registers.selected.toLowerCase()}`);
    return;
  }
  if (register.text.length * count > LONGEST_TEXT) outOfMemory();
  const added = register.text.repeat(count);
  editor.say(registers.told('Put', added));
  if (register.isLines) {
    const at = isBefore ? lineStart(text, dot) : lineEnd(text, dot) + 1;
    buffer.insert(at, added);
    editor.dot = firstNonBlank(editor.text, at);
    return;
  }
  const at = isBefore || dot === lineEnd(text, dot) ? dot : dot + 1;
  buffer.insert(at, added);
  editor.dot = at + added.length - 1;
}

function undo(editor: Editor): void {
  const undone = editor.buffer.undo();
  if (undone === undefined) {
    editor.say('Already at oldest change');
    return;
  }
  editor.dot = Math.min(undone.at, editor.text.length - 1);
  editor.refresh();
  editor.say(undone.words);
}

async function leave(editor: Editor): Promise<void> {
  const key = await editor.keys.next();
  if (key === 'Q') {
    editor.left = 'quit';
    return;
  }
  if (key !== 'Z') {
    editor.bell();
    return;
  }
  if (editor.buffer.isModified && !writeFile(editor, { isForced: false })) return;
  editor.left = 'quit';
}

async function selectRegister(editor: Editor): Promise<void> {
  const key = (await editor.keys.next())?.toLowerCase();
  if (key !== undefined && /^[a-z]$/.test(key)) editor.registers.selected = key;
  else editor.bell();
}

async function setMark(editor: Editor): Promise<void> {
  const key = await editor.keys.next();
  if (key !== undefined && /^[a-z]$/.test(key)) editor.buffer.setMark(key, editor.dot);
  else editor.bell();
}

const operator =
  (key: Key): Action =>
  (editor, count) =>
    operate(editor, key, count);

const half = (editor: Editor, count: number | undefined): number => {
  if (count !== undefined) editor.scrollLines = count;
  return editor.scrollLines === 0 ? Math.floor(editor.screen.height / 2) : editor.scrollLines;
};

const forward: Action = (editor, count = 1) => scroll(editor, count * (editor.screen.height - 1));
const backward: Action = (editor, count = 1) => scroll(editor, -count * (editor.screen.height - 1));

const ACTIONS: Readonly<Record<Key, Action>> = {
  '\x1b': (editor) => {
    editor.bell();
    editor.forgetStatus();
  },
  '\x02': backward,
  PageUp: backward,
  '\x06': forward,
  PageDown: forward,
  '\x04': (editor, count) => scroll(editor, half(editor, count)),
  '\x15': (editor, count) => scroll(editor, -half(editor, count)),
  '\x05': (editor, count = 1) => scroll(editor, count),
  '\x19': (editor, count = 1) => scroll(editor, -count),
  '\x07': (editor) => editor.forgetStatus(),
  '\x0c': (editor) => editor.redraw(true),
  '\x12': (editor) => editor.redraw(true),
  z: scrollTo,
  Z: leave,
  ':': (editor) => runEx(editor),
  '"': selectRegister,
  m: setMark,
  i: (editor) => insertAt(editor, editor.dot),
  Insert: (editor) => insertAt(editor, editor.dot),
  a: (editor) => insertAt(editor, Math.min(editor.dot + 1, lineEnd(editor.text, editor.dot))),
  A: (editor) => insertAt(editor, lineEnd(editor.text, editor.dot)),
  I: (editor) => insertAt(editor, firstNonBlank(editor.text, editor.dot)),
  o: (editor) => open(editor, false),
  O: (editor) => open(editor, true),
  R: (editor) => {
    editor.mode = 'R';
  },
  c: operator('c'),
  d: operator('d'),
  y: operator('y'),
  '<': operator('<'),
  '>': operator('>'),
  C: (editor) => {
    eraseRest(editor);
    editor.mode = 'I';
  },
  D: eraseRest,
  s: (editor, count = 1) => {
    erase(editor, count);
    editor.mode = 'I';
  },
  x: (editor, count = 1) => erase(editor, count),
  Delete: (editor, count = 1) => erase(editor, count),
  X: (editor, count = 1) => eraseBefore(editor, count),
  r: (editor, count = 1) => replace(editor, count),
  '~': (editor, count = 1) => swapCase(editor, count),
  J: (editor, count = 1) => join(editor, count),
  p: (editor, count = 1) => put(editor, count, false),
  P: (editor, count = 1) => put(editor, count, true),
  Y: (editor, count = 1) => {
    const { text, dot } = editor;
    yank(editor, lineSpan(text, dot, linesFrom(text, dot, count - 1)));
  },
  u: undo,
  '.': (editor) => editor.keys.repeat(editor.lastChange),
};
