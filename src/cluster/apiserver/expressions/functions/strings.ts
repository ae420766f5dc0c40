import { define, method, type Overload } from '../library.ts';
import { ExpressionError, type Value } from '../values.ts';
import { formatText } from './format-text.ts';

/** How many characters cost as much as one call. */
const CHEAP = 10;
/** Go's own: all that is white space in Unicode. */
const SPACE = /^[\s\u0085]+|[\s\u0085]+$/gu;

type Characters = readonly string[];

function outOfRange(index: bigint): ExpressionError {
  return new ExpressionError(`index out of range: ${index}`);
}

function indexOf(text: string, wanted: string, from: bigint): bigint {
  const [characters, sought]: Characters[] = [Array.from(text), Array.from(wanted)];
  if (characters === undefined || sought === undefined) return -1n;
  if (wanted === '' && from >= 0n && from <= characters.length) return from;
  if (from < 0n || from > characters.length) throw outOfRange(from);
  for (let at = Number(from); at <= characters.length - sought.length; at++) {
    if (sought.every((character, index) => characters[at + index] === character)) return BigInt(at);
  }
  return -1n;
}

function lastIndexOf(text: string, wanted: string, from?: bigint): bigint {
  const characters = Array.from(text);
  const sought = Array.from(wanted);
  const last = from ?? BigInt(characters.length);
  if (wanted === '') return last;
  if (last < 0n || (from !== undefined && last >= characters.length)) throw outOfRange(last);
  for (let at = Math.min(Number(last), characters.length - sought.length); at >= 0; at--) {
    if (sought.every((character, index) => characters[at + index] === character)) return BigInt(at);
  }
  return -1n;
}

function substring(text: string, from: bigint, to: bigint): string {
  const characters = Array.from(text);
  if (from < 0n || from > characters.length) throw outOfRange(from);
  if (to < 0n || to > characters.length) throw outOfRange(to);
  if (from > to) throw new ExpressionError(`invalid substring range. start: ${from}, end: ${to}`);
  return characters.slice(Number(from), Number(to)).join('');
}

function charAt(text: string, index: bigint): string {
  const characters = Array.from(text);
  if (index < 0n || index > characters.length) throw outOfRange(index);
  return characters[Number(index)] ?? '';
}

function split(text: string, separator: string, count: bigint): readonly Value[] {
  if (count === 0n) return [];
  if (count === 1n) return [text];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (count < 0n || parts.length <= count) return parts;
  const kept = Number(count) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function replace(text: string, from: string, to: string, count: bigint): string {
  if (count < 0n) return text.replaceAll(from, () => to);
  let left = Number(count);
  return text.replaceAll(from, (found) => (left-- > 0 ? to : found));
}

const ascii = (text: string, pattern: RegExp, change: (letter: string) => string): string =>
  text.replaceAll(pattern, change);

/** What strings can do, of the language itself and of Kubernetes' choice of extensions. */
export const strings: readonly Overload[] = [
  test('contains', (text, part) => text.includes(part)),
  test('startsWith', (text, part) => text.startsWith(part)),
  test('endsWith', (text, part) => text.endsWith(part)),
  scanning<[string, bigint]>('charAt', ['int'], 'string', charAt),
  scanning<[string, string]>('indexOf', ['string'], 'int', (text, wanted) => indexOf(text, wanted, 0n)),
  scanning<[string, string, bigint]>('indexOf', ['string', 'int'], 'int', indexOf),
  scanning<[string, string]>('lastIndexOf', ['string'], 'int', (text, wanted) => lastIndexOf(text, wanted)),
  scanning<[string, string, bigint]>('lastIndexOf', ['string', 'int'], 'int', lastIndexOf),
  scanning<[string]>('lowerAscii', [], 'string', (text) =>
    ascii(text, /[A-Z]/g, (letter) => letter.toLowerCase()),
  ),
  scanning<[string]>('upperAscii', [], 'string', (text) =>
    ascii(text, /[a-z]/g, (letter) => letter.toUpperCase()),
  ),
  scanning<[string, string, string]>('replace', ['string', 'string'], 'string', (text, from, to) =>
    replace(text, from, to, -1n),
  ),
  scanning<[string, string, string, bigint]>('replace', ['string', 'string', 'int'], 'string', replace),
  scanning<[string, string]>('split', ['string'], 'list(string)', (text, separator) =>
    split(text, separator, -1n),
  ),
  scanning<[string, string, bigint]>('split', ['string', 'int'], 'list(string)', split),
  scanning<[string, bigint]>('substring', ['int'], 'string', (text, from) =>
    substring(text, from, BigInt(Array.from(text).length)),
  ),
  scanning<[string, bigint, bigint]>('substring', ['int', 'int'], 'string', substring),
  scanning<[string]>('trim', [], 'string', (text) => text.replaceAll(SPACE, '')),
  method<[string, readonly Value[]]>('string', 'format', ['list(dyn)'], 'string', (text, values, running) => {
    running.spend(text.length / CHEAP);
    return formatText(text, values);
  }),
  method<[readonly string[]]>('list(string)', 'join', [], 'string', (list, running) =>
    join(list, '', running),
  ),
  method<[readonly string[], string]>('list(string)', 'join', ['string'], 'string', join),
  define<[string]>('strings.quote', ['string'], 'string', (text, running) => {
    running.spend(text.length / CHEAP);
    return quote(text);
  }),
];

function join(list: readonly string[], separator: string, running: { spend(cost: number): void }): string {
  const joined = list.join(separator);
  running.spend(joined.length / CHEAP);
  return joined;
}

function test(name: string, run: (text: string, part: string) => boolean): Overload {
  return scanning<[string, string]>(name, ['string'], 'bool', run);
}

/** A method of strings whose work grows with the text. */
function scanning<P extends readonly [string, ...Value[]]>(
  name: string,
  parameters: Parameters<typeof method<P>>[2],
  result: string,
  run: (...parameters: P) => Value,
): Overload {
  return method<P>('string', name, parameters, result, (...all) => {
    const running = all.at(-1) as { spend(cost: number): void };
    const values = all.slice(0, -1) as unknown as P;
    running.spend(values[0].length / CHEAP);
    return run(...values);
  });
}

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': '\\\\',
  '"': '\\"',
};

function quote(text: string): string {
  return `"${Array.from(text, (character) => QUOTED[character] ?? character).join('')}"`;
}
