import { define, method, type Overload, type Running } from '../library.ts';
import { Duration, equals, ExpressionError, isList, numberOf, type Value } from '../values.ts';
import { compare, int, unsigned } from './operators.ts';

type List = readonly Value[];

/** How many items cost as much as one call. */
const CHEAP = 10;
const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const LARGEST_RANGE = 1_000_000n;

/** The whole numbers in a list, which are all that it has. */
function wholes(list: List): bigint {
  return list.reduce((sum: bigint, item) => {
    const number = item instanceof Duration ? item.nanos : numberOf(item);
    return typeof number === 'bigint' ? sum + number : sum;
  }, 0n);
}

const sums: readonly (readonly [type: string, sum: (list: List) => Value])[] = [
  ['int', (list) => int(wholes(list))],
  ['uint', (list) => unsigned(wholes(list))],
  ['double', (list) => list.reduce((sum: number, item) => sum + Number(numberOf(item)), 0)],
  ['duration', (list) => new Duration(wholes(list))],
];

function scanned(list: List, running: Running): void {
  running.spend(list.length / CHEAP);
}

function extreme(name: 'min' | 'max'): (list: List, running: Running) => Value {
  const wanted = name === 'min' ? -1 : 1;
  return (list, running) => {
    scanned(list, running);
    const [first, ...others] = list;
    if (first === undefined) throw new ExpressionError(`${name} called on empty list`);
    return others.reduce(
      (best, item) => (Math.sign(compare(item, best) ?? 0) === wanted ? item : best),
      first,
    );
  };
}

function isSorted(list: List, running: Running): boolean {
  scanned(list, running);
  return list.every((item, index) => {
    const before = list[index - 1];
    return before === undefined || (compare(before, item) ?? 1) <= 0;
  });
}

function distinct(list: List, running: Running): List {
  const kept: Value[] = [];
  for (const item of list) {
    running.spend(kept.length / CHEAP);
    if (!kept.some((other) => equals(item, other))) kept.push(item);
  }
  return kept;
}

function slice(list: List, from: bigint, to: bigint): List {
  if (from < 0n || to < 0n) {
    throw new ExpressionError(`cannot slice(${from}, ${to}), negative indexes not supported`);
  }
  if (from > to) {
    throw new ExpressionError(
      `cannot slice(${from}, ${to}), start index must be less than or equal to end index`,
    );
  }
  if (to > list.length) {
    throw new ExpressionError(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  }
  return list.slice(Number(from), Number(to));
}

function flatten(list: List, depth: bigint): List {
  if (depth < 0n) throw new ExpressionError('level must be non-negative');
  if (depth === 0n) return list;
  return list.flatMap((item) => (isList(item) ? flatten(item, depth - 1n) : [item]));
}

function range(size: bigint, running: Running): List {
  if (size > LARGEST_RANGE) throw new ExpressionError(`lists.range() size is too large: ${size}`);
  running.spend(Number(size) / CHEAP);
  return Array.from({ length: Number(size) }, (_, index) => BigInt(index));
}

function sorted(list: List, running: Running): List {
  scanned(list, running);
  return list.toSorted((a, b) => compare(a, b) ?? 0);
}

/** Each item of `a` that is in `b` counts. */
function overlap(a: List, b: List, running: Running): number {
  running.spend((a.length * b.length) / CHEAP);
  return a.filter((item) => b.some((other) => equals(item, other))).length;
}

/**
 * What lists can do beyond the language, and sets as lists.
 * https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-list-library
 */
export const lists: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => [
    method<[List]>(`list(${type})`, 'isSorted', [], 'bool', isSorted),
    method<[List]>(`list(${type})`, 'min', [], type, extreme('min')),
    method<[List]>(`list(${type})`, 'max', [], type, extreme('max')),
    method<[List]>(`list(${type})`, 'sort', [], `list(${type})`, sorted),
  ]),
  ...sums.map(([type, sum]) =>
    method<[List]>(`list(${type})`, 'sum', [], type, (list, running) => {
      scanned(list, running);
      return sum(list);
    }),
  ),
  method<[List, Value]>('list(A)', 'indexOf', ['A'], 'int', (list, wanted, running) => {
    scanned(list, running);
    return BigInt(list.findIndex((item) => equals(item, wanted)));
  }),
  method<[List, Value]>('list(A)', 'lastIndexOf', ['A'], 'int', (list, wanted, running) => {
    scanned(list, running);
    return BigInt(list.findLastIndex((item) => equals(item, wanted)));
  }),
  method<[List]>('list(A)', 'distinct', [], 'list(A)', distinct),
  method<[List]>('list(A)', 'reverse', [], 'list(A)', (list, running) => {
    scanned(list, running);
    return list.toReversed();
  }),
  method<[List, bigint, bigint]>('list(A)', 'slice', ['int', 'int'], 'list(A)', slice),
  method<[List]>('list(list(A))', 'flatten', [], 'list(A)', (list) => flatten(list, 1n)),
  method<[List, bigint]>('list(dyn)', 'flatten', ['int'], 'list(dyn)', flatten),
  define<[bigint]>('lists.range', ['int'], 'list(int)', range),
  define<[List, List]>('sets.contains', ['list(A)', 'list(A)'], 'bool', (a, b, running) => {
    return overlap(b, a, running) === b.length;
  }),
  define<[List, List]>('sets.equivalent', ['list(A)', 'list(A)'], 'bool', (a, b, running) => {
    return overlap(a, b, running) === a.length && overlap(b, a, running) === b.length;
  }),
  define<[List, List]>('sets.intersects', ['list(A)', 'list(A)'], 'bool', (a, b, running) => {
    return overlap(a, b, running) > 0;
  }),
];
