import fc from 'fast-check';
import { isObject } from '../../../src/core/json.ts';
import { serverSideApply } from '../../../src/model/patch/apply/server-side-apply.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../src/model/patch/json-patch.ts';
import { applyMergePatch } from '../../../src/model/patch/merge-patch.ts';
import { PatchError } from '../../../src/model/patch/patch-error.ts';
import { applyStrategicMergePatch } from '../../../src/model/patch/strategic-merge.ts';
import type { ManagedFieldsEntry } from '../../../src/model/objects.ts';
import { schemaOf } from '../../../src/model/schema/schema.ts';
import type { TypeSchema } from '../../../src/model/schema/types.ts';
import { fieldNames, samples } from '../corpus.ts';
import { documents } from '../inputs.ts';
import { reader, unlessRefused } from '../reader.ts';

interface Target {
  readonly object: Readonly<Record<string, unknown>>;
  readonly schema: TypeSchema;
}

const targets: readonly Target[] = samples.flatMap(({ object }) => {
  const [version = '', group = ''] = String(object['apiVersion']).split('/').reverse();
  const schema = schemaOf(group, version, String(object['kind']));
  return schema === undefined ? [] : [{ object, schema }];
});

/** A patch, and which of the targets it is for. */
interface Patch {
  readonly on: number;
  readonly patch: unknown;
}

const on = fc.nat(targets.length - 1);

function target(index: number): Target {
  const found = targets[index];
  if (found === undefined) throw new RangeError(`no target ${index}`);
  return found;
}

const pointer = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'spec',
        'metadata',
        'labels',
        'containers',
        '0',
        '-',
        '-1',
        '1e3',
        '~0',
        '~1',
        '~',
        '',
        '__proto__',
        'constructor',
        'length',
        '99999999999',
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.map((part) => `/${part}`).join(''));

const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'frob'),
    path: pointer,
    from: pointer,
    value: fc.jsonValue({ maxDepth: 2 }),
  },
  { requiredKeys: [] },
);

export const jsonPatches = reader<Patch>({
  name: 'json-patches',
  reads: 'JSON patches',
  inputs: fc.record({
    on,
    patch: fc.oneof(
      { weight: 200, arbitrary: fc.array(operation, { maxLength: 6 }) },
      { weight: 40, arbitrary: fc.array(fc.jsonValue(), { maxLength: 3 }) },
      // Each doubles what the one before has made.
      {
        weight: 1,
        arbitrary: fc.integer({ min: 2, max: 200 }).map((count) =>
          Array.from({ length: count }, (_, index) => ({
            op: 'copy',
            from: '/metadata',
            path: `/metadata/x${index}`,
          })),
        ),
      },
    ),
  }),
  tested: 250,
  open:
    () =>
    ({ on, patch }) =>
      unlessRefused(() => applyJsonPatch(target(on).object, patch as JsonPatchOperation[]), PatchError),
});

const changedSample = documents(
  targets.map(({ object }) => object),
  [
    ...fieldNames,
    '$patch',
    '$retainKeys',
    '$setElementOrder/containers',
    '$deleteFromPrimitiveList/finalizers',
  ],
);

export const mergePatches = reader<Patch>({
  name: 'merge-patches',
  reads: 'merge patches',
  inputs: fc.record({ on, patch: changedSample }),
  tested: 250,
  open:
    () =>
    ({ on, patch }) =>
      unlessRefused(() => applyMergePatch(target(on).object, patch), PatchError),
});

const DIRECTIVES = [
  {
    spec: {
      template: {
        spec: {
          $setElementOrder: 1,
          '$setElementOrder/containers': [{ name: 'web' }],
          containers: [{ name: 'web', $patch: 'delete' }],
        },
      },
    },
  },
  { spec: { containers: [{ $patch: 'replace' }, { name: 'b', image: 'c' }] } },
  {
    metadata: {
      $retainKeys: ['labels'],
      labels: { a: 'b' },
      '$deleteFromPrimitiveList/finalizers': ['a'],
      finalizers: ['b'],
    },
  },
  { $patch: 'delete' },
  { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
];

export const strategicPatches = reader<Patch>({
  name: 'strategic-patches',
  reads: 'strategic merge patches',
  inputs: fc.record({
    on,
    patch: fc.oneof(
      changedSample,
      documents(DIRECTIVES, [
        '$patch',
        '$retainKeys',
        '$setElementOrder/ports',
        'containers',
        'ports',
        'name',
      ]),
    ),
  }),
  tested: 250,
  open:
    () =>
    ({ on, patch }) => {
      const { object, schema } = target(on);
      // What is no object is refused before.
      if (isObject(patch)) unlessRefused(() => applyStrategicMergePatch(object, patch, schema), PatchError);
    },
});

const entries: readonly ManagedFieldsEntry[] = [
  {
    manager: 'a',
    operation: 'Apply',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {} } } } },
  },
  {
    manager: 'b',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-11-22T09:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:metadata': { 'f:finalizers': { 'v:"x"': {} } } },
  },
];

interface Applied extends Patch {
  readonly force: boolean;
}

export const applies = reader<Applied>({
  name: 'server-side-apply',
  reads: 'configurations of server-side apply',
  inputs: fc.record({
    on,
    patch: changedSample,
    force: fc.boolean(),
  }),
  tested: 250,
  open:
    () =>
    ({ on, patch, force }) => {
      const { object, schema } = target(on);
      if (!isObject(patch)) return;
      const apply = {
        live: object,
        applied: patch,
        manager: 'kubectl',
        force,
        managedFields: entries,
        schema,
        apiVersion: String(object['apiVersion']),
        time: '2026-11-22T09:00:00Z',
      };
      unlessRefused(() => serverSideApply(apply), PatchError);
    },
});
