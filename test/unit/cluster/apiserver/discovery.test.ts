import { describe, expect, test } from '@jest/globals';
import { openApiV2Protobuf } from '../../../../src/cluster/apiserver/http/openapi-v2.ts';
import { WireReader } from '../../../../src/cluster/apiserver/wire-format.ts';
import { openApiSchemas } from '../../../../src/model/schema/schema.ts';
import { send, startApiServer } from './harness.ts';

const running = startApiServer();
const AGGREGATED = {
  accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
};

describe('discovery', () => {
  test('is aggregated for those who ask', () => {
    const answer = send(running, 'GET', '/apis', undefined, AGGREGATED);
    expect(answer.headers['content-type']).toBe(
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    expect(answer.body).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
    });
    const core = send(running, 'GET', '/api', undefined, AGGREGATED).body;
    expect(core.items[0].versions[0].resources).toContainEqual(expect.objectContaining({ resource: 'pods' }));
  });

  test('comes in single documents for everyone else', () => {
    expect(send(running, 'GET', '/api').body).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '172.18.0.2:6443' }],
    });
    const apps = {
      name: 'apps',
      versions: [{ groupVersion: 'apps/v1', version: 'v1' }],
      preferredVersion: { groupVersion: 'apps/v1', version: 'v1' },
    };
    expect(send(running, 'GET', '/apis/').body.groups).toContainEqual(apps);
    expect(send(running, 'GET', '/apis/apps').body).toEqual({ kind: 'APIGroup', apiVersion: 'v1', ...apps });
    const { body } = send(running, 'GET', '/apis/apps/v1');
    expect(body).toMatchObject({ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1' });
    expect(body.resources).toContainEqual({
      name: 'deployments',
      singularName: 'deployment',
      namespaced: true,
      kind: 'Deployment',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['deploy'],
      categories: ['all'],
      storageVersionHash: '8aSe+NMegvE=',
    });
    expect(body.resources).toContainEqual({
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    });
    expect(send(running, 'GET', '/apis/nosuch').status).toBe(404);
    expect(send(running, 'GET', '/apis/metrics.k8s.io/v1beta1').status).toBe(404);
  });

  test.each([
    ['/api/v1', 'configmaps', 'qFsyl6wFWjQ='],
    ['/apis/autoscaling/v1', 'horizontalpodautoscalers', 'qwQve8ut294='],
    ['/apis/events.k8s.io/v1', 'events', 'r2yiGXH7wu8='],
    ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions', 'jfWCUB31mvA='],
    ['/apis/authentication.k8s.io/v1', 'tokenreviews', undefined],
    ['/api/v1', 'pods/status', undefined],
  ])('%s tells in which version %s are stored', (path, name, hash) => {
    const { resources } = send(running, 'GET', path).body as {
      resources: { name: string; storageVersionHash?: string }[];
    };
    expect(resources.find((entry) => entry.name === name)?.storageVersionHash).toBe(hash);
  });

  test('the list of the core group does not tell its own version', () => {
    expect(send(running, 'GET', '/api/v1').text).toMatch(/^\{"kind":"APIResourceList","groupVersion":"v1",/);
  });

  test('is indented for who reads it in a terminal', () => {
    const curl = { 'user-agent': 'curl/8.14.1' };
    expect(send(running, 'GET', '/apis/apps', undefined, curl).text).toContain('\n  "kind": "APIGroup",\n');
    expect(send(running, 'GET', '/api?pretty=true').text).toContain('\n  "kind": "APIVersions",\n');
    expect(send(running, 'GET', '/api?pretty=false', undefined, curl).text).toMatch(/^\{"kind"/);
  });

  test.each(['/version', '/api', '/api/v1', '/apis/apps/v1', '/openid/v1/jwks'])(
    '%s can only be read',
    (path) => {
      expect(send(running, 'DELETE', path).status).toBe(405);
      expect(send(running, 'HEAD', path).status).toBe(405);
    },
  );

  test('who deletes metrics is told that they begin anew', () => {
    expect(send(running, 'DELETE', '/metrics').text).toBe('metrics reset\n');
  });

  test('names the version', () => {
    expect(send(running, 'GET', '/version').body).toMatchObject({
      major: '1',
      minor: '36',
      gitVersion: 'v1.36.3',
    });
  });
});

describe('OpenAPI v3', () => {
  const index = send(running, 'GET', '/openapi/v3').body.paths as Record<
    string,
    { serverRelativeURL: string }
  >;

  test('is an index of documents that may be kept for good', () => {
    const url = index['apis/apps/v1']?.serverRelativeURL ?? '';
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]+$/);
    const answer = send(running, 'GET', url);
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, immutable',
      etag: expect.stringMatching(/^"[0-9A-F]+"$/),
    });
    expect(answer.body.openapi).toBe('3.0.0');
    const { status, headers } = send(running, 'GET', '/openapi/v3/apis/apps/v1?hash=old');
    expect([status, headers['location']]).toEqual([301, url]);
    expect(send(running, 'GET', '/openapi/v3/api/v1').headers['cache-control']).toBe('no-cache, private');
    expect(send(running, 'GET', '/openapi/v3/nosuch').status).toBe(404);
  });

  test('has a predecessor for who reads JSON', () => {
    const { status, body } = send(running, 'GET', '/openapi/v2');
    expect(status).toBe(200);
    expect(body.definitions['io.k8s.api.core.v1.Pod'].properties.spec).toBeDefined();
  });

  test('v2 in protobuf is a Document with as many definitions', () => {
    const protobuf = { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' };
    expect(send(running, 'GET', '/openapi/v2', undefined, protobuf).status).toBe(200);
    const reader = new WireReader(openApiV2Protobuf());
    const fields = new Map<number, Uint8Array>();
    while (!reader.done) fields.set(reader.tag().number, reader.chunk());
    expect(Buffer.from(fields.get(1)!).toString()).toBe('2.0');
    expect(Buffer.from(fields.get(9)!).toString()).not.toContain('#/components/');
    const definitions = new WireReader(fields.get(9)!);
    let count = 0;
    for (; !definitions.done; count++) {
      expect(definitions.tag()).toEqual({ number: 1, wireType: 2 });
      definitions.chunk();
    }
    expect(count).toBe(Object.keys(openApiSchemas()).length);
  });
});

test('the root names what else is served', () => {
  const { paths } = send(running, 'GET', '/').body as { paths: string[] };
  expect(paths).toEqual([...paths].sort());
  for (const path of [
    '/api/v1',
    '/apis/apps/v1',
    '/livez/etcd',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/version',
  ])
    expect(paths).toContain(path);
  for (const path of paths.filter((one) => !one.endsWith('/')))
    expect([path, send(running, 'GET', path).status]).toEqual([path, 200]);
});

describe('health', () => {
  test.each(['/healthz', '/livez', '/readyz', '/livez/etcd', '/readyz/poststarthook/rbac/bootstrap-roles'])(
    '%s',
    (path) => {
      expect(send(running, 'GET', path)).toMatchObject({ status: 200, text: 'ok' });
    },
  );
  test('tells of every check', () => {
    const { text } = send(running, 'GET', '/readyz?verbose');
    expect(text).toMatch(/^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n\[\+\]etcd-readiness ok\n/);
    expect(text).toMatch(/\[\+\]shutdown ok\nreadyz check passed\n$/);
    expect(send(running, 'GET', '/healthz/foo').status).toBe(404);
  });
  test('leaves out the checks that a client excludes', () => {
    const { text } = send(running, 'GET', '/livez?verbose&exclude=foo&exclude=etcd&exclude=bar');
    expect(text).toContain('[+]log ok\n');
    expect(text).toContain('[+]etcd excluded: ok\n');
    expect(text).toMatch(
      /\nwarn: some health checks cannot be excluded: no matches for "bar","foo"\nlivez check passed\n$/,
    );
  });
});
