import { limited, padded } from '../errors.ts';
import { escapes } from './escapes.ts';

interface Result {
  readonly text: string;
  /** What is wrong with arguments or with the format, in busybox' words. */
  readonly problems: readonly string[];
}

/** Text, a conversion with its flags, width, precision and letter, or a `%` that begins none. */
const PIECE =
  /[^%]+|%%|%(?<flags>[-+ 0#]*)(?<width>\*|\d+)?(?:\.(?<precision>\*|\d*))?[hlLjzt]*(?<letter>[diouxXeEfFgGcsb])|%/g;

/** A format, read once: it may be used a hundred thousand times. */
type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly ended: boolean }
  | { readonly kind: 'conversion'; readonly conversion: Conversion }
  | { readonly kind: 'invalid'; readonly problem: string };

/** What `printf` writes: the format is used again for as long as there are arguments. */
export function printfText(format: string, args: readonly string[]): Result {
  const pieces = readFormat(format);
  const problems: string[] = [];
  const queue = new Queue(args);
  let text = '';
  for (;;) {
    const before = queue.length;
    const once = formatOnce(pieces, queue, problems);
    text = limited(text + once.text);
    if (once.ended || queue.length === 0 || queue.length === before) return { text, problems };
  }
}

const readFormat = (format: string): Piece[] =>
  [...format.matchAll(PIECE)].map((match): Piece => {
    const [piece] = match;
    const letter = match.groups?.['letter'];
    if (piece === '%%') return { kind: 'text', text: '%', ended: false };
    if (piece === '%') return { kind: 'invalid', problem: `${format.slice(match.index)}: invalid format` };
    if (letter === undefined) return { kind: 'text', ...escapes(piece) };
    const { flags = '', width = '0', precision } = match.groups ?? {};
    return { kind: 'conversion', conversion: { letter, flags, width, precision } };
  });

/** Arguments that are taken in turn. */
class Queue {
  readonly #args: readonly string[];
  #next = 0;

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  get length(): number {
    return Math.max(0, this.#args.length - this.#next);
  }

  shift(): string | undefined {
    return this.#args[this.#next++];
  }
}

function formatOnce(
  pieces: readonly Piece[],
  queue: Queue,
  problems: string[],
): { text: string; ended: boolean } {
  let text = '';
  for (const piece of pieces) {
    if (piece.kind === 'invalid') {
      problems.push(piece.problem);
      return { text, ended: true };
    }
    const done = piece.kind === 'text' ? piece : convert(piece.conversion, queue, problems);
    text += done.text;
    if (done.ended) return { text, ended: true };
  }
  return { text, ended: false };
}

interface Conversion {
  readonly letter: string;
  readonly flags: string;
  /** Digits, or `*`: the next argument says it. */
  readonly width: string;
  readonly precision: string | undefined;
}

function convert(
  { letter, flags, width, precision }: Conversion,
  queue: Queue,
  problems: string[],
): { text: string; ended: boolean } {
  const numberOf = (text: string): number => Number(text === '*' ? (queue.shift() ?? 0) : text);
  const size = numberOf(width);
  const digits = precision === undefined ? undefined : numberOf(precision);
  const argument = queue.shift();
  const isText = 'scb'.includes(letter);
  const body = isText
    ? formatText(letter, argument ?? '', digits)
    : formatNumber(letter, argument, flags, digits, problems);
  return {
    text: pad(body, Math.abs(size), flags.includes('-') || size < 0, flags.includes('0') && !isText),
    ended: letter === 'b' && escapes(argument ?? '').ended,
  };
}

function formatText(letter: string, argument: string, digits: number | undefined): string {
  if (letter === 'c') return argument.slice(0, 1);
  return (letter === 'b' ? escapes(argument).text : argument).slice(0, digits);
}

function formatNumber(
  letter: string,
  argument: string | undefined,
  flags: string,
  digits: number | undefined,
  problems: string[],
): string {
  if ('diouxX'.includes(letter)) {
    const value = integerOf(argument ?? '', problems);
    return withSign(formatInteger(value, letter, digits, flags.includes('#')), flags, /[di]/.test(letter));
  }
  const value = Number(argument ?? '0');
  if (Number.isNaN(value)) problems.push(`invalid number '${argument ?? ''}'`);
  return withSign(formatFloat(Number.isNaN(value) ? 0 : value, letter, digits ?? 6), flags, true);
}

function withSign(text: string, flags: string, isSigned: boolean): string {
  if (!isSigned || text.startsWith('-')) return text;
  return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function integerOf(text: string, problems: string[]): bigint {
  const quotedCharacter = /^['"](.)/su.exec(text)?.[1];
  if (quotedCharacter !== undefined) return BigInt(quotedCharacter.codePointAt(0) ?? 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (match?.[2] === undefined) {
    problems.push(`invalid number '${text}'`);
    return 0n;
  }
  const digits = /^0[0-7]+$/.test(match[2]) ? `0o${match[2].slice(1)}` : match[2];
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits);
}

function formatInteger(
  value: bigint,
  letter: string,
  digits: number | undefined,
  isAlternate: boolean,
): string {
  const isSigned = letter === 'd' || letter === 'i';
  const number = isSigned ? value : BigInt.asUintN(64, value);
  const magnitude = number < 0n ? -number : number;
  const radix = letter === 'o' ? 8 : /x/i.test(letter) ? 16 : 10;
  let text = magnitude.toString(radix);
  text = padded(text, digits ?? 0, 'start', '0');
  if (isAlternate && radix === 16) text = `0x${text}`;
  if (isAlternate && radix === 8) text = `0${text}`;
  if (letter === 'X') text = text.toUpperCase();
  return number < 0n ? `-${text}` : text;
}

/** `%e`, `%f` and `%g` as in C. */
export function formatFloat(value: number, letter: string, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const places = Math.min(digits, 100);
  const exponential = (text: string): string =>
    text.replace(/e([-+])(\d)$/, (_match, sign: string, digit: string) => `e${sign}0${digit}`);
  switch (letter.toLowerCase()) {
    case 'f':
      return fixed(value, places);
    case 'e':
      return exponential(value.toExponential(places));
    default: {
      const precision = Math.max(places, 1);
      const exponent = value === 0 ? 0 : Number(value.toExponential(precision - 1).split('e')[1]);
      if (exponent < -4 || exponent >= precision) {
        return exponential(value.toExponential(precision - 1).replace(/\.?0+e/, 'e'));
      }
      const text = fixed(value, precision - 1 - exponent);
      return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
    }
  }
}

/** Halves are rounded to even where they are exact, unlike in `toFixed`. */
function fixed(value: number, places: number): string {
  if (Math.abs(value) >= 1e21) return BigInt(Math.trunc(value)).toString();
  const scaled = value * 10 ** places;
  const isHalf = places < 16 && Math.abs(scaled) < 2 ** 52 && Math.abs(scaled % 1) === 0.5;
  if (!isHalf) return value.toFixed(places);
  const floor = Math.floor(scaled);
  return ((floor % 2 === 0 ? floor : floor + 1) / 10 ** places).toFixed(places);
}

function pad(text: string, size: number, isLeft: boolean, hasZeros: boolean): string {
  if (isLeft) return padded(text, size, 'end');
  if (!hasZeros) return padded(text, size, 'start');
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + padded(text.slice(sign.length), size - sign.length, 'start', '0');
}
