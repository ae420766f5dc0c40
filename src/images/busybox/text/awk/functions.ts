import { boundedRegex } from '../../common/bounded-regex.ts';
import { posixSource } from '../../common/regex.ts';
import { printfText } from '../../common/printf.ts';
import { Failure, LONGEST_TEXT, outOfMemory } from '../../errors.ts';
import type { Value } from './values.ts';
import { toNumber, toText } from './values.ts';

const regexes = new Map<string, RegExp>();

/** An extended regular expression, compiled once. @throws Failure */
export function regexOf(source: string): RegExp {
  let regex = regexes.get(source);
  if (regex === undefined) {
    try {
      regex = boundedRegex(posixSource(source, true));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new Failure(`bad regex '${source}': Invalid preceding regular expression`);
    }
    if (regexes.size > 500) regexes.clear();
    regexes.set(source, regex);
  }
  return regex;
}

/** Splits as FS does: a single blank means runs of them, another character itself, anything else is a pattern. */
export function splitText(text: string, separator: string): readonly string[] {
  if (separator === ' ') return text.match(/[^\s]+/g) ?? [];
  if (text === '') return [];
  if (separator === '') return text.split('');
  if (separator.length === 1 && separator !== '\\') return text.split(separator);
  return text.split(boundedRegex(regexOf(separator).source));
}

/** Functions of values only. */
export const FUNCTIONS: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  substr: ([value, from, length]) => {
    const text = toText(value);
    // Before the text begins is where it begins: the length counts from there.
    const start = Math.max(Math.round(toNumber(from)), 1) - 1;
    return text.slice(
      start,
      length === undefined ? undefined : start + Math.max(0, Math.round(toNumber(length))),
    );
  },
  index: ([text, part]) => toText(text).indexOf(toText(part)) + 1,
  toupper: ([text]) => toText(text).toUpperCase(),
  tolower: ([text]) => toText(text).toLowerCase(),
  and: ([a, b]) => bitwise(a, b, (left, right) => left & right),
  or: ([a, b]) => bitwise(a, b, (left, right) => left | right),
  xor: ([a, b]) => bitwise(a, b, (left, right) => left ^ right),
  lshift: ([a, b]) => bitwise(a, b, (left, right) => left << (right & 63n)),
  rshift: ([a, b]) => bitwise(a, b, (left, right) => left >> (right & 63n)),
  compl: ([a]) => bitwise(a, 0, (left) => ~left),
  int: ([value]) => Math.trunc(toNumber(value)),
  sqrt: ([value]) => Math.sqrt(toNumber(value)),
  exp: ([value]) => Math.exp(toNumber(value)),
  log: ([value]) => Math.log(toNumber(value)),
  sin: ([value]) => Math.sin(toNumber(value)),
  cos: ([value]) => Math.cos(toNumber(value)),
  atan2: ([y, x]) => Math.atan2(toNumber(y), toNumber(x)),
  sprintf: ([format, ...args]) => formatted(toText(format), args),
};

/** awk's `printf` gives numbers where texts are wanted and the other way round. */
export function formatted(format: string, args: readonly Value[]): string {
  const kinds = [...format.matchAll(/%(?:%|[-+ 0#]*(\*|\d+)?(?:\.(?:\*|\d*))?([a-zA-Z]))/g)].filter(
    ([whole]) => whole !== '%%',
  );
  const ready = kinds.map(([, , letter = ''], index) => {
    const value = args[index];
    if (letter === 's') return toText(value);
    if (letter === 'c') return typeof value === 'number' ? characterOf(value) : toText(value);
    const number = toNumber(value);
    return 'diouxX'.includes(letter)
      ? String(BigInt(Number.isFinite(number) ? Math.trunc(number) : 0))
      : String(number);
  });
  return printfText(format.replaceAll('\\', '\\\\'), ready).text;
}

/** `%c` of a number; what is no character of Unicode is none. */
function characterOf(code: number): string {
  const whole = Math.trunc(code);
  return whole >= 0 && whole <= 0x10ffff ? String.fromCodePoint(whole) : '';
}

/** Of whole numbers without a sign. */
function bitwise(
  a: Value | undefined,
  b: Value | undefined,
  combine: (left: bigint, right: bigint) => bigint,
): number {
  const whole = (value: Value | undefined): bigint => {
    const number = Math.trunc(toNumber(value));
    return Number.isFinite(number) ? BigInt.asUintN(64, BigInt(number)) : 0n;
  };
  return Number(BigInt.asUintN(64, combine(whole(a), whole(b))));
}

/** `gensub`: all matches, or the one of that number; `\\1` is what its group has matched. */
export function generated(text: string, regex: RegExp, replacement: string, how: string): string {
  const wanted = /^[gG]/.test(how) ? undefined : Math.max(1, Math.trunc(toNumber(how)));
  let count = 0;
  let size = 0;
  return text.replace(boundedRegex(regex.source, 'g'), (whole, ...groups: unknown[]) => {
    if (wanted !== undefined && ++count !== wanted) return whole;
    const by = replacement.replace(/\\([0-9&\\])|&/g, (mark, escaped: string | undefined) => {
      if (escaped === undefined || escaped === '0') return whole;
      if (escaped === '&' || escaped === '\\') return escaped;
      const group = groups[Number(escaped) - 1];
      return typeof group === 'string' ? group : '';
    });
    size += by.length;
    if (size > LONGEST_TEXT) outOfMemory();
    return by;
  });
}

/** `sub` and `gsub`. @returns the text, and how often it was replaced */
export function substituted(
  text: string,
  regex: RegExp,
  replacement: string,
  isGlobal: boolean,
): { readonly text: string; readonly count: number } {
  let count = 0;
  let size = 0;
  const result = text.replace(boundedRegex(regex.source, isGlobal ? 'g' : ''), (whole) => {
    count++;
    const by = replacement.replace(/\\\\|\\&|&/g, (mark) => (mark === '&' ? whole : mark.slice(1)));
    size += by.length;
    if (size > LONGEST_TEXT) outOfMemory();
    return by;
  });
  return { text: result, count };
}
