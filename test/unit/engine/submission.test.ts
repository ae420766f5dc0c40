import { gunzipSync, gzipSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { canonical } from '../../../src/core/json.ts';
import { gradeSubmission, type MarkedSubmission } from '../../../src/engine/replay.ts';
import { makeSubmission, readSubmission, type Submission } from '../../../src/engine/submission.ts';
import { nextHint } from '../../../src/engine/hints.ts';
import type { GradeEntry } from '../../../src/report/journal.ts';
import { reportOf } from '../../../src/report/summary.ts';
import { setValues } from '../support/settings-scenario.ts';
import { type TestLab, testLab } from '../support/lab.ts';

const VERSION = '0.1.0';

const mark = async (lab: TestLab, submission: Submission): Promise<GradeEntry> =>
  (await markWhole(lab, submission)).grade;

const markWhole = (lab: TestLab, submission: Submission): Promise<MarkedSubmission> =>
  gradeSubmission(submission, {
    provider: lab.provider,
    incident: lab.incident,
    name: 'ada.json',
    folder: '/nowhere',
    signal: lab.signal,
  });

/** With a checksum that fits again. */
function forged(submission: Submission, changes: Partial<Submission>): Submission {
  const { sha256: _old, ...content } = { ...submission, ...changes };
  return { ...content, sha256: createHash('sha256').update(canonical(content)).digest('hex') };
}

const withLog = (submission: Submission, change: (log: string) => string): Submission => {
  const log = gunzipSync(Buffer.from(submission.log, 'base64')).toString('utf8');
  return forged(submission, { log: gzipSync(change(log)).toString('base64') });
};

async function repaired(lab: TestLab): Promise<Submission> {
  await using open = await lab.start();
  await setValues(open.cluster, { mode: 'good', level: '1' });
  return await makeSubmission(open, VERSION);
}

describe('submit and replay', () => {
  test('what was repaired passes where it is replayed', async () => {
    using lab = testLab({ logs: true });
    const submission = await repaired(lab);
    expect(submission).toMatchObject({
      format: 'breakfix-submission',
      version: 1,
      breakfix: VERSION,
      incident: 'INC-9100',
      seed: 7,
      epoch: 1_000_000,
      ended: false,
    });
    const read = readSubmission(JSON.stringify(submission), 'ada.json', VERSION);
    expect(await mark(lab, read)).toMatchObject({ verdict: 'pass', points: 100 });
  });

  test('what was not repaired fails, and hints are charged', async () => {
    using lab = testLab({ logs: true });
    await using open = await lab.start();
    expect(await mark(lab, await makeSubmission(open, VERSION))).toMatchObject({
      verdict: 'fail',
      points: 0,
    });
    await nextHint(open, lab.provider.clock.now(), lab.signal);
    await setValues(open.cluster, { mode: 'good', level: '1' });
    expect(await mark(lab, await makeSubmission(open, VERSION))).toMatchObject({
      verdict: 'pass',
      points: 95,
    });
  });

  test('more hints than there are do not fit', async () => {
    using lab = testLab({ logs: true });
    const hints = Array.from({ length: 4 }, () => ({ time: '2026-03-01T10:00:00Z', text: 'x' }));
    const marking = mark(lab, forged(await repaired(lab), { hints }));
    await expect(marking).rejects.toMatchObject({ code: 'SUBMISSION_MISMATCH' });
  });

  test('gives the journal that the lab would have: ticket, hand-over, hints, changes and the grade', async () => {
    using lab = testLab({ logs: true });
    await using open = await lab.start();
    await nextHint(open, lab.provider.clock.now(), lab.signal);
    await setValues(open.cluster, { mode: 'good', level: '1' });
    const { journal, grade } = await markWhole(lab, await makeSubmission(open, VERSION));
    const report = reportOf('ada', journal);
    expect(report).toMatchObject({
      incident: 'INC-9100',
      seed: 7,
      ticket: 'The shop behaves oddly.',
      outcome: 'passed',
      points: grade.points,
      hints: [{ number: 1, price: 5, text: 'Look at the settings.' }],
      grades: [{ verdict: 'pass' }],
    });
    expect(report.changes.map(({ object, field, after }) => [object, field, after])).toEqual([
      ['shop/configmap/settings', 'data.level', '1'],
      ['shop/configmap/settings', 'data.mode', 'good'],
    ]);
    expect(report.times.resolve).toBeGreaterThanOrEqual(0);
  });

  test('what was ended by giving up earns nothing, and nothing of it is the learner’s', async () => {
    using lab = testLab({ logs: true });
    const submission = forged(await repaired(lab), { ended: true });
    const { journal, grade } = await markWhole(lab, submission);
    expect(grade).toMatchObject({ verdict: 'fail', points: 0 });
    expect(reportOf('ada', journal)).toMatchObject({ outcome: 'given-up', points: 0, changes: [] });
  });

  test('a log in which the fault was left out is not this lab', async () => {
    using lab = testLab({ logs: true });
    const submission = withLog(await repaired(lab), (log) => {
      const lines = log.split('\n');
      const live = lines.indexOf('"live"');
      return lines.toSpliced(live - 1, 1).join('\n');
    });
    await expect(mark(lab, submission)).rejects.toMatchObject({
      code: 'SUBMISSION_NOT_REPLAYED',
      message: expect.stringContaining('shop/configmap/settings is not what this lab makes it'),
    });
  });

  test('a log that cannot be replayed is an error of the lab', async () => {
    using lab = testLab({ logs: true });
    const submission = withLog(await repaired(lab), (log) => `${log}{"op":\n`);
    await expect(mark(lab, submission)).rejects.toMatchObject({ kind: 'lab' });
  });

  test.each<[string, (submission: Submission) => Submission]>([
    ['another seed', (one) => forged(one, { seed: 8 })],
    ['another epoch', (one) => forged(one, { epoch: 5 })],
    ['a log of another scenario', (one) => withLog(one, (log) => log.replace('INC-9100/7', 'INC-0001/7'))],
  ])('%s does not fit', async (_name, change) => {
    using lab = testLab({ logs: true });
    const submission = change(await repaired(lab));
    const incident = { ...lab.incident, seed: submission.seed };
    const marking = gradeSubmission(submission, {
      provider: lab.provider,
      incident,
      name: 'ada.json',
      folder: '/nowhere',
      signal: lab.signal,
    });
    await expect(marking).rejects.toMatchObject({ code: 'SUBMISSION_MISMATCH', kind: 'user' });
  });

  test('a provider without a log has nothing to hand in', async () => {
    using lab = testLab({ name: 'kind' });
    await using open = await lab.start();
    await expect(makeSubmission(open, VERSION)).rejects.toMatchObject({ code: 'NOTHING_TO_SUBMIT' });
  });
});

describe('reading a submission', () => {
  test.each<[string, (submission: Submission) => unknown, string]>([
    ['another version of breakfix', (one) => forged(one, { breakfix: '0.2.0' }), 'SUBMISSION_OTHER_VERSION'],
    ['another format', (one) => forged(one, { version: 2 }), 'SUBMISSION_OTHER_VERSION'],
    [
      'a changed field',
      (one) => ({ ...one, hints: [{ time: '2026-03-01T10:00:00Z', text: 'x' }] }),
      'SUBMISSION_DAMAGED',
    ],
    ['a field that is missing', ({ log: _log, ...rest }) => rest, 'SUBMISSION_MALFORMED'],
    ['hints that are none', (one) => ({ ...one, hints: [{ price: -5 }] }), 'SUBMISSION_MALFORMED'],
    ['something else', () => ({ format: 'other' }), 'SUBMISSION_MALFORMED'],
    ['a list', () => [], 'SUBMISSION_MALFORMED'],
  ])('%s is refused', async (_name, change, code) => {
    using lab = testLab({ logs: true });
    const text = JSON.stringify(change(await repaired(lab)));
    expect(() => readSubmission(text, 'ada.json', VERSION)).toThrow(
      expect.objectContaining({ code, kind: 'user' }),
    );
  });

  test('what is not JSON is refused', () => {
    expect(() => readSubmission('<html>', 'ada.json', VERSION)).toThrow('ada.json is not JSON');
  });

  test.each([
    ['bytes that are no gzip', 'AAAA'],
    ['a log without a header', gzipSync('nonsense').toString('base64')],
  ])('%s are damage', async (_name, log) => {
    using lab = testLab({ logs: true });
    const submission = forged(await repaired(lab), { log });
    await expect(mark(lab, submission)).rejects.toMatchObject({ code: 'SUBMISSION_DAMAGED' });
  });
});
