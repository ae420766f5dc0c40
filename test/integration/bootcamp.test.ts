import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { packageRoot } from '../../src/core/package-root.ts';
import type { ClassSummary } from '../../src/report/class/summary.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';
import { run } from '../helpers/processes.ts';

/** The bootcamp of examples/bootcamp: some of its class hand in, and are marked. */
jest.setTimeout(300_000);

const example = join(packageRoot, 'examples', 'bootcamp');
const folder = mkdtempSync(join(tmpdir(), 'bootcamp-'));
let school: Newcomer;
beforeAll(() => {
  school = newcomer();
});
afterAll(async () => {
  await school[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Expected {
  readonly who: string;
  readonly outcome: string;
}

const expected = JSON.parse(readFileSync(join(example, 'expected.json'), 'utf8')) as Expected[];

test('a right repair, a wrong one, an untouched lab and a damaged file are marked as they should be', async () => {
  const names = ['ada', 'brian', 'barbara'];
  const rows = expected.filter(({ who }) => names.includes(who));
  expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['passed', 'failed']));
  const made = await run(process.execPath, [join(example, 'make-submissions.ts'), ...names], {
    env: { ...school.env, SUBMISSIONS: folder },
  });
  expect(made).toMatchObject({ code: 0, stdout: '' });
  writeFileSync(join(folder, 'mallory.json'), readFileSync(join(folder, 'ada.json'), 'utf8').slice(0, 500));

  const marked = join(folder, 'marked');
  const files = [...names, 'mallory'].map((who) => join(folder, `${who}.json`));
  const graded = await school.breakfix(['grade', '--out', marked, '--replay', ...files]);
  expect(graded.code).toBe(2);
  const summed = await school.breakfix(['report', marked, '--out', join(folder, 'class'), '--json']);
  expect(summed).toMatchObject({ code: 0, stderr: '' });
  const { labs, refused } = (JSON.parse(summed.stdout) as { class: ClassSummary }).class;
  expect(
    labs.map(({ who, incident, seed, outcome, points }) => ({ who, incident, seed, outcome, points })),
  ).toEqual(rows);
  expect(labs.find(({ who }) => who === 'brian')?.open).toContain('readiness-can-fail');
  expect(refused).toMatchObject([{ who: 'mallory', why: expect.stringContaining('is not JSON') }]);
  const page = readFileSync(join(folder, 'class', 'class.html'), 'utf8');
  expect(page).toContain('<h1>1 of 3 labs passed</h1>');
});
