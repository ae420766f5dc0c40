import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { notBase64At } from '../../../../src/cluster/apiserver/base64.ts';

/** As Go 1.26 says it. */
test.each([
  ['', undefined],
  ['a', 0],
  ['aa', 0],
  ['aaa', 0],
  ['aaaa', undefined],
  ['aaaaa', 4],
  ['aaaaaa', 4],
  ['aa=', 3],
  ['aa==', undefined],
  ['aaa=', undefined],
  ['aaa==', 4],
  ['a=', 1],
  ['a===', 1],
  ['=', 0],
  ['aaaa=', 4],
  ['aa==aa', 4],
  ['aa=a', 2],
  ['aaaa****', 4],
  ['aa*a', 2],
  ['aa\n==', undefined],
  ['aa=\n=', undefined],
  ['aa=\n', 4],
  ['aaaa\naa', 5],
  ['aaaa\n*', 5],
  ['aa==\n', undefined],
  ['aa==\n*', 5],
  ['a\na', 1],
])('%j stops at %p', (text, at) => {
  expect(notBase64At(text)).toBe(at);
});

test('all that is encoded can be decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(notBase64At(Buffer.from(bytes).toString('base64'))).toBeUndefined();
    }),
  );
});
