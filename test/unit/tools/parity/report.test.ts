import { expect, test } from '@jest/globals';
import { merged } from '../../../../tools/parity/parity.ts';

test('a report keeps what was said of scenarios that were not compared again', () => {
  const report = 'a/1: 3 the same\n  kind      x\n  embedded  y\nb/1: 4 the same\n';
  const blocks = new Map([
    ['a/1', 'a/1: 5 the same'],
    ['c/1', 'c/1: 1 the same\n  kind      z'],
  ]);
  const order = ['c', 'a', 'b'];
  expect(merged(report, blocks, order)).toBe(
    'c/1: 1 the same\n  kind      z\na/1: 5 the same\nb/1: 4 the same\n',
  );
  expect(merged(report, new Map([['a/1', 'a/1: 5 the same']]), ['a'])).toBe('a/1: 5 the same\n');
});
