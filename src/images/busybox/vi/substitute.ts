import type { Editor } from './editor.ts';
import { firstNonBlank, lineEnd, lineNumbered, nextLine } from './lines.ts';
import { expression } from './search.ts';

/** `:s`: the first text in each line that fits becomes another, or every one with `g`. */
export async function substitute(editor: Editor, args: string, first: number, last: number): Promise<void> {
  const parts = split(args);
  if (parts === undefined) {
    editor.say(':s expression missing delimiters');
    return;
  }
  const [find, replacement, flags] = parts;
  const source = find === '' ? editor.pattern?.source : find;
  if (source === undefined) {
    editor.complain('No previous search');
    return;
  }
  const regex = expression(editor, source);
  if (regex === undefined) {
    editor.say(':s bad search pattern');
    return;
  }
  editor.pattern = { source, direction: '/' };
  const [times, lines] = await overLines(editor, { regex, replacement, isEvery: flags.includes('g') }, [
    first,
    last,
  ]);
  if (times === 0) editor.complain('No match');
  else if (times > 1) editor.say(`${times} substitutions on ${lines} lines`);
}

interface Change {
  readonly regex: RegExp;
  readonly replacement: string;
  readonly isEvery: boolean;
}

/** @returns how often it fitted, and in how many lines */
async function overLines(
  editor: Editor,
  change: Change,
  [first, last]: readonly [number, number],
): Promise<readonly [number, number]> {
  const { buffer, command } = editor;
  let at = lineNumbered(editor.text, first);
  let [times, lines] = [0, 0];
  for (let line = first; line <= last && at !== undefined; line++) {
    const end = lineEnd(editor.text, at);
    const [changed, count] = inLine(editor.text.slice(at, end), change);
    if (count > 0) {
      buffer.replace(at, end, changed, times > 0);
      times += count;
      lines++;
      editor.dot = firstNonBlank(editor.text, at);
      command.owe(editor.text.length);
      await command.breathe();
    }
    at = nextLine(editor.text, at + changed.length);
  }
  return [times, lines];
}

function inLine(line: string, { regex, replacement, isEvery }: Change): readonly [string, number] {
  let [changed, rest, count] = ['', 0, 0];
  regex.lastIndex = 0;
  for (let match = regex.exec(line); match !== null; match = regex.exec(line)) {
    changed += line.slice(rest, match.index) + filledIn(replacement, match);
    rest = match.index + match[0].length;
    count++;
    if (!isEvery) break;
    if (match[0] === '') regex.lastIndex++;
  }
  return [changed + line.slice(rest), count];
}

/** `\1` is what fitted in the first group, `\0` the whole; this editor knows no `&`. */
function filledIn(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(/\\([^])/g, (_whole, escaped: string) =>
    /\d/.test(escaped) ? (match[Number(escaped)] ?? '') : escaped,
  );
}

/** What stands between three times the same character; the last one may be missing. */
function split(args: string): readonly [string, string, string] | undefined {
  const delimiter = args.charAt(0);
  if (delimiter === '' || /[\w\s]/.test(delimiter)) return undefined;
  const parts: string[] = [];
  let part = '';
  for (let index = 1; index < args.length; index++) {
    const character = args.charAt(index);
    const next = args.charAt(index + 1);
    if (character === '\\' && next !== '') {
      part += next === delimiter ? next : character + next;
      index++;
    } else if (character === delimiter && parts.length < 2) {
      parts.push(part);
      part = '';
    } else part += character;
  }
  parts.push(part);
  const [find = '', replacement, flags = ''] = parts;
  return replacement === undefined ? undefined : [find, replacement, flags];
}
