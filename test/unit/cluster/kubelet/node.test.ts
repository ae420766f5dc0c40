import { describe, expect, test } from '@jest/globals';
import { BackOff } from '../../../../src/cluster/back-off.ts';
import { goDuration } from '../../../../src/cluster/kubelet/duration.ts';
import { all, sleep, Task, wait, within } from '../../../../src/cluster/kubelet/task.ts';
import type { Step } from '../../../../src/cluster/kubelet/task.ts';
import { SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';
import { resources } from '../../../../src/model/resources.ts';
import { container, EPOCH, Lab, NODE } from './lab.ts';

describe('a node', () => {
  test('registers itself and says that it is ready', async () => {
    const lab = new Lab();
    await lab.seconds(1);
    const node = lab.api.get(resources.nodes, undefined, NODE);
    expect(node?.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': NODE,
      'kubernetes.io/os': 'linux',
    });
    expect(node?.spec).toEqual({ providerID: 'kind://docker/lab/lab-worker' });
    expect(node?.status.allocatable).toMatchObject({ cpu: '2', memory: '8Gi', pods: '110' });
    expect(
      node?.status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`),
    ).toEqual([
      'MemoryPressure=False KubeletHasSufficientMemory',
      'DiskPressure=False KubeletHasNoDiskPressure',
      'PIDPressure=False KubeletHasSufficientPID',
      'Ready=True KubeletReady',
    ]);
    expect(node?.status.images).toEqual([{ names: ['docker.io/library/app:1'], sizeBytes: 1234 }]);
    expect(lab.events(NODE)).toEqual([
      'Normal Starting: Starting kubelet.',
      `Normal NodeHasSufficientMemory: Node ${NODE} status is now: NodeHasSufficientMemory`,
      `Normal NodeHasNoDiskPressure: Node ${NODE} status is now: NodeHasNoDiskPressure`,
      `Normal NodeHasSufficientPID: Node ${NODE} status is now: NodeHasSufficientPID`,
      'Normal NodeAllocatableEnforced: Updated Node Allocatable limit across pods',
      `Normal NodeReady: Node ${NODE} status is now: NodeReady`,
    ]);
  });

  test('that is cordoned says so, and again when it is not any more', async () => {
    const lab = new Lab();
    await lab.seconds(1);
    const cordon = (unschedulable: boolean): void => {
      const node = lab.api.get(resources.nodes, undefined, NODE)!;
      lab.api.update(resources.nodes, { ...node, spec: { ...node.spec, unschedulable } });
    };
    cordon(true);
    await lab.seconds(20);
    cordon(false);
    await lab.seconds(20);
    expect(lab.events(NODE).slice(-2)).toEqual([
      `Normal NodeNotSchedulable: Node ${NODE} status is now: NodeNotSchedulable`,
      `Normal NodeSchedulable: Node ${NODE} status is now: NodeSchedulable`,
    ]);
  });

  test('renews its lease every ten seconds and its status every five minutes', async () => {
    const lab = new Lab();
    await lab.seconds(595);
    const lease = lab.api.get(resources.leases, 'kube-node-lease', NODE);
    expect(lease?.spec).toMatchObject({
      holderIdentity: NODE,
      leaseDurationSeconds: 40,
      renewTime: '2026-01-01T00:09:50.000000Z',
    });
    const [ready] = lab.api.get(resources.nodes, undefined, NODE)?.status.conditions ?? [];
    expect(ready?.lastHeartbeatTime).toBe('2026-01-01T00:05:00Z');
    expect(ready?.lastTransitionTime).toBe('2026-01-01T00:00:00Z');
  });

  test('writes nothing about a pod that only runs', async () => {
    const lab = new Lab();
    const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
    const readinessProbe = { ...probe, httpGet: { port: 8080 } };
    lab.create('web', { containers: [container(['serve', '8080'], { readinessProbe })] });
    await lab.seconds(20);
    lab.api.writes.length = 0;
    await lab.seconds(3600);
    expect(lab.api.writes.filter((write) => !/leases|updateStatus nodes/.test(write))).toEqual([]);
  });

  test('that is stopped does nothing, and catches up when it is started again', async () => {
    const lab = new Lab();
    for (const name of ['stays', 'deleted', 'forced']) {
      lab.create(name, { containers: [container(['forever'])] });
    }
    lab.create('ends', { containers: [container(['exit', '1', '8000'])] });
    lab.create('dying', { containers: [container(['stubborn'])] });
    await lab.seconds(5);
    lab.api.delete(resources.pods, 'shop', 'dying');
    await lab.seconds(1);
    lab.kubelet.stop();
    lab.kubelet.stop();
    const lease = lab.api.get(resources.leases, 'kube-node-lease', NODE);
    lab.api.delete(resources.pods, 'shop', 'deleted');
    lab.api.delete(resources.pods, 'shop', 'forced', { gracePeriodSeconds: 0 });
    lab.create('new', { containers: [container(['forever'])] });
    lab.api.writes.length = 0;
    await lab.seconds(60);
    expect(lab.api.writes).toEqual([]);
    expect(lab.api.get(resources.leases, 'kube-node-lease', NODE)).toBe(lease);
    expect(lab.status('ends').state.running).toBeDefined();
    expect(() => lab.logs('stays')).toThrow(
      'error dialing backend: dial tcp 172.18.0.3:10250: connect: connection refused',
    );
    expect(lab.kubelet.resourceMetrics()).toEqual({ node: NODE, ip: '172.18.0.3' });
    lab.kubelet.start();
    await lab.seconds(4);
    expect(lab.exists('deleted')).toBe(false);
    expect(lab.status('stays')).toMatchObject({ ready: true, restartCount: 0 });
    expect(lab.status('ends').restartCount).toBe(1);
    expect(lab.status('new').ready).toBe(true);
    expect(lab.api.get(resources.leases, 'kube-node-lease', NODE)).not.toBe(lease);
    await lab.seconds(31);
    expect(lab.exists('dying')).toBe(false);
    expect(
      lab.kubelet
        .resourceMetrics()
        .usage?.containers.map(({ pod }) => pod)
        .sort(),
    ).toEqual(['new', 'stays']);
  });

  test('that is stopped while it cleans up after a pod does so when it is started again', async () => {
    const lab = new Lab();
    const names = ['deleted', 'forced', 'evicted'];
    for (const name of names) lab.create(name, { containers: [container(['forever'])] });
    await lab.seconds(5);
    lab.kubelet.evict({ namespace: 'shop', name: 'evicted' }, 'Evicted', 'no room');
    lab.api.delete(resources.pods, 'shop', 'deleted');
    lab.api.delete(resources.pods, 'shop', 'forced', { gracePeriodSeconds: 0 });
    await lab.seconds(0.1);
    expect(lab.status('deleted').state.terminated).toBeDefined();
    lab.kubelet.stop();
    lab.api.delete(resources.pods, 'shop', 'evicted');
    await lab.seconds(60);
    expect(lab.pod('evicted').status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
    expect(lab.exists('deleted')).toBe(true);
    lab.kubelet.start();
    await lab.seconds(2);
    expect(names.filter((name) => lab.exists(name))).toEqual([]);
    // Nor is anything left on the node.
    const forced = { namespace: 'shop', name: 'forced' };
    expect(() => lab.kubelet.enter(forced, 'c')).toThrow('pods "forced" not found');
  });

  test('can put a pod out', async () => {
    const lab = new Lab();
    lab.create('web', { containers: [container(['stubborn'])] });
    await lab.seconds(3);
    lab.kubelet.evict(
      { namespace: 'shop', name: 'web' },
      'Evicted',
      'The node was low on resource: memory. ',
    );
    await lab.seconds(4);
    expect(lab.pod('web').status).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'The node was low on resource: memory. ',
    });
    expect(lab.status('web').state.terminated?.exitCode).toBe(137);
  });

  test('the same seed gives the same run', async () => {
    const run = async (): Promise<string> => {
      const lab = new Lab();
      lab.create('crash', { containers: [container(['exit', '1'])] });
      lab.create('bad', { containers: [container(['forever'], { image: 'no:1' })] });
      await lab.seconds(120);
      return lab.simulation.digest + JSON.stringify(lab.api.list(resources.pods));
    };
    expect(await run()).toBe(await run());
  });
});

describe('back-off', () => {
  test('doubles to its limit and starts anew after twice that', () => {
    const backOff = new BackOff(10 * SECOND, 40 * SECOND);
    expect(backOff.waits('k', 0)).toBe(false);
    const waits = [0, 1, 2, 3].map((step) => {
      backOff.next('k', step * SECOND, step * SECOND);
      return backOff.get('k') / SECOND;
    });
    expect(waits).toEqual([10, 20, 40, 40]);
    expect(backOff.waits('k', 42 * SECOND)).toBe(true);
    expect(backOff.waits('k', 43 * SECOND)).toBe(false);
    expect(backOff.waitsSince('k', 30 * SECOND, 69 * SECOND)).toBe(true);
    backOff.next('k', 90 * SECOND, 90 * SECOND);
    expect(backOff.get('k')).toBe(10 * SECOND);
    backOff.drop('k');
    expect(backOff.get('k')).toBe(0);
  });
});

describe('durations as Go writes them', () => {
  test.each([
    [0, '0s'],
    [40 * SECOND, '40s'],
    [80 * SECOND, '1m20s'],
    [300 * SECOND, '5m0s'],
    [1_234_000, '1.234s'],
    [312_000, '312ms'],
    [3_661 * SECOND, '1h1m1s'],
  ])('%d', (duration, text) => {
    expect(goDuration(duration)).toBe(text);
  });
});

describe('tasks', () => {
  const simulation = (): Simulation => new Simulation({ seed: 's', epoch: EPOCH });

  test('wait in order, side by side, and no longer than they may', async () => {
    const sim = simulation();
    const seen: string[] = [];
    function* nap(name: string, seconds: number): Step {
      yield* sleep(sim, seconds * SECOND, 'test');
      seen.push(`${name}@${(sim.now - EPOCH) / SECOND}`);
    }
    function* main(): Step {
      yield* all([nap('a', 2), nap('b', 1)]);
      seen.push(String(yield* within(sim, 5 * SECOND, 'test', nap('c', 3))));
      seen.push(String(yield* within(sim, 2 * SECOND, 'test', nap('never', 3))));
      const value = yield* wait<number>((done) => {
        done(7);
        return undefined;
      });
      seen.push(String(value));
    }
    const task = new Task(main(), () => seen.push('done'));
    await sim.advanceTo(EPOCH + 60 * SECOND);
    expect(seen).toEqual(['b@1', 'a@2', 'c@5', 'true', 'false', '7', 'done']);
    expect(task.finished).toBe(true);
  });

  test('end where they wait when cancelled, and clean up', async () => {
    const sim = simulation();
    const seen: string[] = [];
    function* main(): Step {
      try {
        yield* sleep(sim, 2 * SECOND, 'test');
        seen.push('woken');
      } finally {
        seen.push('cleaned');
      }
    }
    const task = new Task(main(), () => seen.push('done'));
    task.cancel();
    task.cancel();
    await sim.advanceTo(EPOCH + 10 * SECOND);
    expect(seen).toEqual(['cleaned']);
    expect(sim.eventCount).toBe(0);
  });
});
