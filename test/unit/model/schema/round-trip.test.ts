import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { AnyObject } from '../../../../src/model/objects.ts';
import { roundTrip } from '../../../../src/model/schema/round-trip.ts';
import { customTypeSchema, schemaOf } from '../../../../src/model/schema/schema.ts';

/** Objects, and what Go's own types made of them. */
const objects = JSON.parse(readFileSync(new URL('go-types.json', import.meta.url), 'utf8')) as {
  sent: AnyObject;
  stored: AnyObject;
}[];

describe('roundTrip', () => {
  test.each(objects.map((entry) => [entry.sent.kind, entry] as const))('%s', (kind, { sent, stored }) => {
    const [version = '', group = ''] = sent.apiVersion.split('/').reverse();
    const schema = schemaOf(group, version, kind)!;
    expect(roundTrip(sent, schema)).toEqual(stored);
    expect(roundTrip(stored, schema)).toEqual(stored);
  });

  test('drops what the type does not have', () => {
    const schema = schemaOf('', 'v1', 'ConfigMap')!;
    expect(roundTrip({ kind: 'ConfigMap', metadata: { name: 'x', foo: 1 }, bar: {} }, schema)).toEqual({
      kind: 'ConfigMap',
      metadata: { name: 'x' },
    });
  });

  test('null in a list or a map is the zero value', () => {
    const read = (kind: string, object: object): unknown =>
      roundTrip({ ...object }, schemaOf(kind === 'Role' ? 'rbac.authorization.k8s.io' : '', 'v1', kind)!);
    expect(read('Role', { rules: [null] })).toMatchObject({ rules: [{ verbs: null }] });
    expect(read('ConfigMap', { data: { a: null }, metadata: { finalizers: [null] } })).toEqual({
      data: { a: '' },
      metadata: { finalizers: [''] },
    });
    expect(read('ConfigMap', { binaryData: { a: null } })).toMatchObject({ binaryData: { a: '' } });
    expect(read('ResourceQuota', { spec: { hard: { cpu: null } } })).toMatchObject({
      spec: { hard: { cpu: '0' } },
    });
  });

  test('a custom resource is pruned, but keeps empty values', () => {
    const schema = customTypeSchema('Widget', {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'boolean' } } },
        any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
    const widget = {
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { a: '', b: false, c: 1 },
      any: { z: 0 },
    };
    expect(roundTrip(widget, schema)).toMatchObject({ spec: { a: '', b: false }, any: { z: 0 } });
    expect(roundTrip(widget, schema)['spec']).not.toHaveProperty('c');
    expect(roundTrip({ spec: { q: 1 }, x: 2 }, customTypeSchema('Loose', undefined))).toMatchObject({
      spec: { q: 1 },
      x: 2,
    });
  });
});
