import { expect, test } from '@jest/globals';
import { boundedRegex } from '../../../../src/images/busybox/common/bounded-regex.ts';
import { inEitherCase, posixRegex } from '../../../../src/images/busybox/common/regex.ts';

const LONG = 'a'.repeat(5000);

test.each([
  ['(a*)*\\1b', LONG],
  ['(a|aa)+(?!c)b', LONG],
  ['(a*)(a*)(a*)\\3b', LONG],
  ['(a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?)\\1b', LONG],
])('what could try too many ways is refused: %s', (source, text) => {
  expect(() => boundedRegex(source).test(text)).toThrow('out of memory');
  expect(() => text.replace(boundedRegex(source, 'g'), '')).toThrow('out of memory');
});

test.each([
  ['(a*)*\\1b', 'aab'],
  ['(.)\\1', `${'ab'.repeat(5000)}cc`],
  ['^(.*),\\1$', `${LONG},${LONG}`],
  ['(?<!\\w)(?:foo|bar)(?!\\w)', `${LONG} foo`],
  ['[(*)*]\\(\\*(x)\\1', '((*xx'],
])('what cannot is matched as always: %s', (source, text) => {
  expect(boundedRegex(source).test(text)).toBe(true);
  expect(text.replace(boundedRegex(source, 'g'), '')).not.toBe(text);
});

test.each([
  ['abc', 'aBC', true],
  ['[b-d]x', 'Cx', true],
  ['[^b-d]x', 'Cx', false],
  ['\\(a\\)\\1', 'aa', true],
  ['[[:upper:]]1', 'a1', true],
  ['\\w-\\x', '_-x', true],
])('%s without regard to case', (pattern, text, isMatch) => {
  expect(posixRegex(pattern, false, 'i').test(text)).toBe(isMatch);
});

test('a set keeps its end', () => {
  expect(inEitherCase('[a\\]]b')).toBe('[a\\]A][bB]');
});
