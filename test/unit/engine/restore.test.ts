import { beforeEach, describe, expect, test } from '@jest/globals';
import { Baseline } from '../../../src/checks/baseline.ts';
import { canRestore, restoreShop } from '../../../src/engine/restore.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import type { Cluster } from '../../../src/providers/provider.ts';
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
  let baseline: Baseline;
  const apply = (...objects: readonly Manifest[]): Promise<unknown> =>
    kube.applyAll(objects, { manager: 'test' });
  const restore = (): Promise<boolean> =>
    restoreShop({ kube, clock: new ManualClock() } as unknown as Cluster, baseline, [namespace], signal);
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
    baseline = await Baseline.capture(kube, [namespace]);
    state.log.length = 0;
  });

  test('writes nothing where nothing was done', async () => {
    expect(await restore()).toBe(true);
    expect(state.log).toEqual([]);
  });

  test('takes back what was changed, and keeps the count of revisions out of it', async () => {
    await apply(deployment('gateway', 'shop:2'), service({ app: 'other' }), config('settings', 'bad'));
    await kube.delete(resources.configMaps, namespace, 'settings');
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

  test('makes an object again that was replaced', async () => {
    await kube.delete(resources.services, namespace, 'gateway');
    await apply(service({ app: 'gateway' }));
    const replaced = await kube.get(resources.services, namespace, 'gateway');
    expect(await restore()).toBe(true);
    const now = await kube.get(resources.services, namespace, 'gateway');
    expect(now?.spec.selector).toEqual({ app: 'gateway' });
    expect(now?.metadata.uid).not.toBe(replaced?.metadata.uid);
  });

  test('says when a rollout does not come to its end', async () => {
    await apply(deployment('gateway', 'shop:1', 0));
    expect(await restore()).toBe(false);
  });

  test('is not possible without the namespace, or in another one of its name', async () => {
    expect(await canRestore(kube, baseline, [namespace])).toBe(true);
    await kube.delete(resources.namespaces, undefined, namespace);
    expect(await canRestore(kube, baseline, [namespace])).toBe(false);
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    expect(await canRestore(kube, baseline, [namespace])).toBe(false);
  });
});
