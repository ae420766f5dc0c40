import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { discoveryDocuments } from '../../../../src/cluster/apiserver/data.ts';
import { ResourceRegistry } from '../../../../src/cluster/apiserver/resource-registry.ts';
import { humanDuration, shortHumanDuration } from '../../../../src/cluster/apiserver/table/duration.ts';
import { tableOf } from '../../../../src/cluster/apiserver/table/table.ts';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { openWatch, send, startApiServer } from './harness.ts';

interface Golden {
  readonly at: string;
  readonly columns: readonly (readonly [name: string, type: string, format: string, priority: number])[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    readonly conditions?: unknown;
    readonly object: AnyObject;
  }[];
}

/** What a real cluster has answered, by resource: objects and the rows that it made of them. */
const golden = JSON.parse(
  readFileSync(new URL('../../../golden/apiserver/tables.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Golden>>;
const { api, apis } = discoveryDocuments();
const registry = new ResourceRegistry([api, apis], new Map());

describe('prints as a real cluster does', () => {
  test.each(Object.keys(golden))('%s', (resource) => {
    const { at, columns, rows } = golden[resource]!;
    const info = registry.stored(resource)!;
    const objects = rows.map(({ object }) => object);
    const printed = tableOf(info, objects, Date.parse(at) * 1000);
    expect(printed.columns.map(({ name, type, format, priority }) => [name, type, format, priority])).toEqual(
      columns,
    );
    expect(printed.rows).toEqual(
      rows.map(({ cells, conditions }) => ({ cells, ...(conditions === undefined ? {} : { conditions }) })),
    );
  });
});

test.each([
  [-2, '<invalid>', '<invalid>'],
  [-1, '0s', '0s'],
  [0, '0s', '0s'],
  [59, '59s', '59s'],
  [119, '119s', '1m'],
  [120, '2m', '2m'],
  [599, '9m59s', '9m'],
  [600, '10m', '10m'],
  [3 * 3600 - 1, '179m', '2h'],
  [3 * 3600, '3h', '3h'],
  [7 * 3600 + 61, '7h1m', '7h'],
  [8 * 3600, '8h', '8h'],
  [48 * 3600 - 1, '47h', '1d'],
  [49 * 3600, '2d1h', '2d'],
  [8 * 86400, '8d', '8d'],
  [2 * 365 * 86400 - 1, '729d', '1y'],
  [2 * 365 * 86400, '2y', '2y'],
  [3 * 365 * 86400 + 86400, '3y1d', '3y'],
  [9 * 365 * 86400 + 86400, '9y', '9y'],
])('%i seconds are %s, in short %s', (seconds, long, short) => {
  expect([humanDuration(seconds), shortHumanDuration(seconds)]).toEqual([long, short]);
});

describe('as an answer', () => {
  const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
  const MAPS = '/api/v1/namespaces/default/configmaps';

  test('carries metadata, nothing or the object beside the cells', () => {
    const running = startApiServer();
    send(running, 'POST', MAPS, { metadata: { name: 'a' }, data: { x: '1' } });
    const rows = (query: string): unknown =>
      send(running, 'GET', `${MAPS}?${query}`, undefined, TABLE).body.rows;
    expect(rows('')).toMatchObject([
      { cells: ['a', 1, '0s'], object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } },
    ]);
    expect(rows('includeObject=None')).toEqual([{ cells: ['a', 1, '0s'], object: null }]);
    expect(rows('includeObject=Object')).toMatchObject([{ object: { kind: 'ConfigMap', data: { x: '1' } } }]);
    const one = send(running, 'GET', `${MAPS}/a`, undefined, TABLE).body;
    expect(one).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '2' },
    });
    expect(send(running, 'GET', `${MAPS}/b`, undefined, TABLE).body.kind).toBe('Status');
  });

  test('marks the default IngressClass', () => {
    const running = startApiServer();
    const url = '/apis/networking.k8s.io/v1/ingressclasses';
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    send(running, 'POST', url, {
      metadata: { name: 'nginx', annotations },
      spec: { controller: 'a.example/b' },
    });
    expect(send(running, 'GET', url, undefined, TABLE).body.rows).toMatchObject([
      { cells: ['nginx (default)', 'a.example/b', '<none>', '0s'] },
    ]);
  });

  test('of a watch names the columns once', () => {
    const running = startApiServer();
    const { events } = openWatch(running, `${MAPS}?watch=true`, TABLE);
    for (const name of ['a', 'b']) send(running, 'POST', MAPS, { metadata: { name } });
    expect(events[0]).toMatchObject({
      type: 'ADDED',
      object: { kind: 'Table', rows: [{ cells: ['a', 0, '0s'] }] },
    });
    expect(events[0]?.object.columnDefinitions).toHaveLength(3);
    expect(events[1]).toMatchObject({
      object: { columnDefinitions: null, rows: [{ cells: ['b', 0, '0s'] }] },
    });
  });
});
