import { beforeEach, describe, expect, test } from '@jest/globals';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import { type Running, send, startApiServer } from '../harness.ts';

const SECOND = 1_000_000;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const TABS = '/apis/stable.example.com/v1/namespaces/default/crontabs';
const AS_TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

const spec = {
  type: 'object',
  required: ['schedule'],
  properties: {
    schedule: { type: 'string', pattern: '^[0-9* ]+$' },
    replicas: { type: 'integer', default: 1, maximum: 10 },
    colour: { type: 'string', enum: ['red', 'blue'] },
  },
};
const version = {
  name: 'v1',
  served: true,
  storage: true,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  },
  additionalPrinterColumns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.replicas', priority: 1 },
  ],
  selectableFields: [{ jsonPath: '.spec.colour' }],
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec, status: { type: 'object', properties: { replicas: { type: 'integer' } } } },
    },
  },
};

function definition(versions: readonly object[] = [version]): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Namespaced',
      names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'] },
      versions,
    },
  };
}

function tab(name: string, fields: object, apiVersion = 'stable.example.com/v1'): object {
  return { apiVersion, kind: 'CronTab', metadata: { name }, spec: fields };
}

let running: Running;

beforeEach(async () => {
  running = startApiServer({ validateObject });
  expect(send(running, 'POST', DEFINITIONS, definition()).status).toBe(201);
  expect(send(running, 'GET', TABS).status).toBe(404);
  await running.simulation.advanceTo(running.simulation.now + SECOND);
});

describe('a definition', () => {
  test('is established, with what it left out', () => {
    const { body } = send(running, 'GET', `${DEFINITIONS}/crontabs.stable.example.com`);
    expect(body.spec.names).toMatchObject({ singular: 'crontab', listKind: 'CronTabList' });
    expect(body.spec.conversion).toEqual({ strategy: 'None' });
    expect(body.status).toMatchObject({
      acceptedNames: { plural: 'crontabs', kind: 'CronTab' },
      storedVersions: ['v1'],
      conditions: [
        { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' },
        { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
      ],
    });
  });

  test('makes its resource known', () => {
    const { resources } = send(running, 'GET', '/apis/stable.example.com/v1').body;
    expect(resources).toEqual([
      expect.objectContaining({ name: 'crontabs', kind: 'CronTab', namespaced: true, shortNames: ['ct'] }),
      expect.objectContaining({ name: 'crontabs/status', kind: 'CronTab' }),
      expect.objectContaining({ name: 'crontabs/scale', kind: 'Scale', group: 'autoscaling' }),
    ]);
    const { paths }: { paths: Record<string, { serverRelativeURL: string }> } = send(
      running,
      'GET',
      '/openapi/v3',
    ).body;
    const url = paths['apis/stable.example.com/v1']?.serverRelativeURL ?? '';
    const document = send(running, 'GET', url).body;
    const schema = document.components.schemas['com.example.stable.v1.CronTab'];
    expect(schema.properties.spec).toEqual(spec);
    expect(schema['x-kubernetes-group-version-kind']).toEqual([
      { group: 'stable.example.com', kind: 'CronTab', version: 'v1' },
    ]);
  });

  test('is in OpenAPI v2 for who reads JSON, under an ETag', () => {
    const answer = send(running, 'GET', '/openapi/v2');
    expect(answer.body.definitions['com.example.stable.v1.CronTab'].properties.spec).toEqual(spec);
    const etag = answer.headers['etag'] ?? '';
    expect(send(running, 'GET', '/openapi/v2', undefined, { 'if-none-match': etag }).status).toBe(304);
  });

  test('takes its objects along, and waits for those with finalizers', async () => {
    send(running, 'POST', TABS, {
      ...tab('held', { schedule: '1' }),
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    });
    send(running, 'POST', TABS, tab('free', { schedule: '1' }));
    const name = `${DEFINITIONS}/crontabs.stable.example.com`;
    send(running, 'DELETE', name);
    await running.simulation.advanceTo(running.simulation.now + 5 * SECOND);
    expect(send(running, 'GET', `${TABS}/free`).status).toBe(404);
    expect(send(running, 'GET', name).body.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Terminating', reason: 'InstanceDeletionInProgress' }),
    );
    send(running, 'PATCH', `${TABS}/held`, { metadata: { finalizers: null } }, MERGE);
    await running.simulation.advanceTo(running.simulation.now + 5 * SECOND);
    expect(send(running, 'GET', name).status).toBe(404);
    expect(send(running, 'GET', TABS).status).toBe(404);
    expect(send(running, 'GET', '/apis/stable.example.com').status).toBe(404);
  });

  test('whose names are taken is not established', async () => {
    const second = definition() as { metadata: { name: string }; spec: { names: object } };
    second.metadata.name = 'tabs.stable.example.com';
    second.spec.names = { plural: 'tabs', kind: 'CronTab' };
    expect(send(running, 'POST', DEFINITIONS, second).status).toBe(201);
    await running.simulation.advanceTo(running.simulation.now + SECOND);
    const { conditions } = send(running, 'GET', `${DEFINITIONS}/tabs.stable.example.com`).body.status;
    expect(conditions).toEqual([
      expect.objectContaining({
        type: 'NamesAccepted',
        status: 'False',
        reason: 'ListKindConflict',
        message: '"CronTabList" is already in use',
      }),
      expect.objectContaining({ type: 'Established', status: 'False', reason: 'NotAccepted' }),
    ]);
  });

  test.each([
    ['another name', { metadata: { name: 'x' } }, 'must be spec.names.plural+"."+spec.group'],
    [
      'no version',
      { spec: { versions: [] } },
      'spec.versions: Invalid value: null: must have exactly one version',
    ],
  ])('with %s is refused', (_title, change, words) => {
    const sent = definition() as { metadata: object; spec: object };
    const body = { ...sent, ...change, spec: { ...sent.spec, ...('spec' in change ? change.spec : {}) } };
    expect(send(running, 'POST', DEFINITIONS, body)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining(words) },
    });
  });

  test.each([
    [0.5, 'items: Required value: must be specified'],
    [[], 'items: Required value: must be specified'],
    [[{ type: 'string' }], 'items: Forbidden: items must be a schema object and not an array'],
  ])('whose list is of %j is refused', (items, words) => {
    const openAPIV3Schema = { type: 'object', properties: { l: { type: 'array', items } } };
    const sent = definition([{ ...version, selectableFields: undefined, schema: { openAPIV3Schema } }]);
    expect(send(running, 'POST', DEFINITIONS, sent).body.message).toContain(words);
  });
});

const MERGE = { 'content-type': 'application/merge-patch+json' };

describe('an object', () => {
  test('gets its defaults and loses unknown fields', () => {
    const { body, headers } = send(running, 'POST', TABS, tab('a', { schedule: '1', nonsense: true }));
    expect(body.spec).toEqual({ schedule: '1', replicas: 1 });
    expect(body.metadata.generation).toBe(1);
    expect(headers['warning']).toContain('unknown field \\"spec.nonsense\\"');
  });

  test('with unknown fields is refused where the client is strict', () => {
    const sent = tab('a', { schedule: '1', nonsense: true });
    expect(send(running, 'POST', `${TABS}?fieldValidation=Strict`, sent)).toMatchObject({
      status: 400,
      body: {
        message:
          'CronTab in version "v1" cannot be handled as a CronTab: strict decoding error: unknown field "spec.nonsense"',
      },
    });
  });

  test('that breaks the schema is refused in the words of the validator', () => {
    const { status, body } = send(running, 'POST', TABS, tab('a', { replicas: 11, colour: 'green' }));
    expect(status).toBe(422);
    const { causes }: { causes: Record<string, string>[] } = body.details;
    expect(causes.map(({ field, message }) => [field, message])).toEqual([
      ['spec.replicas', 'Invalid value: 11: spec.replicas in body should be less than or equal to 10'],
      ['spec.colour', 'Unsupported value: "green": supported values: "red", "blue"'],
      ['spec.schedule', 'Required value'],
    ]);
  });

  test('is shown in the columns of its definition', () => {
    send(running, 'POST', TABS, tab('a', { schedule: '1' }));
    const { columnDefinitions, rows }: { columnDefinitions: { name: string }[]; rows: object[] } = send(
      running,
      'GET',
      TABS,
      undefined,
      AS_TABLE,
    ).body;
    expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'Schedule', 'Ready']);
    expect(rows).toEqual([expect.objectContaining({ cells: ['a', '1', null] })]);
  });

  test('has its status and its scale apart', () => {
    send(running, 'POST', TABS, { ...tab('a', { schedule: '1' }), status: { replicas: 7 } });
    expect(send(running, 'GET', `${TABS}/a`).body.status).toBeUndefined();
    send(running, 'PATCH', `${TABS}/a/status`, { status: { replicas: 2 }, spec: { schedule: '2' } }, MERGE);
    const { body } = send(running, 'GET', `${TABS}/a`);
    expect(body).toMatchObject({ spec: { schedule: '1' }, status: { replicas: 2 } });
    expect(body.metadata.generation).toBe(1);
    const scale = send(running, 'PATCH', `${TABS}/a/scale`, { spec: { replicas: 5 } }, MERGE).body;
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 5 }, status: { replicas: 2 } });
    expect(send(running, 'GET', `${TABS}/a`).body.metadata.generation).toBe(2);
  });

  test('is selected by the fields that the definition names, and by no others', () => {
    send(running, 'POST', TABS, tab('a', { schedule: '1', colour: 'red' }));
    send(running, 'POST', TABS, tab('b', { schedule: '1', colour: 'blue' }));
    const { items } = send(running, 'GET', `${TABS}?fieldSelector=spec.colour=blue`).body;
    expect(items).toEqual([expect.objectContaining({ metadata: expect.objectContaining({ name: 'b' }) })]);
    expect(send(running, 'GET', `${TABS}?fieldSelector=spec.schedule=1`).status).toBe(400);
  });

  test('is applied with ownership of its fields', () => {
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const url = (manager: string): string => `${TABS}/a?fieldManager=${manager}`;
    expect(send(running, 'PATCH', url('one'), tab('a', { schedule: '1' }), apply).status).toBe(201);
    const { status, body } = send(running, 'PATCH', url('two'), tab('a', { schedule: '2' }), apply);
    expect(status).toBe(409);
    expect(body.message).toContain('.spec.schedule');
  });

  test('is applied with a key that comes twice only where the client lets it', () => {
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const text =
      'apiVersion: stable.example.com/v1\nkind: CronTab\nmetadata: {name: a}\nspec:\n  schedule: "1"\n  schedule: "2"\n';
    const url = `${TABS}/a?fieldManager=one&fieldValidation=`;
    expect(send(running, 'PATCH', `${url}Strict`, text, apply)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('line 6: key "schedule" already set in map') },
    });
    const { body, headers } = send(running, 'PATCH', `${url}Warn`, text, apply);
    expect(body.spec.schedule).toBe('2');
    expect(headers['warning']).toContain('already set in map');
  });

  test('has later defaults when it is read', () => {
    send(running, 'POST', TABS, tab('a', { schedule: '1' }));
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/colour/default';
    const patch = [{ op: 'add', path, value: 'red' }];
    send(running, 'PATCH', `${DEFINITIONS}/crontabs.stable.example.com`, patch, {
      'content-type': 'application/json-patch+json',
    });
    expect(send(running, 'GET', `${TABS}/a`).body.spec.colour).toBe('red');
  });

  test('is shown in every served version, and in no other', () => {
    const old = { ...version, name: 'v1beta1', storage: false };
    const hidden = { ...version, name: 'v1alpha1', storage: false, served: false };
    const { body } = send(running, 'GET', `${DEFINITIONS}/crontabs.stable.example.com`);
    body.spec.versions = [version, old, hidden];
    expect(send(running, 'PUT', `${DEFINITIONS}/crontabs.stable.example.com`, body).status).toBe(200);
    send(
      running,
      'POST',
      TABS.replace('/v1/', '/v1beta1/'),
      tab('a', { schedule: '1' }, 'stable.example.com/v1beta1'),
    );
    expect(send(running, 'GET', `${TABS}/a`).body.apiVersion).toBe('stable.example.com/v1');
    expect(send(running, 'GET', `${TABS.replace('/v1/', '/v1beta1/')}/a`).body.apiVersion).toBe(
      'stable.example.com/v1beta1',
    );
    expect(send(running, 'GET', TABS.replace('/v1/', '/v1alpha1/')).status).toBe(404);
    expect(send(running, 'GET', '/apis/stable.example.com').body.preferredVersion.version).toBe('v1');
  });
});
