import type { Editor } from './editor.ts';
import { countLines, lineNumber, lineNumbered } from './lines.ts';
import { searchFrom } from './search.ts';

/** The lines in front of a command, and what is behind them. */
export interface Range {
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly rest: string;
}

/** One address, or where there is none or a wrong one. */
type Address = { readonly line: number; readonly rest: string } | 'none' | 'wrong';

/** @returns undefined where an address leads nowhere, which was said then */
export function readRange(editor: Editor, line: string): Range | undefined {
  const trimmed = line.trimStart();
  if (trimmed.startsWith('%')) return { first: 1, last: countLines(editor.text), rest: trimmed.slice(1) };
  let rest = trimmed;
  let [first, last]: (number | undefined)[] = [undefined, undefined];
  for (;;) {
    const address = readAddress(editor, rest);
    if (address === 'wrong') return undefined;
    if (address !== 'none') {
      [first, last] = [last, address.line];
      rest = address.rest;
    }
    rest = rest.trimStart();
    if (!/^[,;]/.test(rest)) break;
    if (address === 'none') last = lineNumber(editor.text, editor.dot);
    if (rest.startsWith(';') && last !== undefined)
      editor.dot = lineNumbered(editor.text, last) ?? editor.dot;
    rest = rest.slice(1);
  }
  if (first === undefined && last !== undefined) first = last;
  return { first, last, rest: rest.trimStart() };
}

function readAddress(editor: Editor, line: string): Address {
  const base = readBase(editor, line);
  if (base === 'wrong') return 'wrong';
  let { number, rest } = base;
  for (let step = /^\s*([+-])\s*(\d*)/.exec(rest); step !== null; step = /^\s*([+-])\s*(\d*)/.exec(rest)) {
    const by = step[2] === '' ? 1 : Number(step[2]);
    number ??= lineNumber(editor.text, editor.dot);
    number += step[1] === '-' ? -by : by;
    rest = rest.slice(step[0].length);
  }
  return number === undefined ? 'none' : { line: number, rest };
}

function readBase(
  editor: Editor,
  line: string,
): { readonly number: number | undefined; readonly rest: string } | 'wrong' {
  const { text, dot } = editor;
  const [token = ''] = /^(?:\d+|[.$]|'[a-z']|\/(?:[^/\\]|\\[^])*\/?|\?(?:[^?\\]|\\[^])*\??)/.exec(line) ?? [];
  const rest = line.slice(token.length);
  switch (token.charAt(0)) {
    case '':
      return { number: undefined, rest };
    case '.':
      return { number: lineNumber(text, dot), rest };
    case '$':
      return { number: countLines(text), rest };
    case "'": {
      const at = token === "''" ? editor.before : editor.buffer.mark(token.charAt(1));
      if (at !== undefined) return { number: lineNumber(text, at), rest };
      editor.complain('Mark not set');
      return 'wrong';
    }
    case '/':
    case '?':
      return searched(editor, token, rest);
    default:
      return { number: Number(token), rest };
  }
}

function searched(
  editor: Editor,
  token: string,
  rest: string,
): { readonly number: number; readonly rest: string } | 'wrong' {
  const direction = token.startsWith('/') ? '/' : '?';
  const inner = token.slice(1, token.length > 1 && token.endsWith(direction) ? -1 : undefined);
  const source = inner === '' ? editor.pattern?.source : inner;
  if (source === undefined) {
    editor.complain('No previous search');
    return 'wrong';
  }
  editor.pattern = { source, direction };
  const at = searchFrom(editor, source, direction);
  if (at !== undefined) editor.beQuiet();
  return at === undefined ? 'wrong' : { number: lineNumber(editor.text, at), rest };
}
