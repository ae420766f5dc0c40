import { describe, expect, test } from '@jest/globals';
import { crashLoops } from '../../../src/checks/crash-loop.ts';
import { labView, workload } from './support.ts';

const of = { namespace: 'kube-system', name: 'coredns' };
const waits = { containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
const runs = { containerStatuses: [{ state: { running: {} } }] };

const look = async (statuses: readonly object[], log: string) => {
  const lab = await labView(workload('coredns@kube-system', { containers: [] }, statuses), {
    logs: () => Promise.resolve(log),
  });
  return crashLoops(of, "Unknown directive 'logs'").look(lab);
};

describe('pods that crash again and again', () => {
  test('all of them, with the words', async () => {
    expect((await look([waits, waits], "Corefile:9 - Error: Unknown directive 'logs'\n")).status).toBe(
      'pass',
    );
  });

  test('one that runs is not all', async () => {
    const seen = await look([waits, runs], "Unknown directive 'logs'");
    expect(seen).toMatchObject({ status: 'fail', seen: '1 of 2 pods wait in CrashLoopBackOff' });
  });

  test('other words are another crash', async () => {
    expect((await look([waits], 'Loop detected')).status).toBe('fail');
  });

  test('none is there', async () => {
    expect((await look([], '')).seen).toBe('0 of 0 pods wait in CrashLoopBackOff');
    const lab = await labView([]);
    expect((await crashLoops(of, 'x').look(lab)).seen).toBe('deployment/coredns does not exist');
  });
});
