import { describe, expect, test } from '@jest/globals';
import { type CopyWork, workOnCopy } from '../../../src/engine/copy-work.ts';
import { grade } from '../../../src/engine/grade.ts';
import type { OpenLab } from '../../../src/engine/open-lab.ts';
import { symptomsShowing } from '../../../src/engine/symptoms.ts';
import { type TestLab, testLab } from '../support/lab.ts';
import { setValues } from '../support/settings-scenario.ts';

/** The lab as it looks from another process than that of its cluster: only plain data goes there and back. */
function fromAfar({ scenario }: TestLab, lab: OpenLab, asked: unknown[] = []): OpenLab {
  const { fork, ...can } = lab.cluster.can;
  const onCopy = async (question: unknown, signal: AbortSignal): Promise<unknown> => {
    asked.push(question);
    await using copy = await fork?.();
    const told = JSON.parse(JSON.stringify(question)) as CopyWork;
    const done = await workOnCopy(copy ?? lab.cluster, told, () => Promise.resolve([scenario]), signal);
    return JSON.parse(JSON.stringify(done)) as unknown;
  };
  return { ...lab, cluster: { ...lab.cluster, can: { ...can, onCopy } } };
}

describe('what is asked of a copy where the cluster lives', () => {
  test('a grade is the same as of a copy here; the lab does not notice', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await setValues(open.cluster, { mode: 'good' });
    const before = JSON.stringify([...lab.cluster().objects]);
    const options = { hintPrice: 5, patience: 2000, signal: lab.signal };
    const asked: unknown[] = [];
    expect(await grade(fromAfar(lab, open, asked), options)).toEqual(await grade(open, options));
    expect(asked).toEqual([{ work: 'grade', options: { hintPrice: 5, patience: 2000 } }]);
    expect(JSON.stringify([...lab.cluster().objects])).toBe(before);
  });

  test('symptoms are counted', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const showing = () => symptomsShowing(fromAfar(lab, open), lab.signal);
    expect(await showing()).toEqual({ showing: 1, of: 1 });
    expect(await symptomsShowing(open, lab.signal)).toEqual({ showing: 1, of: 1 });
    await setValues(open.cluster, { mode: 'good' });
    expect(await showing()).toEqual({ showing: 0, of: 1 });
  });

  test('who gives up gets no grade', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const given = AbortSignal.abort(new Error('enough'));
    await expect(grade(fromAfar(lab, open), { hintPrice: 0, signal: given })).rejects.toThrow('enough');
  });
});
