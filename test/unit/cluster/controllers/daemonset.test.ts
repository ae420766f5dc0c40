import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { DaemonSet, NewObject, Pod } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { isPodReady } from '../../../../src/model/pod-ready.ts';
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

  test('waits longer each time before it replaces what fails', async () => {
    const world = started();
    world.api.create(resources.daemonSets, daemonSet);
    await world.seconds(5);
    const replaced: number[] = [];
    world.api.watch(resources.pods, ({ type }) => {
      if (type === 'DELETED') replaced.push(world.simulation.now);
    });
    const fail = (pod: Pod): void => {
      world.api.updateStatus(
        resources.pods,
        edit(pod, (draft) => {
          draft.status.phase = 'Failed';
        }),
      );
    };
    for (let second = 0; second < 40; second += 1) {
      for (const pod of world.pods())
        if (pod.spec.nodeName === 'a' && pod.status.phase === 'Running') fail(pod);
      await world.seconds(0.25);
    }
    const gaps = replaced.map((at, index) => Math.round((at - (replaced[index - 1] ?? at)) / 1e6));
    expect(gaps).toEqual([0, 1, 3, 5]);
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

  /** A set whose update makes new pods first. */
  const surging = (maxSurge: number | string, minReadySeconds = 0): NewObject<DaemonSet> => ({
    ...daemonSet,
    spec: {
      ...daemonSet.spec,
      minReadySeconds,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge } },
    },
  });
  const setImage = (world: World, image: string): void => {
    world.api.update(
      resources.daemonSets,
      edit(get(world), (draft) => {
        draft.spec.template.spec.containers[0]!.image = image;
      }),
    );
  };
  /** `a agent:1`, of pods that stay. */
  const staying = (world: World): string[] =>
    world
      .pods()
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ spec }) => `${spec.nodeName ?? '-'} ${spec.containers[0]?.image ?? ''}`)
      .sort();

  test('with maxSurge a new pod is available on a node before the old one goes', async () => {
    const world = started();
    world.api.create(resources.daemonSets, surging(1, 10));
    await world.seconds(15);
    const old = world.pods()[0]?.spec.containers[0]?.image ?? '';
    let fewest = 2;
    let most = 2;
    world.api.watch(resources.pods, () => {
      fewest = Math.min(fewest, world.pods().filter(isPodReady).length);
      most = Math.max(most, staying(world).length);
    });
    setImage(world, 'agent:2');
    await world.seconds(5);
    expect(staying(world)).toEqual(['a agent:2', `a ${old}`, `b ${old}`]);
    await world.seconds(5.5);
    // Ready, but not yet for ten seconds.
    expect(staying(world)).toEqual(['a agent:2', `a ${old}`, `b ${old}`]);
    await world.seconds(3);
    expect(staying(world)).toEqual(['a agent:2', 'b agent:2', `b ${old}`]);
    await world.seconds(15);
    expect(staying(world)).toEqual(['a agent:2', 'b agent:2']);
    expect([fewest, most]).toEqual([2, 3]);
    expect(get(world).status).toMatchObject({ updatedNumberScheduled: 2, numberAvailable: 2 });
  });

  test('with maxSurge an old pod that is broken gets its new one at once, and goes when that is there', async () => {
    const world = started();
    world.api.create(resources.daemonSets, surging(1));
    await world.seconds(5);
    for (const pod of world.pods()) {
      world.api.updateStatus(
        resources.pods,
        edit(pod, (draft) => {
          for (const condition of draft.status.conditions ?? []) condition.status = 'False';
        }),
      );
    }
    setImage(world, 'agent:2');
    await world.seconds(0.5);
    expect(staying(world)).toEqual(['a agent:2', 'b agent:2']);
  });

  test('with maxSurge a pod of a node that is not wanted any more stays until there are enough elsewhere', async () => {
    const world = started();
    world.api.create(resources.daemonSets, surging('50%'));
    await world.seconds(5);
    const old = world.pods()[0]?.spec.containers[0]?.image ?? '';
    world.api.create(resources.nodes, node('c'));
    const unwanted = world.api.get(resources.nodes, undefined, 'a')!;
    const taints = [{ key: 'full', effect: 'NoSchedule' as const }];
    world.api.update(resources.nodes, { ...unwanted, spec: { ...unwanted.spec, taints } });
    setImage(world, 'agent:2');
    await world.seconds(0.5);
    expect(staying(world)).toContain(`a ${old}`);
    await world.seconds(10);
    expect(staying(world)).toEqual(['b agent:2', 'c agent:2']);
  });

  test('more pods than a node may have are put in order', async () => {
    const world = started();
    world.api.create(resources.daemonSets, surging(1));
    await world.seconds(5);
    const { apiVersion, kind, metadata, spec } = world.pods()[0]!;
    const { labels, namespace, ownerReferences } = metadata;
    const double = (name: string, more = {}) => ({
      apiVersion,
      kind,
      metadata: { name, namespace, labels: { ...labels, ...more }, ownerReferences },
      spec,
    });
    const names = (): string[] => world.pods().map((pod) => pod.metadata.name);
    const before = names();
    world.api.create(resources.pods, double('twin') as NewObject<Pod>);
    await world.seconds(5);
    expect(names()).toEqual(before);
    const strange = { 'controller-revision-hash': 'other' };
    for (const name of ['old-1', 'old-2']) {
      world.api.create(resources.pods, double(name, strange) as NewObject<Pod>);
    }
    await world.seconds(5);
    expect(names()).toEqual(before);
  });
});
