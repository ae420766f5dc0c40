/** The fields of a value, merging a value into another, and taking fields out of one, as the schema says. */
import { isObject, own, put } from '../../../core/json.ts';
import type { ListSchema, TypeSchema, ValueSchema } from '../../schema/types.ts';
import { childSchema, isEmptySet, itemElement, LEAF, lookUp, objectSchema } from './field-set.ts';
import type { FieldSet } from './field-set.ts';

type Fields = Readonly<Record<string, unknown>>;

function isList(schema: ValueSchema): schema is ListSchema {
  return schema.kind === 'list' && schema.listType !== 'atomic';
}

/** Whether an object of this shape is owned field by field. */
function hasFields(schema: ValueSchema): boolean {
  return schema.kind === 'any' || ((schema.kind === 'struct' || schema.kind === 'map') && !schema.atomic);
}

/** The fields that an object sets: what its applier owns. */
export function fieldsOf(object: Fields, type: TypeSchema): FieldSet {
  return fieldsBelow(object, objectSchema(type));
}

function fieldsBelow(value: unknown, schema: ValueSchema): FieldSet {
  const result: Record<string, FieldSet> = {};
  if (isList(schema) && Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(schema, item);
      if (element === undefined) continue;
      const below = fieldsBelow(item, schema.items);
      result[element] = isEmptySet(below) ? LEAF : { '.': LEAF, ...below };
    }
  } else if (isObject(value) && hasFields(schema)) {
    for (const name of Object.keys(value)) {
      if (value[name] === undefined) continue;
      const element = `f:${name}`;
      const child = childSchema(schema, element);
      const below = fieldsBelow(value[name], child.schema);
      if (!isEmptySet(below)) result[element] = child.named ? below : { '.': LEAF, ...below };
      else if (!isEmptyList(value[name], child.schema)) result[element] = LEAF;
    }
  }
  return result;
}

/** A list to be merged that has no items sets nothing. */
function isEmptyList(value: unknown, schema: ValueSchema): boolean {
  return Array.isArray(value) && value.length === 0 && isList(schema);
}

/** Merges an applied configuration, which has no problems, into the live object. */
export function mergeApplied(live: unknown, applied: unknown, schema: ValueSchema): unknown {
  if (applied === undefined) return live;
  if (isList(schema) && Array.isArray(applied)) {
    const liveItems = Array.isArray(live) ? (live as unknown[]) : [];
    return mergeItems(liveItems, applied, schema);
  }
  if (isObject(applied) && hasFields(schema)) {
    const result: Record<string, unknown> = isObject(live) ? { ...live } : {};
    for (const [name, value] of Object.entries(applied)) {
      const below = childSchema(schema, `f:${name}`).schema;
      const before = own(result, name);
      put(result, name, mergeApplied(before, value, below));
    }
    return result;
  }
  return applied;
}

/**
 * Items of the applied list come in its order; live ones that it does not have stay before the item that they
 * stood before, where that order lets them.
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], schema: ListSchema): unknown[] {
  const appliedItems = new Map(applied.map((item) => [itemElement(schema, item) ?? '', item]));
  const liveElements = live.map((item) => itemElement(schema, item) ?? '');
  const liveItems = new Map<string, unknown>();
  live.forEach((item, index) => {
    const element = liveElements[index] ?? '';
    // A live item that is there twice is replaced, not merged.
    liveItems.set(element, liveItems.has(element) ? undefined : item);
  });

  const result: unknown[] = [];
  let at = 0;
  const takeLiveOnes = (until: string | undefined): void => {
    for (; at < live.length; at++) {
      const element = liveElements[at] ?? '';
      if (element === until) break;
      if (!appliedItems.has(element)) result.push(live[at]);
    }
  };
  const shared = [...appliedItems.keys()].filter((element) => liveItems.has(element));
  for (const [element, item] of appliedItems) {
    takeLiveOnes(shared[0]);
    if (element === shared[0]) {
      shared.shift();
      at++;
    }
    result.push(mergeApplied(liveItems.get(element), item, schema.items));
  }
  takeLiveOnes(undefined);
  return result;
}

/** A value without these fields and items. Null where nothing is left of it. */
export function removeFields(value: unknown, fields: FieldSet, schema: ValueSchema): unknown {
  if (isList(schema) && Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const item of value) {
      const { member, below } = lookUp(fields, itemElement(schema, item) ?? '');
      if (!member) kept.push(isEmptySet(below) ? item : removeFields(item, below, schema.items));
    }
    return kept.length === 0 ? null : kept;
  }
  if (isObject(value) && hasFields(schema)) {
    const kept: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      const element = `f:${name}`;
      const { member, below } = lookUp(fields, element);
      if (member) continue;
      kept[name] = isEmptySet(below) ? item : removeFields(item, below, childSchema(schema, element).schema);
    }
    return Object.keys(kept).length === 0 ? null : kept;
  }
  return schema.kind === 'scalar' ? value : null;
}
