import { appendFileSync } from 'node:fs';
import { expect, jest, test } from '@jest/globals';
import { BreakfixError } from '../../../../src/core/errors.ts';
import { runWith } from '../../support/context.ts';
import { testLab } from '../../support/lab.ts';

test('a lab whose cluster cannot be asked does not hide the others', async () => {
  using lab = testLab();
  await runWith(lab, ['start']);
  await runWith(lab, ['start', 'INC-9100']);
  jest.spyOn(lab.provider, 'state').mockImplementationOnce(() => {
    const message = 'docker ps (exit code 1): Cannot connect to the Docker daemon';
    return Promise.reject(new BreakfixError({ code: 'X', kind: 'environment', message, fix: 'start it' }));
  });
  const { code, text, document } = await runWith(lab, ['status']);
  expect(code).toBe(0);
  expect(document).toMatchObject({
    labs: [
      { lab: 'inc-9100', state: 'unknown: docker ps (exit code 1): Cannot connect to the Docker daemon' },
      { lab: 'inc-9100-2', state: 'running', hints: 0 },
    ],
  });
  expect(text).toContain('  unknown: docker ps (exit code 1): Cannot connect');
  expect(text).toContain('  fix that first, or breakfix stop inc-9100 removes the lab');
  expect(text).toMatch(/^ {2}running on embedded, started .* ago, 0 hints taken$/m);
});

test('nor does one whose journal cannot be read', async () => {
  using lab = testLab();
  await runWith(lab, ['start']);
  appendFileSync(lab.store.find(undefined).folder.file('journal.jsonl'), 'oops\n');
  const { code, document } = await runWith(lab, ['status', '--json']);
  expect(code).toBe(0);
  expect(document).toMatchObject({
    labs: [{ lab: 'inc-9100', state: expect.stringMatching(/^unknown: .*journal\.jsonl:\d+ is not JSON/) }],
  });
});

test('Ctrl-C is not a state', async () => {
  const interrupt = new AbortController();
  using lab = testLab({ signal: interrupt.signal });
  await runWith(lab, ['start']);
  jest.spyOn(lab.provider, 'state').mockImplementationOnce(() => {
    interrupt.abort(new Error('interrupted'));
    return Promise.reject(new Error('the connection closed'));
  });
  expect((await runWith(lab, ['status'])).document).toBeUndefined();
});
