import { describe, expect, test } from '@jest/globals';
import type { Baseline } from '../../../src/checks/baseline.ts';
import { type Check, fail, pass } from '../../../src/checks/check.ts';
import { breakCluster } from '../../../src/engine/break.ts';
import { incidentOf } from '../../../src/engine/incident.ts';
import { specFor } from '../../../src/engine/start.ts';
import { type CaseResult, type JobOptions, verifyIncident, verifyJobs } from '../../../src/engine/verify.ts';
import { resources } from '../../../src/model/resources.ts';
import { ask, fix, hack, hint, objective } from '../../../src/scenario/parts.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import { FakeProvider } from '../support/fake-cluster.ts';
import { parts, setValues, settingsScenario } from '../support/settings-scenario.ts';

async function verify(
  replaced: Partial<Scenario>,
  options: Pick<JobOptions, 'only' | 'wholly'> = {},
): Promise<readonly CaseResult[]> {
  const incident = incidentOf(settingsScenario(replaced), 7);
  const provider = new FakeProvider();
  const { signal } = new AbortController();
  const spec = specFor(incident, 'verify', '/nowhere');
  const quiet = async (_phase: string, work: () => Promise<unknown>): Promise<void> => {
    await work();
  };
  return verifyIncident({
    incident,
    signal,
    stopwatch: () => provider.clock.ms,
    ...options,
    broken: async () => {
      const cluster = await provider.create(provider.plan(spec), spec, { signal });
      const baseline: Baseline = await breakCluster(cluster, incident, quiet, signal);
      return { cluster, baseline, [Symbol.asyncDispose]: () => Promise.resolve() };
    },
  });
}

/** The case of a name, with whether it was as expected. */
async function outcome(replaced: Partial<Scenario>, name: string): Promise<CaseResult> {
  const found = (await verify(replaced)).find((one) => one.case === name);
  if (found === undefined) throw new Error(`there was no case ${name}`);
  return found;
}

const right = (lab: Parameters<typeof setValues>[0]) =>
  setValues(lab, { mode: 'good', level: '1' }).then(() => {});

describe('verify', () => {
  test('a sound scenario: every case is as expected', async () => {
    const results = await verify({});
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.map((one) => one.case)).toEqual([
      'hints',
      'diagnosis',
      'no-op',
      'fix patch',
      'fix two-steps',
      'hack recreate',
    ]);
  });

  test('only some cases', async () => {
    expect((await verify({}, { only: ['fix'] })).map((one) => one.case)).toEqual([
      'fix patch',
      'fix two-steps',
    ]);
    expect((await verify({}, { only: ['two', 'no-op'] })).map((one) => one.case)).toEqual([
      'no-op',
      'fix two-steps',
    ]);
  });

  test('the one that is called so, though others have its name in theirs', async () => {
    const hacks = () => ['again', 'again-and-again'].map((name) => hack(name, 'same-map', right));
    expect((await verify({ hacks }, { only: ['hack again'] })).map((one) => one.case)).toEqual([
      'hack again',
    ]);
    expect(await verify({ hacks }, { only: ['hack aga'] })).toHaveLength(2);
  });

  test('in pieces: what only reads shares the broken cluster of the case after it', async () => {
    const incident = incidentOf(settingsScenario({}), 7);
    const { signal } = new AbortController();
    let asked = 0;
    const broken = (): Promise<never> => {
      asked += 1;
      return Promise.reject(new Error('none left'));
    };
    const jobs = verifyJobs({ incident, signal, stopwatch: () => 0 });
    const names = [];
    for (const job of jobs) names.push((await job.run(broken)).map((one) => one.case));
    expect(jobs.map(({ cases }) => cases)).toEqual(names);
    expect(names).toEqual([
      ['hints', 'diagnosis', 'no-op'],
      ['fix patch'],
      ['fix two-steps'],
      ['hack recreate'],
    ]);
    expect(asked).toBe(6);
  });

  test('an objective that holds although nothing was done', async () => {
    const always = { expected: 'x', look: () => Promise.resolve(pass('x')) };
    const objectives = () => [
      objective('mode', 60, 'Mode', parts.valueIs('mode', 'good')),
      objective('free', 40, 'Free', always),
    ];
    expect(await outcome({ objectives }, 'no-op')).toMatchObject({
      ok: false,
      seen: expect.stringContaining('held: free'),
    });
  });

  test('a no-op that cannot be judged is not as expected', async () => {
    const broken: Check = { expected: 'x', look: () => Promise.reject(new Error('odd')) };
    const objectives = () => [objective('odd', 100, 'Odd', broken)];
    expect(await outcome({ objectives }, 'no-op')).toMatchObject({ ok: false });
  });

  test('a repair that does not pass', async () => {
    const fixes = () => [fix('half', [], (lab) => setValues(lab, { mode: 'good' }).then(() => {}))];
    expect(await outcome({ fixes }, 'fix half')).toMatchObject({
      ok: false,
      seen: expect.stringMatching(/^fail 60\/100 \(level: level is 9/),
    });
  });

  test('a repair that passes but loses points', async () => {
    const fixes = () => [
      fix('red', [], (lab) => setValues(lab, { mode: 'good', level: '1', color: 'red' }).then(() => {})),
    ];
    expect(await outcome({ fixes }, 'fix red')).toMatchObject({
      ok: false,
      seen: expect.stringContaining('pass 90/100'),
    });
  });

  test('a repair that throws', async () => {
    const fixes = () => [fix('throws', [], () => Promise.reject(new Error('no hammer')))];
    expect(await outcome({ fixes }, 'fix throws')).toMatchObject({ ok: false, seen: 'error: no hammer' });
  });

  test('a repair that passes the first time only', async () => {
    let looks = 0;
    const once: Check = {
      expected: 'x',
      look: () => Promise.resolve(++looks === 1 ? pass('x') : fail('not again')),
    };
    const objectives = () => [objective('once', 100, 'Once', once)];
    const fixes = () => [fix('patch', [], right)];
    const [result] = await verify({ objectives, fixes }, { only: ['fix patch'] });
    expect(result).toMatchObject({ ok: false, seen: expect.stringContaining('again: fail') });
  });

  test('a hack that passes', async () => {
    const hacks = () => [hack('sneaky', 'same-map', right)];
    expect(await outcome({ hacks }, 'hack sneaky')).toMatchObject({ ok: false, seen: 'pass 100/100' });
  });

  test('a hack that fails somewhere else than it says', async () => {
    const hacks = () => [hack('half', 'same-map', (lab) => setValues(lab, { mode: 'good' }).then(() => {}))];
    expect(await outcome({ hacks }, 'hack half')).toMatchObject({ ok: false });
  });

  test('a hack is judged by what is to catch it, or wholly', async () => {
    const hacks = () => [
      hack('again', 'same-map', async ({ kube }) => {
        await kube.delete(resources.configMaps, 'shop', 'settings');
      }),
    ];
    const [briefly] = await verify({ hacks }, { only: ['hack again'] });
    expect(briefly).toMatchObject({ ok: true, failed: ['same-map'], brief: true });
    const [wholly] = await verify({ hacks }, { only: ['hack again'], wholly: ['hack again'] });
    expect(wholly).toMatchObject({ ok: true, failed: ['mode', 'level', 'same-map', 'color'] });
    expect(wholly).not.toHaveProperty('brief');
  });

  test('a hint that is empty or throws', async () => {
    const hints = (text: Parameters<typeof hint>[1]) => () => [hint(1, 'a'), hint(2, 'b'), hint(3, text)];
    expect(await outcome({ hints: hints(() => Promise.resolve(' ')) }, 'hints')).toMatchObject({ ok: false });
    const throwing = hints(() => Promise.reject(new Error('odd')));
    expect(await outcome({ hints: throwing }, 'hints')).toMatchObject({ ok: false, seen: 'error: odd' });
  });

  test('a diagnosis that takes anything, or not its own answer', async () => {
    const anything = { ...ask.object(10, 'a/b'), accepts: () => true };
    const nothing = { ...ask.field(10, 'a.b'), accepts: () => false };
    const diagnosis = () => [anything, nothing];
    expect(await outcome({ diagnosis }, 'diagnosis')).toMatchObject({
      ok: false,
      seen: 'judged wrongly: object, field',
    });
  });
});
