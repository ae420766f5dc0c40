/** Which fields differ between two states of an object. */
import { equal, isObject } from '../../../core/json.ts';
import type { ListSchema, TypeSchema, ValueSchema } from '../../schema/types.ts';
import { itemElement, LEAF, sameElement } from './field-set.ts';
import type { FieldSet } from './field-set.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What differs below a value; a part is absent where nothing does. */
interface Changes {
  added?: FieldSet;
  modified?: FieldSet;
  removed?: FieldSet;
}

type Fields = Readonly<Record<string, unknown>>;

/** Compares two states; parts that are the same reference are not looked at. */
export function compareObjects(before: Fields, after: Fields, type: TypeSchema): Comparison {
  const changes = compareFields(before, after, { kind: 'struct', type, atomic: false });
  return {
    added: changes?.added ?? LEAF,
    modified: changes?.modified ?? LEAF,
    removed: changes?.removed ?? LEAF,
  };
}

const ANY: ValueSchema = { kind: 'any' };
const ADDED: Changes = { added: LEAF };
const MODIFIED: Changes = { modified: LEAF };
const REMOVED: Changes = { removed: LEAF };

function compareValues(before: unknown, after: unknown, schema: ValueSchema): Changes | undefined {
  if (before === after) return undefined;
  if (before === undefined) return { added: wholeOf(after, schema) };
  if (after === undefined) return { removed: wholeOf(before, schema) };
  if (isList(schema) && (Array.isArray(before) || Array.isArray(after))) {
    const [left, right] = [itemsOf(before), itemsOf(after)];
    if (left.length > 0 || right.length > 0) return compareLists(left, right, schema);
  }
  if (hasFields(schema, before, after)) {
    const left = isObject(before) ? before : {};
    const right = isObject(after) ? after : {};
    if (!isEmpty(left) || !isEmpty(right)) return compareFields(left, right, schema);
  }
  return equal(before, after) ? undefined : MODIFIED;
}

/** Lists that are merged item by item. */
function isList(schema: ValueSchema): schema is ListSchema {
  return schema.kind === 'list' && schema.listType !== 'atomic';
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** Whether values are compared field by field. Null stands in for an empty object. */
function hasFields(schema: ValueSchema, before: unknown, after: unknown): boolean {
  if (!isObject(before ?? {}) || !isObject(after ?? {})) return false;
  return schema.kind === 'any' || ((schema.kind === 'struct' || schema.kind === 'map') && !schema.atomic);
}

function isEmpty(value: object): boolean {
  for (const _key in value) return false;
  return true;
}

function fieldSchemaOf(schema: ValueSchema, name: string): ValueSchema {
  if (schema.kind === 'struct') return schema.type.fields.get(name)?.value ?? ANY;
  return schema.kind === 'map' ? schema.values : ANY;
}

function compareFields(before: Fields, after: Fields, schema: ValueSchema): Changes | undefined {
  let changes: Changes | undefined;
  for (const name in before) {
    const left = before[name];
    const right = after[name];
    if (left === right || left === undefined) continue;
    const below = compareValues(left, right, fieldSchemaOf(schema, name));
    if (below !== undefined) changes = include(changes, `f:${name}`, below);
  }
  for (const name in after) {
    const right = after[name];
    if (before[name] !== undefined || right === undefined) continue;
    const below = compareValues(undefined, right, fieldSchemaOf(schema, name));
    if (below !== undefined) changes = include(changes, `f:${name}`, below);
  }
  return changes;
}

function include(to: Changes | undefined, element: string, from: Changes): Changes {
  const result: Changes = to ?? {};
  if (from.added !== undefined) result.added = withElement(result.added, element, from.added);
  if (from.modified !== undefined) result.modified = withElement(result.modified, element, from.modified);
  if (from.removed !== undefined) result.removed = withElement(result.removed, element, from.removed);
  return result;
}

/** Adds to a set that was made in this comparison and that nobody else has seen yet. */
function withElement(set: FieldSet | undefined, element: string, node: FieldSet): FieldSet {
  const draft = (set ?? {}) as Record<string, FieldSet>;
  draft[element] = node;
  return draft;
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  schema: ListSchema,
): Changes | undefined {
  if (isUnchanged(before, after, schema)) return undefined;
  const left = indexed(before, schema);
  const right = indexed(after, schema);
  let changes: Changes | undefined;
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const below = compareItems(left.get(element), right.get(element), schema);
    if (below !== undefined) changes = include(changes, element, below);
  }
  return changes;
}

/** The common case, without naming every item. */
function isUnchanged(before: readonly unknown[], after: readonly unknown[], schema: ListSchema): boolean {
  if (before.length !== after.length) return false;
  return before.every((item, index) => {
    const other = after[index];
    return sameElement(schema, item, other) && compareValues(item, other, schema.items) === undefined;
  });
}

/** Items by path element. Two with the same one are marked as such and compared as a whole. */
interface Item {
  readonly value: unknown;
  readonly duplicates: readonly unknown[];
}

function indexed(items: readonly unknown[], schema: ListSchema): Map<string, Item> {
  const result = new Map<string, Item>();
  for (const value of items) {
    const element = itemElement(schema, value);
    if (element === undefined) continue;
    const earlier = result.get(element);
    if (earlier === undefined) result.set(element, { value, duplicates: [] });
    else result.set(element, { value: earlier.value, duplicates: [...earlier.duplicates, value] });
  }
  return result;
}

function compareItems(
  before: Item | undefined,
  after: Item | undefined,
  schema: ListSchema,
): Changes | undefined {
  const hadDuplicates = (before?.duplicates.length ?? 0) > 0;
  const hasDuplicates = (after?.duplicates.length ?? 0) > 0;
  if (hadDuplicates && hasDuplicates) return equal(before, after) ? undefined : MODIFIED;
  if (hadDuplicates) {
    return after === undefined
      ? REMOVED
      : { ...compareValues(undefined, after.value, schema.items), ...REMOVED };
  }
  if (hasDuplicates) {
    return before === undefined
      ? ADDED
      : { ...compareValues(before.value, undefined, schema.items), ...ADDED };
  }
  return compareValues(before?.value, after?.value, schema.items);
}

/** A value that appeared or went away: itself and everything below it. */
function wholeOf(value: unknown, schema: ValueSchema): FieldSet {
  if (isList(schema) && Array.isArray(value)) {
    const draft: Record<string, FieldSet> = {};
    for (const item of value) {
      const element = itemElement(schema, item);
      if (element !== undefined) draft[element] = wholeOf(item, schema.items);
    }
    return isEmpty(draft) ? LEAF : { '.': LEAF, ...draft };
  }
  if (isObject(value) && hasFields(schema, value, value)) {
    const draft: Record<string, FieldSet> = { '.': LEAF };
    let some = false;
    for (const name in value) {
      if (value[name] === undefined) continue;
      draft[`f:${name}`] = wholeOf(value[name], fieldSchemaOf(schema, name));
      some = true;
    }
    return some ? draft : LEAF;
  }
  return LEAF;
}
