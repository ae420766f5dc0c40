import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goFloat } from '../../../src/core/go-float.ts';

test.each([
  [0, '0'],
  [1, '1'],
  [-2.5, '-2.5'],
  [344_064, '344064'],
  [1_000_000, '1e+06'],
  [174_530_560, '1.7453056e+08'],
  [1_795_767_633.2327921, '1.7957676332327921e+09'],
  [0.000_1, '0.0001'],
  [0.000_012, '1.2e-05'],
  [Infinity, '+Inf'],
  [NaN, 'NaN'],
])('%p is %s, as kubelets write it', (value, text) => {
  expect(goFloat(value)).toBe(text);
});

test('nothing is lost', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(goFloat(value))).toBe(value === 0 ? 0 : value);
    }),
  );
});
