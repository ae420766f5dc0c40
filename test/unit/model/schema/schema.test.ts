import { describe, expect, test } from '@jest/globals';
import {
  builtInTypes,
  customTypeSchema,
  fieldSchema,
  openApiSchemas,
  schemaOf,
  typeNameOf,
} from '../../../../src/model/schema/schema.ts';

const deployment = schemaOf('apps', 'v1', 'Deployment')!;

describe('schemaOf', () => {
  test('knows kinds by group, version and kind', () => {
    expect(deployment.name).toBe('io.k8s.api.apps.v1.Deployment');
    expect(schemaOf('', 'v1', 'Pod')?.required).toEqual([]);
    expect(schemaOf('apps', 'v2', 'Deployment')).toBeUndefined();
    expect(typeNameOf('example.com', 'v1', 'Widget')).toBeUndefined();
    expect(schemaOf('policy', 'v1', 'DeleteOptions')?.fields.has('propagationPolicy')).toBe(true);
  });

  test('fields of every type can be read', () => {
    for (const name of Object.keys(openApiSchemas())) {
      for (const field of builtInTypes.typeNamed(name)?.fields.values() ?? []) {
        expect(field.value.kind).toMatch(/^(scalar|struct|list|map|any)$/);
      }
    }
  });
});

describe('fieldSchema', () => {
  const template = ['spec', 'template', 'spec'];
  const container = [...template, 'containers'];

  test('merge keys of both kinds of merging', () => {
    expect(fieldSchema(deployment, ...container, 'ports')).toMatchObject({
      patchStrategies: ['merge'],
      patchMergeKey: 'containerPort',
      value: { kind: 'list', listType: 'map', keys: ['containerPort', 'protocol'] },
    });
    expect(fieldSchema(deployment, ...template, 'volumes')?.patchStrategies).toEqual(['merge', 'retainKeys']);
    expect(fieldSchema(deployment, 'metadata', 'finalizers')).toMatchObject({
      patchStrategies: ['merge'],
      value: { kind: 'list', listType: 'set' },
    });
    expect(fieldSchema(deployment, ...container, 'args')).toMatchObject({
      value: { kind: 'list', listType: 'atomic' },
      presence: 'unlessEmpty',
    });
  });

  test('scalars, pointers, enums and defaults', () => {
    expect(fieldSchema(deployment, 'spec', 'replicas')).toMatchObject({
      value: { kind: 'scalar', scalar: 'int32' },
      presence: 'unlessAbsent',
    });
    expect(fieldSchema(deployment, ...container, 'imagePullPolicy')).toMatchObject({
      value: { kind: 'scalar', scalar: 'string', enum: ['Always', 'IfNotPresent', 'Never'] },
      goType: 'v1.PullPolicy',
    });
    expect(fieldSchema(deployment, ...container, 'ports', 'protocol')?.default).toBe('TCP');
    expect(fieldSchema(deployment, ...container, 'resources', 'limits')?.value).toMatchObject({
      kind: 'map',
      values: { kind: 'scalar', scalar: 'quantity' },
    });
    expect(fieldSchema(deployment, ...container, 'livenessProbe', 'httpGet')?.embeddedIn).toBe(
      'ProbeHandler',
    );
    expect(fieldSchema(deployment, 'spec', 'selector')?.value).toMatchObject({
      kind: 'struct',
      atomic: true,
    });
    expect(fieldSchema(deployment, 'spec', 'nothing', 'here')).toBeUndefined();
  });

  test('of a custom resource', () => {
    const widget = customTypeSchema('Widget', {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            parts: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['id'],
              items: { type: 'object', properties: { id: { type: 'string' } } },
            },
            port: { 'x-kubernetes-int-or-string': true },
          },
        },
      },
    });
    expect(fieldSchema(widget, 'spec', 'parts')?.value).toMatchObject({ listType: 'map', keys: ['id'] });
    expect(fieldSchema(widget, 'spec', 'port')?.value).toEqual({ kind: 'scalar', scalar: 'intOrString' });
    expect(fieldSchema(widget, 'metadata', 'labels')?.value.kind).toBe('map');
  });
});
