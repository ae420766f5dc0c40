import { decode } from '../streams.ts';
import { toBytes } from '../terminal/bytes.ts';
import type { Editor } from './editor.ts';

/** Characters of a line behind `:` or `/`; the rest is not taken. */
const LONGEST = 127;

/**
 * A line that is typed at the bottom of the screen.
 * @param prompt what it begins with
 * @returns nothing where all of it was deleted again; undefined at the end of the input
 */
export async function ask(editor: Editor, prompt: string): Promise<string | undefined> {
  let line = '';
  const { screen } = editor;
  editor.forgetStatus();
  screen.bottomLine(prompt);
  for (;;) {
    const key = await editor.keys.next();
    if (key === undefined) return undefined;
    if (key === '\r' || key === '\n' || key === '\x1b') break;
    if (key === '\x7f' || key === '\b') {
      if (line === '') {
        screen.bottomLine('');
        break;
      }
      line = line.slice(0, -1);
      screen.bottomLine(prompt + line);
    } else if (key.length === 1 && line.length < LONGEST) {
      line += key;
      editor.command.print(toBytes(key));
    }
  }
  editor.refresh();
  return line;
}

/** Waits until what is on the screen has been read, and draws the text again. */
export async function hitReturn(editor: Editor): Promise<void> {
  editor.command.print('\x1b[7m[Hit return to continue]\x1b[m');
  for (let key = await editor.keys.next(); key !== undefined; key = await editor.keys.next()) {
    if (key === '\r' || key === '\n') break;
  }
  editor.redraw(true);
}

/** Bytes as an argument of a program. */
export function asText(line: string): string {
  return decode(toBytes(line));
}
