import { describe, expect, test } from '@jest/globals';
import type { Change, JournalEntry, NewEntry } from '../../../src/report/journal.ts';
import { standingOf } from '../../../src/report/standing.ts';
import { reportOf } from '../../../src/report/summary.ts';
import { changesOf, timesOf } from '../../../src/report/timeline.ts';
import type { Verdict } from '../../../src/score/score.ts';

/** A journal with an entry a minute from 10:00. */
function journalOf(...entries: NewEntry[]): JournalEntry[] {
  return entries.map((entry, minute) => ({
    time: new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString(),
    ...entry,
  }));
}

const planned: NewEntry = { type: 'planned', incident: 'INC-9100', seed: 7, provider: 'embedded' };
const handedOver: NewEntry = { type: 'handed-over' };
const hint: NewEntry = { type: 'hint', number: 1, price: 5, text: 'Look.' };
const reset: NewEntry = { type: 'reset' };
const givenUp: NewEntry = { type: 'given-up' };
const solved: NewEntry = { type: 'solved', fix: 'patch' };

function graded(verdict: Verdict, points: number): NewEntry {
  const part = { id: 'mode', title: 'Mode', expected: 'good', seen: 'bad', tookMs: 1000 };
  const status = points > 0 ? ('pass' as const) : ('fail' as const);
  return {
    type: 'graded',
    verdict,
    points,
    most: 100,
    hintPrice: 0,
    objectives: [{ ...part, status, points: 60 }],
    safeguards: [],
    onCopy: true,
    tookMs: 1000,
  };
}

const changed = (...changes: Change[]): NewEntry => ({ type: 'changed', changes });
const change = (field: string, before: string, after: string): Change => ({
  object: 'shop/configmap/settings',
  field,
  before,
  after,
});

describe('how a lab stands', () => {
  test.each<[string, NewEntry[], string, number]>([
    ['nothing graded', [planned, handedOver], 'ungraded', 0],
    ['a failed grade', [handedOver, graded('fail', 60)], 'failed', 60],
    ['the last of several fails', [graded('fail', 60), graded('fail', 0)], 'failed', 0],
    ['a lab that could not be judged', [graded('fail', 60), graded('error', 0)], 'error', 0],
    ['the first pass counts', [graded('pass', 85), graded('fail', 0), graded('pass', 100)], 'passed', 85],
    ['given up', [graded('fail', 60), givenUp, graded('pass', 100)], 'given-up', 0],
    ['passed before giving up', [graded('pass', 90), givenUp], 'passed', 90],
    ['solved by an author', [solved, graded('pass', 100)], 'solved', 0],
    ['given up, then solved by giveup', [givenUp, solved, graded('pass', 100)], 'given-up', 0],
    ['a reset begins anew', [graded('pass', 100), reset], 'ungraded', 0],
    ['a pass after giving up and a reset', [givenUp, reset, handedOver, graded('pass', 70)], 'passed', 70],
  ])('%s', (_name, entries, outcome, points) => {
    expect(standingOf(journalOf(...entries))).toMatchObject({ outcome, points });
  });
});

describe('changes of the learner', () => {
  test('each when it was first seen, also one that was taken back', () => {
    const mode = change('data.mode', 'bad', 'good');
    const level = change('data.level', '9', '1');
    const entries = journalOf(handedOver, changed(mode), changed(mode, level), changed(level));
    expect(changesOf(entries)).toEqual([
      { time: '2026-03-01T10:01:00.000Z', ...mode },
      { time: '2026-03-01T10:02:00.000Z', ...level },
      { time: '2026-03-01T10:03:00.000Z', ...change('data.mode', 'good', 'bad') },
    ]);
  });

  test('a field that was changed twice', () => {
    const entries = journalOf(changed(change('f', 'a', 'b')), changed(change('f', 'a', 'c')));
    expect(changesOf(entries).map(({ after }) => after)).toEqual(['b', 'c']);
  });

  test('not what a listed fix changed, and not what was before a reset', () => {
    expect(changesOf(journalOf(solved, changed(change('f', 'a', 'b'))))).toEqual([]);
    expect(changesOf(journalOf(changed(change('f', 'a', 'b')), reset))).toEqual([]);
  });
});

describe('times', () => {
  test('from the hand-over to the first work, the first part that holds, and the pass', () => {
    const entries = journalOf(
      planned,
      handedOver,
      hint,
      graded('fail', 0),
      graded('fail', 60),
      graded('pass', 100),
    );
    expect(timesOf(entries)).toEqual({ acknowledge: 60_000, mitigate: 180_000, resolve: 240_000 });
  });

  test('only what happened; looking without changes is no work', () => {
    expect(timesOf(journalOf(planned))).toEqual({});
    expect(timesOf(journalOf(handedOver, changed()))).toEqual({});
    expect(timesOf(journalOf(handedOver, givenUp, solved, graded('pass', 100)))).toEqual({});
  });

  test('from the hand-over of the last reset', () => {
    const entries = journalOf(handedOver, graded('pass', 100), reset, handedOver, hint);
    expect(timesOf(entries)).toEqual({ acknowledge: 60_000 });
  });
});

describe('the report', () => {
  test('has a versioned schema and tells of the attempt since the last reset', () => {
    const answers = [{ question: 'object', given: 'x', right: false, points: 0, most: 10 }];
    const better = [{ question: 'object', given: 'y', right: true, points: 10, most: 10 }];
    const report = reportOf(
      'inc-9100',
      journalOf(
        planned,
        { type: 'phase', phase: 'cluster', tookMs: 5 },
        handedOver,
        hint,
        reset,
        { type: 'phase', phase: 'cluster', tookMs: 7 },
        handedOver,
        { type: 'diagnosis', answers },
        { type: 'diagnosis', answers: better },
        graded('fail', 60),
        givenUp,
        graded('pass', 100),
      ),
    );
    expect(report).toMatchObject({
      schema: 'breakfix-report',
      version: 1,
      lab: 'inc-9100',
      incident: 'INC-9100',
      seed: 7,
      provider: 'embedded',
      handedOver: '2026-03-01T10:06:00.000Z',
      outcome: 'given-up',
      points: 0,
      most: 100,
      hints: [],
      resets: 1,
      diagnosis: { points: 0, most: 10, answers },
      phases: [{ phase: 'cluster', tookMs: 7 }],
      grades: [{ verdict: 'fail', points: 60, most: 100 }],
    });
  });

  test('has what the learner was told, and what clients saw in the attempt, in order', () => {
    const probe = (asked: string) => ({
      from: 'gateway',
      asked,
      fromMs: 0,
      toMs: 100,
      attempts: 1,
      succeeded: 1,
      outcomes: { '200': 1 },
    });
    const grade = graded('fail', 60);
    if (grade.type !== 'graded') throw new Error('no grade');
    const objectives = grade.objectives.map((part) => ({ ...part, probes: [probe('3'), probe('4')] }));
    const told = { title: 'Odd', ticket: 'It is odd.', rules: ['Stay.'] };
    const report = reportOf(
      'inc-9100',
      journalOf(
        { ...planned, ...told },
        { type: 'phase', phase: 'symptom', tookMs: 1, probes: [probe('0')] },
        reset,
        { type: 'phase', phase: 'cluster', tookMs: 1 },
        { type: 'phase', phase: 'healthy', tookMs: 1, probes: [probe('1')] },
        { type: 'phase', phase: 'symptom', tookMs: 1, probes: [probe('2')] },
        handedOver,
        { ...grade, objectives },
        givenUp,
        { ...grade, objectives },
      ),
    );
    expect(report).toMatchObject(told);
    expect(report.traffic.map(({ when, probes }) => [when, ...probes.map(({ asked }) => asked)])).toEqual([
      ['healthy', '1'],
      ['broken', '2'],
      ['graded', '3', '4'],
    ]);
  });

  test('of an empty journal says that nothing is known', () => {
    expect(reportOf('x', [])).toMatchObject({ incident: 'unknown', outcome: 'ungraded', most: 0 });
  });
});
