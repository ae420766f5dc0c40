import type { Key } from '../terminal/keys.ts';
import type { Editor } from './editor.ts';
import { firstNonBlank, indentation, lineEnd, lineStart } from './lines.ts';
import { isMotion, move } from './motions.ts';
import { visible } from './screen.ts';
import { matchingBracket } from './words.ts';

const MOVES: ReadonlySet<Key> = new Set(['Up', 'Down', 'Left', 'Right', 'Home', 'PageUp', 'PageDown']);

/** A key while text is typed. */
export async function typeKey(editor: Editor, key: Key): Promise<void> {
  if (key !== 'Up' && key !== 'Down') editor.wantedColumn = editor.column;
  switch (key) {
    case '\x1b':
      endInsert(editor);
      break;
    case '\b':
    case '\x7f':
      eraseBefore(editor);
      break;
    case '\x04':
      outdent(editor);
      break;
    case '\x16':
      await typeLiterally(editor);
      break;
    case 'Insert':
      editor.mode = editor.mode === 'I' ? 'R' : 'I';
      break;
    case 'Delete':
      if (editor.dot < lineEnd(editor.text, editor.dot)) editor.buffer.remove(editor.dot, editor.dot + 1);
      break;
    case 'End':
      editor.dot = lineEnd(editor.text, editor.dot);
      break;
    default:
      if (MOVES.has(key)) await moveInside(editor, key);
      else if (key.length === 1) typeCharacter(editor, key);
  }
}

async function moveInside(editor: Editor, key: Key): Promise<void> {
  editor.buffer.endTyping();
  const motion = isMotion(key) ? await move(editor, key, undefined) : undefined;
  if (motion !== undefined) editor.dot = motion.to;
}

function endInsert(editor: Editor): void {
  editor.buffer.endTyping();
  editor.mode = '-';
  if (editor.dot > lineStart(editor.text, editor.dot)) editor.dot -= 1;
  const keys = editor.keys.recorded();
  if (keys !== undefined) editor.lastChange = keys;
}

function eraseBefore(editor: Editor): void {
  const { dot, buffer } = editor;
  if (dot === 0) return;
  buffer.endTyping();
  if (editor.mode === 'I') buffer.remove(dot - 1, dot);
  editor.dot = dot - 1;
}

/** Takes an indentation away that the line begins with. */
function outdent(editor: Editor): void {
  const { text, dot, buffer, settings } = editor;
  const start = lineStart(text, dot);
  const indent = indentation(settings.tabstop).exec(text.slice(start, lineEnd(text, start)));
  if (indent === null) return;
  buffer.remove(start, start + indent[0].length);
  editor.dot = Math.max(start, dot - indent[0].length);
}

/** The next key is a character, whatever it would do. */
async function typeLiterally(editor: Editor): Promise<void> {
  editor.command.print('^');
  editor.screen.placeCursor();
  const key = await editor.keys.next();
  if (key !== undefined) put(editor, key.charAt(0));
}

function typeCharacter(editor: Editor, key: Key): void {
  const isReturn = key === '\r' || key === '\n';
  if (editor.mode === 'R') {
    if (isReturn || editor.dot === lineEnd(editor.text, editor.dot)) editor.mode = 'I';
    else editor.buffer.remove(editor.dot, editor.dot + 1);
  }
  if (isReturn) breakLine(editor);
  else if (key === '\t' && editor.settings.expandtab) {
    const { tabstop } = editor.settings;
    put(editor, ' '.repeat(tabstop - (editor.column % tabstop)));
  } else put(editor, key);
  if (
    editor.settings.showmatch &&
    ')]}'.includes(key) &&
    matchingBracket(editor.text, editor.dot - 1) === undefined
  ) {
    editor.bell();
  }
}

/** A new line, with the same indentation where that is wanted. */
export function breakLine(editor: Editor): void {
  const indent = indentOf(editor);
  editor.buffer.endTyping();
  put(editor, `\n${indent}`);
}

/** What a new line begins with: the blanks of the cursor's, where that is wanted. */
export function indentOf({ text, dot, settings }: Editor): string {
  return settings.autoindent ? text.slice(lineStart(text, dot), firstNonBlank(text, dot)) : '';
}

function put(editor: Editor, text: string): void {
  const { dot } = editor;
  editor.buffer.type(dot, text);
  editor.dot = dot + text.length;
}

/** How a key is told in a message. */
export function keyName(key: Key): string {
  return visible(key.charAt(0));
}
