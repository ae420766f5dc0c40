import { posixSource } from '../../common/regex.ts';
import { printfText } from '../../common/printf.ts';
import { Failure } from '../../errors.ts';
import type { Value } from './values.ts';
import { toNumber, toText } from './values.ts';

const regexes = new Map<string, RegExp>();

/** An extended regular expression, compiled once. @throws Failure */
export function regexOf(source: string): RegExp {
  let regex = regexes.get(source);
  if (regex === undefined) {
    try {
      regex = new RegExp(posixSource(source, true));
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
  return text.split(new RegExp(regexOf(separator).source));
}

/** Functions of values only. */
export const FUNCTIONS: Readonly<Record<string, (args: readonly Value[]) => Value>> = {
  substr: ([value, from, length]) => {
    const text = toText(value);
    const start = Math.round(toNumber(from));
    const end = length === undefined ? Infinity : start + Math.round(toNumber(length));
    return text.slice(Math.max(start, 1) - 1, end === Infinity ? undefined : Math.max(end - 1, 0));
  },
  index: ([text, part]) => toText(text).indexOf(toText(part)) + 1,
  toupper: ([text]) => toText(text).toUpperCase(),
  tolower: ([text]) => toText(text).toLowerCase(),
  int: ([value]) => Math.trunc(toNumber(value)),
  sqrt: ([value]) => Math.sqrt(toNumber(value)),
  exp: ([value]) => Math.exp(toNumber(value)),
  log: ([value]) => Math.log(toNumber(value)),
  sin: ([value]) => Math.sin(toNumber(value)),
  cos: ([value]) => Math.cos(toNumber(value)),
  atan2: ([y, x]) => Math.atan2(toNumber(y), toNumber(x)),
  and: ([a, b]) => toNumber(a) & toNumber(b),
  or: ([a, b]) => toNumber(a) | toNumber(b),
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
    if (letter === 'c') return typeof value === 'number' ? String.fromCodePoint(value) : toText(value);
    const number = toNumber(value);
    return 'diouxX'.includes(letter)
      ? String(BigInt(Number.isFinite(number) ? Math.trunc(number) : 0))
      : String(number);
  });
  return printfText(format.replaceAll('\\', '\\\\'), ready).text;
}

/** `sub` and `gsub`. @returns the text, and how often it was replaced */
export function substituted(
  text: string,
  regex: RegExp,
  replacement: string,
  isGlobal: boolean,
): { readonly text: string; readonly count: number } {
  let count = 0;
  const result = text.replace(new RegExp(regex.source, isGlobal ? 'g' : ''), (whole) => {
    count++;
    return replacement.replace(/\\\\|\\&|&/g, (mark) => (mark === '&' ? whole : mark.slice(1)));
  });
  return { text: result, count };
}
