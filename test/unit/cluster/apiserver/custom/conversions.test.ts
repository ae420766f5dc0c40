import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AnyObject } from '../../../../../src/model/objects.ts';
import { NetError } from '../../../../../src/cluster/network/types.ts';
import { openWatch, send } from '../harness.ts';
import { ask, certificate, hookClient, type Hooked, type Reply, startWithHook } from '../hooks.ts';

const SECOND = 1_000_000;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const path = (version: string): string => `/apis/stable.example.com/${version}/namespaces/default/doors`;
const V1 = path('v1');
const V2 = path('v2');
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Door {
  readonly apiVersion: string;
  readonly metadata: object;
  readonly place?: string;
  readonly host?: string;
  readonly port?: string;
}

interface Review {
  readonly apiVersion: string;
  readonly request: { readonly desiredAPIVersion: string; readonly objects: readonly Door[] };
}

/** `place` of v1 is `host` and `port` of v2. */
function convert({ place, host, port, ...rest }: Door, apiVersion: string): Door {
  if (apiVersion.endsWith('/v1')) return { ...rest, apiVersion, place: `${host ?? ''}:${port ?? ''}` };
  const [before = '', after = ''] = (place ?? '').split(':');
  return { ...rest, apiVersion, host: before, port: after };
}

const reply = (body: string, result: object = { status: 'Success' }): ReturnType<Reply> => {
  const { request } = JSON.parse(body) as Review;
  const convertedObjects = request.objects.map((door) => convert(door, request.desiredAPIVersion));
  return {
    status: 200,
    headers: {},
    body: JSON.stringify({ response: { convertedObjects, result } }),
    certificate,
  };
};

const version = (name: string, storage: boolean, fields: readonly string[]): object => ({
  name,
  served: true,
  storage,
  selectableFields: fields.map((field) => ({ jsonPath: `.${field}` })),
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
    },
  },
});
const versions = (storage: string): object[] => [
  version('v1', storage === 'v1', ['place']),
  version('v2', storage === 'v2', ['host', 'port']),
];
const door = (name: string, fields: object, of = 'v1'): object => ({
  apiVersion: `stable.example.com/${of}`,
  kind: 'Door',
  metadata: { name },
  ...fields,
});

let running: Hooked;
let answer: Reply;

beforeEach(async () => {
  answer = reply;
  running = startWithHook((body) => answer(body));
  send(running, 'POST', DEFINITIONS, {
    metadata: { name: 'doors.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Namespaced',
      names: { plural: 'doors', kind: 'Door' },
      versions: versions('v1'),
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: hookClient, conversionReviewVersions: ['v1', 'v1beta1'] },
      },
    },
  });
  await running.simulation.advanceTo(SECOND + running.simulation.now);
});

describe('a definition whose versions a webhook converts', () => {
  test('what is written in one version is read in the other; nobody asks twice for the same', async () => {
    expect(await ask(running, 'POST', V1, door('a', { place: 'here:80' }))).toMatchObject({ status: 201 });
    const asked = running.asked.length;
    expect(JSON.parse(running.asked[0]?.body ?? '')).toMatchObject({
      kind: 'ConversionReview',
      apiVersion: 'apiextensions.k8s.io/v1',
      request: { desiredAPIVersion: 'stable.example.com/v2', objects: [{ place: 'here:80' }] },
    });
    const { body } = await ask(running, 'GET', `${V2}/a`);
    expect(body).toMatchObject({ apiVersion: 'stable.example.com/v2', host: 'here', port: '80' });
    expect(body).not.toHaveProperty('place');
    expect((await ask(running, 'GET', V2)).body).toMatchObject({ items: [{ host: 'here' }] });
    expect(running.asked).toHaveLength(asked);
  });

  test('a write in a version that is not stored is stored in the other, and answered in its own', async () => {
    const made = await ask(running, 'POST', V2, door('a', { host: 'there', port: '443' }, 'v2'));
    expect(made).toMatchObject({ status: 201, body: { apiVersion: 'stable.example.com/v2', port: '443' } });
    const patched = await ask(running, 'PATCH', `${V2}/a`, { port: '8443' }, MERGE);
    expect(patched).toMatchObject({ status: 200, body: { host: 'there', port: '8443' } });
    expect((await ask(running, 'GET', `${V1}/a`)).body).toMatchObject({ place: 'there:8443' });
  });

  test('objects of an earlier storage version are converted when they are read, and stored anew when written', async () => {
    await ask(running, 'POST', V1, door('a', { place: 'here:80' }));
    send(
      running,
      'PATCH',
      `${DEFINITIONS}/doors.stable.example.com`,
      { spec: { versions: versions('v2') } },
      MERGE,
    );
    await running.simulation.advanceTo(SECOND + running.simulation.now);
    await ask(running, 'POST', V2, door('b', { host: 'there', port: '443' }, 'v2'));
    expect((await ask(running, 'GET', V1)).body).toMatchObject({
      items: [{ place: 'here:80' }, { place: 'there:443' }],
    });
    expect((await ask(running, 'GET', V2)).body).toMatchObject({ items: [{ port: '80' }, { port: '443' }] });
    const labels = { metadata: { labels: { more: 'yes' } } };
    expect(await ask(running, 'PATCH', `${V1}/a`, labels, MERGE)).toMatchObject({ status: 200 });
    expect(running.server.store.get('doors.stable.example.com', 'default', 'a')).toMatchObject({
      apiVersion: 'stable.example.com/v2',
      host: 'here',
    });
  });

  test('fields select in the version that was asked for; a watch tells in it too', async () => {
    const { events } = openWatch(running, `${V2}?watch=true&fieldSelector=host%3Dhere`);
    await ask(running, 'POST', V1, door('a', { place: 'here:80' }));
    await ask(running, 'POST', V1, door('b', { place: 'there:80' }));
    const selected = await ask(running, 'GET', `${V2}?fieldSelector=port%3D80,host%3Dthere`);
    expect(selected.body).toMatchObject({ items: [{ metadata: { name: 'b' } }] });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'ADDED',
      object: { apiVersion: 'stable.example.com/v2', host: 'here', port: '80' },
    });
  });

  test('a webhook that fails: objects of the stored version are written and read, the other is an error', async () => {
    answer = () => new NetError('ECONNREFUSED', '10.96.0.9:443');
    expect(await ask(running, 'POST', V1, door('a', { place: 'here:80' }))).toMatchObject({ status: 201 });
    expect(await ask(running, 'GET', `${V1}/a`)).toMatchObject({ status: 200 });
    const { status, body } = await ask(running, 'GET', `${V2}/a`);
    expect([status, body.message]).toEqual([
      500,
      'conversion webhook for stable.example.com/v1, Kind=Door failed: Post "https://hook.default.svc:443/x?timeout=30s": dial tcp 10.96.0.9:443: connect: connection refused',
    ]);
    const watched = openWatch(running, `${V2}?watch=true`);
    expect(watched.events).toMatchObject([{ type: 'ERROR', object: { code: 410 } }]);
    answer = reply;
    expect(await ask(running, 'GET', `${V2}/a`)).toMatchObject({ status: 200, body: { host: 'here' } });
  });

  test('the parts inside write without asking; whoever reads asks, and who watches is to list again', async () => {
    answer = () => new NetError('ECONNREFUSED', '10.96.0.9:443');
    await ask(running, 'POST', V1, door('a', { place: 'here:80' }));
    answer = reply;
    const doors = running.server.customResources().find(({ plural }) => plural === 'doors');
    if (doors === undefined) throw new Error('no doors');
    const watched = openWatch(running, `${V2}?watch=true&resourceVersion=${running.server.store.revision}`);
    const [found] = running.api.list(doors);
    running.api.update(doors, {
      ...found,
      metadata: { ...found?.metadata, labels: { of: 'us' } },
    } as AnyObject);
    expect(watched.events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
    expect((await ask(running, 'GET', `${V2}/a`)).body).toMatchObject({
      metadata: { labels: { of: 'us' } },
      host: 'here',
    });
  });

  test.each([
    [{ status: 'Failed', message: 'no such place' }, 'failed: no such place'],
    [{ status: 'Odd' }, "failed: response.result.status was 'Odd', not 'Success'"],
  ])('what it refuses is an error in its words: %o', async (result, words) => {
    answer = (body) => reply(body, result);
    const { status, body } = await ask(running, 'POST', V2, door('a', { host: 'x', port: '1' }, 'v2'));
    expect([status, body.message]).toEqual([
      500,
      `conversion webhook for stable.example.com/v2, Kind=Door ${words}`,
    ]);
    expect(running.server.store.list('doors.stable.example.com', 'default')).toEqual([]);
  });
});
