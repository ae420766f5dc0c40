import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonical, copy, edit, equal, freeze, isDeeperThan } from '../../../src/core/json.ts';

const json = fc.jsonValue({ maxDepth: 4 });

/** The same data, built in the other order of keys. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

describe('plain data', () => {
  test('a copy is equal and shares nothing', () => {
    fc.assert(
      fc.property(json, (value) => {
        const other = copy(value);
        expect(other).toEqual(value);
        if (typeof value === 'object' && value !== null) expect(other).not.toBe(value);
      }),
    );
  });

  test('equality and canonical text do not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(equal(value, reversed(value))).toBe(true);
        expect(canonical(value)).toBe(canonical(reversed(value)));
      }),
    );
  });

  test.each<[unknown, unknown, boolean]>([
    [{ a: undefined }, {}, true],
    [{}, { a: undefined }, true],
    [{ a: null }, {}, false],
    [[1, 2], [2, 1], false],
    [[1], [1, 1], false],
    [[], {}, false],
    [{ a: { b: [1] } }, { a: { b: [1] } }, true],
    [0, '0', false],
    [null, undefined, false],
  ])('%j equals %j: %s', (a, b, same) => {
    expect(equal(a, b)).toBe(same);
    expect(equal(b, a)).toBe(same);
  });

  test('an edit leaves the original alone, even a frozen one', () => {
    const before = freeze({ spec: { list: [1, 2] } });
    const after = edit(before, (draft) => draft.spec.list.push(3));
    expect(before.spec.list).toEqual([1, 2]);
    expect(after.spec.list).toEqual([1, 2, 3]);
    expect(() => before.spec.list.push(4)).toThrow(TypeError);
  });

  test('depth is counted in containers, and no deeper than asked for', () => {
    expect(isDeeperThan(0, 'a')).toBe(false);
    expect(isDeeperThan(0, [])).toBe(true);
    expect(isDeeperThan(2, { a: [1] })).toBe(false);
    expect(isDeeperThan(1, { b: 1, a: [1] })).toBe(true);
    expect(isDeeperThan(10, JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)))).toBe(true);
  });
});
