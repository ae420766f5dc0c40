import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deploymentOf, type Edit } from '../../tools/attack/edits/edit.ts';
import { factsOf } from '../../tools/attack/facts.ts';
import { type BrokenLab, brokenLab } from '../../tools/attack/lab.ts';
import { agree, judgeApart } from '../../tools/attack/run.ts';

/** The attack on the graders, by sequences whose end is known. */
describe('an oracle that asks the lab directly', () => {
  let lab: BrokenLab;
  let repair: Edit[];
  let workload: string;

  beforeAll(async () => {
    lab = await brokenLab('readiness-probe', 1);
    const facts = factsOf(lab);
    ({ workload } = facts);
    repair = facts.differences.map(({ of }) => ({ edit: 'put-back', of }));
  }, 120_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test('finds the fault where it is, without being told', () => {
    expect(repair).toEqual([{ edit: 'put-back', of: workload }]);
    expect(workload).toBe(deploymentOf('shop', String(lab.incident.values['service'])));
  });

  test('and the grader say of a lab that nobody touched that it is broken', async () => {
    const judgement = await judgeApart(lab, []);
    expect(agree(judgement)).toBe(true);
    expect(judgement.complaint).toContain('are ready');
  }, 120_000);

  test('and the grader say of a repair that it is one', async () => {
    expect(await judgeApart(lab, repair)).toEqual({ complaint: undefined, verdict: 'pass', failed: [] });
  }, 120_000);

  test('and the grader see that readiness cannot fail any more', async () => {
    const name = String(lab.incident.values['service']);
    const containers = [{ name, readinessProbe: null }];
    const without: Edit = {
      edit: 'patch',
      of: workload,
      type: 'strategic',
      body: { spec: { template: { spec: { containers } } } },
    };
    const judgement = await judgeApart(lab, [...repair, without]);
    expect(agree(judgement)).toBe(true);
    expect(judgement.complaint).toContain('a pod that hangs is still served');
  }, 120_000);
});
