import { describe, expect, jest, test } from '@jest/globals';
import { diffOf } from '../parity/table.ts';
import { casesLike, readGolden } from '../parity/files.ts';
import { judge, playEmbedded } from '../parity/judge.ts';
import { isMissing, programsOf } from '../parity/programs.ts';

/** Some of the cases of `npm run parity`, which plays all: those of which every line is the same must stay so. */
jest.setTimeout(120_000);

const chosen = [
  'access/forbidden',
  'apply/diff',
  'apply/server-side',
  'basics/configmap',
  'delete/finalizers',
  'delete/namespace',
  'policy/egress',
  'storage/static',
];
const cases = casesLike(chosen).filter(({ id }) => chosen.includes(id));

test('the chosen cases have goldens', () => {
  expect(
    cases
      .map(({ id }) => id)
      .filter((id) => readGolden(id) !== undefined)
      .sort(),
  ).toEqual(chosen.sort());
});

describe('transcripts', () => {
  for (const script of cases) {
    const programs = programsOf(script);
    if (isMissing(programs)) {
      test.skip(`${script.id} (skipped: ${programs.missing})`, () => {});
      continue;
    }
    test(script.id, async () => {
      const comparison = judge(script, await playEmbedded(script, programs));
      expect(comparison === undefined ? 'no golden' : diffOf(script.id, comparison)).toBe('');
    });
  }
});
