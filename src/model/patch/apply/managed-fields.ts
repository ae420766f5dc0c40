/**
 * Who owns which fields of an object: `metadata.managedFields` and how an ordinary write changes it.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
 */
import { memoized } from '../../../core/memo.ts';
import type { ManagedFieldsEntry } from '../../objects.ts';
import { roundTrip } from '../../schema/round-trip.ts';
import type { TypeSchema } from '../../schema/types.ts';
import { compareObjects } from './compare.ts';
import type { Comparison } from './compare.ts';
import { LEAF, difference, inOrder, isEmptySet, union, withoutSubtrees } from './field-set.ts';
import type { FieldSet } from './field-set.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Fields that nobody owns: they are the server's. */
const SERVER_FIELDS: FieldSet = {
  'f:apiVersion': LEAF,
  'f:kind': LEAF,
  'f:metadata': {
    '.': LEAF,
    'f:name': LEAF,
    'f:namespace': LEAF,
    'f:creationTimestamp': LEAF,
    'f:selfLink': LEAF,
    'f:uid': LEAF,
    'f:clusterName': LEAF,
    'f:generation': LEAF,
    'f:managedFields': LEAF,
    'f:resourceVersion': LEAF,
  },
};

/** More updaters than this share one entry, the oldest of them. */
const MOST_UPDATERS = 10;

/** Who writes, and how. */
export interface Writer {
  /** The field manager; kubectl and controllers name themselves. */
  readonly manager: string;
  /** `v1`, `apps/v1`: the version that the request was made with. */
  readonly apiVersion: string;
  readonly subresource?: string;
  /** RFC 3339 in whole seconds. */
  readonly time: string;
}

export interface TrackUpdate extends Writer {
  readonly operation: 'Update';
  /** The object before the write; undefined for a create. */
  readonly before: Fields | undefined;
  /** The object after it, as it will be stored. */
  readonly after: Fields;
  readonly schema: TypeSchema;
  /** The entries so far. */
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
  /** Fields that this kind of write does not touch (`{ 'f:status': {} }` for the main resource). */
  readonly resetFields?: FieldSet;
}

/** The fields of an entry. */
export function fieldsOfEntry(entry: ManagedFieldsEntry): FieldSet {
  return entry.fieldsV1 as FieldSet;
}

/** Without what only the server sets. */
export function withoutServerFields(set: FieldSet): FieldSet {
  return difference(set, SERVER_FIELDS);
}

/**
 * The entries after an ordinary write: what it added or changed belongs to the writer, and to nobody else but for
 * what it did not touch. An object that has no entries at all (an old one) is not tracked. Returns the same array
 * where nothing changes.
 */
export function trackUpdate(update: TrackUpdate): readonly ManagedFieldsEntry[] {
  const { before, after, schema, managedFields = [], resetFields = LEAF } = update;
  if (before !== undefined && managedFields.length === 0) return managedFields;
  const changes = compareObjects(before ?? emptyObject(schema), after, schema);
  const taken = withoutServerFields(withoutSubtrees(union(changes.modified, changes.added), resetFields));
  const lost = changedFields(changes);
  if (isEmptySet(taken)) {
    const left = loseFields(managedFields, lost);
    return left === managedFields ? left : left.map(inOrderOf);
  }

  const entry: ManagedFieldsEntry = {
    manager: update.manager === '' ? 'unknown' : update.manager,
    operation: 'Update',
    apiVersion: update.apiVersion,
    time: update.time,
    fieldsType: 'FieldsV1',
    fieldsV1: taken,
    ...(update.subresource === undefined || update.subresource === ''
      ? {}
      : { subresource: update.subresource }),
  };
  const last = managedFields.find((other) => isSameManager(other, entry));
  const others = loseFields(
    managedFields.filter((other) => other !== last),
    lost,
  );
  // Whoever writes the same fields again owns what it did: the set stays as it is, in order.
  const kept = last === undefined ? LEAF : difference(fieldsOfEntry(last), difference(lost, taken));
  return sortEntries(capUpdaters([...others, { ...entry, fieldsV1: union(kept, taken) }]));
}

/** What Go's empty struct of a built-in type looks like: its fields that are always written count as being there. */
const emptyObject = memoized((schema: TypeSchema): Fields => roundTrip({}, schema));

/** Entries of the same manager are one; appliers whatever version they use. */
export function isSameManager(a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    (a.subresource ?? '') === (b.subresource ?? '') &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

/** Whatever differs between two states. */
export function changedFields({ added, modified, removed }: Comparison): FieldSet {
  return union(union(added, modified), removed);
}

/** The entries without what was changed or removed; those left with nothing are gone. */
export function loseFields(
  entries: readonly ManagedFieldsEntry[],
  lost: FieldSet,
): readonly ManagedFieldsEntry[] {
  if (isEmptySet(lost)) return entries;
  const result: ManagedFieldsEntry[] = [];
  for (const entry of entries) {
    const fields = fieldsOfEntry(entry);
    const left = difference(fields, lost);
    if (left === fields) result.push(entry);
    else if (!isEmptySet(left)) result.push({ ...entry, fieldsV1: left });
  }
  return result;
}

/** The order in which the API server writes them: appliers first, then by time and name. */
export function sortEntries(entries: readonly ManagedFieldsEntry[]): ManagedFieldsEntry[] {
  return entries.toSorted(compareEntries).map(inOrderOf);
}

const SORTED_BY = ['operation', 'time', 'manager', 'apiVersion', 'subresource'] as const;

function compareEntries(a: ManagedFieldsEntry, b: ManagedFieldsEntry): number {
  for (const part of SORTED_BY) {
    const [left, right] = [a[part] ?? '', b[part] ?? ''];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

/** An entry with its fields in the API's order. */
function inOrderOf(entry: ManagedFieldsEntry): ManagedFieldsEntry {
  const fields = fieldsOfEntry(entry);
  const sorted = inOrder(fields);
  return sorted === fields ? entry : { ...entry, fieldsV1: sorted };
}

/** Puts the oldest updaters of a version together when there are too many. */
function capUpdaters(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const all = entries.filter(({ operation }) => operation === 'Update');
  let excess = all.length - MOST_UPDATERS;
  if (excess <= 0) return entries;
  const updaters = sortEntries(all);
  const result = new Set(entries);
  const buckets = new Map<string, ManagedFieldsEntry>();
  for (const entry of updaters) {
    if (excess <= 0) break;
    const bucket = buckets.get(entry.apiVersion);
    if (bucket !== undefined) {
      result.delete(bucket);
      result.delete(entry);
      const { subresource: _subresource, ...rest } = entry;
      const fieldsV1 = { ...union(fieldsOfEntry(bucket), fieldsOfEntry(entry)) };
      const merged: ManagedFieldsEntry = { ...rest, manager: 'ancient-changes', fieldsV1 };
      result.add(merged);
      buckets.set(entry.apiVersion, merged);
      excess--;
    } else {
      buckets.set(entry.apiVersion, entry);
    }
  }
  return [...result];
}
