import { Failure } from '../errors.ts';
import { posixRegex } from '../common/regex.ts';
import type { Editor } from './editor.ts';

/** @returns undefined where it is no expression */
export function expression(editor: Editor, source: string): RegExp | undefined {
  try {
    return posixRegex(source, false, editor.settings.ignorecase ? 'gmi' : 'gm');
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/**
 * The next place behind the cursor, or the one before it, that fits; from the other end where there is none.
 * @param from where the search begins
 * @returns undefined where nothing fits, which was said then
 */
export function searchFrom(
  editor: Editor,
  source: string,
  direction: '/' | '?',
  from = editor.dot,
): number | undefined {
  const regex = expression(editor, source);
  if (regex === undefined) {
    editor.complain(`bad search pattern '${source}': Invalid regular expression`);
    return undefined;
  }
  const { text } = editor;
  const found = direction === '/' ? first(regex, text, from + 1) : last(regex, text, from);
  if (found !== undefined) return found;
  const wrapped = direction === '/' ? first(regex, text, 0) : last(regex, text, text.length);
  if (wrapped === undefined) {
    editor.complain('Pattern not found');
    return undefined;
  }
  const [hit, next] = direction === '/' ? ['BOTTOM', 'TOP'] : ['TOP', 'BOTTOM'];
  editor.complain(`search hit ${hit}, continuing at ${next}`);
  return wrapped;
}

function first(regex: RegExp, text: string, from: number): number | undefined {
  regex.lastIndex = from;
  const found = regex.exec(text)?.index;
  return found === undefined || found >= text.length ? undefined : found;
}

function last(regex: RegExp, text: string, before: number): number | undefined {
  let place: number | undefined;
  regex.lastIndex = 0;
  for (let match = regex.exec(text); match !== null && match.index < before; match = regex.exec(text)) {
    place = match.index;
    if (match[0] === '') regex.lastIndex++;
  }
  return place === text.length ? undefined : place;
}
