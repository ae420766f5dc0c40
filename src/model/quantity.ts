import type { Quantity } from './objects.ts';

/** How a quantity is written back: `1Gi`, `500m` or `1e3`. */
type Format = 'binary' | 'decimal' | 'exponent';

interface Amount {
  /** The exact value in units of 10⁻⁹; finer fractions are rounded away from zero, as Kubernetes does. */
  readonly nano: bigint;
  readonly format: Format;
}

const SYNTAX = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;
const ONE = 1_000_000_000n;
const LARGEST = (2n ** 63n - 1n) * ONE;
const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** The same few texts come again and again; the bound keeps a hostile client from filling the memory. */
const CACHE_LIMIT = 4096;
const cache = new Map<string, Amount>();

/**
 * Quantities: fixed-point numbers with a suffix, `500m`, `1.5Gi`, `2e3`.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 * @returns undefined for text that is not a quantity.
 */
function parse(quantity: Quantity): Amount | undefined {
  const text = typeof quantity === 'number' ? String(quantity) : quantity.trim();
  const known = cache.get(text);
  if (known !== undefined) return known;
  const amount = read(text);
  if (amount === undefined) return undefined;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(text, amount);
  return amount;
}

function read(text: string): Amount | undefined {
  const match = SYNTAX.exec(text);
  if (match === null) return undefined;
  const [, sign, number = '', suffix = '', exponent] = match;
  const [whole = '', fraction = ''] = number.split('.');
  let value = BigInt(whole + fraction);
  let scale = 9 - fraction.length;
  let format: Format = 'decimal';
  if (exponent !== undefined) {
    format = 'exponent';
    scale += Number(exponent);
  } else if (suffix.endsWith('i')) {
    format = 'binary';
    value <<= BigInt(10 * BINARY_SUFFIXES.indexOf(suffix));
  } else {
    scale += 3 * (DECIMAL_SUFFIXES.indexOf(suffix) - 3);
  }
  const nano = scale >= 0 ? value * 10n ** BigInt(scale) : divideUp(value, 10n ** BigInt(-scale));
  const bounded = nano > LARGEST ? LARGEST : nano;
  return { nano: sign === '-' ? -bounded : bounded, format };
}

/** Division of non-negative numbers that rounds up. */
function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function amountOf(quantity: Quantity): Amount {
  const amount = parse(quantity);
  if (amount === undefined) throw new RangeError(`not a quantity: ${JSON.stringify(quantity)}`);
  return amount;
}

export function isQuantity(value: unknown): value is Quantity {
  return (typeof value === 'string' || typeof value === 'number') && parse(value) !== undefined;
}

/** The exact value in units of 10⁻⁹. Throws RangeError for text that is not a quantity. */
export function nanoValue(quantity: Quantity): bigint {
  return amountOf(quantity).nano;
}

/** The value in thousandths, rounded away from zero: `100m` is 100. Throws RangeError. */
export function milliValue(quantity: Quantity): number {
  return scaled(amountOf(quantity).nano, 1_000_000n);
}

/** The value in whole units (bytes, pods), rounded away from zero. Throws RangeError. */
export function wholeValue(quantity: Quantity): number {
  return scaled(amountOf(quantity).nano, ONE);
}

function scaled(nano: bigint, unit: bigint): number {
  return Number(nano < 0n ? -divideUp(-nano, unit) : divideUp(nano, unit));
}

/** Negative, zero or positive, as for `sort`. Throws RangeError. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  const first = amountOf(a).nano;
  const second = amountOf(b).nano;
  return first < second ? -1 : first > second ? 1 : 0;
}

/** The sum, written as `a` is (as `b` where `a` is zero). Throws RangeError. */
export function addQuantities(a: Quantity, b: Quantity): string {
  const [first, second] = [amountOf(a), amountOf(b)];
  return write(first.nano + second.nano, first.nano === 0n ? second.format : first.format);
}

/** The difference, written as `a` is. Throws RangeError. */
export function subtractQuantities(a: Quantity, b: Quantity): string {
  const [first, second] = [amountOf(a), amountOf(b)];
  return write(first.nano - second.nano, first.nano === 0n ? second.format : first.format);
}

/** The one text that the API server stores for a value: `0.5` is `500m`, `1024Mi` is `1Gi`. Throws RangeError. */
export function canonicalQuantity(quantity: Quantity): string {
  const { nano, format } = amountOf(quantity);
  return write(nano, format);
}

/** A number of thousandths as a quantity: 1500 is `1500m`, 2000 is `2`. */
export function milliQuantity(milli: number): string {
  return write(BigInt(Math.round(milli)) * 1_000_000n, 'decimal');
}

function write(nano: bigint, format: Format): string {
  if (nano === 0n) return '0';
  const fits = nano % ONE === 0n && (nano <= -1024n * ONE || nano >= 1024n * ONE);
  if (format === 'binary' && fits) return shorten(nano / ONE, 1024n, BINARY_SUFFIXES);
  if (format !== 'exponent') return shorten(nano, 1000n, DECIMAL_SUFFIXES);
  return shorten(nano, 1000n, ['e-9', 'e-6', 'e-3', '', 'e3', 'e6', 'e9', 'e12', 'e15', 'e18']);
}

/** The shortest whole mantissa with its suffix. */
function shorten(value: bigint, base: bigint, suffixes: readonly string[]): string {
  let index = 0;
  while (value % base === 0n && index < suffixes.length - 1) {
    value /= base;
    index++;
  }
  return `${value}${suffixes[index] ?? ''}`;
}
