import type { Editor } from './editor.ts';
import { lineStart, linesFrom } from './lines.ts';

/** Moves what is shown by lines, and the cursor only where it would be out of sight. */
export function scroll(editor: Editor, lines: number): void {
  const { text, screen } = editor;
  screen.top = linesFrom(text, screen.top, lines);
  const bottom = linesFrom(text, screen.top, screen.height - 1);
  if (editor.dot < screen.top) editor.dot = screen.top;
  else if (lineStart(text, editor.dot) > bottom) editor.dot = bottom;
}

/** `z` and where the cursor's line is to be: at the top, in the middle, at the bottom. */
export async function scrollTo(editor: Editor): Promise<void> {
  const { text, screen } = editor;
  const key = await editor.keys.next();
  const above = { '\r': 0, '.': Math.floor((screen.height - 1) / 2), '-': screen.height - 1 }[key ?? ''];
  if (above !== undefined) screen.top = linesFrom(text, editor.dot, -above);
}
