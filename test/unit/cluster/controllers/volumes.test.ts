import { describe, expect, test } from '@jest/globals';
import type {
  NewObject,
  PersistentVolume,
  PersistentVolumeClaim,
  StatefulSet,
} from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { startScheduler } from '../../../../src/cluster/scheduler/scheduler.ts';
import { refusedByPolicy } from '../support/fake-api.ts';
import { World, node, pod, statefulSet } from '../support/world.ts';

const claim = (
  name: string,
  spec: Partial<PersistentVolumeClaim['spec']> = {},
): NewObject<PersistentVolumeClaim> => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'shop', finalizers: ['kubernetes.io/pvc-protection'] },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '10Mi' } },
    storageClassName: 'standard',
    volumeMode: 'Filesystem',
    ...spec,
  },
});
const volume = (name: string, storage: string): NewObject<PersistentVolume> => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'manual',
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
    hostPath: { path: '/data' },
  },
});
const PROVISIONING = (provisioner: string): string =>
  `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;

function started(): World {
  const world = new World().kubelets();
  world.api.create(resources.nodes, node('worker'));
  world.api.create(resources.storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard' },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  startScheduler({ simulation: world.simulation, api: world.api });
  return world.start(
    'statefulset',
    'persistentvolume-binder',
    'local-path-provisioner',
    'pvc-protection',
    'pv-protection',
  );
}
const get = (world: World, name: string): PersistentVolumeClaim | undefined =>
  world.api.get(resources.persistentVolumeClaims, 'shop', name);

describe('volumes', () => {
  test('a volume that a policy refuses is made, and removed, once it does not any more', async () => {
    const world = started();
    const refuseVolumes = (refused: string): void => {
      world.api.refuse = (verb, { id }) => {
        if (verb === refused && id === resources.persistentVolumes.id) throw refusedByPolicy();
      };
    };
    const volumes = (): number => world.api.list(resources.persistentVolumes).length;
    refuseVolumes('create');
    world.api.create(resources.persistentVolumeClaims, claim('data'));
    world.api.create(
      resources.pods,
      pod('web', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }),
    );
    await world.seconds(30);
    expect(volumes()).toBe(0);
    refuseVolumes('delete');
    await world.seconds(15);
    expect(get(world, 'data')?.status.phase).toBe('Bound');
    world.api.delete(resources.pods, 'shop', 'web', { gracePeriodSeconds: 0 });
    world.api.delete(resources.persistentVolumeClaims, 'shop', 'data');
    await world.seconds(30);
    expect(volumes()).toBe(1);
    world.api.refuse = () => {};
    await world.seconds(20);
    expect(volumes()).toBe(0);
  });

  test('a claim that is made again while a volume for the first one is being made gets its own', async () => {
    const world = started();
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const make = (): void => {
      world.api.create(resources.persistentVolumeClaims, claim('data'));
      world.api.create(resources.pods, pod('web', { volumes }));
    };
    make();
    await world.seconds(1);
    const first = get(world, 'data')?.metadata;
    expect(first?.annotations).toHaveProperty(['volume.kubernetes.io/selected-node'], 'worker');
    world.api.delete(resources.pods, 'shop', 'web', { gracePeriodSeconds: 0 });
    world.api.delete(resources.persistentVolumeClaims, 'shop', 'data');
    await world.seconds(0.2);
    make();
    await world.seconds(15);
    const second = get(world, 'data');
    expect(second?.metadata.uid).not.toBe(first?.uid);
    expect(second?.status.phase).toBe('Bound');
    const names = world.api.list(resources.persistentVolumes).map(({ metadata }) => metadata.name);
    expect(names).toEqual([`pvc-${second?.metadata.uid ?? ''}`]);
  });

  test('a StatefulSet starts with volumes of its own, as on kind', async () => {
    const world = started();
    const volumeClaimTemplates = [
      { metadata: { name: 'data' }, spec: { ...claim('data').spec } },
    ] as unknown as NonNullable<StatefulSet['spec']['volumeClaimTemplates']>;
    world.api.create(resources.statefulSets, statefulSet('db', { volumeClaimTemplates }));
    await world.seconds(15);
    const bound = get(world, 'data-db-0');
    const name = `pvc-${bound?.metadata.uid ?? ''}`;
    expect(bound).toMatchObject({
      metadata: {
        annotations: {
          'pv.kubernetes.io/bind-completed': 'yes',
          'pv.kubernetes.io/bound-by-controller': 'yes',
          'volume.beta.kubernetes.io/storage-provisioner': 'rancher.io/local-path',
          'volume.kubernetes.io/selected-node': 'worker',
          'volume.kubernetes.io/storage-provisioner': 'rancher.io/local-path',
        },
      },
      spec: { volumeName: name },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Mi' } },
    });
    expect(world.api.get(resources.persistentVolumes, undefined, name)).toMatchObject({
      metadata: {
        annotations: {
          'local.path.provisioner/selected-node': 'worker',
          'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path',
        },
        finalizers: ['kubernetes.io/pv-protection'],
      },
      spec: {
        claimRef: {
          kind: 'PersistentVolumeClaim',
          namespace: 'shop',
          name: 'data-db-0',
          uid: bound?.metadata.uid,
        },
        hostPath: { path: `/var/local-path-provisioner/${name}_shop_data-db-0`, type: 'DirectoryOrCreate' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['worker'] }] },
            ],
          },
        },
        persistentVolumeReclaimPolicy: 'Delete',
        storageClassName: 'standard',
      },
      status: { phase: 'Bound', lastPhaseTransitionTime: expect.any(String) },
    });
    // The events of the same StatefulSet on kind, without the kubelet's.
    const seen = world.events().filter((event) => /(db-0|db:.*db-0)/.test(event));
    expect(seen.sort()).toEqual(
      [
        'Normal SuccessfulCreate db: Create Claim data-db-0 Pod db-0 in StatefulSet db success',
        'Normal SuccessfulCreate db: Create Pod db-0 in StatefulSet db successful',
        'Normal WaitForFirstConsumer data-db-0: waiting for first consumer to be created before binding',
        `Normal ExternalProvisioning data-db-0: ${PROVISIONING('rancher.io/local-path')}`,
        'Normal Provisioning data-db-0: External provisioner is provisioning volume for claim "shop/data-db-0"',
        `Normal ProvisioningSucceeded data-db-0: Successfully provisioned volume ${name}`,
        'Normal Scheduled db-0: Successfully assigned shop/db-0 to worker',
      ].sort(),
    );
    expect(world.pods().map(({ status }) => status.phase)).toEqual(['Running', 'Running']);
  });

  test('a claim in use stays until its pod has gone, and then takes its volume with it', async () => {
    const world = started();
    world.api.create(resources.persistentVolumeClaims, claim('data'));
    world.api.create(
      resources.pods,
      pod('web', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }),
    );
    await world.seconds(10);
    world.api.delete(resources.persistentVolumeClaims, 'shop', 'data');
    await world.seconds(5);
    expect(get(world, 'data')?.metadata.deletionTimestamp).toBeDefined();
    world.api.delete(resources.pods, 'shop', 'web');
    await world.seconds(1);
    expect(get(world, 'data')).toBeUndefined();
    expect(world.api.list(resources.persistentVolumes)[0]?.status.phase).toBe('Released');
    await world.seconds(10);
    expect(world.api.list(resources.persistentVolumes)).toEqual([]);
  });

  test('the smallest volume that fits is bound, and kept when the claim goes', async () => {
    const world = started();
    for (const [name, size] of [
      ['big', '10Gi'],
      ['small', '20Mi'],
      ['tiny', '1Mi'],
    ] as const) {
      world.api.create(resources.persistentVolumes, volume(name, size));
    }
    await world.seconds(1);
    expect(world.api.list(resources.persistentVolumes).map(({ status }) => status.phase)).toEqual([
      'Available',
      'Available',
      'Available',
    ]);
    world.api.create(resources.persistentVolumeClaims, claim('data', { storageClassName: 'manual' }));
    await world.seconds(1);
    expect(get(world, 'data')).toMatchObject({
      spec: { volumeName: 'small' },
      status: { phase: 'Bound', capacity: { storage: '20Mi' } },
    });
    world.api.delete(resources.persistentVolumeClaims, 'shop', 'data');
    await world.seconds(5);
    expect(world.api.get(resources.persistentVolumes, undefined, 'small')?.status.phase).toBe('Released');
  });

  test('claims that cannot be served say why', async () => {
    const world = started();
    world.api.create(resources.persistentVolumeClaims, claim('none', { storageClassName: '' }));
    world.api.create(resources.persistentVolumeClaims, claim('typo', { storageClassName: 'fats' }));
    world.api.create(resources.persistentVolumeClaims, claim('early'));
    world.api.create(resources.persistentVolumes, volume('other', '1Mi'));
    world.api.create(
      resources.persistentVolumeClaims,
      claim('named', { storageClassName: 'manual', volumeName: 'other' }),
    );
    await world.seconds(1);
    expect(world.events().sort()).toEqual([
      'Normal FailedBinding none: no persistent volumes available for this claim and no storage class is set',
      'Normal WaitForFirstConsumer early: waiting for first consumer to be created before binding',
      'Warning ProvisioningFailed typo: storageclass.storage.k8s.io "fats" not found',
      'Warning VolumeMismatch named: Cannot bind to requested volume "other": requested PV is too small',
    ]);
    expect(
      world.api.list(resources.persistentVolumeClaims).every(({ status }) => status.phase === 'Pending'),
    ).toBe(true);
    await world.seconds(60);
    expect(world.events().find((event) => event.includes('FailedBinding'))).toMatch(/ x[45]$/);
  });

  test('a claim whose volume is deleted is lost', async () => {
    const world = started();
    world.api.create(resources.persistentVolumes, volume('only', '1Gi'));
    await world.seconds(1);
    world.api.create(resources.persistentVolumeClaims, claim('data', { storageClassName: 'manual' }));
    await world.seconds(1);
    world.api.delete(resources.persistentVolumes, undefined, 'only');
    await world.seconds(1);
    expect(get(world, 'data')?.status).toEqual({ phase: 'Lost' });
    expect(world.events()).toContain(
      'Warning ClaimLost data: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    );
  });
});
