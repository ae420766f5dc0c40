import { describe, expect, test } from '@jest/globals';
import { type KubeClient, KubeError, type Manifest } from '../../../../src/kube/client.ts';
import { type Resource, resources } from '../../../../src/model/resources.ts';
import { emptyCluster, remember } from '../../../../src/providers/kind/empty.ts';
import { readSystem, type SystemState } from '../../../../src/providers/kind/system.ts';
import { fakeKube, FakeState } from '../../support/fake-kube.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const COREFILE = '.:53 {\n}\n';
const COREDNS = {
  spec: {
    replicas: 2,
    strategy: { type: 'RollingUpdate' },
    template: {
      metadata: { labels: { 'k8s-app': 'kube-dns' } },
      spec: { containers: [{ name: 'coredns' }] },
    },
  },
  status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
};
const { signal } = new AbortController();
const KIND = ['default', 'kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];

function object(apiVersion: string, kind: string, path: string, more: object = {}): Manifest {
  const [name = '', namespace] = path.split('@');
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion, kind, metadata, status: {}, ...more };
}

/** Metadata of a pod that a ReplicaSet has made. */
const made = (name: string): object => ({
  name,
  namespace: 'kube-system',
  ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'coredns', uid: '1' }],
});

const READY = { conditions: [{ type: 'Ready', status: 'True' }] };
const COREDNS_PODS = ['coredns-1', 'coredns-2'].map((name) =>
  object('v1', 'Pod', `${name}@kube-system`, { metadata: made(name), status: READY }),
);

interface TestCluster {
  readonly kube: KubeClient;
  readonly deleted: string[];
  /** As the cluster was before the extra objects. */
  readonly system: SystemState;
}

/** A cluster whose namespaces live on until their pods, claims and Secrets are gone, as real ones do. */
async function cluster(...extra: readonly Manifest[]): Promise<TestCluster> {
  const kube = fakeKube(new FakeState());
  const selector = { 'k8s-app': 'kube-dns' };
  await kube.applyAll(
    [
      ...KIND.map((name) => object('v1', 'Namespace', name)),
      object('v1', 'ConfigMap', 'coredns@kube-system', { data: { Corefile: COREFILE } }),
      object('v1', 'Service', 'kube-dns@kube-system', { spec: { selector } }),
      object('apps/v1', 'Deployment', 'coredns@kube-system', COREDNS),
      ...COREDNS_PODS,
      object('v1', 'Node', 'worker', { metadata: { name: 'worker', labels: { zone: 'a' } }, spec: {} }),
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'cluster-admin'),
    ],
    { manager: 'test' },
  );
  const system = await readSystem(kube);
  await kube.applyAll(extra, { manager: 'test' });
  const deleted: string[] = [];
  const ending = new Set<string>();
  const endNamespaces = async (): Promise<void> => {
    for (const namespace of ending) {
      const kinds: Resource[] = [resources.persistentVolumeClaims, resources.pods, resources.secrets];
      const left = await Promise.all(kinds.map((resource) => kube.list(resource, { namespace })));
      const { finalizers } = (await kube.get(resources.namespaces, undefined, namespace))?.metadata ?? {};
      if (left.flat().length === 0 && finalizers === undefined)
        await kube.delete(resources.namespaces, undefined, namespace);
    }
  };
  /** As the API server does: what has a finalizer stays until that is taken off. */
  const end = async (resource: Resource, namespace: string | undefined, name: string): Promise<void> => {
    const { finalizers } = (await kube.get(resource, namespace, name))?.metadata ?? {};
    if (finalizers === undefined) await kube.delete(resource, namespace, name);
    else
      await kube.patch(
        resource,
        namespace,
        name,
        { metadata: { deletionTimestamp: '2026-11-01T00:00:00Z' } },
        { type: 'merge' },
      );
  };
  const patch: KubeClient['patch'] = async (resource, namespace, name, body, options) => {
    const patched = await kube.patch(resource, namespace, name, body, options);
    const { deletionTimestamp, finalizers } = patched.metadata;
    if (deletionTimestamp !== undefined && finalizers === undefined)
      await kube.delete(resource, namespace, name);
    await endNamespaces();
    return patched;
  };
  const remove: KubeClient['delete'] = async (resource: Resource, namespace, name, options) => {
    deleted.push(`${resource.plural} ${namespace ?? ''}/${name} ${options?.grace ?? ''}`.trimEnd());
    if (resource === resources.namespaces) ending.add(name);
    else await end(resource, namespace, name);
    // Its ReplicaSet makes the next one.
    const again = COREDNS_PODS.filter(
      ({ metadata }) => resource === resources.pods && metadata.name === name,
    );
    await kube.applyAll(again, { manager: 'test' });
    await endNamespaces();
    return true;
  };
  // What is made has run at once.
  const create: KubeClient['create'] = (resource, made, options) =>
    kube.create(
      resource,
      resource.kind === 'Deployment' ? { ...made, status: COREDNS.status } : made,
      options,
    );
  return { kube: { ...kube, create, patch, delete: remove }, deleted, system };
}

describe('emptying a kind cluster', () => {
  test('takes out the namespaces that kind did not make, their pods and claims at once', async () => {
    const { kube, deleted, system } = await cluster(
      object('v1', 'Namespace', 'shop'),
      object('v1', 'Pod', 'ledger-0@shop'),
      object('v1', 'PersistentVolumeClaim', 'data-ledger-0@shop'),
      object('v1', 'Namespace', 'partner'),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect(deleted).toEqual([
      'namespaces /shop',
      'namespaces /partner',
      'pods shop/ledger-0 0',
      'persistentvolumeclaims shop/data-ledger-0 0',
    ]);
    expect((await kube.list(resources.namespaces)).map(({ metadata }) => metadata.name)).toEqual(KIND);
  });

  test('does nothing to a cluster that is empty', async () => {
    const { kube, deleted, system } = await cluster();
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect(deleted).toEqual([]);
  });

  test('gives CoreDNS its Corefile back, and its pods with it', async () => {
    const { kube, deleted, system } = await cluster();
    const broken = { data: { Corefile: 'template' } };
    await kube.patch(resources.configMaps, 'kube-system', 'coredns', broken, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect((await readSystem(kube)).corefile.data).toEqual({ Corefile: COREFILE });
    expect(deleted).toEqual(['pods kube-system/coredns-1 0', 'pods kube-system/coredns-2 0']);
  });

  test.each([
    ['changed', { spec: { replicas: 1 } }],
    ['restarted', { spec: { template: { metadata: { annotations: { restartedAt: 'now' } } } } }],
    ['changed and changed back', { metadata: { generation: 3 } }],
  ])('makes a CoreDNS anew that was %s', async (_what, patch) => {
    const { kube, deleted, system } = await cluster();
    await kube.patch(resources.deployments, 'kube-system', 'coredns', patch, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect((await readSystem(kube)).coredns).toMatchObject({
      spec: COREDNS.spec,
      metadata: { name: 'coredns' },
    });
    expect(deleted).toEqual(['deployments kube-system/coredns']);
  });

  test('gives kube-dns its selector back', async () => {
    const { kube, system } = await cluster();
    const elsewhere = { spec: { selector: { 'k8s-app': null, app: 'partner-dns' } } };
    await kube.patch(resources.services, 'kube-system', 'kube-dns', elsewhere, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect((await readSystem(kube)).kubeDns.spec.selector).toEqual({ 'k8s-app': 'kube-dns' });
  });

  test('makes the Service kube-dns again', async () => {
    const { kube, system } = await cluster();
    await kube.delete(resources.services, 'kube-system', 'kube-dns');
    await emptyCluster(kube, new ManualClock(), system, signal);
    const service = await kube.get(resources.services, 'kube-system', 'kube-dns');
    expect(service?.spec.selector).toEqual({ 'k8s-app': 'kube-dns' });
  });

  test("takes out what was put into the cluster's own namespaces, and leaves what a controller made", async () => {
    const { kube, deleted, system } = await cluster(
      object('networking.k8s.io/v1', 'NetworkPolicy', 'dns-clients@kube-system'),
      object('apps/v1', 'Deployment', 'second-dns@kube-system'),
      object('v1', 'Pod', 'second-dns-1@kube-system', { metadata: made('second-dns-1') }),
      object('v1', 'ConfigMap', 'second-dns@kube-system'),
      object('v1', 'Service', 'second-dns@kube-system'),
      object('autoscaling/v2', 'HorizontalPodAutoscaler', 'coredns@kube-system'),
      object('discovery.k8s.io/v1', 'EndpointSlice', 'kube-dns-manual@kube-system'),
      object('rbac.authorization.k8s.io/v1', 'Role', 'anything@kube-public'),
      object('v1', 'Pod', 'debug@default'),
      object('v1', 'Secret', 'robot@default'),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect([...deleted].sort()).toEqual([
      'configmaps kube-system/second-dns 0',
      'deployments kube-system/second-dns 0',
      'endpointslices kube-system/kube-dns-manual 0',
      'horizontalpodautoscalers kube-system/coredns 0',
      'networkpolicies kube-system/dns-clients 0',
      'pods default/debug 0',
      'roles kube-public/anything 0',
      'secrets default/robot 0',
      'services kube-system/second-dns 0',
    ]);
  });

  test('takes out what belongs to no namespace, but leaves volumes to their controller', async () => {
    const { kube, deleted, system } = await cluster(
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'anything'),
      object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'anything'),
      object('scheduling.k8s.io/v1', 'PriorityClass', 'first'),
      object('v1', 'PersistentVolume', 'mine'),
      object('v1', 'PersistentVolume', 'pvc-1', {
        metadata: {
          name: 'pvc-1',
          annotations: { 'pv.kubernetes.io/provisioned-by': 'rancher.io/local-path' },
        },
      }),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect([...deleted].sort()).toEqual([
      'clusterrolebindings /anything 0',
      'clusterroles /anything 0',
      'persistentvolumes /mine 0',
      'priorityclasses /first 0',
    ]);
  });

  test('takes out policies that write into what is made, where there is such a kind', async () => {
    const { kube, deleted, system } = await cluster();
    const policy = object('admissionregistration.k8s.io/v1', 'MutatingAdmissionPolicy', 'older');
    const listing = (policies: () => Promise<unknown[]>): KubeClient => {
      const list = (resource: Resource, options?: object): Promise<unknown[]> =>
        resource.plural === 'mutatingadmissionpolicies' ? policies() : kube.list(resource, options);
      return { ...kube, list: list as KubeClient['list'] };
    };
    const unknown = listing(() => Promise.reject(new KubeError(404, 'the server could not find it')));
    await emptyCluster(unknown, new ManualClock(), system, signal);
    expect(deleted).toEqual([]);
    const one = listing(() => Promise.resolve([policy]));
    await emptyCluster(one, new ManualClock(), system, signal);
    expect(deleted).toEqual(['mutatingadmissionpolicies /older 0']);
    const refused = listing(() => Promise.reject(new KubeError(403, 'forbidden')));
    await expect(emptyCluster(refused, new ManualClock(), system, signal)).rejects.toThrow('forbidden');
  });

  const kept = { finalizers: ['example.com/kept'] };

  test('takes out what only a finalizer keeps', async () => {
    const { kube, system } = await cluster(
      object('networking.k8s.io/v1', 'NetworkPolicy', 'open@kube-system', {
        metadata: { name: 'open', namespace: 'kube-system', ...kept },
      }),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect(await kube.list(resources.networkPolicies)).toEqual([]);
  });

  test("leaves Kubernetes' own finalizers to its controllers", async () => {
    const finalizers = ['kubernetes.io/pvc-protection', 'example.com/kept'];
    const { kube, system } = await cluster(
      object('v1', 'PersistentVolumeClaim', 'mine@default', {
        metadata: { name: 'mine', namespace: 'default', finalizers },
      }),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    const claim = await kube.get(resources.persistentVolumeClaims, 'default', 'mine');
    expect(claim?.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  });

  test('a namespace does not wait for finalizers of nobody', async () => {
    const { kube, system } = await cluster(
      object('v1', 'Namespace', 'shop', {
        metadata: { name: 'shop', ...kept },
        status: { conditions: [{ type: 'NamespaceFinalizersRemaining', status: 'True' }] },
      }),
      object('v1', 'Secret', 'login@shop', {
        metadata: { name: 'login', namespace: 'shop', deletionTimestamp: '2026-11-01T00:00:00Z', ...kept },
      }),
    );
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect(await kube.list(resources.secrets)).toEqual([]);
    expect((await kube.list(resources.namespaces)).map(({ metadata }) => metadata.name)).toEqual(KIND);
  });

  test('makes a ConfigMap of CoreDNS again that is on its way out', async () => {
    const { kube, deleted, system } = await cluster();
    await kube.patch(resources.configMaps, 'kube-system', 'coredns', { metadata: kept }, { type: 'merge' });
    await kube.delete(resources.configMaps, 'kube-system', 'coredns');
    await emptyCluster(kube, new ManualClock(), system, signal);
    const map = await kube.get(resources.configMaps, 'kube-system', 'coredns');
    expect(map?.metadata).toEqual({ ...map?.metadata, labels: {}, annotations: {} });
    expect(map?.metadata.deletionTimestamp).toBeUndefined();
    expect(deleted).toContain('pods kube-system/coredns-1 0');
  });

  test('gives its own namespaces their labels back', async () => {
    const { kube, system } = await cluster();
    const labels = { metadata: { labels: { team: 'shop' } } };
    await kube.patch(resources.namespaces, undefined, 'kube-system', labels, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect((await readSystem(kube)).namespaces).toEqual(system.namespaces);
  });

  test.each<[string, (kube: KubeClient) => Promise<unknown>]>([
    ['is gone', (kube) => kube.delete(resources.clusterRoles, undefined, 'cluster-admin')],
    [
      'was changed',
      (kube) =>
        kube.patch(resources.clusterRoles, undefined, 'cluster-admin', { rules: [] }, { type: 'merge' }),
    ],
  ])('is not as new where what the cluster came with %s', async (_what, change) => {
    const { kube, system } = await cluster();
    await change(kube);
    await expect(emptyCluster(kube, new ManualClock(), system, signal)).rejects.toMatchObject({
      code: 'CLUSTER_NOT_EMPTY',
      message: 'what the cluster came with was changed: clusterroles cluster-admin',
    });
  });

  test('ends where it is interrupted', async () => {
    const { kube, system } = await cluster(
      object('v1', 'Namespace', 'shop'),
      object('v1', 'Pod', 'stuck@shop'),
    );
    const stuck = { ...kube, delete: () => Promise.resolve(true) };
    const interrupted = AbortSignal.abort(new Error('interrupted'));
    await expect(emptyCluster(stuck, new ManualClock(), system, interrupted)).rejects.toThrow('interrupted');
  });

  test('gives nodes their labels and taints back, and lets pods on them', async () => {
    const { kube, system } = await cluster();
    const changed = {
      metadata: { labels: { zone: 'b', disk: 'fast' } },
      spec: { unschedulable: true, taints: [{ key: 'dedicated', effect: 'NoSchedule' }] },
    };
    await kube.patch(resources.nodes, undefined, 'worker', changed, { type: 'merge' });
    await emptyCluster(kube, new ManualClock(), system, signal);
    expect((await readSystem(kube)).nodes).toEqual(system.nodes);
  });

  test('a node that is gone cannot be given back', async () => {
    const { kube, system } = await cluster();
    await kube.delete(resources.nodes, undefined, 'worker');
    await expect(emptyCluster(kube, new ManualClock(), system, signal)).rejects.toThrow(
      'the node worker is gone',
    );
  });

  test('waits until CoreDNS runs as it did, and says so where it does not', async () => {
    const { kube, system } = await cluster();
    const waiting = { status: { availableReplicas: 1 } };
    await kube.patch(resources.deployments, 'kube-system', 'coredns', waiting, { type: 'merge' });
    await expect(emptyCluster(kube, new ManualClock(), system, signal)).rejects.toMatchObject({
      code: 'CLUSTER_NOT_EMPTY',
      message: 'CoreDNS does not become as it was before the last lab',
    });
  });

  test('says what does not go away', async () => {
    const { kube, system } = await cluster(
      object('v1', 'Namespace', 'shop'),
      object('v1', 'Pod', 'stuck@shop'),
    );
    const stuck = { ...kube, delete: () => Promise.resolve(true) };
    await expect(emptyCluster(stuck, new ManualClock(), system, signal)).rejects.toMatchObject({
      code: 'CLUSTER_NOT_EMPTY',
      message: 'namespaces of the last lab do not go away: shop',
    });
  });
});

describe('putting a kind cluster back as it was remembered', () => {
  const broken = { data: { Corefile: 'template' } };
  const corefileOf = async (kube: KubeClient): Promise<unknown> => (await readSystem(kube)).corefile.data;

  test('does nothing where nothing was done', async () => {
    const { kube, deleted } = await cluster(object('v1', 'Namespace', 'shop'));
    const putBack = await remember(kube, new ManualClock());
    expect(await putBack(['shop'], signal)).toBe(true);
    expect(deleted).toEqual([]);
  });

  test('takes out namespaces that are not to be kept, and what was added', async () => {
    const { kube, deleted } = await cluster(object('v1', 'Namespace', 'shop'));
    const putBack = await remember(kube, new ManualClock());
    await kube.applyAll(
      [object('v1', 'Namespace', 'mine'), object('apps/v1', 'Deployment', 'second-dns@kube-system')],
      { manager: 'test' },
    );
    expect(await putBack(['shop'], signal)).toBe(true);
    expect(deleted).toEqual(['namespaces /mine', 'deployments kube-system/second-dns 0']);
  });

  test('gives a broken Corefile back, and CoreDNS reads it', async () => {
    const { kube, deleted } = await cluster();
    await kube.patch(resources.configMaps, 'kube-system', 'coredns', broken, { type: 'merge' });
    const putBack = await remember(kube, new ManualClock());
    const mended = { data: { Corefile: COREFILE } };
    await kube.patch(resources.configMaps, 'kube-system', 'coredns', mended, { type: 'merge' });
    expect(await putBack([], signal)).toBe(true);
    expect(await corefileOf(kube)).toEqual(broken.data);
    expect(deleted).toEqual(['pods kube-system/coredns-1 0', 'pods kube-system/coredns-2 0']);
  });

  test('has CoreDNS read a Corefile again that was changed and changed back', async () => {
    const { kube, deleted } = await cluster();
    const putBack = await remember(kube, new ManualClock());
    for (const data of [broken, { data: { Corefile: COREFILE } }])
      await kube.patch(resources.configMaps, 'kube-system', 'coredns', data, { type: 'merge' });
    expect(await putBack([], signal)).toBe(true);
    expect(deleted).toEqual(['pods kube-system/coredns-1 0', 'pods kube-system/coredns-2 0']);
  });

  test('gives the Deployment of CoreDNS and its Service their specs back', async () => {
    const { kube, deleted } = await cluster();
    const { coredns, kubeDns } = await readSystem(kube);
    const putBack = await remember(kube, new ManualClock());
    const annotations = { restartedAt: 'now' };
    const restarted = { spec: { template: { metadata: { annotations } } } };
    await kube.patch(resources.deployments, 'kube-system', 'coredns', restarted, { type: 'merge' });
    const published = { spec: { publishNotReadyAddresses: true } };
    await kube.patch(resources.services, 'kube-system', 'kube-dns', published, { type: 'merge' });
    expect(await putBack([], signal)).toBe(true);
    const now = await readSystem(kube);
    expect(now.coredns.spec).toEqual(coredns.spec);
    expect(now.kubeDns.spec).toEqual(kubeDns.spec);
    expect(deleted).toEqual([]);
  });

  test('ends a pod of CoreDNS that was given other labels', async () => {
    const { kube, deleted } = await cluster();
    const putBack = await remember(kube, new ManualClock());
    const labels = { metadata: { labels: { 'k8s-app': 'other' } } };
    await kube.patch(resources.pods, 'kube-system', 'coredns-1', labels, { type: 'merge' });
    expect(await putBack([], signal)).toBe(true);
    expect(deleted).toEqual(['pods kube-system/coredns-1 0']);
  });

  test.each<[string, (kube: KubeClient) => Promise<unknown>]>([
    [
      'the Service was made again',
      async (kube) => {
        await kube.delete(resources.services, 'kube-system', 'kube-dns');
        await kube.applyAll([object('v1', 'Service', 'kube-dns@kube-system')], { manager: 'test' });
      },
    ],
    ['CoreDNS is gone', (kube) => kube.delete(resources.deployments, 'kube-system', 'coredns')],
    [
      'a policy of the fault was changed',
      (kube) => {
        const spec = { spec: { policyTypes: ['Egress'] } };
        return kube.patch(resources.networkPolicies, 'kube-system', 'closed', spec, { type: 'merge' });
      },
    ],
    [
      'a policy of the fault is gone',
      (kube) => kube.delete(resources.networkPolicies, 'kube-system', 'closed'),
    ],
  ])('is not possible where %s', async (_what, change) => {
    const { kube } = await cluster(
      object('networking.k8s.io/v1', 'NetworkPolicy', 'closed@kube-system', {
        spec: { policyTypes: ['Ingress'] },
      }),
    );
    const putBack = await remember(kube, new ManualClock());
    await change(kube);
    expect(await putBack([], signal)).toBe(false);
  });

  test('gives its own namespaces their labels back', async () => {
    const { kube } = await cluster();
    const putBack = await remember(kube, new ManualClock());
    const labels = { metadata: { labels: { team: 'shop' } } };
    await kube.patch(resources.namespaces, undefined, 'kube-system', labels, { type: 'merge' });
    expect(await putBack([], signal)).toBe(true);
    const system = await kube.get(resources.namespaces, undefined, 'kube-system');
    expect(system?.metadata.labels ?? {}).toEqual({});
  });

  test('waits for a CoreDNS that was whole, not for one that was broken', async () => {
    const { kube } = await cluster();
    const waiting = { status: { availableReplicas: 1 } };
    const whole = await remember(kube, new ManualClock());
    await kube.patch(resources.deployments, 'kube-system', 'coredns', waiting, { type: 'merge' });
    expect(await whole([], signal)).toBe(false);
    const half = await remember(kube, new ManualClock());
    expect(await half([], signal)).toBe(true);
  });
});
