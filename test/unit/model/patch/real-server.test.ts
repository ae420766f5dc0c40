import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { edit } from '../../../../src/core/json.ts';
import type { AnyObject, ManagedFieldsEntry } from '../../../../src/model/objects.ts';
import { applyJsonPatch } from '../../../../src/model/patch/json-patch.ts';
import { applyMergePatch } from '../../../../src/model/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../../../src/model/patch/strategic-merge.ts';
import { trackUpdate } from '../../../../src/model/patch/apply/managed-fields.ts';
import { serverSideApply } from '../../../../src/model/patch/apply/server-side-apply.ts';
import { PatchError } from '../../../../src/model/patch/patch-error.ts';
import { roundTrip } from '../../../../src/model/schema/round-trip.ts';
import { schemaOf } from '../../../../src/model/schema/schema.ts';
import type { TypeSchema } from '../../../../src/model/schema/types.ts';

/** What a Kubernetes 1.36.3 API server answered to sequences of requests; without times, uids and versions. */
interface Recording {
  readonly name: string;
  readonly steps: readonly Step[];
}
interface Step {
  readonly op: 'create' | 'apply' | 'json' | 'merge' | 'smp';
  readonly manager: string;
  readonly force?: boolean;
  readonly body: unknown;
  readonly object?: AnyObject;
  readonly error?: { code: number; message: string; causes?: { message: string; field: string }[] };
}
const recordings = JSON.parse(
  readFileSync(new URL('real-server.json', import.meta.url), 'utf8'),
) as Recording[];

const TIME = '2026-01-01T00:00:00Z';

function entriesOf(object: AnyObject): ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? []).map((entry) => ({
    ...entry,
    time: TIME,
    fieldsType: 'FieldsV1',
  }));
}

/** Ownership without the order and the times of the entries. */
function ownership(entries: readonly ManagedFieldsEntry[]): unknown {
  return Object.fromEntries(
    entries.map((entry) => [`${entry.operation} ${entry.manager} ${entry.apiVersion}`, entry.fieldsV1]),
  );
}

/** An object without what the server adds to its metadata. */
function content(object: Record<string, unknown>, schema: TypeSchema): unknown {
  const { managedFields: _entries, ...metadata } = object['metadata'] as Record<string, unknown>;
  return roundTrip({ ...object, metadata }, schema);
}

/** The API server looks at who owns what before the storage of Services fills these in. */
function withoutAllocations(object: AnyObject): AnyObject {
  return edit(object, ({ kind, spec }) => {
    if (kind !== 'Service') return;
    for (const name of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
      Reflect.deleteProperty(spec as object, name);
  });
}

function patched(step: Step, before: AnyObject, schema: TypeSchema): unknown {
  if (step.op === 'json') return applyJsonPatch(before, step.body as []);
  if (step.op === 'merge') return applyMergePatch(before, step.body);
  return applyStrategicMergePatch(before, step.body, schema);
}

function replay(step: Step, before: AnyObject | undefined, schema: TypeSchema): void {
  const writer = { manager: step.manager, apiVersion: apiVersionOf(step, before), time: TIME };
  if (step.op === 'apply') {
    replayApply(step, before, schema);
    return;
  }
  if (step.op !== 'create' && before !== undefined) {
    if (step.error !== undefined) {
      expect(() => patched(step, before, schema)).toThrow(PatchError);
      if (step.error.code !== 422)
        expect(() => patched(step, before, schema)).toThrow(new Error(step.error.message));
      return;
    }
    const after = patched(step, before, schema) as Record<string, unknown>;
    expect(content(after, schema)).toEqual(content(step.object!, schema));
  }
  const managedFields = trackUpdate({
    ...writer,
    operation: 'Update',
    before,
    after: before === undefined ? withoutAllocations(step.object!) : step.object!,
    schema,
    managedFields: before === undefined ? [] : entriesOf(before),
  });
  expect(ownership(managedFields)).toEqual(ownership(entriesOf(step.object!)));
}

function replayApply(step: Step, live: AnyObject | undefined, schema: TypeSchema): void {
  const apply = () =>
    serverSideApply({
      live,
      applied: step.body as AnyObject,
      manager: step.manager,
      force: step.force ?? false,
      managedFields: live === undefined ? [] : entriesOf(live),
      schema,
      apiVersion: apiVersionOf(step, live),
      time: TIME,
    });
  if (step.error !== undefined && step.error.code !== 409) {
    expect(apply).toThrow(new Error(step.error.message));
    return;
  }
  const result = apply();
  if ('conflicts' in result) {
    expect(result.message).toBe(step.error?.message);
    expect(result.conflicts).toMatchObject(
      (step.error?.causes ?? []).map(({ message, field }) => ({ message, field })),
    );
    return;
  }
  expect(step.error).toBeUndefined();
  // Defaults of what a create adds are another part's.
  if (live !== undefined) expect(content(result.object, schema)).toEqual(content(step.object!, schema));
  expect(ownership(result.managedFields)).toEqual(ownership(entriesOf(step.object!)));
}

function apiVersionOf(step: Step, before: AnyObject | undefined): string {
  return before?.apiVersion ?? (step.body as AnyObject).apiVersion;
}

describe('as a real API server does', () => {
  test.each(recordings.map((recording) => [recording.name, recording.steps] as const))(
    '%s',
    (_name, steps) => {
      const { apiVersion, kind } = steps[0]!.body as AnyObject;
      const [version = '', group = ''] = apiVersion.split('/').reverse();
      const schema = schemaOf(group, version, kind)!;
      let object: AnyObject | undefined;
      for (const step of steps) {
        replay(step, object, schema);
        object = step.object ?? object;
      }
    },
  );
});
