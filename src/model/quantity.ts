/**
 * Exact arithmetic on Kubernetes quantities (`500m`, `1Gi`, `1e3`).
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
import type { Quantity } from './objects.ts';
import { ParseError } from './parse-error.ts';

/** The family of suffixes that a quantity was written with and is printed with. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface ParsedQuantity {
  /** The amount in units of 10⁻⁹, the smallest that Kubernetes keeps. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  /** The text as it was written, where Kubernetes prints it back unchanged. */
  readonly text?: string;
}

/** No part can begin as the one before it ends, or a long number would be tried at every place. */
const SYNTAX = /^([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eEinumkKMGTP]+[-+]?|[-+])[0-9]*)?$/;
/** Of the text of a quantity, in characters. Kubernetes has no limit but the body's; nothing real is near this one. */
const LONGEST = 1000;
const SYNTAX_MESSAGE =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const DECIMAL_SUFFIXES = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const DECIMAL_NAMES = new Map([...DECIMAL_SUFFIXES].map(([name, exponent]) => [exponent, name]));
const BINARY_NAMES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANOS = 10n ** 9n;
const LARGEST_BINARY = (2n ** 63n - 1n) * NANOS;
/** Digits that Kubernetes handles as a 64-bit number; longer ones lose their spelling. */
const FAST_DIGITS = 18;

interface Suffix {
  readonly format: QuantityFormat;
  /** Power of ten, or of two for BinarySI. */
  readonly exponent: number;
}

function interpretSuffix(suffix: string): Suffix | undefined {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal };
  const binary = BINARY_NAMES.indexOf(suffix);
  if (binary > 0) return { format: 'BinarySI', exponent: binary * 10 };
  if (!/^[eE][-+]?[0-9]{1,3}$/.test(suffix)) return undefined;
  return { format: 'DecimalExponent', exponent: Number(suffix.slice(1)) };
}

/** @throws {ParseError} with the API server's words. */
export function parseQuantity(quantity: Quantity): ParsedQuantity {
  const text = String(quantity).trim();
  if (text === '0') return { nanos: 0n, format: 'DecimalSI', text };
  const match = text.length > LONGEST ? null : SYNTAX.exec(text);
  const [, sign = '', whole = '', fraction = '', ending = ''] = match ?? [];
  if (match === null || (whole === '' && !text.includes('.'))) throw new ParseError(SYNTAX_MESSAGE);
  const suffix = interpretSuffix(ending);
  if (suffix === undefined) throw new ParseError("unable to parse quantity's suffix");

  return amountOf(text, { negative: sign === '-', whole, fraction, suffix });
}

/** A quantity taken apart. */
interface Written {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: Suffix;
}

function amountOf(text: string, { negative, whole, fraction, suffix }: Written): ParsedQuantity {
  const integer = whole.replace(/^0+/, '') || '0';
  const unscaled = BigInt(integer + fraction);
  const format = suffix.format;
  let nanos =
    format === 'BinarySI'
      ? scale(unscaled << BigInt(suffix.exponent), 9 - fraction.length)
      : scale(unscaled, 9 + suffix.exponent - fraction.length);
  if (format === 'BinarySI' && nanos > LARGEST_BINARY) nanos = LARGEST_BINARY;
  const signed = negative ? -nanos : nanos;
  if (keepsSpelling(integer, fraction, suffix)) return { nanos: signed, format, text };
  const small = format === 'BinarySI' && nanos > 0n && nanos < NANOS;
  return { nanos: signed, format: small ? 'DecimalSI' : format };
}

/** Kubernetes prints back what it takes for canonical already, even `+5` and `01`. */
function keepsSpelling(integer: string, fraction: string, suffix: Suffix): boolean {
  const digits = integer + fraction;
  if (suffix.format === 'BinarySI') {
    const precision = 15 - integer.length - Math.trunc((suffix.exponent * 3) / 10) - 1;
    return fraction === '' && precision >= 0 && (BigInt(digits) & 7n) !== 0n;
  }
  const exponent = suffix.exponent - fraction.length;
  return (
    digits.length <= FAST_DIGITS &&
    exponent >= -9 &&
    exponent % 3 === 0 &&
    !digits.endsWith('000') &&
    !digits.startsWith('0')
  );
}

/** Times a power of ten; what falls below the last digit rounds up, away from zero. */
function scale(value: bigint, exponent: number): bigint {
  if (exponent >= 0) return value * 10n ** BigInt(exponent);
  return ceilingOf(value, 10n ** BigInt(-exponent));
}

function ceilingOf(value: bigint, divisor: bigint): bigint {
  return value > 0n ? (value + divisor - 1n) / divisor : value / divisor;
}

/** Whether the API server would take this text for a quantity. */
export function isQuantity(text: Quantity): boolean {
  try {
    parseQuantity(text);
    return true;
  } catch {
    return false;
  }
}

/** A quantity as Kubernetes prints it: `1000m` is `1`, `0.5Gi` is `512Mi`, `1500m` stays. */
export function canonicalQuantity(quantity: Quantity): string {
  return formatQuantity(parseQuantity(quantity));
}

/** The canonical text of an amount. */
export function formatQuantity(quantity: ParsedQuantity): string {
  const { nanos, format, text } = quantity;
  if (text !== undefined) return text;
  if (nanos === 0n) return '0';
  const whole = nanos % NANOS === 0n;
  const below1024 = nanos > -1024n * NANOS && nanos < 1024n * NANOS;
  if (format === 'BinarySI' && whole && !below1024) return formatBinary(nanos / NANOS);
  return formatDecimal(nanos, format === 'DecimalExponent' ? 'DecimalExponent' : 'DecimalSI');
}

function formatBinary(amount: bigint): string {
  let number = amount;
  let power = 0;
  while (power < BINARY_NAMES.length - 1 && number % 1024n === 0n) {
    number /= 1024n;
    power++;
  }
  return `${number}${BINARY_NAMES[power] ?? ''}`;
}

function formatDecimal(nanos: bigint, format: QuantityFormat): string {
  let number = nanos;
  let exponent = -9;
  const largest = format === 'DecimalSI' ? 18 : 996;
  while (exponent < largest && number % 1000n === 0n) {
    number /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalSI') return `${number}${DECIMAL_NAMES.get(exponent) ?? ''}`;
  return exponent === 0 ? number.toString() : `${number}e${exponent}`;
}

/** Negative when `a` is less than `b`, 0 when equal, positive when greater. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const difference = parseQuantity(a).nanos - parseQuantity(b).nanos;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The sum, printed in the suffix family of the first quantity that is not zero; `0` for none. */
export function addQuantities(...quantities: readonly Quantity[]): string {
  let nanos = 0n;
  let format: QuantityFormat | undefined;
  for (const quantity of quantities) {
    const parsed = parseQuantity(quantity);
    if (nanos === 0n) format = parsed.format;
    nanos += parsed.nanos;
  }
  return formatQuantity({ nanos, format: format ?? 'DecimalSI' });
}

/** `a − b`, printed in the suffix family of `a` (of `b` where `a` is zero). */
export function subtractQuantities(a: Quantity, b: Quantity): string {
  const left = parseQuantity(a);
  const right = parseQuantity(b);
  const format = left.nanos === 0n ? right.format : left.format;
  return formatQuantity({ nanos: left.nanos - right.nanos, format });
}

/** Whole units (bytes of memory, counts), rounded up. */
export function bytesOf(quantity: Quantity): number {
  return Number(ceilingOf(parseQuantity(quantity).nanos, NANOS));
}

/** Thousandths (millicores of CPU), rounded up. */
export function millicoresOf(quantity: Quantity): number {
  return Number(ceilingOf(parseQuantity(quantity).nanos, 1_000_000n));
}
