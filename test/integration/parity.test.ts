import { describe, expect, jest, test } from '@jest/globals';
import { diffOf } from '../parity/table.ts';
import { casesLike, readGolden } from '../parity/files.ts';
import { judge, playEmbedded } from '../parity/judge.ts';
import { findKubectl } from '../parity/kubectl.ts';

/** Some of the cases of `npm run parity`, which plays all: those of which every line is the same must stay so. */
jest.setTimeout(120_000);

const kubectl = findKubectl();
const describeWithKubectl =
  'missing' in kubectl
    ? (tests: () => void) => describe.skip(`transcripts (skipped: ${kubectl.missing})`, tests)
    : (tests: () => void) => describe('transcripts', tests);

describeWithKubectl(() => {
  const path = 'path' in kubectl ? kubectl.path : '';
  const chosen = [
    'access/forbidden',
    'apply/diff',
    'apply/server-side',
    'basics/configmap',
    'delete/finalizers',
    'delete/namespace',
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

  test.each(cases.map((script) => [script.id, script] as const))('%s', async (id, script) => {
    const comparison = judge(script, await playEmbedded(script, path));
    expect(comparison === undefined ? 'no golden' : diffOf(id, comparison)).toBe('');
  });
});
