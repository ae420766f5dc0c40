import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readClass } from '../../../src/report/class/read.ts';
import { classReporters } from '../../../src/report/class/reporters.ts';
import { classOf } from '../../../src/report/class/summary.ts';
import type { JournalEntry } from '../../../src/report/journal.ts';
import { reportOf } from '../../../src/report/summary.ts';

const root = mkdtempSync(join(tmpdir(), 'breakfix-class-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Passed after 10 minutes with a hint, or failed at its safeguard. */
function journal(passed: boolean, incident = 'INC-9100'): JournalEntry[] {
  const at = (minute: number): string => new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString();
  const part = { title: 'Mode', expected: 'good', seen: 'bad', tookMs: 1000 };
  const entries: JournalEntry[] = [
    { time: at(0), type: 'planned', incident, seed: 7, provider: 'embedded' },
    { time: at(1), type: 'handed-over' },
    {
      time: at(11),
      type: 'graded',
      verdict: passed ? 'pass' : 'fail',
      points: passed ? 95 : 0,
      most: 100,
      hintPrice: passed ? 5 : 0,
      objectives: [{ ...part, id: 'mode', status: 'pass', points: 100 }],
      safeguards: [{ ...part, id: 'same', status: passed ? 'pass' : 'fail', price: 'veto' }],
      onCopy: true,
      tookMs: 1000,
    },
  ];
  return passed
    ? entries.toSpliced(2, 0, { time: at(2), type: 'hint', number: 1, price: 5, text: 'Look.' })
    : entries;
}

function put(path: string, content: unknown): void {
  const file = join(root, path);
  mkdirSync(join(file, '..'), { recursive: true });
  const lines = Array.isArray(content)
    ? content.map((one) => JSON.stringify(one))
    : [JSON.stringify(content)];
  writeFileSync(file, `${lines.join('\n')}\n`);
}

describe('the class summary', () => {
  put('class/grace/inc-9100/journal.jsonl', journal(true));
  put('class/ada/report.json', reportOf('inc-9100', journal(false)));
  put('class/linus/inc-9100/journal.jsonl', journal(true));
  // What is made from a journal does not count beside it.
  put('class/linus/inc-9100/report.json', reportOf('inc-9100', journal(false)));
  put('class/linus/inc-9200/journal.jsonl', journal(false, 'INC-9200'));
  put('class/mallory/refused.json', { code: 'SUBMISSION_DAMAGED', message: 'it is damaged' });
  put('class/trent/report.json', { schema: 'breakfix-report', version: 99 });
  put('class/class.json', { schema: 'breakfix-class' });
  const { labs, refused } = readClass([join(root, 'class')]);
  const summary = classOf(labs, refused);

  test('says who did what, with which hints, in which time, and what is still open', () => {
    expect(summary).toMatchObject({ schema: 'breakfix-class', version: 1 });
    expect(summary.labs.map(({ who, lab, outcome, points }) => [who, lab, outcome, points])).toEqual([
      ['ada', 'inc-9100', 'failed', 0],
      ['grace', 'inc-9100', 'passed', 95],
      ['linus', 'inc-9100', 'passed', 95],
      ['linus', 'inc-9200', 'failed', 0],
    ]);
    expect(summary.labs[0]).toMatchObject({ open: ['same'], hints: 0, incident: 'INC-9100', seed: 7 });
    expect(summary.labs[1]).toMatchObject({ open: [], hints: 1, hintPrice: 5, times: { resolve: 600_000 } });
  });

  test('says of each objective and safeguard in how many labs it holds', () => {
    expect(summary.parts).toEqual([
      { incident: 'INC-9100', kind: 'objective', id: 'mode', held: 3, of: 3 },
      { incident: 'INC-9100', kind: 'safeguard', id: 'same', held: 2, of: 3 },
      { incident: 'INC-9200', kind: 'objective', id: 'mode', held: 1, of: 1 },
      { incident: 'INC-9200', kind: 'safeguard', id: 'same', held: 0, of: 1 },
    ]);
  });

  test('names what was refused or cannot be read, and why', () => {
    expect(summary.refused).toEqual([
      { who: 'mallory', why: 'it is damaged' },
      { who: 'trent', why: expect.stringContaining('is no report of version 1') },
    ]);
  });

  test('one lab’s own folder is of who it is named after', () => {
    expect(readClass([join(root, 'class', 'ada')]).labs).toMatchObject([{ who: 'ada' }]);
  });

  test.each([
    ['a folder without reports', 'empty', 'NO_REPORTS'],
    ['a folder that is not there', 'nowhere', 'FOLDER_UNREADABLE'],
  ])('%s is an error of who asked', (_name, folder, code) => {
    mkdirSync(join(root, 'empty'), { recursive: true });
    expect(() => readClass([join(root, folder)])).toThrow(expect.objectContaining({ code, kind: 'user' }));
  });

  test('a page of Markdown', () => {
    const page = classReporters.md.render(summary);
    expect(page).toMatch(/^# 2 of 4 labs passed\n/);
    expect(page).toContain('| grace | INC-9100 | 7 | passed | 95/100 |  | 1 (5 points) | 10 min 00 s |');
    expect(page).toContain('| INC-9100 | safeguard | same | 2 of 3 |');
    expect(page).toContain('| mallory | it is damaged |');
  });

  test('a page of HTML, in which a name is text', () => {
    const hostile = '<script>alert(1)</script>';
    const page = classReporters.html.render({
      ...summary,
      labs: summary.labs.map((lab) => ({ ...lab, who: hostile, open: [hostile] })),
      refused: [{ who: hostile, why: hostile }],
    });
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;/g)).toHaveLength(10);
    expect(page).toContain('aria-label="same: 2 of 3"');
  });
});
