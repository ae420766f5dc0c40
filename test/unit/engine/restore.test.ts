import { beforeEach, describe, expect, test } from '@jest/globals';
import { BrokenShop } from '../../../src/engine/restore.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

const namespace = 'shop';
const { signal } = new AbortController();

const deployment = (name: string, image: string, updatedReplicas = 1): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, annotations: { 'deployment.kubernetes.io/revision': '1' } },
  spec: { replicas: 1, template: { spec: { containers: [{ name, image }] } } },
  status: { replicas: 1, updatedReplicas, availableReplicas: 1 },
});

const pod = (name: string, more: { labels?: object; restartCount?: number } = {}): Manifest => {
  const { labels = { app: 'gateway' }, restartCount = 0 } = more;
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'gateway', uid: '1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels, ownerReferences },
    spec: { containers: [{ name: 'gateway' }] },
    status: { containerStatuses: [{ containerID: `containerd://${name}`, restartCount, ready: true }] },
  };
};

const service = (selector: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'gateway', namespace },
  spec: { selector },
});

const config = (name: string, value: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { value },
});

describe('putting a shop back as it was', () => {
  let state: FakeState;
  let kube: KubeClient;
  let shop: BrokenShop;
  const apply = (...objects: readonly Manifest[]): Promise<unknown> =>
    kube.applyAll(objects, { manager: 'test' });
  const capture = (): Promise<BrokenShop> =>
    BrokenShop.capture({ kube, clock: new ManualClock() }, [namespace]);
  const restore = (): Promise<boolean> => shop.putBack(signal);
  const names = async (resource: Resource): Promise<string[]> =>
    (await kube.list(resource, { namespace })).map(({ metadata }) => metadata.name);

  beforeEach(async () => {
    state = new FakeState();
    kube = fakeKube(state);
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      deployment('gateway', 'shop:1'),
      service({ app: 'gateway' }),
      config('settings', 'good'),
      pod('gateway-1'),
      pod('gateway-2'),
    );
    shop = await capture();
    state.log.length = 0;
  });

  test('writes nothing where nothing was done', async () => {
    expect(await restore()).toBe(true);
    expect(state.log).toEqual([]);
  });

  test('takes back what was changed, and keeps the count of revisions out of it', async () => {
    await apply(deployment('gateway', 'shop:2'), service({ app: 'other' }), config('settings', 'bad'));
    expect(await restore()).toBe(true);
    const gateway = await kube.get(resources.deployments, namespace, 'gateway');
    expect(gateway?.spec.template.spec.containers[0]?.image).toBe('shop:1');
    expect((await kube.get(resources.services, namespace, 'gateway'))?.spec.selector).toEqual({
      app: 'gateway',
    });
    expect(await kube.get(resources.configMaps, namespace, 'settings')).toMatchObject({
      data: { value: 'good' },
    });
    expect(gateway?.metadata.annotations).toEqual({});
  });

  test('takes out what is new', async () => {
    await apply(config('answers', 'x'), deployment('copy', 'shop:1'), {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'all', namespace },
    });
    expect(await restore()).toBe(true);
    expect(await names(resources.configMaps)).toEqual(['settings']);
    expect(await names(resources.deployments)).toEqual(['gateway']);
    expect(await names(resources.networkPolicies)).toEqual([]);
  });

  test.each([
    ['is new', pod('gateway-3'), 'gateway-3'],
    ['has other labels', pod('gateway-2', { labels: { app: 'gateway', only: 'this' } }), 'gateway-2'],
    ['was restarted', pod('gateway-2', { restartCount: 1 }), 'gateway-2'],
  ])('ends a pod that %s', async (_what, changed, name) => {
    await apply(changed);
    expect(await restore()).toBe(true);
    expect(await names(resources.pods)).toEqual(['gateway-1', 'gateway-2'].filter((one) => one !== name));
  });

  test('says when a rollout does not come to its end', async () => {
    await apply(deployment('gateway', 'shop:1', 0));
    expect(await restore()).toBe(false);
  });

  test('of a rollout that was stuck all pods have to be there, and nothing more', async () => {
    await apply(deployment('gateway', 'shop:2', 0));
    shop = await capture();
    expect(await restore()).toBe(true);
    const few = deployment('gateway', 'shop:2', 0);
    await apply({ ...few, status: { replicas: 0 } });
    expect(await restore()).toBe(false);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['the namespace', () => kube.delete(resources.namespaces, undefined, namespace)],
    ['an object', () => kube.delete(resources.configMaps, namespace, 'settings')],
    [
      'the very same object',
      async () => {
        await kube.delete(resources.services, namespace, 'gateway');
        await apply(service({ app: 'gateway' }));
      },
    ],
  ])('is not possible without %s', async (_what, change) => {
    expect(await shop.isAllThere()).toBe(true);
    await change();
    expect(await shop.isAllThere()).toBe(false);
  });
});
