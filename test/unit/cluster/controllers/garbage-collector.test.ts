import { describe, expect, test } from '@jest/globals';
import type { KubeObject, OwnerReference } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, deployment } from '../support/world.ts';

const started = (): World =>
  new World().start('deployment', 'replicaset', 'garbage-collector').binds().kubelets();
const ownedBy = (kind: string, owner: KubeObject, block = false): OwnerReference => ({
  apiVersion: 'v1',
  kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  ...(block ? { blockOwnerDeletion: true } : {}),
});
const configMap = (world: World, name: string, ownerReferences: OwnerReference[] = []): KubeObject =>
  world.api.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'shop', ...(ownerReferences.length > 0 ? { ownerReferences } : {}) },
  });
const names = (world: World): string[] =>
  world.api.list(resources.configMaps, { namespace: 'shop' }).map(({ metadata }) => metadata.name);

describe('garbage collector', () => {
  test('background: a deleted Deployment takes its ReplicaSet and pods with it', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    world.api.delete(resources.deployments, 'shop', 'web', { propagationPolicy: 'Background' });
    expect(world.api.list(resources.deployments)).toEqual([]);
    await world.seconds(3);
    expect(world.api.list(resources.replicaSets)).toEqual([]);
    expect(world.pods()).toEqual([]);
  });

  test('foreground: the owner goes last', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    world.api.delete(resources.deployments, 'shop', 'web', { propagationPolicy: 'Foreground' });
    const order: string[] = [];
    for (const resource of [resources.deployments, resources.replicaSets, resources.pods]) {
      world.api.watch(resource as typeof resources.pods, ({ type, object }) => {
        if (type === 'DELETED') order.push(object.kind);
      });
    }
    await world.seconds(3);
    expect(order).toEqual(['Pod', 'Pod', 'ReplicaSet', 'Deployment']);
  });

  test('foreground: objects that own each other in a circle all go', async () => {
    const world = started();
    const a = configMap(world, 'a');
    const b = configMap(world, 'b', [ownedBy('ConfigMap', a, true)]);
    const c = configMap(world, 'c', [ownedBy('ConfigMap', b, true)]);
    world.api.update(resources.configMaps, {
      ...a,
      metadata: { ...a.metadata, ownerReferences: [ownedBy('ConfigMap', c, true)] },
    });
    await world.seconds(3);
    expect(names(world)).toEqual(['a', 'b', 'c']);
    world.api.delete(resources.configMaps, 'shop', 'a', { propagationPolicy: 'Foreground' });
    await world.seconds(10);
    expect(names(world)).toEqual([]);
  });

  test('orphan: the pods stay and have no owner', async () => {
    const world = started();
    world.api.create(resources.deployments, deployment('web'));
    await world.seconds(3);
    const [set] = world.api.list(resources.replicaSets);
    world.api.delete(resources.deployments, 'shop', 'web', { propagationPolicy: 'Orphan' });
    await world.seconds(1);
    expect(world.api.list(resources.deployments)).toEqual([]);
    world.api.delete(resources.replicaSets, 'shop', set!.metadata.name, { propagationPolicy: 'Orphan' });
    await world.seconds(3);
    expect(world.api.list(resources.replicaSets)).toEqual([]);
    expect(world.pods()).toHaveLength(2);
    expect(world.pods().every(({ metadata }) => metadata.ownerReferences === undefined)).toBe(true);
  });

  test('an object with an owner left stays, without the owners that are gone', async () => {
    const world = started();
    const [a, b] = [configMap(world, 'a'), configMap(world, 'b')];
    configMap(world, 'child', [ownedBy('ConfigMap', a), ownedBy('ConfigMap', b)]);
    await world.seconds(1);
    world.api.delete(resources.configMaps, 'shop', 'a');
    await world.seconds(1);
    expect(names(world)).toEqual(['b', 'child']);
    expect(world.api.get(resources.configMaps, 'shop', 'child')?.metadata.ownerReferences).toEqual([
      ownedBy('ConfigMap', b),
    ]);
    world.api.delete(resources.configMaps, 'shop', 'b');
    await world.seconds(1);
    expect(names(world)).toEqual([]);
  });

  test('an owner that never was, or was another object of that name, does not keep anything', async () => {
    const world = started();
    const a = configMap(world, 'a');
    configMap(world, 'child', [{ ...ownedBy('ConfigMap', a), uid: 'another' }]);
    await world.seconds(1);
    expect(names(world)).toEqual(['a']);
  });

  test('only dependents that block hold a foreground deletion up', async () => {
    const world = started();
    const a = configMap(world, 'a');
    const child = configMap(world, 'child', [ownedBy('ConfigMap', a)]);
    world.api.update(resources.configMaps, {
      ...world.api.get(resources.configMaps, 'shop', 'child')!,
      metadata: { ...child.metadata, finalizers: ['example.com/hold'] },
    });
    await world.seconds(1);
    world.api.delete(resources.configMaps, 'shop', 'a', { propagationPolicy: 'Foreground' });
    await world.seconds(1);
    expect(names(world)).toEqual(['child']);
    expect(world.api.get(resources.configMaps, 'shop', 'child')?.metadata.deletionTimestamp).toBeDefined();
  });
});
