import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ClusterStore } from '../../../../../src/cli/cluster/store.ts';
import { runWith } from '../../../support/context.ts';
import { testLab } from '../../../support/lab.ts';

const before = process.env['XDG_STATE_HOME'];
let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'breakfix-start-'));
  process.env['XDG_STATE_HOME'] = state;
});
afterEach(() => {
  rmSync(state, { recursive: true });
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
});

test('a cluster that another command is starting is left alone', async () => {
  using lab = testLab();
  const store = new ClusterStore();
  using _starts = store.lock('dev');
  const { folder } = store.create('dev') ?? { folder: '' };
  // No process of it is noted yet: so it looks like what a killed start has left.
  writeFileSync(join(folder, 'credentials.json'), '{}');
  expect(await runWith(lab, ['cluster', 'start', '--name', 'dev', '--json'])).toMatchObject({
    code: 2,
    document: {
      error: { code: 'CLUSTER_EXISTS', message: expect.stringContaining('is being started already') },
    },
  });
  expect(readdirSync(folder)).toEqual(['credentials.json']);
});
