import { expect, test } from '@jest/globals';
import { podPrinter } from '../../../../src/cluster/apiserver/table/pod.ts';
import type { ContainerState, ContainerStatus, Pod } from '../../../../src/model/objects.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z') * 1000;

interface Given {
  readonly phase?: Pod['status']['phase'];
  readonly reason?: string;
  readonly deleted?: boolean;
  readonly conditions?: readonly string[];
  readonly init?: readonly (Given &
    ContainerState & {
      sidecar?: boolean;
      started?: boolean;
      ready?: boolean;
      restarts?: number;
      last?: string;
    })[];
  readonly containers?: Given['init'];
}

function podOf({
  phase = 'Running',
  reason,
  deleted = false,
  conditions = [],
  init = [],
  containers = [],
}: Given): Pod {
  const statusOf = (item: NonNullable<Given['init']>[number], index: number): ContainerStatus => {
    const { sidecar: _sidecar, started, ready = false, restarts = 0, last, ...state } = item;
    return {
      name: `c${index}`,
      image: '',
      imageID: '',
      ready,
      restartCount: restarts,
      state,
      lastState: last === undefined ? {} : { terminated: { exitCode: 1, startedAt: null, finishedAt: last } },
      ...(started !== undefined && { started }),
    };
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      uid: '',
      resourceVersion: '',
      creationTimestamp: '2026-11-22T09:00:00Z',
      ...(deleted && { deletionTimestamp: '2026-11-22T10:00:00Z' }),
    },
    spec: {
      containers: containers.map((_, index) => ({ name: `c${index}` })),
      initContainers: init.map(({ sidecar }, index) => ({
        name: `c${index}`,
        ...(sidecar === true && { restartPolicy: 'Always' }),
      })),
    } as Pod['spec'],
    status: {
      phase,
      ...(reason !== undefined && { reason }),
      conditions: conditions.map((type) => ({ type, status: 'True' as const })),
      initContainerStatuses: init.map(statusOf),
      containerStatuses: containers.map(statusOf),
    },
  };
}

const running = { startedAt: '' };
const ended = (
  exitCode: number,
  reason?: string,
  signal?: number,
): NonNullable<ContainerState['terminated']> => ({
  exitCode,
  startedAt: null,
  finishedAt: null,
  ...(reason !== undefined && { reason }),
  ...(signal !== undefined && { signal }),
});

test.each<[Given, ready: string, status: string, restarts: string]>([
  [{ containers: [{ running, ready: true }] }, '1/1', 'Running', '0'],
  [
    { containers: [{ waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: '2026-11-22T09:58:00Z' }] },
    '0/1',
    'CrashLoopBackOff',
    '3 (2m ago)',
  ],
  [
    { containers: [{ terminated: ended(0, 'Completed') }, { running, ready: true }], conditions: ['Ready'] },
    '1/2',
    'Running',
    '0',
  ],
  [{ containers: [{ terminated: ended(0, 'Completed') }, { running, ready: true }] }, '1/2', 'NotReady', '0'],
  [{ containers: [{ terminated: ended(1, 'Error') }], deleted: true }, '0/1', 'Terminating', '0'],
  [{ phase: 'Failed', containers: [{ terminated: ended(1, 'Error') }], deleted: true }, '0/1', 'Error', '0'],
  [{ containers: [{ running, ready: true }], deleted: true, reason: 'NodeLost' }, '1/1', 'Unknown', '0'],
  [{ phase: 'Failed', reason: 'Evicted' }, '0/0', 'Evicted', '0'],
  [{ containers: [{ terminated: ended(137, '', 9) }] }, '0/1', 'Signal:9', '0'],
  [{ containers: [{ terminated: ended(3) }] }, '0/1', 'ExitCode:3', '0'],
  [
    {
      phase: 'Pending',
      init: [{ terminated: ended(0) }, { running }],
      containers: [{ waiting: { reason: 'PodInitializing' } }],
    },
    '0/1',
    'Init:1/2',
    '0',
  ],
  [
    { phase: 'Pending', init: [{ waiting: { reason: 'PodInitializing' } }], containers: [{}] },
    '0/1',
    'Init:0/1',
    '0',
  ],
  [
    { phase: 'Pending', init: [{ waiting: { reason: 'CrashLoopBackOff' }, restarts: 2 }], containers: [{}] },
    '0/1',
    'Init:CrashLoopBackOff',
    '2',
  ],
  [
    { phase: 'Pending', init: [{ terminated: ended(1, 'Error') }], containers: [{}] },
    '0/1',
    'Init:Error',
    '0',
  ],
  [{ phase: 'Pending', init: [{ terminated: ended(3) }], containers: [{}] }, '0/1', 'Init:ExitCode:3', '0'],
  [
    { phase: 'Pending', init: [{ terminated: ended(137, '', 9) }], containers: [{}] },
    '0/1',
    'Init:Signal:9',
    '0',
  ],
  [
    {
      init: [
        { sidecar: true, running, started: true, ready: true, restarts: 1, last: '2026-11-22T09:00:00Z' },
      ],
      containers: [{ running, ready: true }],
    },
    '2/2',
    'Running',
    '1 (60m ago)',
  ],
  // Once the pod is initialized, restarts of ordinary init containers are no longer counted.
  [
    { init: [{ terminated: ended(0), restarts: 4 }], containers: [{ running, ready: true, restarts: 1 }] },
    '1/1',
    'Running',
    '1',
  ],
])('%j', (given, ready, status, restarts) => {
  expect(podPrinter.row(podOf(given), NOW).cells.slice(1, 4)).toEqual([ready, status, restarts]);
});

test('pods that are over say so to clients that hide them', () => {
  expect(podPrinter.row(podOf({ phase: 'Succeeded' }), NOW).conditions).toMatchObject([
    { type: 'Completed', reason: 'Succeeded' },
  ]);
  expect(podPrinter.row(podOf({ phase: 'Failed' }), NOW).conditions).toMatchObject([
    { type: 'Completed', reason: 'Failed' },
  ]);
  expect(podPrinter.row(podOf({}), NOW).conditions).toBeUndefined();
});
