import { define, method, type Overload } from '../library.ts';
import {
  Duration,
  equals,
  ExpressionError,
  isList,
  isMap,
  keyOf,
  type MapValue,
  numberOf,
  Timestamp,
  Unsigned,
  type Value,
} from '../values.ts';

const LARGEST_INT = 2n ** 63n - 1n;
const SMALLEST_INT = -(2n ** 63n);
const LARGEST_UINT = 2n ** 64n - 1n;
/** Of durations and times, in nanoseconds. */
const LARGEST_DURATION = 2n ** 63n - 1n;
/** How many characters or items cost as much as one call. */
const CHEAP = 10;

type List = readonly Value[];

/** @throws ExpressionError where a number is too large for an int */
export function int(value: bigint): bigint {
  if (value > LARGEST_INT || value < SMALLEST_INT) throw new ExpressionError('integer overflow');
  return value;
}

export function unsigned(value: bigint): Unsigned {
  if (value > LARGEST_UINT || value < 0n) throw new ExpressionError('unsigned integer overflow');
  return new Unsigned(value);
}

function divided<T>(divide: (a: bigint, b: bigint) => T, words: string): (a: bigint, b: bigint) => T {
  return (a, b) => {
    if (b === 0n) throw new ExpressionError(words);
    return divide(a, b);
  };
}

const quotient = divided((a, b) => a / b, 'division by zero');
const remainder = divided((a, b) => a % b, 'modulus by zero');

function duration(nanos: bigint): Duration {
  if (nanos > LARGEST_DURATION || nanos < -LARGEST_DURATION) throw new ExpressionError('integer overflow');
  return new Duration(nanos);
}

const ints = (name: string, run: (a: bigint, b: bigint) => bigint): Overload[] => [
  define<[bigint, bigint]>(name, ['int', 'int'], 'int', (a, b) => int(run(a, b))),
  define<[Unsigned, Unsigned]>(name, ['uint', 'uint'], 'uint', (a, b) => unsigned(run(a.value, b.value))),
];

const doubles = (name: string, run: (a: number, b: number) => number): Overload =>
  define<[number, number]>(name, ['double', 'double'], 'double', run);

const times: readonly Overload[] = [
  define<[Duration, Duration]>('_+_', ['duration', 'duration'], 'duration', (a, b) =>
    duration(a.nanos + b.nanos),
  ),
  define<[Timestamp, Duration]>(
    '_+_',
    ['timestamp', 'duration'],
    'timestamp',
    (a, b) => new Timestamp(a.nanos + b.nanos),
  ),
  define<[Duration, Timestamp]>(
    '_+_',
    ['duration', 'timestamp'],
    'timestamp',
    (a, b) => new Timestamp(a.nanos + b.nanos),
  ),
  define<[Duration, Duration]>('_-_', ['duration', 'duration'], 'duration', (a, b) =>
    duration(a.nanos - b.nanos),
  ),
  define<[Timestamp, Duration]>(
    '_-_',
    ['timestamp', 'duration'],
    'timestamp',
    (a, b) => new Timestamp(a.nanos - b.nanos),
  ),
  define<[Timestamp, Timestamp]>('_-_', ['timestamp', 'timestamp'], 'duration', (a, b) =>
    duration(a.nanos - b.nanos),
  ),
];

const COMPARISONS: readonly (readonly [name: string, holds: (order: number) => boolean])[] = [
  ['_<_', (order) => order < 0],
  ['_<=_', (order) => order <= 0],
  ['_>_', (order) => order > 0],
  ['_>=_', (order) => order >= 0],
];
const NUMBERS = ['int', 'uint', 'double'];
const ORDERED = ['bool', 'string', 'bytes', 'timestamp', 'duration'];

const comparisons: readonly Overload[] = COMPARISONS.flatMap(([name, holds]) => {
  const compared = (left: string, right: string): Overload =>
    define<[Value, Value]>(name, [left, right], 'bool', (a, b) => {
      const order = compare(a, b);
      return order !== undefined && holds(order);
    });
  return [
    ...ORDERED.map((type) => compared(type, type)),
    ...NUMBERS.flatMap((left) => NUMBERS.map((right) => compared(left, right))),
  ];
});

/**
 * The order of two values: below zero where the first comes first; undefined where there is none (NaN).
 * @throws ExpressionError where values of these types have no order
 */
export function compare(a: Value, b: Value): number | undefined {
  const [left, right] = [sortable(a), sortable(b)];
  if (left === undefined || right === undefined) throw new ExpressionError('no such overload');
  if (left < right) return -1;
  if (left > right) return 1;
  // NaN is in no order at all.
  return Number.isNaN(left) || Number.isNaN(right) ? undefined : 0;
}

function sortable(value: Value): bigint | number | string | boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return inCodePoints(value);
  if (value instanceof Timestamp || value instanceof Duration) return value.nanos;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  return numberOf(value);
}

/** A text in whose order UTF-16's surrogates come after everything else, as code points do. */
function inCodePoints(text: string): string {
  return /[\uD800-\uDFFF]/.test(text) ? Buffer.from(text).toString('latin1') : text;
}

const included = define<[Value, List]>('@in', ['A', 'list(A)'], 'bool', (value, list, running) => {
  running.spend(list.length / CHEAP);
  return list.some((item) => equals(value, item));
});

/** The operators of the language. https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions */
export const operators: readonly Overload[] = [
  // The interpreter does these itself: they do not look at all of their parameters.
  define('_&&_', ['bool', 'bool'], 'bool', ofInterpreter),
  define('_||_', ['bool', 'bool'], 'bool', ofInterpreter),
  define('_?_:_', ['bool', 'A', 'A'], 'A', ofInterpreter),
  define('_[_]', ['list(A)', 'int'], 'A', ofInterpreter),
  define('_[_]', ['map(A, B)', 'A'], 'B', ofInterpreter),
  define('_[_]', ['optional_type(list(A))', 'int'], 'optional_type(A)', ofInterpreter),
  define('_[_]', ['optional_type(map(A, B))', 'A'], 'optional_type(B)', ofInterpreter),
  define('_[?_]', ['list(A)', 'int'], 'optional_type(A)', ofInterpreter),
  define('_[?_]', ['map(A, B)', 'A'], 'optional_type(B)', ofInterpreter),
  define('_[?_]', ['optional_type(list(A))', 'int'], 'optional_type(A)', ofInterpreter),
  define('_[?_]', ['optional_type(map(A, B))', 'A'], 'optional_type(B)', ofInterpreter),

  define<[boolean]>('!_', ['bool'], 'bool', (value) => !value),
  define<[bigint]>('-_', ['int'], 'int', (value) => int(-value)),
  define<[number]>('-_', ['double'], 'double', (value) => -value),
  define<[Value, Value]>('_==_', ['A', 'A'], 'bool', equals),
  define<[Value, Value]>('_!=_', ['A', 'A'], 'bool', (a, b) => !equals(a, b)),
  ...comparisons,
  ...ints('_+_', (a, b) => a + b),
  ...ints('_-_', (a, b) => a - b),
  ...ints('_*_', (a, b) => a * b),
  ...ints('_/_', quotient),
  ...ints('_%_', remainder),
  doubles('_+_', (a, b) => a + b),
  doubles('_-_', (a, b) => a - b),
  doubles('_*_', (a, b) => a * b),
  doubles('_/_', (a, b) => a / b),
  define<[string, string]>('_+_', ['string', 'string'], 'string', (a, b, running) => {
    running.spend((a.length + b.length) / CHEAP);
    return a + b;
  }),
  define<[Uint8Array, Uint8Array]>('_+_', ['bytes', 'bytes'], 'bytes', (a, b, running) => {
    running.spend((a.length + b.length) / CHEAP);
    return Uint8Array.from([...a, ...b]);
  }),
  define<[List, List]>('_+_', ['list(A)', 'list(A)'], 'list(A)', (a, b, running) => {
    running.spend((a.length + b.length) / CHEAP);
    return [...a, ...b];
  }),
  ...times,
  included,
  define<[Value, MapValue]>('@in', ['A', 'map(A, B)'], 'bool', (key, map) => {
    const wanted = keyOf(key);
    return wanted !== undefined && map.has(wanted);
  }),
  ...['string', 'bytes', 'list(A)', 'map(A, B)'].flatMap((type) => [
    define<[Value]>('size', [type], 'int', sizeOf),
    method<[Value]>(type, 'size', [], 'int', sizeOf),
  ]),
];

function sizeOf(value: Value): bigint {
  if (typeof value === 'string') return BigInt(Array.from(value).length);
  if (isMap(value)) return BigInt(value.size);
  if (isList(value) || value instanceof Uint8Array) return BigInt(value.length);
  throw new ExpressionError('no such overload');
}

function ofInterpreter(): never {
  throw new ExpressionError('no such overload');
}
