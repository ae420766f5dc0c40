import { describe, expect, test } from '@jest/globals';
import { formatGoDuration, parseGoDuration } from '../../../src/core/go-duration.ts';

describe('durations', () => {
  test('as Go reads and prints them', () => {
    expect(['5s', '1h30m', '500ms', '0', '1.5s', '-2s'].map(parseGoDuration)).toEqual([
      5000, 5_400_000, 500, 0, 1500, -2000,
    ]);
    expect(() => parseGoDuration('x')).toThrow('time: invalid duration "x"');
    expect(() => parseGoDuration('2562048h')).toThrow('time: invalid duration "2562048h"');
    expect(() => parseGoDuration('5x')).toThrow('time: unknown unit "x" in duration "5x"');
    expect(() => parseGoDuration('1m5')).toThrow('time: missing unit in duration "1m5"');
    expect(() => parseGoDuration('-')).toThrow('time: invalid duration "-"');
    expect(() => parseGoDuration('30')).toThrow('time: missing unit in duration "30"');
    expect([5000, 90_000, 5_400_000, 250, 0, 300_000].map(formatGoDuration)).toEqual([
      '5s',
      '1m30s',
      '1h30m0s',
      '250ms',
      '0s',
      '5m0s',
    ]);
  });
});
