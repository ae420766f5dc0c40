import { describe, expect, test } from '@jest/globals';
import type { LabView } from '../../../src/checks/check.ts';
import { imageOnOneNode, type Loss, registryDown, secretLost } from '../../../src/faults/images.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

const LOGIN: Manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login', namespace: 'shop' },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': 'e30=' },
};

async function labWith(
  ...objects: readonly Manifest[]
): Promise<{ lab: LabView; kube: KubeClient; done: unknown[] }> {
  const kube = fakeKube(new FakeState());
  await kube.applyAll(objects, { manager: 'test' });
  const done: unknown[] = [];
  const get: KubeClient['get'] = async (resource: Resource, namespace, name) => {
    const object = await kube.get(resource, namespace, name);
    const running = resource === resources.pods && object !== undefined;
    return (running ? { ...object, status: { phase: 'Running' } } : object) as never;
  };
  const lab = {
    kube: { ...kube, get },
    clock: new ManualClock(),
    signal: new AbortController().signal,
    cluster: {
      can: {
        registry: (host: string) =>
          Promise.resolve({ setOutage: (outage: unknown) => Promise.resolve(done.push([host, outage])) }),
        node: (name: string) => ({
          removeImage: (reference: string) => Promise.resolve(done.push([name, reference])),
        }),
      },
    },
  } as unknown as LabView;
  return { lab, kube, done };
}

describe('secretLost', () => {
  test.each<[string, Loss, Record<string, string | undefined>]>([
    ['gone', 'gone', { shop: undefined, platform: undefined }],
    ['another type', { type: 'Opaque' }, { shop: 'Opaque', platform: undefined }],
    ['another namespace', { namespace: 'platform' }, { shop: undefined, platform: LOGIN['type'] as string }],
  ])('%s, and back', async (_what, loss, expected) => {
    const { lab, kube } = await labWith(LOGIN);
    const types = async (): Promise<Record<string, string | undefined>> => ({
      shop: (await kube.get(resources.secrets, 'shop', 'login'))?.type,
      platform: (await kube.get(resources.secrets, 'platform', 'login'))?.type,
    });
    const undo = await secretLost({ namespace: 'shop', name: 'login' }, loss).inject(lab);
    expect(await types()).toEqual(expected);
    await undo(lab);
    expect(await types()).toEqual({ shop: LOGIN['type'], platform: undefined });
    expect((await kube.get(resources.secrets, 'shop', 'login'))?.data).toEqual(LOGIN['data']);
  });

  test('a secret that is not there cannot get lost', async () => {
    const { lab } = await labWith();
    await expect(secretLost({ namespace: 'shop', name: 'login' }, 'gone').inject(lab)).rejects.toThrow(
      'no secret/login',
    );
  });
});

test('registryDown ends with its undoing', async () => {
  const { lab, done } = await labWith();
  const undo = await registryDown('registry.test', { forMs: 5 }).inject(lab);
  await undo(lab);
  expect(done).toEqual([
    ['registry.test', { forMs: 5 }],
    ['registry.test', false],
  ]);
});

test('imageOnOneNode runs its pod on the first worker, and nothing of it stays but the image', async () => {
  const node = (name: string, labels = {}): Manifest => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
  });
  const { lab, kube, done } = await labWith(
    node('a', { 'node-role.kubernetes.io/control-plane': '' }),
    node('c'),
    node('b'),
  );
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'canary', namespace: 'shop' },
    spec: { containers: [{ name: 'canary', image: 'registry.test/shop:2' }] },
  } as never;
  const undo = await imageOnOneNode(pod).inject(lab);
  expect(await kube.list(resources.pods, { namespace: 'shop' })).toEqual([]);
  await undo(lab);
  expect(done).toEqual([['b', 'registry.test/shop:2']]);
});
