import type { Key } from '../terminal/keys.ts';
import type { CharacterSearch, Editor } from './editor.ts';
import {
  firstNonBlank,
  lastInLine,
  lineEnd,
  lineNumbered,
  lineStart,
  linesFrom,
  nextLine,
  placeAtColumn,
  previousLine,
} from './lines.ts';
import { ask } from './prompt.ts';
import { searchFrom } from './search.ts';
import { endOfWord, matchingBracket, nextWord, previousWord } from './words.ts';

/** Where a motion leads, and what an operator takes on the way. */
export interface Motion {
  readonly to: number;
  /** `lines`: those of both ends; `inclusive`: the character at the end as well. */
  readonly kind?: 'lines' | 'inclusive' | 'word';
  /** Whether up and down go on in the column that was wanted before. */
  readonly keepsColumn?: boolean;
}

/** @param count how often; undefined where nobody has said. @returns undefined where there is no way */
type Way = (editor: Editor, count: number | undefined) => Motion | undefined | Promise<Motion | undefined>;

function times(count: number | undefined, from: number, step: (at: number) => number): number {
  let place = from;
  for (let left = count ?? 1; left > 0; left--) {
    const next = step(place);
    if (next === place) break;
    place = next;
  }
  return place;
}

/** So many lines up or down; nowhere where there are not so many. */
function vertically(editor: Editor, lines: number): number | undefined {
  const { text } = editor;
  let start = lineStart(text, editor.dot);
  for (let left = Math.abs(lines); left > 0; left--) {
    const next = lines < 0 ? previousLine(text, start) : nextLine(text, start);
    if (next === undefined) {
      editor.bell();
      return undefined;
    }
    start = next;
  }
  return start;
}

const upOrDown =
  (direction: 1 | -1): Way =>
  (editor, count = 1) => {
    const start = vertically(editor, count * direction);
    if (start === undefined) return undefined;
    const to = placeAtColumn(editor.text, start, editor.wantedColumn, editor.settings.tabstop);
    return { to, kind: 'lines', keepsColumn: true };
  };

const toLine =
  (direction: 1 | -1): Way =>
  (editor, count = 1) => {
    const start = vertically(editor, count * direction);
    return start === undefined ? undefined : { to: firstNonBlank(editor.text, start), kind: 'lines' };
  };

const word =
  (step: (text: string, at: number, isBig: boolean) => number, isBig: boolean, kind?: Motion['kind']): Way =>
  ({ text, dot }, count) => {
    const to = times(count, dot, (at) => step(text, at, isBig));
    return kind === undefined ? { to } : { to, kind };
  };

const left: Way = ({ text, dot }, count = 1) => ({ to: Math.max(lineStart(text, dot), dot - count) });
const right: Way = ({ text, dot }, count = 1) => ({ to: Math.min(lineEnd(text, dot), dot + count) });
const start: Way = ({ text, dot }) => ({ to: lineStart(text, dot) });
const end: Way = ({ text, dot }, count = 1) => ({
  to: lastInLine(text, linesFrom(text, dot, count - 1)),
  kind: 'inclusive',
});

/** A line of the screen, counted from its top or its bottom. */
const onScreen =
  (line: (height: number, count: number) => number): Way =>
  ({ text, screen }, count = 1) => ({
    to: firstNonBlank(text, linesFrom(text, screen.top, line(screen.height, count))),
    kind: 'lines',
  });

const goTo =
  (standard: (text: string) => number): Way =>
  ({ text }, count) => {
    const line = count === undefined ? standard(text) : (lineNumbered(text, count) ?? text.length - 1);
    return { to: firstNonBlank(text, line), kind: 'lines' };
  };

/** To an empty line, or to the end. */
const paragraph =
  (direction: 1 | -1): Way =>
  ({ text, dot }, count) => {
    const isAt = (at: number): boolean =>
      text.charAt(at) === '\n' && (at === 0 || text.charAt(at - 1) === '\n');
    const to = times(count, dot, (from) => {
      let place = from;
      while (isAt(place)) place += direction;
      while (place > 0 && place < text.length && !isAt(place)) place += direction;
      return Math.max(0, Math.min(place, text.length));
    });
    return to < text.length ? { to } : { to: lastInLine(text, text.length - 1), kind: 'inclusive' };
  };

const search =
  (direction: '/' | '?'): Way =>
  async (editor) => {
    const typed = await ask(editor, direction);
    if (typed === undefined) return undefined;
    const source = typed === '' ? editor.pattern?.source : typed;
    if (source === undefined) {
      editor.complain('No previous search');
      return undefined;
    }
    editor.pattern = { source, direction };
    const to = searchFrom(editor, source, direction);
    return to === undefined ? undefined : { to };
  };

const searchAgain =
  (isReversed: boolean): Way =>
  (editor, count = 1) => {
    if (editor.pattern === undefined) {
      editor.complain('No previous search');
      return undefined;
    }
    const { source, direction } = editor.pattern;
    const other = direction === '/' ? '?' : '/';
    let to: number | undefined = editor.dot;
    for (let left = Math.min(count, editor.text.length); left > 0 && to !== undefined; left--) {
      to = searchFrom(editor, source, isReversed ? other : direction, to);
    }
    return to === undefined ? undefined : { to };
  };

function findCharacter(editor: Editor, wanted: CharacterSearch, count: number): Motion | undefined {
  const { text, dot } = editor;
  const isForward = wanted.key === 'f' || wanted.key === 't';
  const isBefore = wanted.key === 't' || wanted.key === 'T';
  const step = isForward ? 1 : -1;
  let place = dot;
  for (let left = count; left > 0; left--) {
    do place += step;
    while (text.charAt(place) !== wanted.character && !'\n'.includes(text.charAt(place)));
    if (text.charAt(place) !== wanted.character) {
      editor.bell();
      return undefined;
    }
  }
  if (isBefore) place -= step;
  return isForward ? { to: place, kind: 'inclusive' } : { to: place };
}

const character =
  (key: string): Way =>
  async (editor, count = 1) => {
    const wanted = await editor.keys.next();
    if (wanted === undefined) return undefined;
    editor.characterSearch = { key, character: wanted };
    return findCharacter(editor, editor.characterSearch, count);
  };

const OTHER_WAY: Readonly<Record<string, string>> = { f: 'F', F: 'f', t: 'T', T: 't' };

const characterAgain =
  (isReversed: boolean): Way =>
  (editor, count = 1) => {
    const last = editor.characterSearch;
    if (last === undefined) {
      editor.bell();
      return undefined;
    }
    const key = isReversed ? (OTHER_WAY[last.key] ?? last.key) : last.key;
    return findCharacter(editor, { ...last, key }, count);
  };

const mark: Way = async (editor) => {
  const name = await editor.keys.next();
  if (name === undefined) return undefined;
  const to = name === "'" ? Math.min(editor.before, editor.text.length - 1) : editor.buffer.mark(name);
  return to === undefined ? undefined : { to: firstNonBlank(editor.text, to), kind: 'lines' };
};

const match: Way = ({ text, dot }) => {
  const to = matchingBracket(text, dot);
  return to === undefined ? undefined : { to, kind: 'inclusive' };
};

const WAYS: Readonly<Record<Key, Way>> = {
  h: left,
  Left: left,
  '\b': left,
  '\x7f': left,
  l: right,
  Right: right,
  ' ': right,
  j: upOrDown(1),
  Down: upOrDown(1),
  '\n': upOrDown(1),
  '\x0e': upOrDown(1),
  k: upOrDown(-1),
  Up: upOrDown(-1),
  '\x10': upOrDown(-1),
  '+': toLine(1),
  '\r': toLine(1),
  '-': toLine(-1),
  0: start,
  Home: start,
  $: end,
  End: end,
  '^': ({ text, dot }) => ({ to: firstNonBlank(text, dot) }),
  '|': ({ text, dot, settings }, count = 1) => ({
    to: placeAtColumn(text, dot, count - 1, settings.tabstop),
  }),
  w: word(nextWord, false, 'word'),
  W: word(nextWord, true, 'word'),
  b: word(previousWord, false),
  B: word(previousWord, true),
  e: word(endOfWord, false, 'inclusive'),
  E: word(endOfWord, true, 'inclusive'),
  G: goTo((text) => lineStart(text, text.length - 1)),
  gg: goTo(() => 0),
  H: onScreen((_height, count) => count - 1),
  M: onScreen((height) => Math.floor((height - 1) / 2)),
  L: (editor, count = 1) => {
    const { text, screen } = editor;
    const bottom = linesFrom(text, screen.top, screen.height - 1);
    return { to: firstNonBlank(text, linesFrom(text, bottom, 1 - count)), kind: 'lines' };
  },
  '{': paragraph(-1),
  '}': paragraph(1),
  '/': search('/'),
  '?': search('?'),
  n: searchAgain(false),
  N: searchAgain(true),
  f: character('f'),
  F: character('F'),
  t: character('t'),
  T: character('T'),
  ';': characterAgain(false),
  ',': characterAgain(true),
  "'": mark,
  '%': match,
};

/** Motions after which `''` leads back. */
const JUMPS: ReadonlySet<Key> = new Set(['G', 'gg', 'H', 'L', 'M', '/', '?', 'n', 'N', "'", '%', '{', '}']);
/** Those that ring themselves where there is no way, or say something. */
const RINGING: ReadonlySet<Key> = new Set([
  'f',
  'F',
  't',
  'T',
  ';',
  ',',
  'j',
  'k',
  '+',
  '-',
  '\r',
  '\n',
  '\x0e',
  '\x10',
  '/',
  '?',
  'n',
  'N',
  'Up',
  'Down',
]);

export function isMotion(key: Key): boolean {
  return WAYS[key] !== undefined;
}

/** @param count how often; undefined where nobody has said */
export async function move(editor: Editor, key: Key, count: number | undefined): Promise<Motion | undefined> {
  const motion = await WAYS[key]?.(editor, count);
  if (motion !== undefined && JUMPS.has(key)) editor.before = editor.dot;
  return motion;
}

export function ringsItself(key: Key): boolean {
  return RINGING.has(key);
}
