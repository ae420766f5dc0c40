import { Failure } from '../errors.ts';
import { boundedRegex } from './bounded-regex.ts';
import { CLASSES } from './classes.ts';

/**
 * A regular expression of POSIX (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap09.html) as the
 * source of one of ours.
 * @param isExtended whether `+`, `?`, `|`, `(`, `{` are special as they are (grep -E, awk) or behind a backslash
 * @param wrong exit code where it is no expression
 * @throws Failure
 */
export function posixSource(text: string, isExtended: boolean, wrong = 1): string {
  let source = '';
  let canRepeat = false;
  for (let index = 0; index < text.length; index++) {
    if (text.charAt(index) === '[') {
      const set = readSet(text, index, wrong);
      source += set.source;
      index = set.end;
      canRepeat = true;
      continue;
    }
    const isEscaped = text.charAt(index) === '\\' && index + 1 < text.length;
    if (isEscaped) index++;
    const literal = text.charAt(index);
    if ('+?|(){}'.includes(literal) && isEscaped !== isExtended) {
      source += '+?{'.includes(literal) && !canRepeat ? `\\${literal}` : literal;
      canRepeat = !'|('.includes(literal);
      continue;
    }
    const isAnchor = !isEscaped && (literal === '^' || literal === '$');
    const isSpecial = !isAnchor || isExtended || isAnchorHere(text, index, literal);
    source += isEscaped ? escaped(literal) : unescaped(literal, canRepeat, isSpecial);
    canRepeat = !(isAnchor && isSpecial);
  }
  return source;
}

function escaped(literal: string): string {
  if (/[wWsSbB1-9ntr]/.test(literal)) return `\\${literal}`;
  if (literal === '<') return '\\b(?=\\w)';
  if (literal === '>') return '\\b(?<=\\w)';
  return quotedCharacter(literal);
}

function unescaped(literal: string, canRepeat: boolean, isSpecial: boolean): string {
  if (literal === '*') return canRepeat ? '*' : '\\*';
  return literal === '.' || ('^$'.includes(literal) && isSpecial) ? literal : quotedCharacter(literal);
}

function quotedCharacter(character: string): string {
  return character.replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
}

/** In a basic expression `^` and `$` are anchors only at the ends (of the whole or of a group). */
function isAnchorHere(text: string, index: number, literal: string): boolean {
  if (literal === '^') return index === 0 || /\\[(|]$/.test(text.slice(0, index));
  return index === text.length - 1 || /^\\[)|]/.test(text.slice(index + 1));
}

function readSet(
  text: string,
  start: number,
  wrong: number,
): { readonly source: string; readonly end: number } {
  let index = start + 1;
  let source = '[';
  if (text.charAt(index) === '^') {
    source += '^';
    index++;
  }
  for (let isFirst = true; index < text.length; isFirst = false) {
    const character = text.charAt(index);
    if (character === ']' && !isFirst) return { source: `${source}]`, end: index };
    const named = /^\[:(\w+):\]/.exec(text.slice(index, index + 12));
    const characters = named?.[1] === undefined ? undefined : CLASSES[named[1]];
    if (named !== null && characters !== undefined) {
      source += characters;
      index += named[0].length;
      continue;
    }
    source += character.replace(/[[\]\\^]/, '\\$&');
    index++;
  }
  throw new Failure(`bad regex '${text}': Unmatched [, [^, [:, [., or [=`, wrong);
}

/**
 * A source without regard to case, without the flag for it, which the engine that takes a bounded time does not know.
 * @param source of {@link posixSource}
 */
export function inEitherCase(source: string): string {
  return source.replace(/\\x..|\\[^]|\[\^?(?:\\[^]|[^\]\\])*\]|[A-Za-z]/g, (token) => {
    if (token.startsWith('[')) return `${token.slice(0, -1)}${otherCases(token)}]`;
    return token.length > 1 ? token : `[${token.toLowerCase()}${token.toUpperCase()}]`;
  });
}

/** What the letters and ranges of letters of a set are in the other case. */
function otherCases(set: string): string {
  return Array.from(set.matchAll(/\\[^]|([A-Za-z])-([A-Za-z])|[A-Za-z]/g), ([token, from, to]) => {
    if (token.startsWith('\\')) return '';
    if (from === undefined || to === undefined) return swapped(token);
    return swapped(from) > swapped(to) ? '' : `${swapped(from)}-${swapped(to)}`;
  }).join('');
}

function swapped(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

/** @throws Failure */
export function posixRegex(text: string, isExtended: boolean, flags = ''): RegExp {
  try {
    const hasEitherCase = flags.includes('i');
    const source = posixSource(text, isExtended);
    return boundedRegex(hasEitherCase ? inEitherCase(source) : source, flags.replace('i', ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure(`bad regex '${text}': Invalid preceding regular expression`);
  }
}
