import { outOfMemory } from '../errors.ts';
import { CLASSES } from './classes.ts';

/**
 * Shell patterns: `*`, `?`, `[…]`, and a backslash in front of what is meant literally. Matching takes at most the
 * product of both lengths, whatever the pattern.
 */
export interface Pattern {
  /** Does it match the whole of `text`? */
  matches(text: string): boolean;
  /** As the source of a regular expression, whose stars take as much as they can or as little. */
  source(takes: 'most' | 'least'): string;
}

/** A larger expression takes the host too long to build. */
const MOST_TOKENS = 16 * 1024;

type Token =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | { readonly kind: 'character'; readonly value: string }
  | {
      readonly kind: 'set';
      readonly negated: boolean;
      readonly includes: (character: string) => boolean;
      readonly source: string;
    };

/** Has it got anything that stands for other characters? */
export function isPattern(text: string): boolean {
  return /(?:^|[^\\])(?:\\\\)*[*?[]/.test(text);
}

/** Quotes what is special in patterns. */
export function quotePattern(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}

export function compilePattern(pattern: string): Pattern {
  const tokens = tokenize(pattern);
  return {
    matches: (text) => matchTokens(tokens, text),
    source: (takes) => {
      if (tokens.length > MOST_TOKENS) outOfMemory();
      return tokens.map((token) => sourceOf(token, takes === 'most' ? '*' : '*?')).join('');
    },
  };
}

function sourceOf(token: Token, star: string): string {
  switch (token.kind) {
    case 'any':
      return `[^]${star}`;
    case 'one':
      return '[^]';
    case 'character':
      return quotedInSource(token.value);
    case 'set':
      return token.source;
  }
}

function quotedInSource(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
}

function tokenize(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern.charAt(index);
    if (character === '*') {
      if (tokens.at(-1)?.kind !== 'any') tokens.push({ kind: 'any' });
    } else if (character === '?') tokens.push({ kind: 'one' });
    else if (character === '\\' && index + 1 < pattern.length) {
      tokens.push({ kind: 'character', value: pattern.charAt(++index) });
    } else if (character === '[') {
      const set = readSet(pattern, index);
      if (set === undefined) tokens.push({ kind: 'character', value: character });
      else {
        tokens.push(set.token);
        index = set.end;
      }
    } else tokens.push({ kind: 'character', value: character });
  }
  return tokens;
}

/** A bracket expression from `start`, or undefined where the bracket is not closed. */
function readSet(pattern: string, start: number): { token: Token; end: number } | undefined {
  let index = start + 1;
  const negated = /[!^]/.test(pattern.charAt(index));
  if (negated) index++;
  const tests: ((character: string) => boolean)[] = [];
  let source = '';
  for (let isFirst = true; index < pattern.length; isFirst = false) {
    const named = /^\[:(\w+):\]/.exec(pattern.slice(index, index + 12));
    const characters = named?.[1] === undefined ? undefined : CLASSES[named[1]];
    if (named !== null && characters !== undefined) {
      const members = new RegExp(`[${characters}]`);
      tests.push((character) => members.test(character));
      source += characters;
      index += named[0].length;
      continue;
    }
    if (pattern.charAt(index) === ']' && !isFirst) {
      const includes = (character: string): boolean => tests.some((test) => test(character));
      const all = `[${negated ? '^' : ''}${source}]`;
      return { token: { kind: 'set', negated, includes, source: all }, end: index };
    }
    const from = readSetCharacter(pattern, index);
    index = from.next;
    if (pattern.charAt(index) === '-' && index + 1 < pattern.length && pattern.charAt(index + 1) !== ']') {
      const to = readSetCharacter(pattern, index + 1);
      index = to.next;
      tests.push((character) => character >= from.value && character <= to.value);
      if (from.value <= to.value) source += `${quotedInSource(from.value)}-${quotedInSource(to.value)}`;
    } else {
      tests.push((character) => character === from.value);
      source += quotedInSource(from.value);
    }
  }
  return undefined;
}

function readSetCharacter(pattern: string, index: number): { value: string; next: number } {
  if (pattern.charAt(index) === '\\' && index + 1 < pattern.length) {
    return { value: pattern.charAt(index + 1), next: index + 2 };
  }
  return { value: pattern.charAt(index), next: index + 1 };
}

/** Only the last star needs to be tried again: what an earlier one could take, the last one can as well. */
function matchTokens(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let index = 0;
  let star = -1;
  let starIndex = 0;
  while (index < text.length) {
    const current = tokens[token];
    if (current?.kind === 'any') {
      star = token++;
      starIndex = index;
    } else if (current !== undefined && accepts(current, text.charAt(index))) {
      token++;
      index++;
    } else if (star >= 0) {
      token = star + 1;
      index = ++starIndex;
    } else return false;
  }
  while (tokens[token]?.kind === 'any') token++;
  return token === tokens.length;
}

function accepts(token: Token, character: string): boolean {
  switch (token.kind) {
    case 'any':
      return false;
    case 'one':
      return true;
    case 'character':
      return token.value === character;
    case 'set':
      return token.includes(character) !== token.negated;
  }
}
