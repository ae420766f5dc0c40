import { describe, expect, test } from '@jest/globals';
import type { KubeClient, Manifest } from '../../../../src/kube/client.ts';
import { type Resource, resources } from '../../../../src/model/resources.ts';
import { emptyCluster, readCorefile } from '../../../../src/providers/kind/empty.ts';
import { fakeKube, FakeState } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const COREFILE = '.:53 {\n}\n';
const KIND = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

function object(apiVersion: string, kind: string, path: string, more: object = {}): Manifest {
  const [name = '', namespace] = path.split('@');
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion, kind, metadata, ...more };
}

/** A cluster whose namespaces live on until their pods are gone, as real ones do. */
async function cluster(...extra: readonly Manifest[]): Promise<{ kube: KubeClient; deleted: string[] }> {
  const kube = fakeKube(new FakeState());
  const selector = { 'k8s-app': 'kube-dns' };
  await kube.applyAll(
    [
      ...KIND.map((name) => object('v1', 'Namespace', name)),
      object('v1', 'ConfigMap', 'coredns@kube-system', { data: { Corefile: COREFILE } }),
      object('v1', 'Service', 'kube-dns@kube-system', { spec: { selector } }),
      object('v1', 'Pod', 'coredns-1@kube-system'),
      ...extra,
    ],
    { manager: 'test' },
  );
  const deleted: string[] = [];
  const ending = new Set<string>();
  const remove: KubeClient['delete'] = async (resource: Resource, namespace, name, options) => {
    deleted.push(`${resource.plural} ${namespace ?? ''}/${name} ${options?.grace ?? ''}`.trimEnd());
    if (resource === resources.namespaces) ending.add(name);
    else await kube.delete(resource, namespace, name, options);
    for (const one of ending) {
      if ((await kube.list(resources.pods, { namespace: one })).length === 0)
        await kube.delete(resources.namespaces, undefined, one);
    }
    return true;
  };
  return { kube: { ...kube, delete: remove }, deleted };
}

describe('emptying a kind cluster', () => {
  test('takes out the namespaces that kind did not make, their pods at once', async () => {
    const { kube, deleted } = await cluster(
      object('v1', 'Namespace', 'shop'),
      object('v1', 'Pod', 'gateway-1@shop'),
      object('v1', 'Namespace', 'partner'),
    );
    await emptyCluster(kube, new ManualClock(), COREFILE);
    expect(deleted).toEqual(['namespaces /shop', 'namespaces /partner', 'pods shop/gateway-1 0']);
    expect((await kube.list(resources.namespaces)).map(({ metadata }) => metadata.name)).toEqual(KIND);
  });

  test('does nothing to a cluster that is empty', async () => {
    const { kube, deleted } = await cluster();
    await emptyCluster(kube, new ManualClock(), COREFILE);
    expect(deleted).toEqual([]);
  });

  test('gives CoreDNS its Corefile and kube-dns its selector back', async () => {
    const { kube, deleted } = await cluster();
    const broken = { data: { Corefile: 'template' } };
    await kube.patch(resources.configMaps, 'kube-system', 'coredns', broken, { type: 'merge' });
    const elsewhere = { spec: { selector: { 'k8s-app': null, app: 'partner-dns' } } };
    await kube.patch(resources.services, 'kube-system', 'kube-dns', elsewhere, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), COREFILE);
    expect(await readCorefile(kube)).toBe(COREFILE);
    expect((await kube.get(resources.services, 'kube-system', 'kube-dns'))?.spec.selector).toEqual({
      'k8s-app': 'kube-dns',
    });
    expect(deleted).toEqual(['pods kube-system/coredns-1 1']);
  });

  test('says what does not go away', async () => {
    const { kube } = await cluster(object('v1', 'Namespace', 'shop'), object('v1', 'Pod', 'stuck@shop'));
    const stuck = { ...kube, delete: () => Promise.resolve(true) };
    await expect(emptyCluster(stuck, new ManualClock(), COREFILE)).rejects.toMatchObject({
      code: 'CLUSTER_NOT_EMPTY',
      message: 'namespaces of the last lab do not go away: shop',
    });
  });
});
