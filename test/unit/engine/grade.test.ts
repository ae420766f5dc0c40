import { describe, expect, test } from '@jest/globals';
import { type Check, pass } from '../../../src/checks/check.ts';
import { grade } from '../../../src/engine/grade.ts';
import { gradeLab } from '../../../src/engine/grade-lab.ts';
import { hintPrice, nextHint, takenHints } from '../../../src/engine/hints.ts';
import type { OpenLab } from '../../../src/engine/open-lab.ts';
import { resources } from '../../../src/model/resources.ts';
import { objective, safeguard } from '../../../src/scenario/parts.ts';
import { parts, setValues, settingsScenario } from '../support/settings-scenario.ts';
import { type TestLab, testLab } from '../support/lab.ts';

const look = ({ provider, signal }: TestLab, lab: OpenLab) =>
  gradeLab(lab, { now: () => provider.clock.now(), progress: () => {}, signal });

describe('grading', () => {
  test('a lab in which nothing was done fails with 0 points', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const result = await look(lab, open);
    expect(result).toMatchObject({ verdict: 'fail', points: 0, most: 100, onCopy: true });
    expect(result.objectives.map(({ status }) => status)).toEqual(['fail', 'fail']);
    expect(result.safeguards.map(({ status }) => status)).toEqual(['pass', 'pass']);
  });

  test('tells what was expected, what was seen, and how long was looked', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await setValues(open.cluster, { mode: 'good' });
    const { objectives, points, verdict } = await look(lab, open);
    expect({ points, verdict }).toEqual({ points: 60, verdict: 'fail' });
    expect(objectives[1]).toMatchObject({
      id: 'level',
      expected: 'level is 1, for 30 s',
      seen: 'level is 9',
      tookMs: 5000,
    });
  });

  test('a repair passes; hints are charged', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await nextHint(open, lab.provider.clock.now(), lab.signal);
    await setValues(open.cluster, { mode: 'good', level: '1' });
    expect(await look(lab, open)).toMatchObject({ verdict: 'pass', points: 95, hintPrice: 5 });
  });

  test('an object that was deleted through the API is a fail at its checks, not an error', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await open.cluster.kube.delete(resources.configMaps, 'shop', 'settings');
    const { verdict, objectives, safeguards } = await look(lab, open);
    expect(verdict).toBe('fail');
    expect([...objectives, ...safeguards].map(({ status }) => status)).toEqual([
      'fail',
      'fail',
      'fail',
      'fail',
    ]);
    expect(objectives[0]?.seen).toContain('configmap/settings does not exist');
  });

  test('a namespace that was deleted is a fail', async () => {
    using lab = testLab();
    await using open = await lab.start();
    for (const key of [...lab.cluster().objects.keys()]) lab.cluster().objects.delete(key);
    expect((await look(lab, open)).verdict).toBe('fail');
  });

  test('an object that was replaced by one of the same name breaks the veto', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const [hack] = lab.incident.scenario.hacks(lab.incident.values);
    await hack?.apply({ kube: open.cluster.kube } as never);
    expect(await look(lab, open)).toMatchObject({ verdict: 'fail', points: 0 });
  });

  test('a cluster that is gone is an error, never a fail', async () => {
    using lab = testLab({ fork: false });
    await using open = await lab.start();
    lab.cluster().unreachable = true;
    const result = await look(lab, open);
    expect(result).toMatchObject({ verdict: 'error', points: 0 });
    expect(result.objectives[0]?.seen).toMatch(/^the cluster does not answer/);
    // The verdict is in the journal although there was nothing to compare.
    expect(open.folder.journal.read().at(-1)).toMatchObject({ type: 'graded', verdict: 'error' });
  });

  test('a copy is graded, and thrown away', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const breaks: Check = {
      expected: 'x',
      look: async ({ kube }) => {
        await kube.delete(resources.configMaps, 'shop', 'settings');
        return pass('it was there');
      },
    };
    const scenario = settingsScenario({ objectives: () => [objective('breaks', 100, 'x', breaks)] });
    const before = JSON.stringify([...lab.cluster().objects]);
    lab.provider.calls.length = 0;
    const graded = { ...open, incident: { ...open.incident, scenario } };
    await grade(graded, { hintPrice: 0, signal: lab.signal });
    expect(JSON.stringify([...lab.cluster().objects])).toBe(before);
    expect(lab.provider.calls).toEqual(['dispose inc-9100']);
  });

  test('on a copy too what only reads looks at the same time: both providers judge alike', async () => {
    const begins: number[] = [];
    const waits: Check = {
      expected: 'x',
      look: async ({ clock }) => {
        begins.push(clock.now().getTime());
        await clock.wait(1000);
        return pass('x');
      },
    };
    const scenario = settingsScenario({
      objectives: () => [objective('one', 50, 'One', waits), objective('two', 50, 'Two', waits)],
    });
    using lab = testLab({ scenario });
    await using open = await lab.start();
    const result = await look(lab, open);
    expect(result).toMatchObject({ verdict: 'pass', onCopy: true });
    expect(begins[1]).toBe(begins[0]);
  });

  test('in place what disturbs comes last, one after the other, and is announced', async () => {
    const order: string[] = [];
    const noted = (id: string, disturbs?: string): Check => ({
      expected: 'x',
      look: async ({ clock }) => {
        order.push(`${id} begins`);
        await clock.wait(1000);
        order.push(`${id} ends`);
        return pass('x');
      },
      ...(disturbs === undefined ? {} : { disturbs }),
    });
    const scenario = settingsScenario({
      objectives: () => [
        objective('loud', 50, 'Loud', noted('loud', 'a clone')),
        objective('quiet', 50, 'Quiet', noted('quiet')),
      ],
      safeguards: () => [safeguard('load', 'veto', 'Load', noted('load', 'load'))],
    });
    using lab = testLab({ fork: false, scenario });
    await using open = await lab.start();
    const said: string[] = [];
    await gradeLab(open, {
      now: () => lab.provider.clock.now(),
      progress: (message) => said.push(message),
      signal: lab.signal,
    });
    expect(order).toEqual([
      'quiet begins',
      'quiet ends',
      'loud begins',
      'loud ends',
      'load begins',
      'load ends',
    ]);
    expect(said).toEqual(['looking at Loud: makes a clone', 'looking at Load: makes load']);
  });

  test('quietly leaves out what disturbs', async () => {
    const scenario = settingsScenario({
      objectives: () => [
        objective('mode', 60, 'Mode', parts.valueIs('mode', 'good')),
        objective('noisy', 40, 'Noisy', parts.noisy),
      ],
    });
    using lab = testLab({ scenario });
    await using open = await lab.start();
    const options = { hintPrice: 0, signal: lab.signal, quietly: true };
    const result = await grade(open, options);
    expect(result.objectives.map(({ id }) => id)).toEqual(['mode']);
  });

  test('two at once: the second is told so', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const results = await Promise.allSettled([look(lab, open), look(lab, open)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(results[1]).toMatchObject({ reason: { code: 'LAB_BUSY' } });
    expect((await look(lab, open)).verdict).toBe('fail');
  });

  test('a grade that is cancelled leaves no verdict and no lock', async () => {
    const interrupt = new AbortController();
    using lab = testLab({ signal: interrupt.signal });
    await using open = await lab.start();
    lab.provider.clock.after(3000, () => interrupt.abort(new Error('interrupted')));
    await expect(look(lab, open)).rejects.toThrow('interrupted');
    expect(open.folder.journal.read().some(({ type }) => type === 'graded')).toBe(false);
  });
});

describe('hints', () => {
  test('come in order, computed from the live state where they are, and end', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    const next = () => nextHint(open, now, lab.signal);
    expect(await next()).toEqual({ number: 1, of: 3, price: 5, text: 'Look at the settings.' });
    await setValues(open.cluster, { mode: 'odd' });
    expect(await next()).toMatchObject({ number: 2, text: 'The mode is odd.' });
    expect(await next()).toMatchObject({ number: 3 });
    expect(await next()).toBeUndefined();
    expect(hintPrice(open.folder.journal.read())).toBe(35);
  });

  test('one that cannot be computed is an error that says why, and costs nothing', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    await nextHint(open, now, lab.signal);
    lab.cluster().unreachable = true;
    await expect(nextHint(open, now, lab.signal)).rejects.toMatchObject({
      code: 'HINT_NOT_COMPUTED',
      kind: 'lab',
      message: expect.stringContaining('the cluster does not answer'),
    });
    expect(hintPrice(open.folder.journal.read())).toBe(5);
    lab.cluster().unreachable = false;
    expect(await nextHint(open, now, lab.signal)).toMatchObject({ number: 2, text: 'The mode is bad.' });
  });

  test('are given again after a reset', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    await nextHint(open, now, lab.signal);
    open.folder.journal.append(now, { type: 'reset' });
    expect(takenHints(open.folder.journal.read())).toEqual([]);
    expect((await nextHint(open, now, lab.signal))?.number).toBe(1);
  });
});
