import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Deployment } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, deployment, podSpec } from '../support/world.ts';
import { statusError } from '../support/fake-api.ts';

const started = (): World => new World().start('deployment', 'replicaset').binds().kubelets();
const get = (world: World): Deployment => {
  const found = world.api.get(resources.deployments, 'shop', 'web');
  if (found === undefined) throw new Error('no Deployment');
  return found;
};
const change = (world: World, how: (draft: Deployment) => void): void => {
  world.api.update(resources.deployments, edit(get(world), how));
};
const sets = (world: World): string[] =>
  world.api
    .list(resources.replicaSets, { namespace: 'shop' })
    .map(
      (set) =>
        `${set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? ''}: ${set.spec.replicas}`,
    )
    .sort();
const withImage = (image: string) => (draft: Deployment) => {
  const spec = podSpec();
  draft.spec.template.spec = { ...spec, containers: [{ ...spec.containers[0]!, image }] };
};

describe('deployment controller', () => {
  test('a new Deployment: ReplicaSet, pods, conditions and events', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(0.5);
    const [set] = world.api.list(resources.replicaSets);
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(hash).toMatch(/^[456789bcdf]{8,10}$/);
    expect(set).toMatchObject({
      metadata: {
        name: `web-${hash}`,
        labels: { app: 'web' },
        annotations: {
          'deployment.kubernetes.io/desired-replicas': '2',
          'deployment.kubernetes.io/max-replicas': '3',
          'deployment.kubernetes.io/revision': '1',
        },
        ownerReferences: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            name: 'web',
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } } },
      status: { replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1, terminatingReplicas: 0 },
    });
    expect(get(world).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '1' });
    expect(get(world).status).toEqual({
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      unavailableReplicas: 2,
      terminatingReplicas: 0,
      conditions: [
        {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
          lastUpdateTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'ReplicaSetUpdated',
          message: `ReplicaSet "web-${hash}" is progressing.`,
          lastUpdateTime: '2026-01-01T00:00:00Z',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    });
    await world.seconds(2);
    expect(get(world).status).toMatchObject({
      replicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
      conditions: [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetAvailable',
          message: `ReplicaSet "web-${hash}" has successfully progressed.`,
          lastTransitionTime: '2026-01-01T00:00:00Z',
          lastUpdateTime: '2026-01-01T00:00:01Z',
        },
      ],
    });
    expect(get(world).status).not.toHaveProperty('unavailableReplicas');
    expect(world.events('Deployment')).toEqual([
      `Normal ScalingReplicaSet web: Scaled up replica set web-${hash} from 0 to 2`,
    ]);
    expect(world.events('ReplicaSet')).toEqual(
      expect.arrayContaining(
        world.pods().map((pod) => `Normal SuccessfulCreate web-${hash}: Created pod: ${pod.metadata.name}`),
      ),
    );
  });

  test('a rolling update stays within its fences, and numbers the revisions', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web', { replicas: 4 }));
    await world.seconds(3);
    change(world, withImage('nginx:2'));
    await world.seconds(10);
    expect(sets(world)).toEqual(['1: 0', '2: 4']);
    const [old, current] = [...world.api.list(resources.replicaSets)].sort((a, b) =>
      (a.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '').localeCompare(
        b.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? '',
      ),
    );
    const scaling = world
      .events('Deployment')
      .map((event) => event.replace(old!.metadata.name, 'OLD').replace(current!.metadata.name, 'NEW'))
      .map((event) => event.replace('Normal ScalingReplicaSet web: Scaled ', ''));
    expect(scaling).toEqual([
      'up replica set OLD from 0 to 4',
      'up replica set NEW from 0 to 1',
      'down replica set OLD from 4 to 3',
      'up replica set NEW from 1 to 2',
      'down replica set OLD from 3 to 1',
      'up replica set NEW from 2 to 4',
      'down replica set OLD from 1 to 0',
    ]);
    expect(get(world).status).toMatchObject({ replicas: 4, updatedReplicas: 4, availableReplicas: 4 });
    expect(get(world).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  test('going back to an old template takes its ReplicaSet and gives it the newest revision', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    change(world, withImage('nginx:2'));
    await world.seconds(5);
    change(world, withImage('nginx:1.29'));
    await world.seconds(5);
    expect(sets(world)).toEqual(['2: 0', '3: 2']);
    const newest = world.api.list(resources.replicaSets).find((set) => set.spec.replicas === 2);
    expect(newest?.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1');
    expect(get(world).metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  });

  test('a rollout that never gets ready keeps the old pods and exceeds its deadline', async () => {
    const world = new World()
      .start('deployment', 'replicaset')
      .binds()
      .kubelets({ ready: (pod) => pod.spec.containers[0]?.image !== 'nginx:bad' });
    world.api.create(resources.deployments, deployment('web', { replicas: 4 }));
    await world.seconds(3);
    change(world, withImage('nginx:bad'));
    await world.seconds(30);
    // 25 % of 4: one more, one less.
    expect(sets(world)).toEqual(['1: 3', '2: 2']);
    expect(get(world).status).toMatchObject({
      replicas: 5,
      updatedReplicas: 2,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 2,
    });
    await world.seconds(590);
    const progressing = get(world).status.conditions?.find(({ type }) => type === 'Progressing');
    const name = world.api.list(resources.replicaSets).find((set) => set.spec.replicas === 2)?.metadata.name;
    expect(progressing).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: `ReplicaSet "${name ?? ''}" has timed out progressing.`,
    });
    expect(get(world).status.conditions?.[0]).toMatchObject({ type: 'Available', status: 'True' });
  });

  test('scaling in the middle of a rollout is proportional', async () => {
    const world = new World()
      .start('deployment', 'replicaset')
      .binds()
      .kubelets({ ready: (pod) => pod.spec.containers[0]?.image !== 'nginx:bad' });
    world.api.create(
      resources.deployments,
      deployment('web', {
        replicas: 10,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
      }),
    );
    await world.seconds(3);
    change(world, withImage('nginx:bad'));
    await world.seconds(5);
    expect(sets(world)).toEqual(['1: 8', '2: 5']);
    change(world, (draft) => {
      draft.spec.replicas = 15;
    });
    await world.seconds(5);
    expect(sets(world)).toEqual(['1: 11', '2: 7']);
  });

  test('Recreate stops every old pod before it starts a new one', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web', { strategy: { type: 'Recreate' } }));
    await world.seconds(3);
    const images = new Set<string>();
    world.api.watch(resources.pods, () => {
      const running = new Set(world.pods().map((pod) => pod.spec.containers[0]?.image ?? ''));
      images.add([...running].join(' and '));
    });
    change(world, withImage('nginx:2'));
    await world.seconds(5);
    expect(sets(world)).toEqual(['1: 0', '2: 2']);
    expect([...images].some((seen) => seen.includes(' and '))).toBe(false);
  });

  test('a paused Deployment scales but does not roll out', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    change(world, (draft) => {
      draft.spec.paused = true;
      draft.spec.replicas = 3;
      withImage('nginx:2')(draft);
    });
    await world.seconds(3);
    expect(sets(world)).toEqual(['1: 3']);
    expect(get(world).status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
      status: 'Unknown',
      reason: 'DeploymentPaused',
      message: 'Deployment is paused',
    });
    change(world, (draft) => {
      delete draft.spec.paused;
    });
    await world.seconds(5);
    expect(sets(world)).toEqual(['1: 0', '2: 3']);
  });

  test('a refused pod becomes ReplicaFailure, and goes away with its cause', async () => {
    const world = started();
    const text =
      'pods "web" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1';
    world.api.refuse = (verb, { id }) => {
      if (verb === 'create' && id === 'pods' && world.pods().length > 0)
        throw statusError(403, 'Forbidden', text);
    };
    world.api.create(resources.deployments, deployment('web', { replicas: 4 }));
    await world.seconds(1);
    const [set] = world.api.list(resources.replicaSets);
    expect(set?.status.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: text,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ]);
    expect(get(world).status.conditions?.find(({ type }) => type === 'ReplicaFailure')).toEqual({
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: text,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      lastUpdateTime: '2026-01-01T00:00:00Z',
    });
    expect(
      world
        .events('ReplicaSet')
        .some((event) =>
          event.startsWith(`Warning FailedCreate ${set?.metadata.name ?? ''}: Error creating: ${text}`),
        ),
    ).toBe(true);
    world.api.refuse = () => {};
    await world.seconds(30);
    expect(world.pods()).toHaveLength(4);
    expect(get(world).status.conditions?.map(({ type }) => type)).toEqual(['Available', 'Progressing']);
  });

  test('keeps no more old ReplicaSets than the history limit', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web', { revisionHistoryLimit: 1 }));
    await world.seconds(3);
    for (const image of ['nginx:2', 'nginx:3', 'nginx:4']) {
      change(world, withImage(image));
      await world.seconds(5);
    }
    expect(sets(world)).toEqual(['3: 0', '4: 2']);
  });

  test('adopts a matching orphan ReplicaSet and releases one that no longer matches', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    const [set] = world.api.list(resources.replicaSets);
    world.api.update(
      resources.replicaSets,
      edit(set!, (draft) => {
        draft.metadata.labels = { app: 'other' };
      }),
    );
    await world.seconds(0.01);
    expect(
      world.api.get(resources.replicaSets, 'shop', set!.metadata.name)?.metadata.ownerReferences,
    ).toBeUndefined();
  });

  test('counts revisions with all of their 64 bits', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    const [set] = world.api.list(resources.replicaSets);
    world.api.update(
      resources.replicaSets,
      edit(set!, (draft) => {
        draft.metadata.annotations = {
          ...draft.metadata.annotations,
          'deployment.kubernetes.io/revision': '3546343826724305832',
        };
      }),
    );
    const before = world.api.get(resources.deployments, 'shop', 'web')!;
    world.api.update(
      resources.deployments,
      edit(before, (draft) => {
        draft.spec.template.metadata!.labels = { ...draft.spec.template.metadata!.labels, release: '2' };
      }),
    );
    await world.seconds(1);
    const annotations = world.api.get(resources.deployments, 'shop', 'web')!.metadata.annotations;
    expect(annotations?.['deployment.kubernetes.io/revision']).toBe('3546343826724305833');
  });

  test('minReadySeconds delays availability', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web', { minReadySeconds: 10 }));
    await world.seconds(5);
    expect(get(world).status).toMatchObject({ readyReplicas: 2, unavailableReplicas: 2 });
    await world.seconds(8);
    expect(get(world).status).toMatchObject({ readyReplicas: 2, availableReplicas: 2 });
  });
});
