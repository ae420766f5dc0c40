import { expect, test } from '@jest/globals';
import { runWith } from '../../support/context.ts';
import { testLab } from '../../support/lab.ts';

test('a second start hands over the lab that runs, unless something is asked for', async () => {
  using lab = testLab();
  await runWith(lab, ['start']);
  expect((await runWith(lab, ['start', '--json'])).document).toMatchObject({ lab: 'inc-9100' });
  expect((await runWith(lab, ['start', '--fresh', '--json'])).document).toMatchObject({ lab: 'inc-9100-2' });
});

test.each([
  [['INC-9100', '--file', 'my/scenario.ts'], 'INC-9100 and --file my/scenario.ts do not go together'],
  [['INC-9100', '--id', 'settings'], 'INC-9100 and --id settings do not go together'],
  [['INC-9100', '--area', 'memory'], 'INC-9100 and --area memory do not go together'],
  [['INC-9100', '--random'], 'INC-9100 and --random do not go together'],
  [['--id', 'settings', '--file', 'a.ts', '--random'], '--id settings and --file a.ts and --random do not'],
])('%j says twice which incident it is to be', async (args, message) => {
  using lab = testLab();
  expect(await runWith(lab, ['start', ...args, '--json'])).toMatchObject({
    code: 2,
    document: { error: { code: 'INCIDENT_AMBIGUOUS', message: expect.stringContaining(message) } },
  });
  expect(lab.store.list()).toEqual([]);
});

test('any incident of an area is one way of asking', async () => {
  using lab = testLab();
  expect(await runWith(lab, ['start', '--area', 'memory', '--random'])).toMatchObject({ code: 0 });
});
