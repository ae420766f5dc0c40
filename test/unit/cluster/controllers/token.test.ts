import { describe, expect, test } from '@jest/globals';
import type { Secret } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World } from '../support/world.ts';

const namespace = 'shop';

function started(): World {
  const world = new World().start('serviceaccount-token');
  world.api.create(resources.serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot', namespace },
  });
  return world;
}

function ask(world: World, account: string): void {
  world.api.create(resources.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'long', namespace, annotations: { 'kubernetes.io/service-account.name': account } },
    type: 'kubernetes.io/service-account-token',
  });
}

const secretOf = (world: World): Secret | undefined => world.api.get(resources.secrets, namespace, 'long');
const read = (world: World, key: string): string =>
  Buffer.from(secretOf(world)?.data?.[key] ?? '', 'base64').toString();

describe('a Secret that asks for the token of a ServiceAccount', () => {
  test('gets it, with the CA and the namespace', async () => {
    const world = started();
    ask(world, 'robot');
    await world.seconds(1);
    expect(['ca.crt', 'namespace', 'token'].map((key) => read(world, key))).toEqual([
      'PEM',
      'shop',
      'token of shop/robot in long',
    ]);
    const account = world.api.get(resources.serviceAccounts, namespace, 'robot');
    expect(secretOf(world)?.metadata.annotations?.['kubernetes.io/service-account.uid']).toBe(
      account?.metadata.uid,
    );
  });

  test('goes where there is no such ServiceAccount', async () => {
    const world = started();
    ask(world, 'nobody');
    await world.seconds(1);
    expect(secretOf(world)).toBeUndefined();
  });

  test('goes with its ServiceAccount', async () => {
    const world = started();
    ask(world, 'robot');
    await world.seconds(1);
    world.api.delete(resources.serviceAccounts, namespace, 'robot');
    await world.seconds(1);
    expect(secretOf(world)).toBeUndefined();
  });
});
