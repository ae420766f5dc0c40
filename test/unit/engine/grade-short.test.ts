import { describe, expect, test } from '@jest/globals';
import { Baseline } from '../../../src/checks/baseline.ts';
import { type Check, converge, fail, hold, pass } from '../../../src/checks/check.ts';
import { gradeInPlace, type GradeOptions } from '../../../src/engine/grade.ts';
import { incidentOf } from '../../../src/engine/incident.ts';
import { specFor } from '../../../src/engine/start.ts';
import { objective, safeguard } from '../../../src/scenario/parts.ts';
import { FakeProvider } from '../support/fake-cluster.ts';
import { settingsScenario } from '../support/settings-scenario.ts';

const good: Check = { expected: 'good', look: () => Promise.resolve(pass('good')) };
const bad: Check = { expected: 'good', look: () => Promise.resolve(fail('bad')) };

async function grade(checks: Readonly<Record<string, Check>>, options: Partial<GradeOptions>) {
  const [first = '', ...others] = Object.keys(checks);
  const incident = incidentOf(
    settingsScenario({
      objectives: () => [objective(first, 100, first, checks[first] ?? good)],
      safeguards: () => others.map((id) => safeguard(id, 'veto', id, checks[id] ?? good)),
    }),
    1,
  );
  const provider = new FakeProvider();
  const spec = specFor(incident, 'lab', '/nowhere');
  const { signal } = new AbortController();
  await using cluster = await provider.create(provider.plan(spec), spec, { signal });
  const all = { hintPrice: 0, signal, ...options };
  const result = await gradeInPlace(cluster, new Baseline({}), incident, all, false);
  return {
    verdict: result.verdict,
    tookMs: result.tookMs,
    looked: [...result.objectives, ...result.safeguards].map(({ id }) => id),
  };
}

describe('a grade that is cut short', () => {
  test('patience cuts the wait for what does not hold, not the window in which something must hold', async () => {
    const patient = { patience: 10_000 };
    expect(await grade({ a: converge(60_000, bad) }, patient)).toMatchObject({
      verdict: 'fail',
      tookMs: 10_000,
    });
    expect(await grade({ a: hold(30_000, bad, 60_000) }, patient)).toMatchObject({
      verdict: 'fail',
      tookMs: 10_000,
    });
    expect(await grade({ a: hold(30_000, good) }, patient)).toMatchObject({
      verdict: 'pass',
      tookMs: 30_000,
    });
  });

  test('ends with the check that it was waiting for', async () => {
    const checks = { a: hold(30_000, good), b: bad, c: { ...good, disturbs: 'a pod' } };
    expect(await grade(checks, { until: 'b' })).toEqual({ verdict: 'fail', tookMs: 0, looked: ['b'] });
  });

  test('so it does where that check makes objects', async () => {
    const checks = { a: good, b: { ...bad, disturbs: 'a pod' }, c: { ...good, disturbs: 'load' } };
    expect(await grade(checks, { until: 'b' })).toMatchObject({ verdict: 'fail', looked: ['b'] });
  });

  test('looks at everything where that check holds', async () => {
    const checks = { a: hold(5000, bad, 5000), b: good };
    expect(await grade(checks, { until: 'b' })).toMatchObject({ verdict: 'fail', looked: ['a', 'b'] });
  });

  test('an interrupt is still an interrupt', async () => {
    const interrupted = new AbortController();
    interrupted.abort(new Error('interrupted'));
    const options = { until: 'b', signal: interrupted.signal };
    await expect(grade({ a: hold(5000, bad), b: hold(5000, bad) }, options)).rejects.toThrow('interrupted');
  });
});
