import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, pod } from '../support/world.ts';

function started(): World {
  const world = new World().start('namespace', 'serviceaccount', 'root-ca').binds().kubelets();
  world.api.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
    spec: { finalizers: ['kubernetes'] },
  });
  return world;
}
/** As the API server does: the namespace stays until its finalizer has gone. */
function remove(world: World): void {
  const namespace = world.api.get(resources.namespaces, undefined, 'shop')!;
  world.api.terminate(namespace);
}

describe('namespace controllers', () => {
  test('every namespace gets its service account and the root certificate, again and again', async () => {
    const world = started();
    await world.seconds(1);
    expect(world.api.get(resources.serviceAccounts, 'shop', 'default')).toBeDefined();
    expect(world.api.get(resources.configMaps, 'shop', 'kube-root-ca.crt')).toMatchObject({
      data: { 'ca.crt': 'PEM' },
      metadata: {
        annotations: {
          'kubernetes.io/description': expect.stringMatching(/^Contains a CA bundle that can be/),
        },
      },
    });
    world.api.delete(resources.serviceAccounts, 'shop', 'default');
    world.api.update(
      resources.configMaps,
      edit(world.api.get(resources.configMaps, 'shop', 'kube-root-ca.crt')!, (draft) => {
        draft.data = { 'ca.crt': 'mine' };
      }),
    );
    await world.seconds(1);
    expect(world.api.get(resources.serviceAccounts, 'shop', 'default')).toBeDefined();
    expect(world.api.get(resources.configMaps, 'shop', 'kube-root-ca.crt')?.data).toEqual({
      'ca.crt': 'PEM',
    });
  });

  test('a deleted namespace is emptied after five seconds, and then goes', async () => {
    const world = started();
    world.api.create(resources.pods, pod('web'));
    await world.seconds(2);
    remove(world);
    await world.seconds(4.9);
    expect(world.pods()[0]?.metadata.deletionTimestamp).toBeUndefined();
    await world.seconds(0.15);
    expect(world.pods()[0]?.metadata.deletionTimestamp).toBeDefined();
    const status = world.api.get(resources.namespaces, undefined, 'shop')?.status;
    expect(
      status?.conditions?.map(({ type, status, message }) => `${type} ${status} ${message ?? ''}`),
    ).toEqual([
      'NamespaceDeletionDiscoveryFailure False All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure False All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure False All content successfully deleted, may be waiting on finalization',
      // As on a real cluster, where pods go first and are not counted until they have gone.
      'NamespaceContentRemaining False All content successfully removed',
      'NamespaceFinalizersRemaining False All content-preserving finalizers finished',
    ]);
    await world.seconds(20);
    expect(world.api.get(resources.namespaces, undefined, 'shop')).toBeUndefined();
    expect(world.api.list(resources.configMaps, { namespace: 'shop' })).toEqual([]);
  });

  test('says which finalizers it waits for', async () => {
    const world = started();
    world.api.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'stuck', namespace: 'shop', finalizers: ['example.com/hold'] },
    });
    await world.seconds(1);
    remove(world);
    await world.seconds(60);
    const conditions = world.api.get(resources.namespaces, undefined, 'shop')?.status.conditions;
    expect(conditions?.slice(3)).toEqual([
      {
        type: 'NamespaceContentRemaining',
        status: 'True',
        reason: 'SomeResourcesRemain',
        message: 'Some resources are remaining: configmaps. has 1 resource instances',
        lastTransitionTime: '2026-01-01T00:00:06Z',
      },
      {
        type: 'NamespaceFinalizersRemaining',
        status: 'True',
        reason: 'SomeFinalizersRemain',
        message:
          'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
        lastTransitionTime: '2026-01-01T00:00:06Z',
      },
    ]);
    world.api.update(
      resources.configMaps,
      edit(world.api.get(resources.configMaps, 'shop', 'stuck')!, (draft) => {
        delete draft.metadata.finalizers;
      }),
    );
    await world.seconds(20);
    expect(world.api.get(resources.namespaces, undefined, 'shop')).toBeUndefined();
  });
});
