import { describe, expect, test } from '@jest/globals';
import type { LabView, Observation } from '../../../src/checks/check.ts';
import { readinessCanFail } from '../../../src/checks/clones.ts';
import { seconds } from '../../../src/core/clock.ts';
import { Random } from '../../../src/core/random.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

const namespace = 'shop';
const metadata = { name: 'refunds', namespace };
const WORKLOAD: readonly Manifest[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { template: { spec: { containers: [{ name: 'refunds' }] } } },
  },
  { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [] } },
];

const condition = (ready: boolean) => [{ type: 'Ready', status: ready ? 'True' : 'False' }];
const READY = {
  conditions: condition(true),
  containerStatuses: [{ restartCount: 0, state: { running: {} } }],
};

/** Grades on a cluster where a new pod is ready at once and becomes `after` when its process hangs up. */
async function graded(after: object, code = 0): Promise<{ seen: Observation; left: readonly string[] }> {
  const state = new FakeState();
  const kube = fakeKube(state);
  await kube.applyAll(WORKLOAD, { manager: 'test' });
  const before = new Set(state.objects.keys());
  let status: object = READY;
  const get: KubeClient['get'] = async (resource: Resource, of, name) => {
    const object = await kube.get(resource, of, name);
    if (resource === resources.pods && object !== undefined)
      return { ...object, status } as unknown as Pod as never;
    return object as never;
  };
  const exec: KubeClient['exec'] = () => {
    status = after;
    return Promise.resolve({ code, stdout: '', stderr: '' });
  };
  const lab = {
    kube: { ...kube, get, exec },
    clock: new ManualClock(),
    random: new Random('1'),
    signal: new AbortController().signal,
  } as unknown as LabView;
  const seen = await readinessCanFail(metadata, seconds(60)).grade?.(lab);
  if (seen === undefined) throw new Error('it has no grade');
  return { seen, left: [...state.objects.keys()].filter((key) => !before.has(key)) };
}

describe('readinessCanFail', () => {
  test('holds where a pod that hangs is taken out, and leaves nothing behind', async () => {
    expect(await graded({ ...READY, conditions: condition(false) })).toEqual({
      seen: { status: 'pass', seen: 'it left its Service' },
      left: [],
    });
  });

  test('fails where the pod stays ready', async () => {
    const { seen, left } = await graded(READY);
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('still served') });
    expect(left).toEqual([]);
  });

  test.each([
    ['ended', { restartCount: 0, state: { terminated: { exitCode: 13 } } }],
    ['was started again', { restartCount: 1, state: { running: {} } }],
  ])('fails where the container %s: that says nothing about its probe', async (_what, container) => {
    const { seen } = await graded({ conditions: condition(false), containerStatuses: [container] });
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('ended') });
  });

  test('fails where the program is another one', async () => {
    expect((await graded(READY, 127)).seen).toMatchObject({ status: 'fail' });
  });
});
