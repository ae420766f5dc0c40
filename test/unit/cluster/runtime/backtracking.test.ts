import { expect, test } from '@jest/globals';
import { goPattern } from '../../../../src/cluster/apiserver/custom/go-pattern.ts';
import { boundBacktracking } from '../../../../src/cluster/runtime/backtracking.ts';
import { posixRegex } from '../../../../src/images/busybox/common/regex.ts';

// Without the bound each of these would take longer than the universe has been there.
test('expressions that go astray come to an end', () => {
  boundBacktracking();
  const text = 'a'.repeat(200);
  expect(posixRegex('(a|a)*b', true).test(text)).toBe(false);
  expect(posixRegex('\\(a*\\)*b', false, 'g').exec(`${text}b`)?.[0]).toBe(`${text}b`);
  expect(goPattern('^(a+)+$')?.test(`${text}!`)).toBe(false);
  expect(goPattern('^(?P<x>é+)$')?.test('éé')).toBe(true);
});
