import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { unlessRefused, type Reader } from '../../../tools/fuzz/reader.ts';
import { readers } from '../../../tools/fuzz/readers.ts';
import { inputsOf, runBatch } from '../../../tools/fuzz/run.ts';
import { fuzzTable } from '../../../tools/fuzz/table.ts';

/** A few inputs for each: what `npm run fuzz` does with many. */
describe('what reads bytes from outside answers or refuses', () => {
  test.each(readers.map((reader) => [reader.name, reader] as const))('%s', async (_name, reader) => {
    const read = await reader.open();
    const known = new Set<string>();
    for (let batch = 0; batch * 250 < reader.tested; batch++) {
      const size = Math.min(250, reader.tested - batch * 250);
      expect(await runBatch({ reader, read, seed: 36, batch, size, known })).toEqual([]);
    }
  });
});

const wrong: Reader<string> = {
  name: 'wrong',
  reads: 'nothing well',
  inputs: fc.string(),
  tested: 0,
  open: () => (text) => {
    if (text.includes('!')) throw new TypeError('no exclamations');
  },
};

describe('the tool', () => {
  test('finds what is thrown, once, and the smallest input that shows it', async () => {
    const reader = wrong as Reader;
    const [finding, ...others] = await runBatch({
      reader,
      read: await reader.open(),
      seed: 1,
      batch: 2,
      known: new Set(),
    });
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ reader: 'wrong', seed: 1, input: '"!"' });
    expect(finding?.stack).toMatch(/^TypeError: no exclamations\n/);
    const index = (finding?.index ?? 0) - 2 * 250;
    expect(inputsOf(reader, 1, 2, index + 1).at(-1)).toContain('!');
  });

  test('a refusal is an answer, another error is not', () => {
    const refuse = (): never => {
      throw new RangeError('no');
    };
    const refused: unknown = unlessRefused<unknown>(refuse, RangeError);
    expect(refused).toBeUndefined();
    expect(() => unlessRefused(refuse, TypeError)).toThrow(RangeError);
  });

  test('the table keeps the rows of readers that were not run, and drops those that are gone', () => {
    const before = '| `old` | x | 1 | 1 | 1 | 0 |\n| `b` | y | 2 | 1 | 1 | 0 |';
    const outcome = { reader: 'a', inputs: 1_000_000, seed: 7, seconds: 12.4, findings: [] };
    const reads = new Map([
      ['a', 'what a reads'],
      ['b', 'y'],
    ]);
    expect(fuzzTable(before, [outcome], reads).split('\n').slice(2)).toEqual([
      '| `a` | what a reads | 1,000,000 | 7 | 12 | 0 |',
      '| `b` | y | 2 | 1 | 1 | 0 |',
    ]);
  });

  test('a run with another seed is added to its row; one with a seed that was there takes its place', () => {
    const before = '| `a` | x | 1,000 | 7 | 1,500 | 1 |';
    const reads = new Map([['a', 'x']]);
    const run = (seed: number) => ({ reader: 'a', inputs: 500, seed, seconds: 2, findings: [] });
    const both = fuzzTable(before, [run(8)], reads);
    expect(both.split('\n').at(-1)).toBe('| `a` | x | 1,500 | 7, 8 | 1,502 | 1 |');
    expect(
      fuzzTable(both, [run(7)], reads)
        .split('\n')
        .at(-1),
    ).toBe('| `a` | x | 500 | 7 | 2 | 0 |');
  });
});
