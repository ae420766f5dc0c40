import { describe, expect, test } from '@jest/globals';
import type { Check, LabView, Observation } from '../../../src/checks/check.ts';
import { livenessKills, readinessCanFail } from '../../../src/checks/probes.ts';
import { seconds } from '../../../src/core/clock.ts';
import { Random } from '../../../src/core/random.ts';
import { type KubeClient, KubeError, type Manifest } from '../../../src/kube/client.ts';
import type { Pod } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

const namespace = 'shop';
const metadata = { name: 'refunds', namespace };
const deployment: Manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: { template: { spec: { containers: [{ name: 'refunds', livenessProbe: {} }] } } },
};
const service: Manifest = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [] } };

const condition = (ready: boolean) => [{ type: 'Ready', status: ready ? 'True' : 'False' }];
const container = (ready: boolean, restartCount = 0) => ({
  name: 'refunds',
  ready,
  restartCount,
  state: { running: {} },
  lastState: {},
});
const STARTING = { conditions: condition(false), containerStatuses: [container(false)] };
const READY = { conditions: condition(true), containerStatuses: [container(true)] };
const ended = (exitCode: number) => ({
  conditions: condition(false),
  containerStatuses: [{ ...container(false), state: { terminated: { exitCode } } }],
});
const ENDED = ended(13);
const RESTARTED = {
  conditions: condition(false),
  containerStatuses: [{ ...container(false, 1), lastState: { terminated: { exitCode: 0 } } }],
};

interface World {
  readonly objects?: readonly Manifest[];
  /** The status of a new pod, so many milliseconds after the start. */
  readonly before?: (ms: number) => object;
  /** And so many after its process has hung up. */
  readonly after?: (ms: number) => object;
  /** What hanging up ends with. */
  readonly code?: number | KubeError;
}

interface Graded {
  readonly seen: Observation;
  /** Objects of the clone that are still there. */
  readonly left: readonly string[];
  /** The pods that were made. */
  readonly made: readonly Pod[];
  readonly tookMs: number;
}

async function graded(check: Check, world: World): Promise<Graded> {
  const { objects = [deployment, service], before = () => READY, after = () => READY, code = 0 } = world;
  const state = new FakeState();
  const kube = fakeKube(state);
  const clock = new ManualClock();
  const start = clock.ms;
  let hungUp: number | undefined;
  const made: Pod[] = [];
  await kube.applyAll(objects, { manager: 'test' });
  const initial = new Set(state.objects.keys());
  const get: KubeClient['get'] = async (resource: Resource, of, name) => {
    const object = await kube.get(resource, of, name);
    if (resource !== resources.pods || object === undefined) return object as never;
    const status = hungUp === undefined ? before(clock.ms - start) : after(clock.ms - hungUp);
    return { ...object, status } as unknown as Pod as never;
  };
  const create: KubeClient['create'] = async (resource, object) => {
    if (resource === (resources.pods as Resource)) made.push(object as unknown as Pod);
    return kube.create(resource, object);
  };
  const exec: KubeClient['exec'] = () => {
    if (typeof code !== 'number') return Promise.reject(code);
    hungUp = clock.ms;
    return Promise.resolve({ code, stdout: '', stderr: '' });
  };
  const lab = {
    kube: { ...kube, get, create, exec },
    clock,
    random: new Random('1'),
    signal: new AbortController().signal,
  } as unknown as LabView;
  const seen = await check.grade?.(lab);
  if (seen === undefined) throw new Error('it has no grade');
  const left = [...state.objects.keys()].filter((key) => !initial.has(key));
  return { seen, left, made, tookMs: clock.ms - start };
}

describe('readinessCanFail', () => {
  const check = readinessCanFail(metadata, seconds(60));

  test('holds where a pod that hangs is taken out, and leaves nothing behind', async () => {
    const { seen, left, made } = await graded(check, { after: () => STARTING });
    expect(seen).toEqual({ status: 'pass', seen: 'it left its Service' });
    expect(left).toEqual([]);
    // A restart would make it unready too.
    expect(made[0]?.spec.containers).toEqual([{ name: 'refunds' }]);
  });

  test('fails where the pod stays ready', async () => {
    const { seen, left } = await graded(check, {});
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('still in its Service') });
    expect(left).toEqual([]);
  });

  test.each([
    ['ended', ENDED],
    ['was started again', RESTARTED],
  ])('fails where the container %s: that says nothing about its probe', async (_what, status) => {
    const { seen } = await graded(check, { after: () => status });
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('ended') });
  });

  test.each([
    ['pass', 90_000, check, {}],
    ['fail', 95_000, check, {}],
    ['pass', 120_000, readinessCanFail(metadata, seconds(60), seconds(120)), {}],
    // Before that nobody asks.
    ['pass', 95_000, check, { startupProbe: { initialDelaySeconds: 20, periodSeconds: 5 } }],
    ['fail', 120_000, check, { startupProbe: { initialDelaySeconds: 20, periodSeconds: 5 } }],
  ])('%s for a pod that is ready after %i ms', async (status, at, of, probes) => {
    const spec = { template: { spec: { containers: [{ name: 'refunds', ...probes }] } } };
    const before = (ms: number) => (ms >= at ? READY : STARTING);
    const world = { objects: [{ ...deployment, spec }, service], before, after: () => STARTING };
    expect((await graded(of, world)).seen).toMatchObject({ status });
  });

  test('fails where the program is another one', async () => {
    expect((await graded(check, { code: 127 })).seen).toMatchObject({ status: 'fail' });
  });
});

describe('livenessKills', () => {
  const check = livenessKills(metadata, { startMs: seconds(60), withinMs: seconds(120) });
  const restartedAt = (at: number) => (ms: number) => (ms >= at ? RESTARTED : STARTING);

  test('holds where a hung container is restarted in time, and leaves nothing behind', async () => {
    const { seen, left, made, tookMs } = await graded(check, { after: restartedAt(120_000) });
    expect(seen).toEqual({ status: 'pass', seen: 'it was restarted' });
    expect(left).toEqual([]);
    expect(made[0]?.spec.containers).toEqual([{ name: 'refunds', livenessProbe: {} }]);
    // The start is left alone for its whole allowance, however soon the pod is ready.
    expect(tookMs).toBe(180_000);
  });

  test('waits for a slow start that is longer than its allowance', async () => {
    const before = (ms: number) => (ms >= 110_000 ? READY : STARTING);
    const { seen, tookMs } = await graded(check, { before, after: restartedAt(0) });
    expect(seen.status).toBe('pass');
    expect(tookMs).toBe(110_000);
  });

  test('fails where it is not restarted in time', async () => {
    const { seen, left } = await graded(check, { after: restartedAt(121_000) });
    expect(seen).toEqual({
      status: 'fail',
      seen: 'it was not restarted within 120 s after it had stopped answering',
    });
    expect(left).toEqual([]);
  });

  test.each([0, 137, 143])('a container that was told to end with %i counts', async (exitCode) => {
    const after = ended(exitCode);
    expect((await graded(check, { after: () => after })).seen.status).toBe('pass');
  });

  test('fails where the process ended by itself', async () => {
    const { seen } = await graded(check, { after: () => ended(13) });
    expect(seen).toEqual({ status: 'fail', seen: 'its process ended by itself, with exit code 13' });
  });

  test('fails at once where a fresh pod is restarted while it starts', async () => {
    const { seen, left, tookMs } = await graded(check, { before: restartedAt(20_000) });
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('before it is up') });
    expect(left).toEqual([]);
    expect(tookMs).toBe(20_000);
  });

  test('fails where a fresh pod never becomes ready', async () => {
    const { seen, tookMs } = await graded(check, { before: () => STARTING });
    expect(seen).toMatchObject({ status: 'fail', seen: expect.stringContaining('does not become ready') });
    expect(tookMs).toBe(120_000);
  });

  test('fails where the deployment is gone', async () => {
    const { seen, made } = await graded(check, { objects: [service] });
    expect(seen).toEqual({ status: 'fail', seen: 'deployment/refunds does not exist' });
    expect(made).toEqual([]);
  });

  test.each([
    ['has another program', 127],
    ['has just ended', new KubeError(500, 'unable to upgrade connection: container not found ("refunds")')],
    ['has no such container', new KubeError(400, 'container refunds is not valid for pod')],
  ])('fails where the pod %s', async (_what, code) => {
    expect((await graded(check, { code })).seen.status).toBe('fail');
  });

  test('a cluster that breaks is no fail of the learner', async () => {
    await expect(graded(check, { code: new KubeError(500, 'etcd is gone') })).rejects.toThrow('etcd is gone');
  });
});
