import { describe, expect, test } from '@jest/globals';
import { classroom, type ClassroomResult } from '../../../src/report/classroom.ts';
import type { JournalEntry, NewEntry } from '../../../src/report/journal.ts';
import { reportOf } from '../../../src/report/summary.ts';
import { score } from '../../../src/score/score.ts';

type Status = 'pass' | 'fail' | 'error';

const time = '2026-03-01T10:00:00.000Z';
const hint: NewEntry = { type: 'hint', number: 1, price: 5, text: 'Look.' };

function graded(mode: Status, same: Status, color: Status, hintPrice = 0): NewEntry {
  const part = { title: 'It is right', expected: 'good', seen: 'bad', tookMs: 1500 };
  const objectives = [
    { ...part, id: 'mode', status: mode, points: 60 },
    { ...part, id: 'level', status: 'pass' as const, points: 40 },
  ];
  const safeguards = [
    { ...part, id: 'same', status: same, price: 'veto' as const },
    { ...part, id: 'color', status: color, price: 10 },
  ];
  const result = score(objectives, safeguards, hintPrice);
  return { type: 'graded', ...result, objectives, safeguards, onCopy: true, tookMs: 1500 };
}

function resultOf(...entries: NewEntry[]): { result: ClassroomResult; points: number } {
  const report = reportOf(
    'x',
    entries.map((entry): JournalEntry => ({ time, ...entry })),
  );
  return { result: JSON.parse(classroom(report)) as ClassroomResult, points: report.points };
}

/** What the reporter of GitHub Classroom does with a result: the sum of the scores, and whether the job fails. */
function asClassroomReads(result: ClassroomResult): { total: number; failed: boolean } {
  const problems = problemsOf(result);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const total = result.tests.reduce((sum, { score: one }) => sum + one, 0);
  return { total, failed: result.status !== 'pass' };
}

const RESULT = { version: 'number', status: 'string', max_score: 'number', tests: 'object' };
const TEST = {
  name: 'string',
  status: 'string',
  score: 'number',
  message: 'string',
  execution_time: 'string',
  filename: 'string',
  line_no: 'number',
};

/** Against the format as its runners write it: every field with its type, and no other. */
function problemsOf(result: ClassroomResult): string[] {
  const against = (value: object, types: Readonly<Record<string, string>>, path: string): string[] => [
    ...Object.entries(types)
      .filter(([field, type]) => typeof (value as Record<string, unknown>)[field] !== type)
      .map(([field, type]) => `${path}.${field} is no ${type}`),
    ...Object.keys(value)
      .filter((field) => types[field] === undefined)
      .map((field) => `${path}.${field} is unknown`),
  ];
  const statuses = [result.status, ...result.tests.map(({ status }) => status)];
  return [
    ...against(result, RESULT, 'result'),
    ...result.tests.flatMap((one, index) => against(one, TEST, `tests[${index}]`)),
    ...statuses.filter((status) => !['pass', 'fail', 'error'].includes(status)),
    ...(result.tests.length === 0 ? ['tests is empty'] : []),
  ];
}

describe('classroom.json', () => {
  test.each<[string, NewEntry[], ClassroomResult['status'], number]>([
    ['a pass', [graded('pass', 'pass', 'pass')], 'pass', 100],
    ['a pass with a hint', [hint, graded('pass', 'pass', 'pass', 5)], 'pass', 95],
    ['a pass that broke a safeguard with a price', [graded('pass', 'pass', 'fail')], 'pass', 90],
    ['a part of the points', [graded('fail', 'pass', 'pass')], 'fail', 40],
    ['a broken veto', [graded('pass', 'fail', 'pass')], 'fail', 0],
    ['what could not be judged', [graded('fail', 'error', 'pass')], 'error', 0],
    ['given up', [graded('fail', 'pass', 'pass'), { type: 'given-up' }], 'fail', 0],
    ['never graded', [], 'fail', 0],
  ])('%s', (_name, entries, status, total) => {
    const { result, points } = resultOf(...entries);
    expect(asClassroomReads(result)).toEqual({ total, failed: status !== 'pass' });
    expect(total).toBe(points);
    expect(result).toMatchObject({ version: 1, status, max_score: 100 });
  });

  test('has a test for each part, and what was expected and seen where it does not hold', () => {
    const { tests } = resultOf(graded('fail', 'pass', 'pass')).result;
    expect(tests.map(({ name, status, score: one }) => [name, status, one])).toEqual([
      ['mode: It is right', 'fail', 0],
      ['level: It is right', 'pass', 40],
      ['same: It is right', 'pass', 0],
      ['color: It is right', 'pass', 0],
    ]);
    expect(tests[0]).toMatchObject({ message: 'expected: good; last seen: bad', execution_time: '1.5s' });
    expect(tests[1]?.message).toBe('');
  });

  test('says why points were taken off, which is no test that failed', () => {
    expect(resultOf(hint, graded('pass', 'pass', 'fail', 5)).result.tests.at(-1)).toMatchObject({
      name: 'Taken off (hints: 1; broken: color)',
      status: 'pass',
      score: -15,
    });
  });

  test('a lab that was not graded has one test, which says so', () => {
    expect(resultOf().result.tests).toMatchObject([
      { name: 'Graded', status: 'fail', message: 'no grade counts: ungraded' },
    ]);
  });
});
