/**
 * Server-side apply: merging a configuration into the live object under field ownership.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { canonical, isObject } from '../../../core/json.ts';
import type { ManagedFieldsEntry } from '../../objects.ts';
import type { TypeSchema, ValueSchema } from '../../schema/types.ts';
import { PatchError } from '../patch-error.ts';
import { appliedProblems } from './applied-problems.ts';
import { compareObjects } from './compare.ts';
import {
  difference,
  intersection,
  isEmptySet,
  LEAF,
  objectSchema,
  pathsOf,
  union,
  withNamedFields,
  withoutSubtrees,
} from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import {
  changedFields,
  fieldsOfEntry,
  isSameManager,
  loseFields,
  sortEntries,
  trackUpdate,
  withoutServerFields,
} from './managed-fields.ts';
import type { Writer } from './managed-fields.ts';
import { fieldsOf, mergeApplied, removeFields } from './typed-value.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface ServerSideApply extends Writer {
  /** The stored object; undefined where the apply creates it. */
  readonly live: Fields | undefined;
  /** What was sent. */
  readonly applied: Fields;
  /** Takes fields from their owners instead of failing. */
  readonly force: boolean;
  /** The live object's entries. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
  readonly schema: TypeSchema;
  /** Fields that are ignored where they are applied (`{ 'f:status': {} }` for the main resource). */
  readonly resetFields?: FieldSet;
}

/** A field that somebody else owns with another value. */
export interface ApplyConflict {
  /** `conflict with "kubectl-client-side-apply" using apps/v1`. */
  readonly message: string;
  /** `.spec.replicas`. */
  readonly field: string;
}

export type ApplyResult =
  | { readonly object: Record<string, unknown>; readonly managedFields: readonly ManagedFieldsEntry[] }
  | {
      /** The causes of the 409; `message` is the whole message. */
      readonly conflicts: readonly ApplyConflict[];
      readonly message: string;
    };

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * The object as applied (not yet defaulted) and its new entries, or the conflicts.
 * @throws {PatchError} for a configuration that is not of this type.
 */
export function serverSideApply(apply: ServerSideApply): ApplyResult {
  checkApplied(apply);
  const { live, manager } = apply;
  const entries = entriesOf(apply);
  const result = applyTo(apply, entries, apply.force);
  if (manager !== 'kubectl' || live === undefined) return result;
  if ('object' in result) return { ...result, object: withLastApplied(result.object, apply.applied) };

  // kubectl may take over what it applied from the client's side before.
  const allowed = allowedByLastApplied(live, apply);
  if (allowed === undefined) return result;
  const open = result.conflicting
    .map(({ entry, set }) => ({ entry, set: difference(set, allowed) }))
    .filter(({ set }) => !isEmptySet(set));
  if (open.length > 0) return conflictResult(open);
  const forced = applyTo(apply, entries, true);
  return 'object' in forced ? { ...forced, object: withLastApplied(forced.object, apply.applied) } : forced;
}

function checkApplied({ applied, apiVersion, schema }: ServerSideApply): void {
  const version = typeof applied['apiVersion'] === 'string' ? applied['apiVersion'] : '';
  if (version !== apiVersion) {
    throw new PatchError(
      400,
      `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${apiVersion}`,
    );
  }
  const metadata = isObject(applied['metadata']) ? applied['metadata'] : {};
  if (metadata['managedFields'] !== undefined && metadata['managedFields'] !== null) {
    throw new PatchError(400, 'metadata.managedFields must be nil');
  }
  const problems = appliedProblems(applied, schema);
  const [first] = problems;
  if (first === undefined) return;
  const what = problems.length === 1 ? first : `errors:\n  ${problems.join('\n  ')}`;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const group = version.includes('/') ? version : `/${version}`;
  throw new PatchError(
    500,
    `failed to create typed patch object (${text(metadata['namespace'])}/${text(metadata['name'])}; ${group}, Kind=${text(applied['kind'])}): ${what}`,
  );
}

/** The entries to start from: everything in an object that nobody tracked belongs to `before-first-apply`. */
function entriesOf(apply: ServerSideApply): readonly ManagedFieldsEntry[] {
  const { live, managedFields = [] } = apply;
  if (live === undefined || managedFields.length > 0) return managedFields;
  return trackUpdate({
    ...apply,
    manager: 'before-first-apply',
    operation: 'Update',
    before: undefined,
    after: live,
  });
}

interface Conflicting {
  readonly entry: ManagedFieldsEntry;
  readonly set: FieldSet;
}

type Outcome = ApplyResult & { readonly conflicting: readonly Conflicting[] };

function applyTo(apply: ServerSideApply, entries: readonly ManagedFieldsEntry[], force: boolean): Outcome {
  const { applied, schema } = apply;
  const live = apply.live ?? {};
  const root = objectSchema(schema);
  const set = withoutSubtrees(fieldsOf(applied, schema), apply.resetFields ?? LEAF);
  const entry: ManagedFieldsEntry = {
    manager: apply.manager,
    operation: 'Apply',
    apiVersion: apply.apiVersion,
    time: apply.time,
    fieldsType: 'FieldsV1',
    fieldsV1: withoutServerFields(set),
    ...(apply.subresource === undefined || apply.subresource === ''
      ? {}
      : { subresource: apply.subresource }),
  };
  const last = entries.find((other) => isSameManager(other, entry));
  const others = entries.filter((other) => other !== last);
  const merged = mergeApplied(live, applied, root) as Fields;
  const object =
    last === undefined
      ? merged
      : prune(merged, fieldsOfEntry(last), [...others, { ...entry, fieldsV1: set }], root);

  const changes = compareObjects(live, object, schema);
  const changed = union(changes.modified, changes.added);
  const conflicting = others
    .map((other) => ({ entry: other, set: intersection(fieldsOfEntry(other), changed) }))
    .filter((conflict) => !isEmptySet(conflict.set));
  if (!force && conflicting.length > 0) return conflictResult(conflicting);

  const kept = loseFields(others, changedFields(changes));
  const managedFields = isEmptySet(entry.fieldsV1 as FieldSet)
    ? kept
    : [...kept, withOldTime(entry, last, changed, changes.removed)];
  return { object: withoutNulls(object), managedFields: sortEntries(managedFields), conflicting: [] };
}

/** An apply that changes nothing keeps the time of the last one that did. */
function withOldTime(
  entry: ManagedFieldsEntry,
  last: ManagedFieldsEntry | undefined,
  changed: FieldSet,
  removed: FieldSet,
): ManagedFieldsEntry {
  if (last?.time === undefined || !isEmptySet(changed) || !isEmptySet(removed)) return entry;
  const before = fieldsOfEntry(last);
  const after = fieldsOfEntry(entry);
  const same = isEmptySet(difference(before, after)) && isEmptySet(difference(after, before));
  return same && last.apiVersion === entry.apiVersion ? { ...entry, time: last.time } : entry;
}

/** Takes out what the manager applied last time, does not apply now, and nobody else owns. */
function prune(
  merged: Fields,
  last: FieldSet,
  entries: readonly ManagedFieldsEntry[],
  root: ValueSchema,
): Fields {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, root);
  const fieldsIn = (value: unknown): FieldSet =>
    root.kind === 'struct' && isObject(value) ? named(fieldsOf(value, root.type)) : LEAF;
  const lastNamed = named(last);
  const all = fieldsIn(merged);
  const without = fieldsIn(removeFields(merged, lastNamed, root));
  const owned = named(entries.map(fieldsOfEntry).reduce(union, LEAF));
  const withOwned = removeFields(merged, difference(all, union(without, owned)), root);
  const dangling = intersection(difference(all, fieldsIn(withOwned)), lastNamed);
  const pruned = removeFields(merged, dangling, root);
  return isObject(pruned) ? pruned : {};
}

function conflictResult(conflicting: readonly Conflicting[]): Outcome & { readonly message: string } {
  const sorted = [...conflicting]
    .map(({ entry, set }) => ({ entry, set, owner: ownerText(entry), paths: pathsOf(set) }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const conflicts = sorted.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ message: `conflict with ${owner}`, field })),
  );
  const [first] = conflicts;
  const message =
    conflicts.length === 1 && first !== undefined
      ? `Apply failed with 1 conflict: ${first.message}: ${first.field}`
      : `Apply failed with ${conflicts.length} conflicts: ${sorted
          .flatMap(({ owner, paths }) => [`conflicts with ${owner}:`, ...paths.map((path) => `- ${path}`)])
          .join('\n')}`;
  return { conflicts, message, conflicting };
}

/** `"kubectl" using apps/v1`; the version of appliers does not matter. */
function ownerText(entry: ManagedFieldsEntry): string {
  const subresource =
    entry.subresource === undefined || entry.subresource === ''
      ? ''
      : ` with subresource ${JSON.stringify(entry.subresource)}`;
  const version = entry.operation === 'Update' ? ` using ${entry.apiVersion}` : '';
  return `${JSON.stringify(entry.manager)}${subresource}${version}`;
}

/** Without the nulls that stand where a removal left nothing. */
function withoutNulls(object: Fields): Record<string, unknown> {
  const clean = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(clean);
    return isObject(value) ? withoutNulls(value) : value;
  };
  const entries = Object.entries(object).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, clean(value)]));
}

function lastAppliedOf(object: Fields): string | undefined {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
  const text = annotations[LAST_APPLIED];
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** What the client-side apply annotation set and the live object still has so. */
function allowedByLastApplied(live: Fields, { schema, apiVersion }: ServerSideApply): FieldSet | undefined {
  const text = lastAppliedOf(live);
  if (text === undefined) return undefined;
  let lastApplied: unknown;
  try {
    lastApplied = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(lastApplied) || lastApplied['apiVersion'] !== apiVersion) return undefined;
  return difference(fieldsOf(lastApplied, schema), changedFields(compareObjects(lastApplied, live, schema)));
}

/** Keeps the client-side apply annotation, where there is one, in step with what was applied. */
function withLastApplied(object: Record<string, unknown>, applied: Fields): Record<string, unknown> {
  if (lastAppliedOf(object) === undefined) return object;
  const metadata = object['metadata'] as Record<string, unknown>;
  const { [LAST_APPLIED]: _old, ...annotations } = (metadata['annotations'] ?? {}) as Record<string, unknown>;
  const text = `${canonical(withoutAnnotation(applied))}\n`;
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: text } },
  };
}

function withoutAnnotation(applied: Fields): Fields {
  const metadata = isObject(applied['metadata']) ? applied['metadata'] : {};
  if (!isObject(metadata['annotations'])) return applied;
  const { [LAST_APPLIED]: _annotation, ...annotations } = metadata['annotations'];
  return { ...applied, metadata: { ...metadata, annotations } };
}
