import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { StatefulSet } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, podSpec, statefulSet } from '../support/world.ts';

const started = (): World => new World().start('statefulset').binds().kubelets();
const get = (world: World): StatefulSet => world.api.get(resources.statefulSets, 'shop', 'db')!;
const change = (world: World, how: (draft: StatefulSet) => void): void => {
  world.api.update(resources.statefulSets, edit(get(world), how));
};
const withImage = (image: string) => (draft: StatefulSet) => {
  draft.spec.template.spec = { ...podSpec(), containers: [{ ...podSpec().containers[0]!, image }] };
};
const images = (world: World): string[] =>
  world.pods().map((pod) => `${pod.metadata.name} ${pod.spec.containers[0]?.image ?? ''}`);
const claims = [
  {
    metadata: { name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Pending' },
  },
] as unknown as NonNullable<StatefulSet['spec']['volumeClaimTemplates']>;

describe('statefulset controller', () => {
  test('starts one pod after the other, each with its claim', async () => {
    const world = started();
    world.api.create(resources.statefulSets, statefulSet('db', { volumeClaimTemplates: claims }));
    await world.seconds(0.5);
    expect(world.pods().map((pod) => pod.metadata.name)).toEqual(['db-0']);
    const revision = get(world).status.updateRevision ?? '';
    expect(revision).toMatch(/^db-[456789bcdf]{8,10}$/);
    expect(world.pods()[0]).toMatchObject({
      metadata: {
        generateName: 'db-',
        labels: {
          app: 'db',
          'apps.kubernetes.io/pod-index': '0',
          'controller-revision-hash': revision,
          'statefulset.kubernetes.io/pod-name': 'db-0',
        },
        ownerReferences: [{ kind: 'StatefulSet', name: 'db', controller: true, blockOwnerDeletion: true }],
      },
      spec: {
        hostname: 'db-0',
        subdomain: 'db',
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }],
      },
    });
    expect(get(world).status).toEqual({
      observedGeneration: 1,
      replicas: 1,
      currentReplicas: 1,
      updatedReplicas: 1,
      availableReplicas: 0,
      currentRevision: revision,
      updateRevision: revision,
      collisionCount: 0,
    });
    await world.seconds(5);
    expect(get(world).status).toEqual({
      observedGeneration: 1,
      replicas: 2,
      readyReplicas: 2,
      currentReplicas: 2,
      updatedReplicas: 2,
      availableReplicas: 2,
      currentRevision: revision,
      updateRevision: revision,
      collisionCount: 0,
    });
    expect(world.api.get(resources.persistentVolumeClaims, 'shop', 'data-db-1')).toMatchObject({
      metadata: { labels: { app: 'db' } },
      spec: claims[0]?.spec,
    });
    // As a real cluster tells it.
    expect(world.events('StatefulSet')).toEqual([
      'Normal SuccessfulCreate db: Create Claim data-db-0 Pod db-0 in StatefulSet db success',
      'Normal SuccessfulCreate db: Create Pod db-0 in StatefulSet db successful',
      'Normal SuccessfulCreate db: Create Claim data-db-1 Pod db-1 in StatefulSet db success',
      'Normal SuccessfulCreate db: Create Pod db-1 in StatefulSet db successful',
    ]);
    const [stored] = world.api.list(resources.controllerRevisions);
    expect(stored).toMatchObject({
      metadata: {
        name: revision,
        labels: { app: 'db', 'controller.kubernetes.io/hash': revision.slice('db-'.length) },
      },
      data: { spec: { template: { $patch: 'replace' } } },
      revision: 1,
    });
  });

  test('updates from the top, down to the partition', async () => {
    const world = started();
    world.api.create(
      resources.statefulSets,
      statefulSet('db', {
        replicas: 3,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
      }),
    );
    await world.seconds(10);
    change(world, withImage('db:2'));
    await world.seconds(1);
    expect(images(world)).toEqual(['db-0 nginx:1.29', 'db-1 nginx:1.29', 'db-2 db:2']);
    await world.seconds(10);
    expect(images(world)).toEqual(['db-0 nginx:1.29', 'db-1 db:2', 'db-2 db:2']);
    expect(get(world).status).toMatchObject({ currentReplicas: 1, updatedReplicas: 2 });
    expect(get(world).status.currentRevision).not.toBe(get(world).status.updateRevision);
    change(world, (draft) => {
      draft.spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0 } };
    });
    await world.seconds(10);
    expect(images(world)).toEqual(['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
    expect(get(world).status.currentRevision).toBe(get(world).status.updateRevision);
    expect(world.events('StatefulSet')).toContain(
      'Normal SuccessfulDelete db: Delete Pod db-2 in StatefulSet db successful',
    );
    change(world, withImage('nginx:1.29'));
    await world.seconds(15);
    expect(
      world.api
        .list(resources.controllerRevisions)
        .map(({ revision }) => revision)
        .sort(),
    ).toEqual([2, 3]);
  });

  test('a broken update stops at the first pod and is not repaired by going back', async () => {
    const world = new World()
      .start('statefulset')
      .binds()
      .kubelets({ ready: (pod) => pod.spec.containers[0]?.image !== 'bad' });
    world.api.create(resources.statefulSets, statefulSet('db'));
    await world.seconds(10);
    change(world, withImage('bad'));
    await world.seconds(30);
    expect(images(world)).toEqual(['db-0 nginx:1.29', 'db-1 bad']);
    change(world, withImage('nginx:1.29'));
    await world.seconds(30);
    // https://github.com/kubernetes/kubernetes/issues/67250: the broken pod has to be deleted by hand.
    expect(images(world)).toEqual(['db-0 nginx:1.29', 'db-1 bad']);
    world.api.delete(resources.pods, 'shop', 'db-1');
    await world.seconds(5);
    expect(images(world)).toEqual(['db-0 nginx:1.29', 'db-1 nginx:1.29']);
  });

  test('scales down from the top; a parallel set does all at once', async () => {
    const world = started();
    world.api.create(
      resources.statefulSets,
      statefulSet('db', { replicas: 3, podManagementPolicy: 'Parallel' }),
    );
    await world.seconds(0.5);
    expect(world.pods()).toHaveLength(3);
    await world.seconds(3);
    change(world, (draft) => {
      draft.spec.replicas = 1;
    });
    await world.seconds(2);
    expect(world.pods().map((pod) => pod.metadata.name)).toEqual(['db-0']);
  });

  const owners = (world: World): string[] =>
    world.api
      .list(resources.persistentVolumeClaims, { namespace: 'shop' })
      .map(({ metadata: { name, ownerReferences = [] } }) =>
        [name, ...ownerReferences.map((owner) => `${owner.kind} ${owner.name}`)].join(' < '),
      );

  test('its claims go with it where its policy says so, and with their pods', async () => {
    const world = started();
    world.api.create(
      resources.statefulSets,
      statefulSet('db', {
        replicas: 2,
        podManagementPolicy: 'Parallel',
        volumeClaimTemplates: claims,
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
      }),
    );
    await world.seconds(3);
    expect(owners(world)).toEqual(['data-db-0 < StatefulSet db', 'data-db-1 < StatefulSet db']);
    change(world, (draft) => {
      draft.spec.replicas = 1;
      draft.spec.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Delete' };
    });
    await world.seconds(2);
    expect(owners(world)).toEqual(['data-db-0', 'data-db-1 < Pod db-1']);
    change(world, (draft) => {
      draft.spec.replicas = 2;
    });
    await world.seconds(3);
    // The claim of the pod that is gone is still there: the next one waits for its own.
    expect(world.pods().map((pod) => pod.metadata.name)).toEqual(['db-0']);
    world.api.delete(resources.persistentVolumeClaims, 'shop', 'data-db-1');
    await world.seconds(3);
    expect(world.pods().map((pod) => pod.metadata.name)).toEqual(['db-0', 'db-1']);
    expect(owners(world)).toEqual(['data-db-0', 'data-db-1']);
  });
});
