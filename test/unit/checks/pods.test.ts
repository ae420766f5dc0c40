import { describe, expect, test } from '@jest/globals';
import { noneWaiting, terminatedFor } from '../../../src/checks/pods.ts';
import { labView, object, workload } from './support.ts';

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

describe('noneWaiting', () => {
  const running = { phase: 'Running', containerStatuses: [{ name: 'ledger', state: { running: {} } }] };
  const over = (phase: string) => ({
    phase,
    containerStatuses: [{ name: 'ledger', state: { terminated: { reason: 'Completed' } } }],
  });
  const waits = {
    phase: 'Pending',
    containerStatuses: [{ name: 'ledger', state: { waiting: { reason: 'ImagePullBackOff' } } }],
  };
  const tried = (status: object, kind?: string) => {
    const ownerReferences = kind === undefined ? [] : [{ kind, name: 'x', uid: 'u', controller: true }];
    return object('v1', 'Pod', 'try-out@shop', { metadata: { labels, ownerReferences }, status });
  };
  const seenBeside = async (...more: ReturnType<typeof object>[]) => {
    const own = workload('ledger@shop', { containers: [{ name: 'ledger' }] }, [running], labels);
    const lab = await labView([...own, ...more]);
    return noneWaiting({ namespace: 'shop', app: 'ledger' }).look(lab);
  };

  test.each<[string, string, ReturnType<typeof object>[]]>([
    ['pass', 'nothing', []],
    ['pass', 'one that nobody keeps up, and that has done what it had to', [tried(over('Succeeded'))]],
    ['pass', 'one that nobody keeps up, and that has failed', [tried(over('Failed'))]],
    ['pass', 'one of a Job that is done', [tried(over('Succeeded'), 'Job')]],
    ['fail', 'one of a ReplicaSet that has ended', [tried(over('Failed'), 'ReplicaSet')]],
    ['fail', 'one that nobody keeps up, and that waits', [tried(waits)]],
    ['fail', 'one whose container has ended, and comes again', [tried(over('Running'))]],
  ])('%s beside the own: %s', async (status, _what, more) => {
    expect(await seenBeside(...more)).toMatchObject({ status });
  });

  test('one that has ended is no pod that runs', async () => {
    const lab = await labView([tried(over('Succeeded'))]);
    expect(await noneWaiting({ namespace: 'shop', app: 'ledger' }).look(lab)).toMatchObject({
      status: 'fail',
      seen: 'there is no container',
    });
  });
});
