import { expect, test } from '@jest/globals';
import { runWith } from '../../support/context.ts';
import { testLab } from '../../support/lab.ts';

test('a lab and what was handed in are not graded together', async () => {
  using lab = testLab();
  await runWith(lab, ['start']);
  expect(await runWith(lab, ['grade', 'inc-9100', '--json', '--replay', 'ada.json'])).toMatchObject({
    code: 2,
    document: {
      error: {
        code: 'GRADE_AMBIGUOUS',
        message: expect.stringContaining('inc-9100 and --replay ada.json were given'),
      },
    },
  });
});

test.each([
  [['--out', 'marked'], '--out marked of breakfix grade is for --replay'],
  [['--file', 'a.ts', '--out', 'marked'], '--file a.ts and --out marked of breakfix grade is for --replay'],
])('%j without --replay is refused, not ignored', async (args, message) => {
  using lab = testLab();
  await runWith(lab, ['start']);
  expect(await runWith(lab, ['grade', ...args, '--json'])).toMatchObject({
    code: 2,
    document: { error: { code: 'GRADE_FLAG_UNUSED', message: expect.stringContaining(message) } },
  });
});
