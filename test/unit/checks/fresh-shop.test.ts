import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../../../src/checks/check.ts';
import { settingsWork } from '../../../src/checks/fresh-shop.ts';
import { type KubeClient, KubeError, type Manifest } from '../../../src/kube/client.ts';
import type { Pod, PodSpec, PodTemplate } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { labView, object, type TestView } from './support.ts';

const settings = (data: object) => object('v1', 'ConfigMap', 'shop-settings@shop', { data });
const specOf = (name: string, more: object = {}) => ({
  containers: [{ name, image: 'shop', envFrom: [{ configMapRef: { name: 'shop-settings' } }], ...more }],
});
const deployment = (name: string, more: object = {}, rest: object = {}) =>
  object('apps/v1', 'Deployment', `${name}@shop`, {
    spec: { replicas: 1, template: { spec: specOf(name, more) } },
    status: { readyReplicas: 1 },
    ...rest,
  });
const ledger = object('apps/v1', 'StatefulSet', 'ledger@shop', {
  status: { readyReplicas: 1 },
  spec: {
    replicas: 1,
    template: {
      spec: specOf('ledger', { envFrom: [], volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
    },
    volumeClaimTemplates: [{ metadata: { name: 'data' } }],
  },
});
const policy = object('networking.k8s.io/v1', 'NetworkPolicy', 'closed@shop', { spec: {} });

interface Shop {
  readonly view: TestView;
  /** Whose clones were made. */
  readonly made: Pod[];
  /** What they were asked to do. */
  readonly work: string[];
  readonly grade: () => Promise<Observation>;
}

/** A shop where clones are ready if `starts` says so for their workload, and do what `works` says. */
async function shop({
  starts = () => true,
  works = () => true,
  refuses = () => false,
  own = 'checkout',
}: {
  starts?: (name: string) => boolean;
  works?: (path: string) => boolean;
  refuses?: (name: string, resource: Resource) => boolean;
  own?: string | undefined;
} = {}): Promise<Shop> {
  const made: Pod[] = [];
  const work: string[] = [];
  const objects = [
    settings({ ORDERS: '1' }),
    deployment('checkout'),
    deployment('fx'),
    deployment('notifier'),
    ledger,
  ];
  const view = await labView(objects);
  const plain = view.kube;
  const get = (async (resource: Resource, namespace: string | undefined, name: string) => {
    const found = await plain.get(resource, namespace, name);
    if (resource !== resources.pods || found === undefined) return found;
    const status = starts((found as unknown as Pod).spec.containers[0]?.name ?? '') ? 'True' : 'False';
    return { ...found, status: { phase: 'Running', conditions: [{ type: 'Ready', status }] } };
  }) as KubeClient['get'];
  const create = (async (resource, pod: Manifest, options) => {
    const { spec } = pod as unknown as { spec: PodSpec & { template?: PodTemplate } };
    const name = (spec.template?.spec ?? spec).containers[0]?.name ?? '';
    if (refuses(name, resource)) throw new KubeError(403, 'exceeded quota: pods');
    if (options?.dryRun === true) return pod;
    made.push(pod as unknown as Pod);
    return plain.create(resource, pod as never);
  }) as KubeClient['create'];
  const exec: KubeClient['exec'] = (_namespace, _pod, { command }) => {
    const { pathname } = new URL(command.find((word) => word.startsWith('http://')) ?? '');
    work.push(pathname);
    const failed = works(pathname) ? 0 : 1;
    return Promise.resolve({ code: 0, stdout: JSON.stringify({ failed, last: '503' }), stderr: '' });
  };
  const random = { suffix: (length: number) => 'x'.repeat(length) };
  const lab = { ...view, kube: { ...plain, get, create, exec }, random } as unknown as TestView;
  const grade = async (): Promise<Observation> => {
    const seen = await settingsWork({ namespace: 'shop', ...(own === '' ? {} : { name: own }) }).grade?.(lab);
    if (seen === undefined) throw new Error('it cannot be graded');
    return seen;
  };
  return { view, made, work, grade };
}

const names = (pods: readonly Pod[]): string[] => pods.map(({ spec }) => spec.containers[0]?.name ?? '');

describe('what the shop was told, and has not read yet', () => {
  test.each([
    ['of the others', 'checkout', 'fx', '/rate'],
    ['of all', '', 'checkout', '/checkout'],
  ])('where nobody was told anything one %s shows that there is a node', async (_who, own, name, path) => {
    const { made, work, grade } = await shop({ own });
    expect(await grade()).toEqual({ status: 'pass', seen: `${name} came up` });
    expect(names(made)).toEqual([name]);
    expect(work).toEqual([path]);
  });

  test('where only the own was told something, one of the others comes up too', async () => {
    const { view, made, grade } = await shop();
    const data = { RATE: '1' };
    await view.put(object('v1', 'ConfigMap', 'of-checkout@shop', { data }));
    await view.put(deployment('checkout', { envFrom: [{ configMapRef: { name: 'of-checkout' } }] }));
    expect(await grade()).toEqual({ status: 'pass', seen: 'checkout, fx came up' });
    expect(names(made)).toEqual(['checkout', 'fx']);
  });

  test('fails where somebody has fewer pods than before', async () => {
    const { view, made, grade } = await shop();
    await view.put(deployment('fx', {}, { status: { readyReplicas: 0 } }));
    expect(await grade()).toMatchObject({ status: 'fail' });
    expect(made).toEqual([]);
  });

  test('fails where the cluster does not take the next pod of somebody', async () => {
    const { made, grade } = await shop({ refuses: (name) => name === 'ledger' });
    expect(await grade()).toEqual({
      status: 'fail',
      seen: 'the next pod of ledger is refused: exceeded quota: pods',
    });
    expect(made).toEqual([]);
  });

  test('fails where the cluster does not take the next ReplicaSet of somebody', async () => {
    const { made, grade } = await shop({
      refuses: (name, { id }) => name === 'fx' && id === resources.replicaSets.id,
    });
    expect(await grade()).toEqual({
      status: 'fail',
      seen: 'the next ReplicaSet of fx is refused: exceeded quota: pods',
    });
    expect(made).toEqual([]);
  });

  test('fails where what they need is being deleted', async () => {
    const { view, grade } = await shop();
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] };
    await view.put(object('v1', 'ConfigMap', 'shop-settings@shop', { metadata, data: { ORDERS: '1' } }));
    expect(await grade()).toEqual({ status: 'fail', seen: 'configmap/shop-settings is being deleted' });
  });

  const held = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] };
  const put = (kind: string, name: string, fields: object = {}) =>
    object('v1', kind, `${name}@shop`, { metadata: held, ...fields });
  const account = object('v1', 'ServiceAccount', 'default@shop', { imagePullSecrets: [{ name: 'login' }] });
  const withSpec = (spec: object) =>
    object('apps/v1', 'Deployment', 'fx@shop', {
      spec: { template: { spec: { ...specOf('fx'), ...spec } } },
    });

  test.each([
    ['secret/login is being deleted', [put('Secret', 'login'), account]],
    [
      'secret/login is being deleted',
      [put('Secret', 'login'), withSpec({ imagePullSecrets: [{ name: 'login' }] })],
    ],
    [
      'serviceaccount/robot is being deleted',
      [put('ServiceAccount', 'robot'), withSpec({ serviceAccountName: 'robot' })],
    ],
    [
      'configmap/notes is being deleted',
      [put('ConfigMap', 'notes'), withSpec({ volumes: [{ name: 'notes', configMap: { name: 'notes' } }] })],
    ],
  ])('%s: the next pods need what was brought along, too', async (seen, objects) => {
    const { view, grade } = await shop();
    await view.put(...objects);
    expect(await grade()).toEqual({ status: 'fail', seen });
  });

  test('what was brought along and nobody needs may go', async () => {
    const { view, grade } = await shop();
    // A pod with pull secrets of its own takes none of its account.
    const own = { imagePullSecrets: [{ name: 'robot' }] };
    const all = ['checkout', 'fx', 'notifier'].map((name) =>
      object('apps/v1', 'Deployment', `${name}@shop`, {
        spec: { replicas: 1, template: { spec: { ...specOf(name), ...own } } },
        status: { readyReplicas: 1 },
      }),
    );
    // The ConfigMap of that name is needed, and stays.
    const secret = put('Secret', 'shop-settings');
    await view.put(secret, put('Secret', 'tried-out'), put('ConfigMap', 'tried-out'), ...all);
    expect(await grade()).toMatchObject({ status: 'pass' });
  });

  test('fails where somebody is being deleted', async () => {
    const { view, grade } = await shop();
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] };
    await view.put(deployment('fx', {}, { metadata }));
    expect(await grade()).toEqual({ status: 'fail', seen: 'deployment/fx is being deleted' });
  });

  test('fails where what they need, or one of them, goes with a pod', async () => {
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'tool', uid: 'uid-of-tool' }];
    const login = await shop();
    await login.view.put(object('v1', 'Secret', 'login@shop', { metadata: { ownerReferences } }), account);
    const seen = 'secret/login will be deleted together with pod/tool, which owns it (ownerReferences)';
    expect(await login.grade()).toEqual({ status: 'fail', seen });
    const fx = await shop();
    await fx.view.put(deployment('fx', {}, { metadata: { ownerReferences } }));
    expect(await fx.grade()).toMatchObject({
      seen: 'deployment/fx will be deleted together with pod/tool, which owns it (ownerReferences)',
    });
  });

  test('everybody who reads a ConfigMap that was changed comes up and works', async () => {
    const { view, made, work, grade } = await shop();
    await view.put(settings({ ORDERS: '2' }));
    expect(await grade()).toEqual({ status: 'pass', seen: 'checkout, fx, notifier came up' });
    expect(names(made)).toEqual(['checkout', 'fx', 'notifier']);
    expect(work).toEqual(['/checkout', '/rate']);
    expect(await view.kube.list(resources.pods, { namespace: 'shop' })).toEqual([]);
  });

  test('a template that was changed counts, but not that of the service which others look at', async () => {
    const { view, made, grade } = await shop();
    const env = [{ name: 'CACHE', value: '1' }];
    await view.put(deployment('checkout', { env }), deployment('fx', { env }), deployment('mine', { env }));
    expect(await grade()).toMatchObject({ status: 'pass', seen: 'fx came up' });
    expect(names(made)).toEqual(['fx']);
  });

  test('a StatefulSet has an empty volume in place of its claim', async () => {
    const { view, made, grade } = await shop();
    const changed = structuredClone(ledger) as typeof ledger & { spec: { template: { spec: object } } };
    changed.spec.template.spec = { ...changed.spec.template.spec, hostAliases: [] };
    await view.put(changed);
    expect(await grade()).toMatchObject({ status: 'pass', seen: 'ledger came up' });
    expect(made[0]?.spec.volumes).toEqual([{ name: 'data', emptyDir: {} }]);
  });

  test('fails where one does not come up', async () => {
    const { view, grade } = await shop({ starts: (name) => name !== 'fx' });
    await view.put(settings({ ORDERS: 'many' }));
    expect(await grade()).toEqual({
      status: 'fail',
      seen: 'fx: a new pod from the template does not become ready',
    });
  });

  test('fails where one comes up and cannot do its work', async () => {
    const { view, grade } = await shop({ works: (path) => path !== '/checkout' });
    await view.put(settings({ ORDERS: '2' }));
    expect(await grade()).toEqual({
      status: 'fail',
      seen: 'checkout: a new pod comes up, but cannot do its work: /checkout: 503',
    });
  });

  test('does not ask for work where policies are new, which a pod beside the others does not fit', async () => {
    const { view, work, grade } = await shop({ works: () => false });
    await view.put(settings({ ORDERS: '2' }), policy);
    expect(await grade()).toMatchObject({ status: 'pass' });
    expect(work).toEqual([]);
  });
});
