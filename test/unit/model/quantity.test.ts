import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addQuantities,
  bytesOf,
  canonicalQuantity,
  compareQuantities,
  isQuantity,
  millicoresOf,
  parseQuantity,
  subtractQuantities,
} from '../../../src/model/quantity.ts';

const SYNTAX = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

describe('canonicalQuantity', () => {
  // What a Kubernetes 1.36.3 API server stored for each of them.
  test.each([
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.5Gi', '512Mi'],
    ['1024Mi', '1Gi'],
    ['1024', '1024'],
    [1024, '1024'],
    ['100E', '100E'],
    ['1e3', '1e3'],
    ['1E3', '1E3'],
    ['1e2', '100'],
    ['12e6', '12e6'],
    ['1.5', '1500m'],
    [1.5, '1500m'],
    ['1000', '1k'],
    ['1000k', '1M'],
    ['1.1Mi', '1153433600m'],
    ['9.3Ei', '9223372036854775807'],
    ['100Ei', '9223372036854775807'],
    ['0', '0'],
    ['0Gi', '0'],
    ['0m', '0'],
    ['-1', '-1'],
    ['-1500m', '-1500m'],
    ['+5', '+5'],
    ['512Ki', '512Ki'],
    ['1536Mi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1.5Gi', '1536Mi'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1e-3', '1e-3'],
    ['12345.678', '12345.678'],
    ['01', '01'],
    [' 1 ', '1'],
    ['1.', '1.'],
    ['.5', '500m'],
    ['.', '0'],
    ['2000Mi', '2000Mi'],
    ['1000000000', '1G'],
    ['0.1n', '1n'],
    ['-0.1n', '-1n'],
  ])('%s is printed as %s', (written, printed) => {
    expect(canonicalQuantity(written)).toBe(printed);
  });

  test.each(['', '1_0', '1 Gi', 'abc', '1Gb', '--1', '1.2.3', '+', 'Gi'])('%j is refused', (text) => {
    expect(() => canonicalQuantity(text)).toThrow(SYNTAX);
    expect(isQuantity(text)).toBe(false);
  });

  test.each(['5e', '1GiB'.slice(0, 2) + 'M', '1kk', '1e9999'])('%j has a suffix that is none', (text) => {
    expect(() => parseQuantity(text)).toThrow("unable to parse quantity's suffix");
  });
});

describe('arithmetic', () => {
  test('compares across suffix families', () => {
    expect(compareQuantities('1Gi', '1G')).toBe(1);
    expect(compareQuantities('500m', '0.5')).toBe(0);
    expect(compareQuantities('1e3', '1001')).toBe(-1);
  });

  test('a sum keeps the family of the first that is not zero', () => {
    expect(addQuantities('100m', '1', '900m')).toBe('2');
    expect(addQuantities('0', '512Mi', '512Mi')).toBe('1Gi');
    expect(addQuantities()).toBe('0');
    expect(subtractQuantities('1Gi', '512Mi')).toBe('512Mi');
    expect(subtractQuantities('0', '1Ki')).toBe('-1Ki');
  });

  test('bytes and millicores round up', () => {
    expect(bytesOf('100m')).toBe(1);
    expect(bytesOf('64Mi')).toBe(67_108_864);
    expect(millicoresOf('0.0001')).toBe(1);
    expect(millicoresOf('2')).toBe(2000);
    expect(millicoresOf('-1500u')).toBe(-1);
  });
});

test('a text that is no quantity is refused at once, however long', () => {
  expect(() => canonicalQuantity(`${'1'.repeat(300_000)}x`)).toThrow('quantities must match');
  expect(() => canonicalQuantity('9'.repeat(1001))).toThrow('quantities must match');
  expect(canonicalQuantity('9'.repeat(1000))).toBe('9'.repeat(1000));
});

describe('properties', () => {
  const quantity = fc
    .tuple(
      fc.integer({ min: -10_000_000, max: 10_000_000 }),
      fc.constantFrom('', '.5', '.125'),
      fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E2', 'u'),
    )
    .map((parts) => parts.join(''));

  test('printing keeps the amount and is stable', () => {
    fc.assert(
      fc.property(quantity, (text) => {
        const printed = canonicalQuantity(text);
        expect(compareQuantities(printed, text)).toBe(0);
        // Not at once: bytes that are no whole Ki lose their suffix, and are a decimal number from then on.
        const again = canonicalQuantity(printed);
        expect(canonicalQuantity(again)).toBe(again);
      }),
    );
  });

  test('subtraction undoes addition', () => {
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        expect(compareQuantities(subtractQuantities(addQuantities(a, b), b), a)).toBe(0);
      }),
    );
  });
});
