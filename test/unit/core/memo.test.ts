import { expect, jest, test } from '@jest/globals';
import { memoized } from '../../../src/core/memo.ts';

test('an answer is worked out once for each object', () => {
  const make = jest.fn((of: { readonly name: string }) => [of.name]);
  const answer = memoized(make);
  const one = { name: 'a' };
  expect(answer(one)).toEqual(['a']);
  expect(answer(one)).toBe(answer(one));
  expect(make).toHaveBeenCalledTimes(1);
  expect(answer({ name: 'a' })).not.toBe(answer(one));
  expect(make).toHaveBeenCalledTimes(2);
});
