import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { DaemonSet, NewObject } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { startScheduler } from '../../../../src/cluster/scheduler/scheduler.ts';
import { World, node, podSpec } from '../support/world.ts';

const daemonSet: NewObject<DaemonSet> = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: {
    name: 'agent',
    namespace: 'shop',
    annotations: { 'deprecated.daemonset.template.generation': '1' },
  },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: { metadata: { labels: { app: 'agent' } }, spec: podSpec() },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
    revisionHistoryLimit: 10,
  },
};

function started(): World {
  const world = new World().kubelets();
  world.api.create(resources.nodes, node('a'));
  world.api.create(resources.nodes, node('b'));
  world.api.create(
    resources.nodes,
    node('tainted', { taints: [{ key: 'only', effect: 'NoSchedule', value: 'x' }] }),
  );
  startScheduler({ simulation: world.simulation, api: world.api });
  return world.start('daemonset');
}
const get = (world: World): DaemonSet => world.api.get(resources.daemonSets, 'shop', 'agent')!;
const onNodes = (world: World): string[] =>
  world
    .pods()
    .map((pod) => pod.spec.nodeName ?? '')
    .sort();

describe('daemonset controller', () => {
  test('one pod on every node that it tolerates', async () => {
    const world = started();
    world.api.create(resources.daemonSets, daemonSet);
    await world.seconds(5);
    expect(onNodes(world)).toEqual(['a', 'b']);
    expect(get(world).status).toEqual({
      currentNumberScheduled: 2,
      desiredNumberScheduled: 2,
      numberMisscheduled: 0,
      numberReady: 2,
      numberAvailable: 2,
      updatedNumberScheduled: 2,
      observedGeneration: 1,
    });
    const [pod] = world.pods();
    const hash = pod?.metadata.labels?.['controller-revision-hash'] ?? '';
    expect(pod?.metadata.labels).toEqual({
      app: 'agent',
      'controller-revision-hash': hash,
      'pod-template-generation': '1',
    });
    expect(world.api.get(resources.controllerRevisions, 'shop', `agent-${hash}`)?.revision).toBe(1);
    expect(pod?.spec.tolerations?.map(({ key, effect }) => `${key ?? ''} ${effect ?? ''}`)).toEqual([
      'node.kubernetes.io/not-ready NoExecute',
      'node.kubernetes.io/unreachable NoExecute',
      'node.kubernetes.io/disk-pressure NoSchedule',
      'node.kubernetes.io/memory-pressure NoSchedule',
      'node.kubernetes.io/pid-pressure NoSchedule',
      'node.kubernetes.io/unschedulable NoSchedule',
    ]);
    expect(world.events('DaemonSet')).toHaveLength(2);
    expect(world.events('DaemonSet')[0]).toMatch(/^Normal SuccessfulCreate agent: Created pod: agent-/);
  });

  test('follows the nodes, and replaces a failed pod', async () => {
    const world = started();
    world.api.create(resources.daemonSets, daemonSet);
    await world.seconds(5);
    world.api.create(resources.nodes, node('c'));
    await world.seconds(5);
    expect(onNodes(world)).toEqual(['a', 'b', 'c']);
    const victim = world.pods()[0]!;
    world.api.updateStatus(
      resources.pods,
      edit(victim, (draft) => {
        draft.status.phase = 'Failed';
      }),
    );
    await world.seconds(5);
    expect(onNodes(world)).toEqual(['a', 'b', 'c']);
    expect(world.events('DaemonSet')).toContain(
      `Warning FailedDaemonPod agent: Found failed daemon pod shop/${victim.metadata.name} on node ${victim.spec.nodeName ?? ''}, will try to kill it`,
    );
  });

  test('a rolling update takes one pod at a time', async () => {
    const world = started();
    world.api.create(resources.daemonSets, daemonSet);
    await world.seconds(5);
    let least = 2;
    world.api.watch(resources.pods, () => {
      const ready = world
        .pods()
        .filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status.phase === 'Running');
      least = Math.min(least, ready.length);
    });
    world.api.update(
      resources.daemonSets,
      edit(get(world), (draft) => {
        draft.spec.template.spec.containers[0]!.image = 'agent:2';
      }),
    );
    await world.seconds(10);
    expect(world.pods().map((pod) => pod.spec.containers[0]?.image)).toEqual(['agent:2', 'agent:2']);
    expect(least).toBe(1);
    expect(get(world).status).toMatchObject({ updatedNumberScheduled: 2, numberAvailable: 2 });
  });
});
