import { afterEach, describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../src/cluster/apiserver/types.ts';
import { ClusterUnreachable, KubeError } from '../../../src/kube/client.ts';
import type { KubeClient, Manifest } from '../../../src/kube/client.ts';
import { connectKube } from '../../../src/kube/connect.ts';
import type { Namespace, NewObject, Pod } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { json, notFound, refusal, startFake } from '../cluster/wire/fake-cluster.ts';
import type { FakeCluster, FakeHandler } from '../cluster/wire/fake-cluster.ts';

const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of stack.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function open(handle: FakeHandler): Promise<{ cluster: FakeCluster; kube: KubeClient }> {
  const cluster = await startFake(handle);
  const kube = connectKube(cluster.kubeconfig);
  stack.push(cluster, kube);
  return { cluster, kube };
}

/** Answers everything with an empty object, and shows what was asked. */
async function asked(use: (kube: KubeClient) => Promise<unknown>): Promise<ApiRequest> {
  const { cluster, kube } = await open(() => json({ status: {} }));
  await use(kube);
  return cluster.requests[0]!;
}

const target = ({ method, path, query }: ApiRequest): string =>
  `${method} ${path}${query === '' ? '' : `?${query}`}`;
const bodyOf = ({ body }: ApiRequest): unknown => JSON.parse(Buffer.from(body).toString());
const manifest = (kind: string, name: string, apiVersion = 'v1'): Manifest => ({
  apiVersion,
  kind,
  metadata: { name },
});

describe('reading', () => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'web', creationTimestamp: '2026-11-22T09:51:51Z' },
    spec: { fieldOfTheFuture: { a: [1] } },
  };

  test('an object comes as it is: unknown fields stay, times are text', async () => {
    const { kube, cluster } = await open(() => json(pod));
    expect(await kube.get(resources.pods, 'shop', 'web')).toEqual(pod);
    expect(target(cluster.requests[0]!)).toBe('GET /api/v1/namespaces/shop/pods/web');
  });

  test('what does not exist is undefined; any other refusal is an error with its Status', async () => {
    const { kube } = await open(({ path }) =>
      path.endsWith('/gone')
        ? notFound('pods "gone" not found')
        : json(refusal(403, 'Forbidden', 'no').status, 403),
    );
    expect(await kube.get(resources.pods, 'shop', 'gone')).toBeUndefined();
    const error = await kube.get(resources.pods, 'shop', 'secret').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      message: 'no',
      status: { kind: 'Status' },
    });
  });

  test('an error that is no Status keeps its text', async () => {
    const body = Buffer.from('upstream connect error\n');
    const { kube } = await open(() => ({ kind: 'complete', status: 503, headers: {}, body }));
    await expect(kube.version()).rejects.toMatchObject({
      code: 503,
      reason: '',
      message: 'upstream connect error',
      status: undefined,
    });
  });

  test('the items of a list get the type that the list leaves out', async () => {
    const items = [{ metadata: { name: 'a' } }];
    const { kube, cluster } = await open(() => json({ kind: 'DeploymentList', metadata: {}, items }));
    expect(
      await kube.list(resources.deployments, { namespace: 'shop', labelSelector: 'app in (a,b)' }),
    ).toEqual([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } }]);
    expect(target(cluster.requests[0]!)).toBe(
      'GET /apis/apps/v1/namespaces/shop/deployments?labelSelector=app+in+%28a%2Cb%29',
    );
    await kube.list(resources.pods, { fieldSelector: 'spec.nodeName=n' });
    expect(target(cluster.requests[1]!)).toBe('GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn');
  });

  test('an empty list of the Go kind is a list', async () => {
    const { kube } = await open(() => json({ metadata: {}, items: null }));
    expect(await kube.list(resources.pods)).toEqual([]);
  });

  test('raw answers with every status', async () => {
    const { kube, cluster } = await open(() => notFound('no'));
    expect(await kube.raw('/metrics?x=1', { accept: 'text/plain' })).toMatchObject({ status: 404 });
    expect(cluster.requests[0]!.headers['accept']).toBe('text/plain');
    expect(target(cluster.requests[0]!)).toBe('GET /metrics?x=1');
  });

  test('logs', async () => {
    const body = Buffer.from('one\ntwo\n');
    const { kube, cluster } = await open(() => ({ kind: 'complete', status: 200, headers: {}, body }));
    expect(await kube.logs('shop', 'web', { container: 'main', previous: true, tail: 5 })).toBe('one\ntwo\n');
    expect(target(cluster.requests[0]!)).toBe(
      'GET /api/v1/namespaces/shop/pods/web/log?container=main&previous=true&tailLines=5',
    );
  });

  test('refused logs are an error', async () => {
    const message = 'container "main" in pod "web" is waiting to start: ContainerCreating';
    const { kube } = await open(() => json(refusal(400, 'BadRequest', message).status, 400));
    await expect(kube.logs('shop', 'web')).rejects.toMatchObject({ code: 400, message });
  });
});

describe('writing', () => {
  const pod = { ...manifest('Pod', 'web'), metadata: { name: 'web', namespace: 'shop' } } as unknown as Pod;

  test('create, in its namespace or in default', async () => {
    const request = await asked((kube) => kube.create(resources.pods, pod, { fieldManager: 'me' }));
    expect(target(request)).toBe('POST /api/v1/namespaces/shop/pods?fieldManager=me');
    expect(request.headers['content-type']).toBe('application/json');
    expect(bodyOf(request)).toEqual(pod);
    const plain = manifest('Pod', 'web') as unknown as Pod;
    expect(target(await asked((kube) => kube.create(resources.pods, plain)))).toBe(
      'POST /api/v1/namespaces/default/pods?fieldManager=kubectl',
    );
    const namespace = manifest('Namespace', 'shop') as unknown as NewObject<Namespace>;
    expect(target(await asked((kube) => kube.create(resources.namespaces, namespace)))).toBe(
      'POST /api/v1/namespaces?fieldManager=kubectl',
    );
  });

  test('a subresource is created under its object', async () => {
    const request = await asked((kube) => kube.create(resources.pods, pod, { subresource: 'eviction' }));
    expect(target(request)).toBe('POST /api/v1/namespaces/shop/pods/web/eviction?fieldManager=kubectl');
  });

  test('update', async () => {
    const request = await asked((kube) => kube.update(resources.pods, pod, { subresource: 'status' }));
    expect(target(request)).toBe('PUT /api/v1/namespaces/shop/pods/web/status?fieldManager=kubectl');
  });

  test.each([
    ['json', 'application/json-patch+json'],
    ['merge', 'application/merge-patch+json'],
    ['strategic', 'application/strategic-merge-patch+json'],
  ] as const)('%s patch', async (type, contentType) => {
    const request = await asked((kube) =>
      kube.patch(resources.nodes, undefined, 'n1', { spec: {} }, { type, fieldManager: 'kubectl-cordon' }),
    );
    expect(target(request)).toBe('PATCH /api/v1/nodes/n1?fieldManager=kubectl-cordon');
    expect(request.headers['content-type']).toBe(contentType);
    expect(bodyOf(request)).toEqual({ spec: {} });
  });

  test('apply names its manager, and forces only when told', async () => {
    const request = await asked((kube) => kube.apply(manifest('Service', 'web'), { manager: 'helm' }));
    expect(target(request)).toBe(
      'PATCH /api/v1/namespaces/default/services/web?fieldManager=helm&force=false&fieldValidation=Strict',
    );
    expect(request.headers['content-type']).toBe('application/apply-patch+yaml');
    const forced = await asked((kube) =>
      kube.apply(manifest('Service', 'web'), { manager: 'helm', force: true }),
    );
    expect(forced.query).toContain('force=true');
  });

  test('apply finds the collection of a kind it does not know, once', async () => {
    const listed = [
      { name: 'widgets', kind: 'Widget', namespaced: false },
      { name: 'widgets/scale', kind: 'Scale', namespaced: false },
    ];
    const { kube, cluster } = await open(({ path }) =>
      path === '/apis/test.io/v1' ? json({ resources: listed }) : json({}),
    );
    const widget = manifest('Widget', 'w', 'test.io/v1');
    await kube.apply(widget, { manager: 'm' });
    await kube.apply(widget, { manager: 'm' });
    expect(cluster.requests.map(({ path }) => path)).toEqual([
      '/apis/test.io/v1',
      '/apis/test.io/v1/widgets/w',
      '/apis/test.io/v1/widgets/w',
    ]);
    await expect(kube.apply(manifest('Scale', 's', 'test.io/v1'), { manager: 'm' })).rejects.toMatchObject({
      code: 404,
      message: 'no matches for kind "Scale" in version "test.io/v1"',
    });
  });

  test('applyAll makes room before it fills it', async () => {
    const { kube, cluster } = await open(({ path }) =>
      path.endsWith('/v1') ? json({ resources: [] }) : json({}),
    );
    const objects = [manifest('Service', 'a'), manifest('ConfigMap', 'b'), manifest('Namespace', 'shop')];
    await kube.applyAll(objects, { manager: 'm' });
    expect(cluster.requests.map(({ path }) => path.split('/').at(-1))).toEqual(['shop', 'a', 'b']);
    expect(objects.map(({ kind }) => kind)).toEqual(['Service', 'ConfigMap', 'Namespace']);
  });

  test('delete with its options', async () => {
    const request = await asked((kube) =>
      kube.delete(resources.pods, 'shop', 'web', {
        grace: 0,
        propagation: 'Foreground',
        preconditions: { uid: 'u' },
      }),
    );
    expect(target(request)).toBe('DELETE /api/v1/namespaces/shop/pods/web');
    expect(bodyOf(request)).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u' },
    });
  });

  test('delete says whether there was anything', async () => {
    const { kube } = await open(({ path }) => (path.endsWith('/gone') ? notFound('no') : json({})));
    expect(await kube.delete(resources.pods, 'shop', 'web')).toBe(true);
    expect(await kube.delete(resources.pods, 'shop', 'gone')).toBe(false);
  });

  test('a conflict is an error', async () => {
    const { kube } = await open(() => json(refusal(409, 'Conflict', 'changed').status, 409));
    await expect(kube.update(resources.pods, pod)).rejects.toMatchObject({ code: 409, reason: 'Conflict' });
  });
});

describe('access reviews', () => {
  const review = (allowed: boolean): ApiResponse => json({ status: { allowed, reason: 'because' } });

  test('of a service account', async () => {
    const { kube, cluster } = await open(() => review(true));
    expect(
      await kube.reviewAccess(
        { serviceAccount: { namespace: 'shop', name: 'cart' } },
        { verb: 'get', resource: 'secrets', namespace: 'shop' },
      ),
    ).toEqual({ allowed: true, reason: 'because' });
    expect(bodyOf(cluster.requests[0]!)).toMatchObject({
      kind: 'SubjectAccessReview',
      spec: {
        user: 'system:serviceaccount:shop:cart',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
        resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'shop' },
      },
    });
  });

  test('of a user, for a path', async () => {
    const { kube, cluster } = await open(() => review(false));
    expect(await kube.reviewAccess({ user: 'jane' }, { verb: 'get', path: '/metrics' })).toEqual({
      allowed: false,
      reason: 'because',
    });
    expect(bodyOf(cluster.requests[0]!)).toMatchObject({
      spec: { user: 'jane', nonResourceAttributes: { verb: 'get', path: '/metrics' } },
    });
  });
});

describe('the connection', () => {
  test('is one for a hundred requests, one after the other and all at once', async () => {
    const { cluster, kube } = await open(() => json({ gitVersion: 'v1.36.3' }));
    for (let count = 0; count < 50; count++) await kube.version();
    await Promise.all(Array.from({ length: 50 }, () => kube.version()));
    expect(cluster.requests).toHaveLength(100);
    expect(cluster.listener.connections).toBe(1);
  });

  test('shows the client certificate and its own name', async () => {
    const request = await asked((kube) => kube.version());
    expect(request.certificate?.commonName).toBe('kubernetes-admin');
    expect(request.headers['user-agent']).toBe('breakfix');
  });

  test('is unreachable when nobody listens', async () => {
    const { cluster, kube } = await open(() => json({}));
    await kube.version();
    await cluster[Symbol.asyncDispose]();
    const error = await kube.version().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClusterUnreachable);
    expect((error as Error).message).toContain(`the API server ${cluster.server} does not answer: `);
    await expect(kube.exec('shop', 'web', { command: ['true'] })).rejects.toBeInstanceOf(ClusterUnreachable);
  });

  test('is unreachable when the server is not who it should be', async () => {
    const { cluster } = await open(() => json({}));
    const stranger = connectKube(
      cluster.kubeconfig.replace(/certificate-authority-data: .*/, 'tls-server-name: localhost'),
    );
    stack.push(stranger);
    await expect(stranger.version()).rejects.toBeInstanceOf(ClusterUnreachable);
  });

  test('ends what is under way when the handle is disposed', async () => {
    const { kube } = await open(() => new Promise(() => {}));
    const answer = kube.version().catch((thrown: unknown) => thrown);
    await (kube as KubeClient & AsyncDisposable)[Symbol.asyncDispose]();
    expect(await answer).toBeInstanceOf(ClusterUnreachable);
  });

  test('a kubeconfig that cannot be used is an error of what is asked, not of the disposal', async () => {
    const kube = connectKube('/nowhere/kubeconfig');
    await expect(kube.version()).rejects.toMatchObject({ code: 'KUBECONFIG_INVALID' });
    await kube[Symbol.asyncDispose]();
  });
});
