import { describe, expect, test } from '@jest/globals';
import { debriefOf } from '../../../src/engine/debrief.ts';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { gradeLab } from '../../../src/engine/grade-lab.ts';
import { nextIncident } from '../../../src/engine/incident.ts';
import { applyFix, fixOf, giveUp } from '../../../src/engine/repair.ts';
import { resources } from '../../../src/model/resources.ts';
import { mayDiagnose, standingOf } from '../../../src/report/standing.ts';
import { setValues, settingsScenario } from '../support/settings-scenario.ts';
import { testLab } from '../support/lab.ts';

describe('diagnose', () => {
  const right = { object: 'cm/settings', field: '.data.mode', evidence: 'The mode is wrong ' };

  test('right answers count, also as aliases and by number', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    expect(diagnose(open, right, now)).toMatchObject({ points: 30, most: 30 });
    // Sorted: "a pod is gone", "the mode is wrong".
    expect(diagnose(open, { ...right, evidence: '2' }, now).points).toBe(30);
    expect(diagnose(open, { ...right, evidence: '1' }, now).points).toBe(20);
    const entries = open.folder.journal.read().filter(({ type }) => type === 'diagnosis');
    expect(entries).toHaveLength(3);
    expect(entries[0]).toMatchObject({
      answers: [
        { question: 'object', given: 'cm/settings', right: true, points: 10, most: 10 },
        { question: 'field', right: true },
        { question: 'evidence', right: true },
      ],
    });
  });

  test('a number that no choice has is a slip, not an answer', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const slip = (): unknown => diagnose(open, { ...right, evidence: '9' }, lab.provider.clock.now());
    expect(slip).toThrow(
      expect.objectContaining({
        code: 'DIAGNOSIS_NO_SUCH_CHOICE',
        kind: 'user',
        fix: '--evidence with a number from 1 to 2',
      }),
    );
    expect(slip).toThrow('1. a pod is gone');
    expect(open.folder.journal.read().some(({ type }) => type === 'diagnosis')).toBe(false);
  });

  test('a missing answer is asked for, with the choices and without the right one', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const asking = (): unknown => diagnose(open, { object: 'x' }, lab.provider.clock.now());
    expect(asking).toThrow(
      expect.objectContaining({
        code: 'DIAGNOSIS_INCOMPLETE',
        kind: 'user',
        fix: 'breakfix diagnose --object x --field ANSWER --evidence NUMBER',
      }),
    );
    expect(asking).toThrow('1. a pod is gone');
    expect(asking).not.toThrow('data.mode');
    expect(open.folder.journal.read().some(({ type }) => type === 'diagnosis')).toBe(false);
  });

  test('an object without its kind is a slip, not an answer', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const slip = (): unknown => diagnose(open, { ...right, object: 'settings' }, lab.provider.clock.now());
    expect(slip).toThrow(
      expect.objectContaining({
        code: 'DIAGNOSIS_NO_OBJECT',
        kind: 'user',
        message: '--object settings is no kind/name',
      }),
    );
    expect(open.folder.journal.read().some(({ type }) => type === 'diagnosis')).toBe(false);
  });

  test('an answer that nobody asked for is not thrown away in silence', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const answer = (): unknown => diagnose(open, { ...right, colour: 'red' }, lab.provider.clock.now());
    expect(answer).toThrow(
      expect.objectContaining({
        code: 'DIAGNOSIS_NOT_ASKED',
        kind: 'user',
        message: '--colour is not asked for here',
        fix: 'give --object, --field, --evidence only',
      }),
    );
    expect(open.folder.journal.read().some(({ type }) => type === 'diagnosis')).toBe(false);
  });
});

describe('giving up and solving', () => {
  test('giving up ends with 0 points, and notes what the learner had changed', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await setValues(open.cluster, { color: 'red' });
    await giveUp(open, lab.provider.clock.now());
    await giveUp(open, lab.provider.clock.now());
    const types = open.folder.journal.read().map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['changed', 'given-up']);
    expect(types.filter((type) => type === 'given-up')).toHaveLength(1);
    expect(standingOf(open.folder.journal.read())).toMatchObject({ outcome: 'given-up', points: 0 });
  });

  test('a listed fix repairs the live cluster, and the journal says which', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await applyFix(open, fixOf(open.incident), lab.provider.clock.now(), lab.signal);
    const map = await open.cluster.kube.get(resources.configMaps, 'shop', 'settings');
    expect(map?.data).toMatchObject({ mode: 'good', level: '1' });
    expect(open.folder.journal.read().at(-1)).toMatchObject({ type: 'solved', fix: 'patch' });
  });

  test('a fix that no longer fits is told as such', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await open.cluster.kube.delete(resources.configMaps, 'shop', 'settings');
    const applying = applyFix(open, fixOf(open.incident), lab.provider.clock.now(), lab.signal);
    await expect(applying).rejects.toMatchObject({
      code: 'FIX_NOT_APPLIED',
      kind: 'lab',
      fix: expect.stringContaining('breakfix reset inc-9100'),
    });
  });

  test('an unknown fix gets the closest', () => {
    using lab = testLab();
    expect(fixOf(lab.incident, 'two-steps').id).toBe('two-steps');
    expect(() => fixOf(lab.incident, 'two-step')).toThrow(
      expect.objectContaining({ code: 'FIX_UNKNOWN', fix: '--fix two-steps' }),
    );
  });

  test('the next incident is the next number, and the first after the last', () => {
    const one = settingsScenario({ incident: 'INC-0001' });
    const two = settingsScenario({ incident: 'INC-0002' });
    expect(nextIncident([one, two], 'INC-0001')).toBe(two);
    expect(nextIncident([one, two], 'INC-0002')).toBe(one);
    expect(nextIncident([one], 'INC-0001')).toBeUndefined();
    expect(nextIncident([one, two], 'INC-9999')).toBe(one);
  });
});

describe('debrief', () => {
  test('before the end there is none', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    expect(() => debriefOf(open, { anyway: false, now })).toThrow(
      expect.objectContaining({ code: 'LAB_NOT_ENDED', kind: 'user' }),
    );
  });

  test('anyway ends the lab as giving up does', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    const told = debriefOf(open, { anyway: true, now });
    expect(told.report.outcome).toBe('given-up');
    expect(told.cause).toEqual([expect.stringMatching(/^configmap\/settings was given mode (bad|worse)\.$/)]);
    expect(told).toMatchObject({
      story: 'Somebody edited the map.',
      fixes: [{ id: 'patch' }, { id: 'two-steps' }],
      documents: [{ url: expect.any(String) }],
    });
    debriefOf(open, { anyway: true, now });
    const ends = open.folder.journal.read().filter(({ type }) => type === 'given-up');
    expect(ends).toHaveLength(1);
  });

  test('whoever has been told diagnoses for fun', async () => {
    using lab = testLab();
    await using open = await lab.start();
    const now = lab.provider.clock.now();
    const answers = { object: 'cm/settings', field: '.data.mode', evidence: 'The mode is wrong' };
    await applyFix(open, fixOf(open.incident), now, new AbortController().signal);
    expect(mayDiagnose(open.folder.journal.read())).toBe(false);
    using another = testLab();
    await using passed = await another.start();
    await setValues(passed.cluster, { mode: 'good', level: '1' });
    const { signal } = new AbortController();
    const grade = await gradeLab(passed, { now: () => now, progress: () => {}, signal });
    expect(grade.verdict).toBe('pass');
    debriefOf(passed, { anyway: false, now });
    expect(mayDiagnose(passed.folder.journal.read())).toBe(false);
    diagnose(passed, answers, now);
    expect(debriefOf(passed, { anyway: false, now }).report.diagnosis).toBeUndefined();
    expect(passed.folder.journal.read().filter(({ type }) => type === 'debriefed')).toHaveLength(1);
  });

  test('needs no cluster', async () => {
    using lab = testLab();
    await using open = await lab.start();
    await giveUp(open, lab.provider.clock.now());
    lab.provider.states.clear();
    const { name, folder, incident } = open;
    const now = lab.provider.clock.now();
    expect(debriefOf({ name, folder, incident }, { anyway: false, now }).title).toBe('The settings are off');
  });
});
