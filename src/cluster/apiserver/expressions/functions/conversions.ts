import { define, type Overload } from '../library.ts';
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from './times.ts';
import {
  Duration,
  ExpressionError,
  Opaque,
  Timestamp,
  TypeValue,
  typeNameOf,
  Unsigned,
  type Value,
} from '../values.ts';
import { int, unsigned } from './operators.ts';

const SECOND = 1_000_000_000n;
/** Doubles from here on are no ints. */
const INT_LIMIT = 2 ** 63;
/** Larger doubles are written with an exponent. */
const LARGEST_PLAIN_POWER = 6;

/** A value as `string()` writes it. @throws ExpressionError */
export function textOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return doubleText(value);
    default:
      return objectText(value);
  }
}

function objectText(value: Value): string {
  if (value instanceof Unsigned) return String(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Uint8Array) return decoded(value);
  if (value instanceof Opaque) return value.toString();
  throw new ExpressionError('no such overload: string');
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ExpressionError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Go's shortest form: an exponent of at least two digits from 1e+06 and below 1e-04 on. */
function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < LARGEST_PLAIN_POWER) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function intOf(text: string): bigint {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
  if (value === undefined || value >= 2n ** 63n || value < -(2n ** 63n)) throw impossible('int');
  return value;
}

function unsignedOf(text: string): Unsigned {
  const value = /^\d+$/.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value >= 2n ** 64n) throw impossible('uint');
  return unsigned(value);
}

function doubleOf(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  throw impossible('double');
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

function boolOf(text: string): boolean {
  if (TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  throw impossible('bool');
}

/** A text that means no value of a type. */
function impossible(type: string): ExpressionError {
  return new ExpressionError(`type conversion error from 'string' to '${type}'`);
}

function truncated(value: number): bigint {
  if (!(value > -INT_LIMIT && value < INT_LIMIT)) throw new ExpressionError('integer overflow');
  return BigInt(Math.trunc(value));
}

/** https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions */
export const conversions: readonly Overload[] = [
  define<[Value]>('dyn', ['A'], 'dyn', (value) => value),
  define<[Value]>('type', ['A'], 'type(A)', (value) => new TypeValue(typeNameOf(value))),
  define<[bigint]>('int', ['int'], 'int', (value) => value),
  define<[Unsigned]>('int', ['uint'], 'int', ({ value }) => int(value)),
  define<[number]>('int', ['double'], 'int', truncated),
  define<[string]>('int', ['string'], 'int', intOf),
  define<[Timestamp]>('int', ['timestamp'], 'int', ({ nanos }) => floorDivided(nanos, SECOND)),
  define<[Duration]>('int', ['duration'], 'int', ({ nanos }) => nanos),
  define<[Unsigned]>('uint', ['uint'], 'uint', (value) => value),
  define<[bigint]>('uint', ['int'], 'uint', unsigned),
  define<[number]>('uint', ['double'], 'uint', (value) => unsigned(truncated(value))),
  define<[string]>('uint', ['string'], 'uint', unsignedOf),
  define<[number]>('double', ['double'], 'double', (value) => value),
  define<[bigint]>('double', ['int'], 'double', Number),
  define<[Unsigned]>('double', ['uint'], 'double', ({ value }) => Number(value)),
  define<[string]>('double', ['string'], 'double', doubleOf),
  define<[boolean]>('bool', ['bool'], 'bool', (value) => value),
  define<[string]>('bool', ['string'], 'bool', boolOf),
  ...['string', 'bool', 'int', 'uint', 'double', 'bytes', 'timestamp', 'duration'].map((type) =>
    define<[Value]>('string', [type], 'string', textOf),
  ),
  define<[Uint8Array]>('bytes', ['bytes'], 'bytes', (value) => value),
  define<[string]>('bytes', ['string'], 'bytes', (text) => new TextEncoder().encode(text)),
  define<[Timestamp]>('timestamp', ['timestamp'], 'timestamp', (value) => value),
  define<[string]>('timestamp', ['string'], 'timestamp', parseTimestamp),
  define<[bigint]>('timestamp', ['int'], 'timestamp', (seconds) => new Timestamp(seconds * SECOND)),
  define<[Duration]>('duration', ['duration'], 'duration', (value) => value),
  define<[string]>('duration', ['string'], 'duration', parseDuration),
  define<[bigint]>('duration', ['int'], 'duration', (nanos) => new Duration(nanos)),
];

function floorDivided(a: bigint, b: bigint): bigint {
  return a >= 0n || a % b === 0n ? a / b : a / b - 1n;
}
