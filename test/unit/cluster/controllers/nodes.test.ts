import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Node, Pod } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { World, node, pod } from '../support/world.ts';

const TOLERATIONS = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists' as const,
  effect: 'NoExecute' as const,
  tolerationSeconds: 300,
}));

/** Two nodes whose kubelets renew their leases until they are told to be silent. */
function started(): { world: World; silent: Set<string> } {
  const world = new World().kubelets();
  const silent = new Set<string>();
  for (const name of ['worker', 'other']) {
    world.api.create(resources.nodes, node(name));
    world.api.create(resources.leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
      spec: {},
    });
    const renew = (): void => {
      world.simulation.after(10 * SECOND, 'kubelet/lease', () => {
        renew();
        if (silent.has(name)) return;
        const lease = world.api.get(resources.leases, 'kube-node-lease', name)!;
        world.api.update(
          resources.leases,
          edit(lease, (draft) => {
            draft.spec.renewTime = world.simulation.microTimestamp();
          }),
        );
      });
    };
    renew();
  }
  world.start('node-lifecycle', 'taint-eviction', 'pod-garbage-collector');
  return { world, silent };
}
/** The kubelet speaks again. */
function speak(world: World, silent: Set<string>, name: string): void {
  silent.delete(name);
  world.api.updateStatus(
    resources.nodes,
    edit(get(world, name), (draft) => {
      for (const condition of draft.status.conditions ?? []) {
        condition.status = condition.type === 'Ready' ? 'True' : 'False';
        condition.lastHeartbeatTime = world.simulation.timestamp();
      }
    }),
  );
}
const get = (world: World, name = 'worker'): Node => world.api.get(resources.nodes, undefined, name)!;
const getPod = (world: World): Pod => world.api.get(resources.pods, 'shop', 'web')!;
const taints = (world: World, name = 'worker'): string[] =>
  (get(world, name).spec.taints ?? []).map(({ key, effect }) => `${key} ${effect}`);

describe('nodes', () => {
  test('a silent node is unknown after 50 s, tainted, and loses its pods after 300 s more', async () => {
    const { world, silent } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker', tolerations: TOLERATIONS }));
    await world.seconds(60);
    expect(world.events()).toEqual([
      'Normal RegisteredNode other: Node other event: Registered Node other in Controller',
      'Normal RegisteredNode worker: Node worker event: Registered Node worker in Controller',
    ]);
    silent.add('worker');
    await world.seconds(45);
    expect(get(world).status.conditions?.[0]?.status).toBe('True');
    await world.seconds(12);
    expect(get(world).status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    expect(taints(world)).toEqual([
      'node.kubernetes.io/unreachable NoSchedule',
      'node.kubernetes.io/unreachable NoExecute',
    ]);
    expect(getPod(world).status.conditions?.find(({ type }) => type === 'Ready')?.status).toBe('False');
    expect(world.events()).toEqual(
      expect.arrayContaining([
        'Normal NodeNotReady worker: Node worker status is now: NodeNotReady',
        'Warning NodeNotReady web: Node is not ready',
      ]),
    );
    await world.seconds(285);
    expect(getPod(world).metadata.deletionTimestamp).toBeUndefined();
    await world.seconds(16);
    expect(world.events()).toContain('Normal TaintManagerEviction web: Marking for deletion Pod shop/web');
  });

  test('a node that comes back loses its taints, and the eviction is called off', async () => {
    const { world, silent } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker', tolerations: TOLERATIONS }));
    await world.seconds(20);
    silent.add('worker');
    await world.seconds(80);
    speak(world, silent, 'worker');
    await world.seconds(15);
    expect(taints(world)).toEqual([]);
    expect(world.events()).toContain('Normal TaintManagerEviction web: Cancelling deletion of Pod shop/web');
    await world.seconds(400);
    expect(getPod(world).metadata.deletionTimestamp).toBeUndefined();
  });

  test('where no node is ready any more nobody is evicted', async () => {
    const { world, silent } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker', tolerations: TOLERATIONS }));
    await world.seconds(20);
    silent.add('worker');
    await world.seconds(100);
    expect(taints(world)).toContain('node.kubernetes.io/unreachable NoExecute');
    silent.add('other');
    await world.seconds(70);
    for (const name of ['worker', 'other']) {
      expect(taints(world, name)).toEqual(['node.kubernetes.io/unreachable NoSchedule']);
    }
    expect(world.events()).toContain('Normal TaintManagerEviction web: Cancelling deletion of Pod shop/web');
    await world.seconds(600);
    expect(getPod(world).metadata.deletionTimestamp).toBeUndefined();
    speak(world, silent, 'other');
    await world.seconds(10);
    expect(taints(world, 'other')).toEqual([]);
    expect(taints(world)).toContain('node.kubernetes.io/unreachable NoExecute');
    await world.seconds(300);
    expect(world.pods()).toEqual([]);
  });

  test('nodes that fall silent together are not tainted one before the other', async () => {
    const { world, silent } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker' }));
    await world.seconds(20);
    for (const name of ['worker', 'other']) silent.add(name);
    await world.seconds(100);
    expect(taints(world)).toEqual(['node.kubernetes.io/unreachable NoSchedule']);
    expect(getPod(world).metadata.deletionTimestamp).toBeUndefined();
  });

  test('a node that never reported, without any condition, is unknown and tainted', async () => {
    const { world, silent } = started();
    silent.add('worker');
    world.api.updateStatus(
      resources.nodes,
      edit(get(world), (draft) => {
        delete draft.status.conditions;
      }),
    );
    await world.seconds(80);
    expect(get(world).status.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      'Ready NodeStatusNeverUpdated',
      'MemoryPressure NodeStatusNeverUpdated',
      'DiskPressure NodeStatusNeverUpdated',
      'PIDPressure NodeStatusNeverUpdated',
    ]);
    expect(taints(world)).toEqual([
      'node.kubernetes.io/unreachable NoSchedule',
      'node.kubernetes.io/unreachable NoExecute',
    ]);
  });

  test('a node that is deleted is told of by its name', async () => {
    const { world, silent } = started();
    await world.seconds(10);
    silent.add('worker');
    world.api.delete(resources.nodes, undefined, 'worker');
    await world.seconds(10);
    expect(world.events()).toContain(
      'Normal RemovingNode worker: Node worker event: Removing Node worker from Controller',
    );
  });

  test('pressure and cordoning keep new pods away', async () => {
    const { world } = started();
    await world.seconds(10);
    world.api.updateStatus(
      resources.nodes,
      edit(get(world), (draft) => {
        draft.status.conditions?.push({ type: 'DiskPressure', status: 'True' });
      }),
    );
    world.api.update(
      resources.nodes,
      edit(get(world), (draft) => {
        draft.spec.unschedulable = true;
        draft.spec.taints = [{ key: 'mine', effect: 'NoSchedule' }];
      }),
    );
    await world.seconds(1);
    expect(taints(world)).toEqual([
      'mine NoSchedule',
      'node.kubernetes.io/disk-pressure NoSchedule',
      'node.kubernetes.io/unschedulable NoSchedule',
    ]);
  });

  test('a NoExecute taint evicts what does not tolerate it at once', async () => {
    const { world } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker' }));
    world.api.create(
      resources.pods,
      pod('tough', { nodeName: 'worker', tolerations: [{ operator: 'Exists' }] }),
    );
    await world.seconds(10);
    world.api.update(
      resources.nodes,
      edit(get(world), (draft) => {
        draft.spec.taints = [{ key: 'maintenance', effect: 'NoExecute' }];
      }),
    );
    await world.seconds(0.02);
    expect(getPod(world).status.conditions?.find(({ type }) => type === 'DisruptionTarget')).toMatchObject({
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    });
    await world.seconds(1);
    expect(world.pods().map(({ metadata }) => metadata.name)).toEqual(['tough']);
  });

  test('pods of a node that is gone are failed and removed', async () => {
    const { world } = started();
    world.api.create(resources.pods, pod('web', { nodeName: 'worker' }));
    await world.seconds(10);
    world.api.delete(resources.nodes, undefined, 'worker');
    let phase = '';
    world.api.watch(resources.pods, ({ type, object }) => {
      if (type === 'DELETED') phase = object.status.phase;
    });
    await world.seconds(30);
    expect(world.pods()).toHaveLength(1);
    await world.seconds(60);
    expect(world.pods()).toEqual([]);
    expect(phase).toBe('Failed');
  });
});
