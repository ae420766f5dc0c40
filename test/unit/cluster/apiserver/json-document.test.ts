import { expect, test } from '@jest/globals';
import { parseJson } from '../../../../src/cluster/apiserver/json-document.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

test('JSON is read as deep as everything that walks through it can go', () => {
  expect(JSON.stringify(parseJson(nested(1000)))).toBe(nested(1000));
  expect(() => parseJson(nested(1001))).toThrow('exceeded max depth');
  expect(() => parseJson(nested(1_000_000))).toThrow('exceeded max depth');
  expect(() => parseJson('['.repeat(100_000))).toThrow('exceeded max depth');
});
