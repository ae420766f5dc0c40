import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/core/package-root.ts';
import { common, compare, share } from '../../parity/compare.ts';
import { normalise } from '../../parity/normalise.ts';
import { tableOf, totalsOf } from '../../parity/table.ts';
import {
  type Line,
  linesOf,
  readTranscript,
  type Transcript,
  writeTranscript,
} from '../../parity/transcript.ts';

const passage = (command: string, ...lines: Line[]): Transcript => [{ command, lines }];

describe('compare', () => {
  test.each([
    ['the same', ['a', 'b'], ['a', 'b'], 2, 2],
    ['a line that is another', ['a', 'b', 'c'], ['a', 'x', 'c'], 2, 3],
    ['a line that is missing', ['a', 'b'], ['a'], 1, 2],
    ['a line too much', ['a', 'b'], ['a', 'b', 'c'], 2, 3],
    ['another order', ['a', 'b'], ['b', 'a'], 1, 2],
    ['nothing', [], [], 0, 0],
    ['nothing expected', [], ['a'], 0, 1],
    ['chance', ['a', { chance: 2 }, 'b'], ['a', 'x', 'y', 'b'], 2, 2],
    ['chance that did not happen', ['a', { chance: 2 }, 'b'], ['a', 'b'], 2, 2],
    ['more than chance explains', ['a', { chance: 1 }, 'b'], ['a', 'x', 'y', 'b'], 2, 3],
    ['chance does not swallow what is due', ['a', { chance: 1 }, 'b'], ['a', 'b'], 2, 2],
  ])('%s', (_, golden, played, equal, lines) => {
    const { all, own } = compare(passage('c', ...golden), passage('c', ...played));
    expect(all).toEqual({ equal, lines });
    expect(own).toEqual(all);
  });

  test('a case that ended early misses the lines of the other commands', () => {
    const golden = [...passage('c', 'a'), ...passage('d', 'b', 'c')];
    expect(compare(golden, passage('c', 'a')).all).toEqual({ equal: 1, lines: 3 });
    expect(compare(passage('c', 'a'), golden).all).toEqual({ equal: 1, lines: 3 });
  });

  test('what the control prints too is not an own line', () => {
    const golden = passage('c', 'Name: web', 'State: Waiting', 'Reason: ErrImagePull');
    const played = passage('c', 'Name: web', 'State: Waiting', 'Reason: Nonsense');
    const control = passage('c', 'Name: web', 'State: Running');
    const { all, own } = compare(golden, played, control);
    expect(all).toEqual({ equal: 2, lines: 3 });
    expect(own).toEqual({ equal: 1, lines: 2 });
  });
});

test('two recordings: what differs becomes chance, as many lines as the longer one had', () => {
  const one = passage('c', 'a', 'x', 'b', 'c');
  const other = passage('c', 'a', 'y', 'z', 'b', 'c', 'd');
  expect(common(one, other)).toEqual(passage('c', 'a', { chance: 2 }, 'b', 'c', { chance: 1 }));
  for (const recording of [one, other]) {
    const { all } = compare(common(one, other), recording);
    expect(all).toEqual({ equal: 3, lines: 3 });
  }
});

const anyLine = fc
  .string({ unit: fc.constantFrom('a', ' ', '$', '~', '>', '[', '-') })
  .map((text) => text.trimEnd());

test('a transcript can be written and read again', () => {
  const lines = fc.array(fc.oneof(anyLine, fc.record({ chance: fc.integer({ min: 1, max: 9 }) })), {
    maxLength: 6,
  });
  const command = fc.constantFrom('kubectl get pods', 'for i in 1 2\ndo date\ndone');
  fc.assert(
    fc.property(fc.array(fc.record({ command, lines }), { maxLength: 4 }), (transcript) => {
      // An empty line at the end of an output is not told from the one between two passages.
      const shown = transcript.map(({ command: own, lines: all }) => {
        const kept = [...all];
        if (kept.at(-1) === '') kept.pop();
        return { command: own, lines: kept };
      });
      expect(readTranscript(writeTranscript(shown))).toEqual(shown);
    }),
    { numRuns: 300, seed: 5 },
  );
});

test('a share is never rounded up to everything, and totals are of all', () => {
  const good = compare(passage('c', 'a', 'b'), passage('c', 'a', 'b'));
  const bad = compare(passage('c', 'a', 'b'), passage('c', 'a'));
  const compared = new Map([
    ['a/good', good],
    ['a/bad', bad],
  ]);
  expect(totalsOf(compared)).toEqual({ equalCases: 0.5, lines: 0.75 });
  expect(tableOf(compared)).toContain(
    '2 cases, 1 with every line the same (50.0%); 3 of 4 lines the same (75.0%); 1 below',
  );
});

const GOLDEN = join(packageRoot, 'test/parity/golden');
const recorded = existsSync(GOLDEN) ? readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' }) : [];
const goldens: readonly (readonly [string, Transcript])[] = [
  [
    'by hand',
    [...passage('c', 'pod/web created'), ...passage('d', 'Name:  web', { chance: 2 }, '', '[exit code 1]')],
  ],
  ...recorded
    .filter((file) => file.endsWith('.txt') && !file.endsWith('.chance.txt'))
    .map((file) => [file, readTranscript(readFileSync(join(GOLDEN, file), 'utf8'))] as const),
];

/** What a cluster would print that behaves as the golden says; nothing stands where chance is. */
const printed = (golden: Transcript): Transcript =>
  golden.map(({ command, lines }) => ({
    command,
    lines: linesOf(
      normalise(
        lines
          .filter((line) => typeof line === 'string')
          .map((line) => `${line}\n`)
          .join(''),
      ),
    ),
  }));

describe.each(goldens)('%s', (_, golden) => {
  test('is the same as itself', () => {
    expect(share(compare(golden, printed(golden)).all)).toBe(1);
  });

  test('one word that is another lowers the score', () => {
    const places = golden.flatMap(({ lines }, at) =>
      lines.flatMap((line, index) =>
        typeof line === 'string'
          ? line
              .split(/\s+/)
              .filter(Boolean)
              .map((word) => ({ at, index, word }))
          : [],
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.stringMatching(/^[A-Z][a-z]{1,8}$/),
        ({ at, index, word }, other) => {
          fc.pre(!word.includes(other));
          const changed = golden.map((one, position) => ({
            ...one,
            lines: one.lines.flatMap((line, row) => {
              if (typeof line !== 'string') return [];
              return [position === at && row === index ? line.replace(word, () => other) : line];
            }),
          }));
          expect(share(compare(golden, printed(changed)).all)).toBeLessThan(1);
        },
      ),
      { numRuns: 40, seed: 36 },
    );
  });
});
