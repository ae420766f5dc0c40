import { expect, test } from '@jest/globals';
import { patternProblem } from '../../../../../src/cluster/apiserver/custom/go-pattern.ts';

test.each([
  ['[', 'missing closing ]: `[`'],
  ['a[b', 'missing closing ]: `[b`'],
  ['(a', 'missing closing ): `(a`'],
  ['a)', 'unexpected ): `a)`'],
  ['*a', 'missing argument to repetition operator: `*`'],
  ['a|+', 'missing argument to repetition operator: `+`'],
  ['a{3,1}', 'invalid repeat count: `{3,1}`'],
])('%s is no pattern', (pattern, words) => {
  expect(patternProblem(pattern)).toBe(words);
});

test.each([
  '^a+?$',
  '(?i)abc',
  '(?P<n>a)*',
  '[]a]',
  '[^])]',
  '[[:alpha:]]{2,}',
  '\\(',
  '\\Q(\\E',
  '\\x{2028}',
  'a{,3}',
  '(?:a|b)?',
])('%s is one', (pattern) => {
  expect(patternProblem(pattern)).toBeUndefined();
});
