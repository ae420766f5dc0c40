import { describe, expect, test } from '@jest/globals';
import { resources } from '../../../../src/model/resources.ts';
import { World, deployment } from '../support/world.ts';

describe('a ReplicationController', () => {
  async function started(): Promise<World> {
    const world = new World().start('replicationcontroller').binds().kubelets();
    const { template } = deployment('web').spec;
    world.api.create(resources.replicationControllers, {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 3, selector: { ...template.metadata?.labels }, template },
      status: { replicas: 0 },
    });
    await world.seconds(5);
    return world;
  }

  test('keeps its pods', async () => {
    const world = await started();
    expect(world.pods()).toHaveLength(3);
    expect(world.pods()[0]?.metadata.ownerReferences).toEqual([
      expect.objectContaining({
        apiVersion: 'v1',
        kind: 'ReplicationController',
        name: 'web',
        controller: true,
      }),
    ]);
    const stored = world.api.get(resources.replicationControllers, 'shop', 'web');
    expect(stored?.status).toEqual(
      expect.objectContaining({
        replicas: 3,
        readyReplicas: 3,
        availableReplicas: 3,
        fullyLabeledReplicas: 3,
      }),
    );
    expect(stored?.status).not.toHaveProperty('terminatingReplicas');
  });

  test('scales, and lets go of pods that it no longer selects', async () => {
    const world = await started();
    const [pod] = world.pods();
    if (pod === undefined) throw new Error('no pod');
    world.api.update(resources.pods, { ...pod, metadata: { ...pod.metadata, labels: { gone: 'yes' } } });
    await world.seconds(5);
    const released = world.pods().find(({ metadata }) => metadata.name === pod.metadata.name);
    expect(released?.metadata.ownerReferences ?? []).toEqual([]);
    expect(world.pods()).toHaveLength(4);
    const stored = world.api.get(resources.replicationControllers, 'shop', 'web');
    if (stored === undefined) throw new Error('no controller');
    world.api.update(resources.replicationControllers, { ...stored, spec: { ...stored.spec, replicas: 1 } });
    await world.seconds(40);
    expect(world.pods()).toHaveLength(2);
  });
});
