import { describe, expect, test } from '@jest/globals';
import type { LabView } from '../../../src/checks/check.ts';
import { neverReady } from '../../../src/checks/never-ready.ts';
import { KubeError } from '../../../src/kube/client.ts';

const of = { namespace: 'shop', name: 'refunds' };
const clone = { namespace: 'shop', name: 'refunds-abc-12345' };
const running = { running: {} };
const waiting = (reason: string) => ({ waiting: { reason } });
const terminated = (exitCode: number, reason = 'Error') => ({ terminated: { exitCode, reason } });
const refunds = (state: object, lastState: object = {}) => ({
  name: 'refunds',
  ready: false,
  state,
  lastState,
});

async function seen(status: object | undefined, log: string | KubeError = '') {
  const asked: object[] = [];
  const lab = {
    kube: {
      get: () => Promise.resolve(status === undefined ? undefined : { metadata: clone, status }),
      logs: (_namespace: string, _name: string, options: object) => {
        asked.push(options);
        return typeof log === 'string' ? Promise.resolve(log) : Promise.reject(log);
      },
    },
  } as unknown as LabView;
  const { seen } = await neverReady(lab, of, clone);
  return { why: seen.replace('a new pod from the template does not become ready', ''), asked };
}

describe('neverReady', () => {
  test('says which nodes do not take it, or what a node says', async () => {
    const message =
      '0/2 nodes are available: 2 node(s) were unschedulable. preemption: 0/2 nodes are available.';
    const conditions = [{ type: 'PodScheduled', status: 'False', message }];
    expect((await seen({ conditions })).why).toBe(': 0/2 nodes are available: 2 node(s) were unschedulable');
    expect((await seen({ phase: 'Failed', reason: 'OutOfcpu' })).why).toBe(': OutOfcpu');
  });

  test('says what a container waits for, and asks for no log where none has run', async () => {
    const { why, asked } = await seen({ containerStatuses: [refunds(waiting('ErrImagePull'))] });
    expect(why).toBe(': ErrImagePull');
    expect(asked).toEqual([]);
  });

  test('tells what a container said before it ended', async () => {
    const status = { containerStatuses: [refunds(waiting('CrashLoopBackOff'), terminated(1))] };
    const { why, asked } = await seen(status, 'CACHE_MEGABYTES is no number\n');
    expect(why).toBe(
      ': CrashLoopBackOff (exit code 1); the last line of its log: CACHE_MEGABYTES is no number',
    );
    expect(asked).toEqual([{ container: 'refunds', previous: false, tail: 1 }]);
  });

  test('one that runs again is asked for its last run', async () => {
    const status = { containerStatuses: [refunds(running, terminated(137, 'OOMKilled'))] };
    const { why, asked } = await seen(status);
    expect(why).toBe(': OOMKilled (exit code 137)');
    expect(asked).toEqual([{ container: 'refunds', previous: true, tail: 1 }]);
  });

  test('the first that does not run is it, with its name where it is another', async () => {
    const status = {
      initContainerStatuses: [
        { name: 'done', ready: true, state: terminated(0, 'Completed'), lastState: {} },
        { name: 'wait-for-fx', ready: false, state: terminated(2), lastState: {} },
      ],
      containerStatuses: [refunds(waiting('PodInitializing'))],
    };
    const { why } = await seen(status, 'x'.repeat(200));
    expect(why).toBe(`: wait-for-fx: Error (exit code 2); the last line of its log: ${'x'.repeat(120)}…`);
  });

  test('without a log the rest is told', async () => {
    const status = { containerStatuses: [refunds(waiting('CrashLoopBackOff'), terminated(1))] };
    expect((await seen(status, new KubeError(404, 'gone'))).why).toBe(': CrashLoopBackOff (exit code 1)');
  });

  test('says no more where all run, or the pod is gone', async () => {
    expect((await seen({ containerStatuses: [refunds(running)] })).why).toBe('');
    expect((await seen(undefined)).why).toBe('');
  });
});
