import { expect, test } from '@jest/globals';
import { terminatedFor } from '../../../src/checks/pods.ts';
import { labView, workload } from './support.ts';

const labels = { app: 'ledger' };
const ended = { terminated: { reason: 'OOMKilled' } };
const container = (state: object, restartCount: number): object => ({
  containerStatuses: [{ name: 'ledger', state, lastState: ended, restartCount }],
});

const look = async (statuses: readonly object[], times: number) => {
  const lab = await labView(workload('ledger@shop', { containers: [{ name: 'ledger' }] }, statuses, labels));
  return terminatedFor({ namespace: 'shop', app: 'ledger' }, 'OOMKilled', times).look(lab);
};

test.each<[string, object[], number]>([
  ['one that runs again, as often as it was restarted', [container({ running: {} }, 2)], 2],
  ['one that waits, once more', [container({ waiting: { reason: 'CrashLoopBackOff' } }, 2)], 3],
  ['one that has just ended, once more', [container(ended, 0)], 1],
  ['several, together', [container({ running: {} }, 1), container({ waiting: {} }, 1)], 3],
])('ends are counted: %s', async (_what, statuses, times) => {
  expect((await look(statuses, times)).status).toBe('pass');
  expect((await look(statuses, times + 1)).status).toBe('fail');
});
