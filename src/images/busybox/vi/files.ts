import { FileError } from '../../../cluster/runtime/types.ts';
import { errorWords, LONGEST_TEXT, outOfMemory } from '../errors.ts';
import { fromBytes, fromText, toBytes } from '../terminal/bytes.ts';
import type { Editor } from './editor.ts';
import { countLines } from './lines.ts';

/**
 * What is in a file.
 * @returns undefined where it is not there
 * @throws FileError
 */
function contents(editor: Editor, path: string): string | undefined {
  const { files } = editor.command.context;
  const full = editor.command.path(path);
  if (!files.exists(full)) return undefined;
  const { type, size } = files.stat(full);
  if (type !== 'file') return undefined;
  if (size > LONGEST_TEXT) outOfMemory();
  return fromBytes(files.read(full));
}

/** Takes the text of a file into an empty buffer; what is wrong with it is said. */
export function loadFile(editor: Editor, path: string | undefined): void {
  editor.file = path;
  editor.dot = 0;
  editor.screen.top = 0;
  editor.mode = '-';
  editor.buffer.load('\n');
  if (path === undefined) return;
  const { files } = editor.command.context;
  const full = editor.command.path(path);
  try {
    editor.buffer.load(contents(editor, path) ?? '\n');
    if (files.exists(full) && files.stat(full).type === 'directory') {
      editor.complain(`'${fromText(path)}' is not a regular file`);
    }
  } catch (error) {
    complainOf(editor, path, error);
  }
}

/** Says how much of a file there is. */
export function tellSize(editor: Editor, path: string, text: string, isNew = false): void {
  editor.say(`'${fromText(path)}'${isNew ? ' [New file]' : ''} ${countLines(text)}L, ${text.length}C`);
}

/** Puts a file between lines. @returns whether that went well */
export function readFile(editor: Editor, path: string, at: number): boolean {
  try {
    const { files } = editor.command.context;
    const full = editor.command.path(path);
    if (!files.exists(full)) throw new FileError('ENOENT', path);
    const text = contents(editor, path);
    if (text === undefined) {
      editor.complain(`'${fromText(path)}' is not a regular file`);
      return false;
    }
    editor.buffer.insert(at, text === '' || text.endsWith('\n') ? text : `${text}\n`);
    editor.dot = at;
    tellSize(editor, path, text);
    return true;
  } catch (error) {
    complainOf(editor, path, error);
    return false;
  }
}

/** What is to be written where; all of the text to its own file where nothing is said. */
export interface Writing {
  readonly path?: string | undefined;
  readonly text?: string | undefined;
  readonly isForced: boolean;
}

/** @returns whether it was written */
export function writeFile(editor: Editor, writing: Writing): boolean {
  const { command, buffer } = editor;
  const path = writing.path ?? editor.file;
  if (path === undefined) {
    editor.complain('No current filename');
    return false;
  }
  const full = command.path(path);
  const { files } = command.context;
  const isOther = path !== editor.file;
  if (isOther && !writing.isForced && files.exists(full)) {
    editor.complain('File exists (:w! overrides)');
    return false;
  }
  if (!isOther && editor.isReadOnly && !writing.isForced) {
    editor.complain(`'${fromText(path)}' is read only`);
    return false;
  }
  const text = writing.text ?? editor.text;
  try {
    files.write(full, toBytes(text));
  } catch (error) {
    complainOf(editor, path, error);
    return false;
  }
  tellSize(editor, path, text);
  if (writing.text === undefined) {
    buffer.endTyping();
    buffer.saved();
    editor.file ??= path;
  }
  return true;
}

function complainOf(editor: Editor, path: string, error: unknown): void {
  editor.complain(`'${fromText(path)}' ${errorWords(error)}`);
}
