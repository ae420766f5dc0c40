import { describe, expect, test } from '@jest/globals';
import { checkDefinitionUpdate } from '../../../../../src/cluster/apiserver/custom/definition-checks.ts';
import type { CustomResourceDefinition } from '../../../../../src/cluster/apiserver/custom/definition.ts';
import { Problems } from '../../../../../src/cluster/apiserver/validation/problems.ts';

type Spec = CustomResourceDefinition['spec'];
type Version = Spec['versions'][number];

const withField = (field: object): NonNullable<Version['schema']> => ({
  openAPIV3Schema: { type: 'object', properties: { x: field } },
});
const version = (fields: Partial<Version> = {}): Version => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object' } },
  ...fields,
});
const definition = (spec: Partial<Spec> = {}): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'larks.example.com', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'larks', singular: 'lark', kind: 'Lark', listKind: 'LarkList' },
    versions: [version()],
    ...spec,
  },
  status: { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] },
});

function problemsOf(spec: Partial<Spec>): readonly string[] {
  const problems = new Problems();
  checkDefinitionUpdate(problems, definition(spec), definition());
  return problems.list.map(({ field, detail }) => `${field}: ${detail}`);
}

const SCHEMA = 'spec.validation.openAPIV3Schema.properties[x]';

describe('a change of a definition', () => {
  test('leaves the resource where it is', () => {
    const names = { plural: 'q', singular: 'q', kind: 'Other', listKind: 'OtherList' };
    expect(problemsOf({ scope: 'Cluster', group: 'x.y', names })).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Other": field is immutable',
      'spec.group: Invalid value: "x.y": field is immutable',
      'spec.names.plural: Invalid value: "q": field is immutable',
    ]);
  });

  test('keeps the versions in which objects are stored', () => {
    expect(problemsOf({ versions: [version({ name: 'v2' })] })).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ]);
  });

  test('shows versions as the server keeps them', () => {
    const versions = [version({ storage: false })];
    expect(problemsOf({ versions })).toEqual([
      'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version',
    ]);
  });

  test('is told where versions differ', () => {
    const versions = [version(), version({ name: 'v2', storage: false, schema: withField({}) })];
    expect(problemsOf({ versions })).toEqual([
      'spec.versions[1].schema.openAPIV3Schema.properties[x].type: Required value: must not be empty for specified object fields',
    ]);
  });

  test('has names that are some', () => {
    const names = { plural: 'larks', singular: 'S', kind: 'Lark', listKind: 'Lark', shortNames: ['A_b'] };
    const found = problemsOf({ names });
    expect(found[0]).toContain('spec.names.singular: Invalid value: "S": a DNS-1035 label must consist of');
    expect(found[1]).toContain('spec.names.shortNames[0]: Invalid value: "A_b": a DNS-1035 label');
    expect(found[2]).toBe(
      'spec.names.listKind: Invalid value: "Lark": kind and listKind may not be the same',
    );
  });

  test.each<[Partial<Version>, readonly string[]]>([
    [
      { additionalPrinterColumns: [{ name: 'A', type: 'foo', jsonPath: 'spec.size' }] },
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "foo": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.size": must be a simple json path starting with .',
      ],
    ],
    [
      { subresources: { scale: { specReplicasPath: 'spec.x', statusReplicasPath: '.spec.y' } } },
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: "spec.x": must be a simple json path starting with .',
        'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.y": should be a json path under .status',
      ],
    ],
    [
      { selectableFields: [{ jsonPath: '.spec.nosuch' }] },
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.nosuch": is an invalid path: does not refer to a valid field',
      ],
    ],
  ])('has columns, subresources and fields that can be: %j', (fields, words) => {
    expect(problemsOf({ versions: [version(fields)] })).toEqual(words);
  });
});

describe('a schema', () => {
  test.each<[object, string]>([
    [
      { type: 'integer', default: 'x' },
      '.default: Invalid value: "string":  in body must be of type integer: "string"',
    ],
    [
      { type: 'string', enum: ['a'], default: 'b' },
      '.default: Unsupported value: "b": supported values: "a"',
    ],
    [
      { type: 'object', properties: { b: { type: 'integer' } }, default: { b: 's' } },
      '.default.b: Invalid value: "string": b in body must be of type integer: "string"',
    ],
    [
      { type: 'object', properties: { b: { type: 'integer' } }, default: { c: 1 } },
      '.default: Invalid value: {"c":1}: must not have unknown fields',
    ],
    [
      { type: 'string', pattern: '[' },
      '.pattern: Invalid value: "[": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ]: `[`',
    ],
    [
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      '.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ],
    [
      { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
      '.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    [
      { type: 'array', 'x-kubernetes-list-type': 'foo', items: { type: 'string' } },
      '.x-kubernetes-list-type: Unsupported value: "foo": supported values: "atomic", "set", "map"',
    ],
    [
      { type: 'string', 'x-kubernetes-list-type': 'set' },
      '.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified',
    ],
    [
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a'],
        items: { type: 'object', properties: { a: { type: 'string' } } },
      },
      '.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    ],
    [
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } },
      '.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
    ],
    [
      { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
      '.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [{ $ref: '#/x' }, '.$ref: Forbidden: $ref is not supported'],
    [
      { type: 'string', anyOf: [{ type: 'integer' }] },
      '.anyOf[0].type: Forbidden: must be empty to be structural',
    ],
    [
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
      '.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined',
    ],
  ])('%j is wrong', (field, words) => {
    expect(problemsOf({ versions: [version({ schema: withField(field) })] })).toEqual([`${SCHEMA}${words}`]);
  });

  test.each([
    { type: 'string', enum: [] },
    { type: 'string', nullable: true, default: null },
    { type: 'object', required: ['nosuch'] },
    { type: 'object', default: {}, properties: { a: { type: 'string', default: 'x' } } },
    { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
  ])('%j is right', (field) => {
    expect(problemsOf({ versions: [version({ schema: withField(field) })] })).toEqual([]);
  });
});
