import { describe, expect, test } from '@jest/globals';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { openWatch, requestOf, send, startApiServer } from './harness.ts';
import type { Running, WatchedEvent } from './harness.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

const map = (name: string, data: object = { a: 'b' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const pod = (name: string, labels: object = {}, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'app', image: 'nginx:1' }], ...spec },
});

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

const names = (body: unknown): string[] => (body as Listed).items.map(({ metadata }) => metadata.name);

function withMaps(...names: string[]): Running {
  const running = startApiServer();
  for (const name of names) send(running, 'POST', MAPS, map(name));
  return running;
}

describe('requests that mean no good', () => {
  test.each([
    [
      [5],
      400,
      'error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp',
    ],
    [
      [{ op: {} }],
      400,
      'error decoding patch: json: cannot unmarshal object into Go struct field jsonPatchOp.op of type string',
    ],
    [
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
      413,
      'Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
    [[null], 422, 'the server rejected our request due to an error in our request'],
  ])('JSON patch %#', (operations, status, message) => {
    const answer = send(withMaps('a'), 'PATCH', `${MAPS}/a`, operations, JSON_PATCH);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  test('a version that a patch has made no text of', () => {
    const answer = send(withMaps('a'), 'PATCH', `${MAPS}/a`, { apiVersion: ['v1'] }, MERGE);
    expect(answer.status).toBe(422);
  });

  test('a pod without containers goes as far as validation', () => {
    const answer = send(startApiServer(), 'POST', PODS, { ...pod('a'), spec: {} });
    expect([answer.status, (answer.body as unknown as AnyObject)['spec']]).toMatchObject([
      201,
      { containers: [] },
    ]);
  });
});

describe('create', () => {
  test('answers 201 with the object in the order in which the server writes', () => {
    const { status, text, body } = send(startApiServer(), 'POST', MAPS, map('a'));
    expect(status).toBe(201);
    expect(text).toMatch(
      /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"a","namespace":"default","uid":"[^"]+","resourceVersion":"2","creationTimestamp":"2026-11-22T10:00:00Z","managedFields":/,
    );
    expect(body.metadata.managedFields).toEqual([
      {
        manager: 'test',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-11-22T10:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
      },
    ]);
  });

  test.each([
    [
      { ...map('a'), metadata: { name: 'a', namespace: 'other' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      { kind: 'Secret' },
      400,
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      { kind: 'ConfigMap', apiVersion: 'v9' },
      400,
      'ConfigMap in version "v9" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v9" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [{}, 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    [
      '{bad',
      400,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: invalid character 'b' looking for beginning of object key string ({bad)`,
    ],
    [
      '',
      400,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
    ],
    [
      '[]',
      400,
      'the object provided is unrecognized (must be of type ConfigMap): couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
    ],
    [
      { kind: 3 },
      400,
      `the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":3})`,
    ],
    [
      { kind: 'ConfigMap', apiVersion: 'foo/v1/v2' },
      400,
      'the object provided is unrecognized (must be of type ConfigMap): unexpected GroupVersion string: foo/v1/v2 ({"kind":"ConfigMap","apiVersio ...)',
    ],
    [
      map('d', { a: 5 }),
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
  ])('refuses %j', (body, status, message) => {
    const answer = send(startApiServer(), 'POST', MAPS, body);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  test('a manager has a name that can be shown', () => {
    const url = `${MAPS}?fieldManager=a%00b`;
    expect(send(startApiServer(), 'POST', url, map('a')).body.message).toContain(
      'fieldManager: Invalid value: "a\\x00b": invalid character U+0000 (at position 1)',
    );
  });

  test('an update has the name of what it is of', () => {
    const running = startApiServer();
    send(running, 'POST', MAPS, map('a'));
    const why = 'the name of the object (a based on URL) was undeterminable: name must be provided';
    expect(send(running, 'PUT', `${MAPS}/a`, {}).body.message).toBe(why);
    const merge = { 'content-type': 'application/merge-patch+json' };
    const patched = send(running, 'PATCH', `${MAPS}/a`, { metadata: { name: null } }, merge);
    expect(patched.body.message).toBe(why);
  });

  test('checks fields as strictly as the client asks', () => {
    const running = startApiServer();
    const odd = { ...map('a'), bar: 1, metadata: { name: 'a', foo: '4' } };
    const strict = send(running, 'POST', `${MAPS}?fieldValidation=Strict`, odd);
    expect(strict.body.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.foo", unknown field "bar"',
    );
    const warned = send(running, 'POST', MAPS, odd);
    expect(warned.status).toBe(201);
    expect(warned.headers['warning']).toBe(
      '299 - "unknown field \\"metadata.foo\\"", 299 - "unknown field \\"bar\\""',
    );
    expect(warned.body.bar).toBeUndefined();
    const ignored = send(running, 'POST', `${MAPS}?fieldValidation=Ignore`, {
      ...odd,
      metadata: { name: 'b' },
    });
    expect(ignored.headers['warning']).toBeUndefined();
    expect(send(running, 'POST', `${MAPS}?fieldValidation=Foo`, odd).body.message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Foo": supported values: "", "Ignore", "Strict", "Warn"',
    );
  });

  test('with dryRun=All changes nothing', () => {
    const running = startApiServer();
    const answer = send(running, 'POST', `${MAPS}?dryRun=All`, map('a'));
    expect(answer.status).toBe(201);
    expect(answer.body.metadata.resourceVersion).toBeUndefined();
    expect(send(running, 'GET', `${MAPS}/a`).status).toBe(404);
    expect(send(running, 'POST', `${MAPS}?dryRun=Foo`, map('a')).body.message).toBe(
      'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Foo"]: supported values: "All"',
    );
  });

  test('reads YAML', () => {
    const yaml = { 'content-type': 'application/yaml' };
    const answer = send(startApiServer(), 'POST', MAPS, 'metadata: {name: a}\ndata: {x: "1"}', yaml);
    expect(answer.body.data).toEqual({ x: '1' });
  });

  test('refuses formats that it does not know and bodies that are too long', () => {
    const running = startApiServer();
    expect(send(running, 'POST', MAPS, {}, { 'content-type': 'application/foo' })).toMatchObject({
      status: 415,
      body: {
        reason: 'UnsupportedMediaType',
        message:
          'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
      },
    });
    expect(send(running, 'POST', MAPS, new Uint8Array(3 * 1024 * 1024 + 1))).toMatchObject({
      status: 413,
      body: { message: 'Request entity too large: limit is 3145728' },
    });
  });
});

describe('the form of JSON', () => {
  const running = withMaps('a');
  send(running, 'PATCH', `${MAPS}/a`, { data: { a: '<b> & c' } }, MERGE);

  test.each([
    ['an object', `${MAPS}/a`, {}],
    ['a list', MAPS, {}],
    ['a table', MAPS, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }],
    ['a Status', `${MAPS}/none`, {}],
    ['a page of discovery', '/api/v1', {}],
  ])('%s is a line of its own, without what could stand for HTML', (_what, path, headers) => {
    const { text } = send(running, 'GET', path, undefined, headers);
    expect(text).toMatch(/^\{[^<>&\n]*\}\n$/);
  });

  test('asked for as pretty, it has many lines and no last one', () => {
    expect(send(running, 'GET', `${MAPS}/a?pretty=true`).text).toMatch(/^\{\n {2}"kind"[^<>&]*\}$/);
  });
});

describe('paths', () => {
  const running = withMaps('a');
  test.each([
    ['GET', '/nosuch', 404, '404 page not found\n'],
    ['GET', '/apis/nosuch/v1', 404, '404 page not found\n'],
    ['GET', '/apis/nosuch/v1/things', 404, '404 page not found\n'],
  ])('%s %s: %i as text', (method, url, status, text) => {
    expect(send(running, method, url)).toMatchObject({ status, text });
  });
  test.each([
    ['GET', '/api/v1/nosuch', 404],
    ['GET', '/apis/apps/v2/deployments', 404],
    ['GET', '/api/v1/pods/x', 404],
    ['GET', '/api/v1/namespaces/x/nodes', 404],
    ['GET', `${PODS}/a/b`, 404],
    ['GET', `${PODS}/a/log/c`, 404],
    ['PUT', '/api/v1/namespaces', 405],
    ['POST', `${PODS}/x`, 405],
    ['DELETE', '/api/v1/namespaces', 405],
    ['POST', '/api/v1/pods', 405],
    ['GET', `${PODS}/x/binding`, 405],
    ['OPTIONS', PODS, 405],
  ])('%s %s: %i', (method, url, status) => {
    const message =
      status === 404
        ? 'the server could not find the requested resource'
        : 'the server does not allow this method on the requested resource';
    expect(send(running, method, url, {})).toMatchObject({ status, body: { kind: 'Status', message } });
  });
  test('a namespace is a resource of its own', () => {
    send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
    expect(send(running, 'GET', '/api/v1/namespaces/shop').body.kind).toBe('Namespace');
    expect(send(running, 'GET', '/api/v1/namespaces/shop/status').body.kind).toBe('Namespace');
  });
  test('who may not is told so', () => {
    const refused = startApiServer({
      authorizer: {
        authorize: () => ({ allowed: false, reason: '' }),
        rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
      },
    });
    const messages = [
      ['GET', PODS],
      ['GET', '/apis/apps/v1/deployments'],
      ['PATCH', `${PODS}/web/status`],
      ['DELETE', '/api/v1/namespaces/shop'],
      ['GET', '/healthz'],
    ].map(([method = '', url = '']) => String(send(refused, method, url).body.message));
    expect(messages).toEqual([
      'pods is forbidden: User "root" cannot list resource "pods" in API group "" in the namespace "default"',
      'deployments.apps is forbidden: User "root" cannot list resource "deployments" in API group "apps" at the cluster scope',
      'pods "web" is forbidden: User "root" cannot patch resource "pods/status" in API group "" in the namespace "default"',
      'namespaces "shop" is forbidden: User "root" cannot delete resource "namespaces" in API group "" in the namespace "shop"',
      'forbidden: User "root" cannot get path "/healthz"',
    ]);
  });
});

describe('update', () => {
  test('names what does not fit', () => {
    const running = withMaps('a');
    const put = (body: object, name = 'a'): unknown =>
      send(running, 'PUT', `${MAPS}/${name}`, body).body.message;
    const { uid } = send(running, 'GET', `${MAPS}/a`).body.metadata;
    expect(put(map('b'))).toBe('the name of the object (b) does not match the name on the URL (a)');
    expect(put(map('zz'), 'zz')).toBe('configmaps "zz" not found');
    expect(put({ metadata: { name: 'a', resourceVersion: '1' } })).toBe(
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(put({ metadata: { name: 'a', uid: '5' } })).toBe(
      `Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: 5, UID in object meta: ${uid}`,
    );
  });

  test('of a Lease creates it, and asks for a version when it is there', () => {
    const running = startApiServer();
    const url = '/apis/coordination.k8s.io/v1/namespaces/default/leases/h';
    expect(send(running, 'PUT', url, { metadata: { name: 'h' }, spec: {} }).status).toBe(201);
    expect(send(running, 'PUT', url, { metadata: { name: 'h' }, spec: {} }).body.message).toBe(
      'leases.coordination.k8s.io "h" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    );
  });

  test('of the status changes nothing else', () => {
    const running = startApiServer();
    send(running, 'POST', PODS, pod('web'));
    const sent = { ...pod('web'), spec: { containers: [] }, status: { phase: 'Running' } };
    const { body } = send(running, 'PUT', `${PODS}/web/status`, sent);
    expect(body.status.phase).toBe('Running');
    expect(body.spec.containers).toHaveLength(1);
    expect(body.metadata.managedFields).toMatchObject([{ operation: 'Update' }, { subresource: 'status' }]);
  });
});

describe('patch', () => {
  test('merges, strategically too, and applies operations', () => {
    const running = startApiServer();
    send(running, 'POST', PODS, pod('web'));
    send(running, 'PATCH', `${PODS}/web`, { metadata: { labels: { a: '1', b: '2' } } }, MERGE);
    send(running, 'PATCH', `${PODS}/web`, { metadata: { labels: { a: null } } }, MERGE);
    send(
      running,
      'PATCH',
      `${PODS}/web`,
      { spec: { containers: [{ name: 'app', image: 'nginx:2' }] } },
      STRATEGIC,
    );
    const operations = [{ op: 'add', path: '/metadata/labels/c', value: '3' }];
    const { body } = send(running, 'PATCH', `${PODS}/web`, operations, JSON_PATCH);
    expect(body.metadata.labels).toEqual({ b: '2', c: '3' });
    expect(body.spec.containers[0]).toMatchObject({
      image: 'nginx:2',
      terminationMessagePath: '/dev/termination-log',
    });
    expect(body.metadata.generation).toBe(2);
  });

  test.each([
    [
      MERGE,
      '[]',
      400,
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    [
      MERGE,
      '{bad',
      400,
      `error decoding patch: invalid character 'b' looking for beginning of object key string`,
    ],
    [
      JSON_PATCH,
      '{}',
      400,
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      JSON_PATCH,
      '[{"op":"test","path":"/data/a","value":"z"}]',
      422,
      'the server rejected our request due to an error in our request',
    ],
    [
      JSON_PATCH,
      '[{"op":"remove","path":"/data/nope"}]',
      422,
      'the server rejected our request due to an error in our request',
    ],
    [STRATEGIC, '{bad', 400, `invalid character 'b' looking for beginning of object key string`],
    [
      MERGE,
      '{"metadata":{"name":"q"}}',
      400,
      'the name of the object (q) does not match the name on the URL (a)',
    ],
    [
      MERGE,
      '{"metadata":{"resourceVersion":"1"}}',
      409,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    ],
    [{ 'content-type': 'application/foo' }, '{}', 415, '415: Unsupported Media Type'],
    [
      APPLY,
      '{"apiVersion":"v1","kind":"ConfigMap"}',
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
  ])('%j %s: %i', (type, body, status, message) => {
    const answer = send(withMaps('a'), 'PATCH', `${MAPS}/a`, body, type);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
  });

  test('shows what cannot be decoded', () => {
    const running = withMaps('a');
    const refused = send(running, 'PATCH', `${MAPS}/a?fieldValidation=Strict`, { foo: 5 }, MERGE);
    expect(refused.status).toBe(422);
    expect(refused.body.message).toMatch(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: unknown field "foo"$/,
    );
    const strategic = send(running, 'PATCH', `${MAPS}/a`, { data: { b: 5 } }, STRATEGIC);
    expect(strategic.body.message).toContain('patch: Invalid value: "map[data:map[b:5]]": ');
    expect(send(running, 'PATCH', `${MAPS}/a?force=true`, {}, MERGE).body.message).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });

  test('applies from the server side: creates, conflicts, forces', () => {
    const running = startApiServer();
    const applied = (value: string): object => ({ ...map('a', { x: value }) });
    const url = (manager: string, more = ''): string => `${MAPS}/a?fieldManager=${manager}${more}`;
    expect(send(running, 'PATCH', url('one'), applied('1'), APPLY).status).toBe(201);
    const again = send(running, 'PATCH', url('one'), applied('1'), APPLY);
    expect([again.status, again.body.metadata.resourceVersion]).toEqual([200, '2']);
    const conflict = send(running, 'PATCH', url('two'), applied('2'), APPLY);
    expect(conflict).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
        details: {
          causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.data.x' }],
        },
      },
    });
    const forced = send(running, 'PATCH', url('two', '&force=true'), applied('2'), APPLY);
    expect(forced.body.data).toEqual({ x: '2' });
    expect(forced.body.metadata.managedFields).toHaveLength(1);
    const unknown = { ...applied('2'), dataa: {} };
    expect(send(running, 'PATCH', url('two'), unknown, APPLY).body.message).toBe(
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dataa: field not declared in schema',
    );
    // The first one that is not known hides those behind it, and not those before it.
    const several = { ...applied('2'), immutable: 'yes', dataa: {}, zeta: 1 };
    expect(send(running, 'PATCH', url('two'), several, APPLY).body.message).toBe(
      'failed to create typed patch object (/a; /v1, Kind=ConfigMap): errors:\n' +
        '  .immutable: expected boolean, got &value.valueUnstructured{Value:"yes"}\n' +
        '  .dataa: field not declared in schema',
    );
  });
});

describe('delete', () => {
  test('answers with a Status, or with the object for kinds that return it', () => {
    const running = withMaps('a');
    const { uid } = send(running, 'GET', `${MAPS}/a`).body.metadata;
    expect(send(running, 'DELETE', `${MAPS}/a`).body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid },
    });
    send(running, 'POST', PODS, pod('web'));
    expect(send(running, 'DELETE', `${PODS}/web`).body.kind).toBe('Pod');
    expect(send(running, 'DELETE', `${PODS}/web`).body.message).toBe('pods "web" not found');
  });

  test('takes its options from the body or the query', () => {
    const running = withMaps('a', 'b');
    const foreground = send(running, 'DELETE', `${MAPS}/a`, { propagationPolicy: 'Foreground' });
    expect(foreground.body.metadata).toMatchObject({
      finalizers: ['foregroundDeletion'],
      deletionTimestamp: '2026-11-22T10:00:00Z',
      deletionGracePeriodSeconds: 0,
    });
    const orphan = send(running, 'DELETE', `${MAPS}/b?propagationPolicy=Orphan&dryRun=All`);
    expect(orphan.body.metadata.finalizers).toEqual(['orphan']);
    expect(send(running, 'GET', `${MAPS}/b`).body.metadata.finalizers).toBeUndefined();
    expect(send(running, 'DELETE', `${MAPS}/b`, { propagationPolicy: 'Foo' }).body.message).toBe(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Foo": supported values: "Foreground", "Background", "Orphan", "nil"',
    );
    expect(
      send(running, 'DELETE', `${MAPS}/b`, { propagationPolicy: 'Background', orphanDependents: true }).body
        .message,
    ).toBe(
      'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Background": orphanDependents and deletionPropagation cannot be both set',
    );
  });

  test('of a collection takes what is selected', () => {
    const running = startApiServer();
    send(running, 'POST', PODS, pod('a', { app: 'x' }));
    send(running, 'POST', PODS, pod('b', { app: 'y' }));
    const { body } = send(running, 'DELETE', `${PODS}?labelSelector=app%3Dx`);
    expect(names(body)).toEqual(['a']);
    expect(send(running, 'GET', PODS).body.items).toHaveLength(1);
  });

  test('of a namespace waits for the namespace controller', () => {
    const running = startApiServer();
    send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
    const url = '/api/v1/namespaces/shop';
    expect(send(running, 'DELETE', url).body).toMatchObject({ status: { phase: 'Terminating' } });
    const { body } = send(running, 'GET', url);
    send(running, 'PUT', url, { ...body, spec: {} });
    expect(send(running, 'GET', url).body.spec.finalizers).toEqual(['kubernetes']);
    send(running, 'PUT', `${url}/finalize`, { metadata: { name: 'shop' }, spec: {} });
    expect(send(running, 'GET', url).status).toBe(404);
  });
});

describe('list', () => {
  test('leaves kind and apiVersion out of the items', () => {
    const { body } = send(withMaps('b', 'a'), 'GET', MAPS);
    expect(body).toMatchObject({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '3' },
    });
    expect(names(body)).toEqual(['a', 'b']);
    expect(Object.keys(body.items[0] as object)).toEqual(['metadata', 'data']);
  });

  test('in chunks shows one moment', () => {
    const running = withMaps('a', 'b', 'c');
    const first = send(running, 'GET', `${MAPS}?limit=2`).body;
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a', 'b'], 1]);
    send(running, 'DELETE', `${MAPS}/c`);
    send(running, 'POST', MAPS, map('d'));
    const rest = send(running, 'GET', `${MAPS}?limit=2&continue=${first.metadata.continue}`).body;
    expect(names(rest)).toEqual(['c']);
    expect(rest.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
    expect(send(running, 'GET', `${MAPS}?continue=nonsense`).body).toMatchObject({
      code: 400,
      message:
        "invalid continue token: continue key is not valid: invalid character '\\u009e' looking for beginning of value",
    });
  });

  test('selects by labels and fields', () => {
    const running = startApiServer();
    send(running, 'POST', PODS, pod('a', { app: 'x' }, { nodeName: 'n1' }));
    send(running, 'POST', PODS, pod('b', { app: 'y' }));
    const selected = (query: string): string[] => names(send(running, 'GET', `/api/v1/pods?${query}`).body);
    expect(selected('labelSelector=app+in+(x)')).toEqual(['a']);
    expect(selected('fieldSelector=spec.nodeName%3Dn1')).toEqual(['a']);
    expect(selected('fieldSelector=status.phase%3DPending,metadata.name!%3Da')).toEqual(['b']);
    expect(selected('fieldSelector=spec.hostNetwork%3Dfalse')).toEqual(['a', 'b']);
  });

  test.each([
    [
      `${MAPS}?labelSelector=a%20b`,
      `unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt`,
    ],
    [
      `${MAPS}?fieldSelector=data%3Db`,
      '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [
      `${MAPS}?fieldSelector=metadata.name`,
      `invalid selector: 'metadata.name'; can't understand 'metadata.name'`,
    ],
    [`${PODS}?fieldSelector=spec.foo%3Db`, 'field label not supported: spec.foo'],
    ['/apis/batch/v1/jobs?fieldSelector=foo%3Da', 'field label "foo" not supported for Job'],
    [`${MAPS}?limit=abc`, 'strconv.ParseInt: parsing "abc": invalid syntax'],
    [`${MAPS}?watch=1&timeoutSeconds=abc`, 'strconv.ParseInt: parsing "abc": invalid syntax'],
    [
      `${MAPS}?resourceVersion=abc`,
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [
      `${MAPS}?resourceVersionMatch=NotOlderThan`,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    ],
    [
      `${MAPS}?resourceVersionMatch=Exact&resourceVersion=0`,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    ],
    [
      `${MAPS}?resourceVersionMatch=Foo&resourceVersion=5`,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""',
    ],
    [`${MAPS}?resourceVersion=999`, 'Timeout: Too large resource version: 999, current: 1'],
  ])('refuses %s', (url, message) => {
    expect(send(startApiServer(), 'GET', url).body.message).toBe(message);
  });

  test('tells an exact earlier state', () => {
    const running = withMaps('a', 'b');
    const { body } = send(running, 'GET', `${MAPS}?resourceVersion=2&resourceVersionMatch=Exact`);
    expect([names(body), body.metadata.resourceVersion]).toEqual([['a'], '2']);
  });

  test('as metadata, and in nothing but JSON and YAML', () => {
    const running = withMaps('a');
    const accept = (type: string): Record<string, string> => ({ accept: type });
    const metadata = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    expect(send(running, 'GET', MAPS, undefined, accept(metadata)).body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata', metadata: { name: 'a' } }],
    });
    const protobuf = 'application/vnd.kubernetes.protobuf,application/json';
    expect(send(running, 'GET', MAPS, undefined, accept(protobuf)).body.kind).toBe('ConfigMapList');
    expect(send(running, 'GET', `${MAPS}/a`, undefined, accept('application/yaml')).text).toMatch(
      /^kind: ConfigMap\n/,
    );
    expect(send(running, 'GET', MAPS, undefined, accept('text/foo'))).toMatchObject({
      status: 406,
      body: { reason: 'NotAcceptable' },
    });
  });

  test('warns of Endpoints', () => {
    expect(send(startApiServer(), 'GET', '/api/v1/endpoints').headers['warning']).toBe(
      '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
    );
  });
});

describe('watch', () => {
  const seen = (events: readonly WatchedEvent[]): string[] =>
    events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());

  test('without a version starts with what is there', () => {
    const running = withMaps('a');
    const { events, close } = openWatch(running, `${MAPS}?watch=true`);
    send(running, 'POST', MAPS, map('b'));
    send(running, 'DELETE', `${MAPS}/a`);
    expect(seen(events)).toEqual(['ADDED a', 'ADDED b', 'DELETED a']);
    expect(events[2]?.object.metadata.resourceVersion).toBe('4');
    close();
    send(running, 'POST', MAPS, map('c'));
    expect(events).toHaveLength(3);
  });

  test('from a version tells what has happened since', () => {
    const running = withMaps('a', 'b');
    send(running, 'DELETE', `${MAPS}/a`);
    expect(seen(openWatch(running, `${MAPS}?watch=1&resourceVersion=2`).events)).toEqual([
      'ADDED b',
      'DELETED a',
    ]);
  });

  test('of a selection tells of comers and goers as such', () => {
    const running = startApiServer();
    send(running, 'POST', PODS, pod('a', { app: 'x' }));
    const { events } = openWatch(running, `${PODS}?watch=true&labelSelector=app%3Dy&resourceVersion=2`);
    send(running, 'PATCH', `${PODS}/a`, { metadata: { labels: { app: 'y' } } }, MERGE);
    send(running, 'PATCH', `${PODS}/a`, { metadata: { labels: { more: '1' } } }, MERGE);
    send(running, 'PATCH', `${PODS}/a`, { metadata: { labels: { app: 'z' } } }, MERGE);
    send(running, 'DELETE', `${PODS}/a`);
    expect(seen(events)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(events[2]?.object.metadata).toMatchObject({
      labels: { app: 'y', more: '1' },
      resourceVersion: '5',
    });
  });

  test('marks the end of the initial events, and later how far it is', async () => {
    const running = withMaps('a');
    const url = `${MAPS}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
    const { events } = openWatch(running, url);
    expect(seen(events)).toEqual(['ADDED a', 'BOOKMARK']);
    expect(events[1]?.object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { resourceVersion: '2', annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
    await running.simulation.advanceTo(running.simulation.now + 60_000_000);
    send(running, 'POST', PODS, pod('p'));
    expect(events[2]).toEqual({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: '3' } },
    });
  });

  test('puts no event into the simulation', () => {
    const running = withMaps('a');
    openWatch(running, `${MAPS}?watch=true`);
    send(running, 'POST', MAPS, map('b'));
    expect(running.simulation.nextAt()).toBeUndefined();
  });

  test('ends with an error event where the version is forgotten', () => {
    const running = startApiServer();
    for (let count = 0; count < 10_100; count++) running.server.store.put('secrets', secret(count));
    const { events, ended } = openWatch(running, `${MAPS}?watch=true&resourceVersion=5`);
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
    expect(ended()).toBe(true);
  });
});

const secret = (count: number): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: String(count),
    namespace: 'default',
    uid: '',
    resourceVersion: '',
    creationTimestamp: '',
  },
});

test('events are one object under two APIs', () => {
  const running = startApiServer();
  const created = send(running, 'POST', '/apis/events.k8s.io/v1/namespaces/default/events', {
    metadata: { name: 'e' },
    eventTime: '2026-11-22T09:00:00.000000Z',
    note: 'hello',
    reason: 'R',
    type: 'Normal',
    action: 'A',
    reportingController: 'c',
    reportingInstance: 'i',
    regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
  });
  expect(created.body).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    note: 'hello',
    regarding: { name: 'p' },
  });
  const core = send(running, 'GET', '/api/v1/events?fieldSelector=involvedObject.name%3Dp').body.items[0];
  expect(core).toMatchObject({ message: 'hello', involvedObject: { name: 'p' }, reportingComponent: 'c' });
  const listed = send(
    running,
    'GET',
    '/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dp,reportingController%3Dc',
  ).body;
  for (const [path, field] of [
    ['/apis/events.k8s.io/v1/events', 'involvedObject.name'],
    ['/apis/events.k8s.io/v1/events', 'source'],
    ['/api/v1/events', 'regarding.name'],
    ['/api/v1/events', 'reportingController'],
  ]) {
    const { message } = send(running, 'GET', `${path}?fieldSelector=${field}%3Dp`).body;
    expect(message).toContain(`field label not supported: ${field}`);
  }
  expect(listed).toMatchObject({ kind: 'EventList', items: [{ note: 'hello' }] });
  expect(listed.items[0].kind).toBeUndefined();
  const table = send(running, 'GET', '/apis/events.k8s.io/v1/events?includeObject=Object', undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  }).body;
  expect(table.rows).toMatchObject([{ object: { apiVersion: 'events.k8s.io/v1', note: 'hello' } }]);
  expect(table.rows[0].cells).toContain('pod/p');
});

test('autoscalers are one object in two versions', () => {
  const running = startApiServer();
  const url = (version: string): string =>
    `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const spec = {
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 50,
    scaleTargetRef: { kind: 'Deployment', name: 'x' },
  };
  expect(send(running, 'POST', url('v1'), { metadata: { name: 'h' }, spec }).body.spec).toMatchObject(spec);
  expect(send(running, 'GET', `${url('v2')}/h`).body).toMatchObject({
    apiVersion: 'autoscaling/v2',
    spec: {
      minReplicas: 1,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
    },
  });
  const patched = send(
    running,
    'PATCH',
    `${url('v1')}/h`,
    { spec: { targetCPUUtilizationPercentage: 60 } },
    MERGE,
  );
  expect(patched.body.spec.targetCPUUtilizationPercentage).toBe(60);
});

test('a request never throws', () => {
  const running = startApiServer({
    applyDefaults: () => {
      throw new Error('broken');
    },
  });
  expect(send(running, 'POST', MAPS, map('a'))).toMatchObject({
    status: 500,
    body: { reason: 'InternalError', message: 'Internal error occurred: broken' },
  });
  expect(running.server.handle(requestOf('GET', '/version')).kind).toBe('complete');
});
