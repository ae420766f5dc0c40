import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { durationOf, specFrom } from '../../../../src/cli/cluster/flags.ts';
import { clockText, span } from '../../../../src/cli/cluster/texts.ts';

describe('what a cluster is made of', () => {
  test('without flags: one node, any port, no headroom, a seed of chance', () => {
    const { seed, ...rest } = specFrom({});
    expect(rest).toEqual({ nodes: 1, port: 0, headroom: 0 });
    expect(Number(seed)).toBeGreaterThanOrEqual(1);
  });

  test('with all of them', () => {
    expect(specFrom({ nodes: '3', port: '6443', seed: '7', headroom: '1d2h' })).toEqual({
      nodes: 3,
      port: 6443,
      seed: '7',
      headroom: 26 * 3_600_000,
    });
  });

  test.each([
    [{ nodes: '101' }, 'from 1 to 100'],
    [{ nodes: '1.5' }, 'from 1 to 100'],
    [{ nodes: '' }, 'from 1 to 100'],
    [{ port: '0' }, 'from 1 to 65535'],
    [{ port: '65536' }, 'from 1 to 65535'],
    [{ seed: 'x' }, 'from 1 to 999999'],
    [{ headroom: '-1h' }, 'is not a time that can be'],
    [{ headroom: '367d' }, 'at most 366d'],
  ])('%j is not possible', (flags, why) => {
    expect(() => specFrom(flags)).toThrow(why);
  });
});

describe('times', () => {
  test.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1d12h', 129_600_000],
    ['500ms', 500],
    [' 2h ', 7_200_000],
  ])('%s', (text, ms) => {
    expect(durationOf(text, '')).toBe(ms);
  });

  test('what is printed is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31_000_000 }), (seconds) =>
        expect(durationOf(span(seconds * 1000), '')).toBe(seconds * 1000),
      ),
    );
  });

  test.each([
    [0, 'at the wall'],
    [-999, 'at the wall'],
    [7_200_000, '2h behind the wall'],
    [-90_000, '1m30s ahead of the wall'],
  ])('a clock that is %s ms behind', (behind, text) => {
    expect(clockText({ now: new Date(0), behind })).toBe(text);
  });
});
