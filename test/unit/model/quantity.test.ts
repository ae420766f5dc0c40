import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  milliQuantity,
  milliValue,
  nanoValue,
  subtractQuantities,
  wholeValue,
} from '../../../src/model/quantity.ts';

describe('quantities', () => {
  test.each([
    [0.5, '500m'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000Mi', '1000Mi'],
    ['0', '0'],
    ['0Gi', '0'],
    ['512Ki', '512Ki'],
    ['0.5Ki', '512'],
    ['1.1Ki', '1126400m'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12e6', '12e6'],
    ['1E', '1E'],
    ['100000m', '100'],
    ['1000k', '1M'],
    ['-2000m', '-2'],
    ['0.0000000001', '1n'],
    ['.5', '500m'],
    ['5.', '5'],
    ['+1', '1'],
    ['16Ei', '9223372036854775807'],
  ])('%s is stored as %s', (given, stored) => {
    expect(canonicalQuantity(given)).toBe(stored);
  });

  test.each(['', 'abc', '1Ki1', '1.2.3', '100Mb', '1 Gi', '1GI', '--1', '.', 'e3'])('%j is none', (text) => {
    expect(isQuantity(text)).toBe(false);
    expect(() => nanoValue(text)).toThrow(RangeError);
  });

  test('is rounded up to the unit that is asked for', () => {
    expect(milliValue('1.0001')).toBe(1001);
    expect(wholeValue('1500m')).toBe(2);
    expect(wholeValue('-1500m')).toBe(-2);
    expect(wholeValue('64Mi')).toBe(67_108_864);
    expect(milliQuantity(1500)).toBe('1500m');
    expect(milliQuantity(2000)).toBe('2');
  });

  test('a sum keeps the form of the first that is not zero', () => {
    expect(addQuantities('1Gi', '512M')).toBe('1548576Ki');
    expect(addQuantities('0', '64Mi')).toBe('64Mi');
    expect(addQuantities('500m', '1')).toBe('1500m');
    expect(subtractQuantities('1', '250m')).toBe('750m');
    expect(subtractQuantities('1Gi', '1Gi')).toBe('0');
  });

  test('the canonical text means the same value, and is its own canonical text', () => {
    const texts = fc.tuple(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.constantFrom('n', 'u', 'm', '', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e2', 'e-3'),
    );
    fc.assert(
      fc.property(texts, ([number, suffix]) => {
        const text = `${number}${suffix}`;
        const canonical = canonicalQuantity(text);
        expect(compareQuantities(canonical, text)).toBe(0);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});
