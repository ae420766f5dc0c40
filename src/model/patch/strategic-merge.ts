/**
 * Strategic merge patch: a merge patch that merges lists by the keys of the schema, with directives.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
import { copy, isObject, own, put } from '../../core/json.ts';
import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/types.ts';
import { goText } from './go-text.ts';
import { PatchError } from './patch-error.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';
const SET_ELEMENT_ORDER = '$setElementOrder/';

type Fields = Record<string, unknown>;

/**
 * The merged object; neither argument is changed. Custom resources have no strategic merge patch: the caller
 * answers 415 for them.
 * @throws {PatchError}
 */
export function applyStrategicMergePatch(original: unknown, patch: unknown, schema: TypeSchema): unknown {
  if (!isObject(patch)) throw new PatchError(400, 'the patch must be an object');
  const value: ValueSchema = { kind: 'struct', type: schema, atomic: false };
  return mergeFields(isObject(original) ? copy(original) : {}, copy(patch), value);
}

/** Changes `original` and uses up `patch`. */
function mergeFields(original: Fields, patch: Fields, schema: ValueSchema): Fields {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') {
    Reflect.deleteProperty(patch, DIRECTIVE);
    return patch;
  }
  if (directive === 'delete') return {};
  if (directive !== undefined) throw badDirective(directive, patch);
  retainKeys(original, patch);
  mergeOrderedLists(original, patch, schema);

  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(DELETE_FROM_LIST))
      deleteFromList(original, name.slice(DELETE_FROM_LIST.length), value);
    else mergeField(original, name, value, schema);
  }
  return original;
}

function badDirective(directive: unknown, patch: Fields): PatchError {
  return new PatchError(500, `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
}

function mergeField(original: Fields, name: string, value: unknown, schema: ValueSchema): void {
  const before = own(original, name);
  if (value === null) {
    Reflect.deleteProperty(original, name);
    return;
  }
  const field = fieldOf(schema, name);
  if (isObject(before) && isObject(value)) {
    const replaces = field?.patchStrategies.includes('replace') === true;
    put(original, name, replaces ? value : mergeFields(before, value, valueOf(schema, name)));
  } else if (Array.isArray(before) && Array.isArray(value)) {
    put(original, name, mergeLists(before, value, field));
  } else {
    const taken = withoutDirectives(withoutNulls(value));
    if (taken === undefined) Reflect.deleteProperty(original, name);
    else put(original, name, taken);
  }
}

function fieldOf(schema: ValueSchema, name: string): FieldSchema | undefined {
  return schema.kind === 'struct' ? schema.type.fields.get(name) : undefined;
}

function valueOf(schema: ValueSchema, name: string): ValueSchema {
  if (schema.kind === 'map') return schema.values;
  return fieldOf(schema, name)?.value ?? { kind: 'any' };
}

/** `$retainKeys` names the only fields that stay: for unions such as a deployment's strategy. */
function retainKeys(original: Fields, patch: Fields): void {
  const retained = patch[RETAIN_KEYS];
  if (retained === undefined) return;
  Reflect.deleteProperty(patch, RETAIN_KEYS);
  const keys = Array.isArray(retained) ? new Set<unknown>(retained) : undefined;
  const stray = Object.entries(patch).some(
    ([name, value]) =>
      value !== null &&
      !name.startsWith(DELETE_FROM_LIST) &&
      !name.startsWith(SET_ELEMENT_ORDER) &&
      keys?.has(name) !== true,
  );
  if (keys === undefined || stray) throw new PatchError(400, 'invalid patch format of retainKeys');
  for (const name of Object.keys(original)) if (!keys.has(name)) Reflect.deleteProperty(original, name);
}

function deleteFromList(original: Fields, name: string, values: unknown): void {
  const list = own(original, name);
  if (!Array.isArray(values)) throw new PatchError(400, 'invalid patch format of primitive list');
  if (Array.isArray(list)) original[name] = list.filter((item: unknown) => !values.includes(item));
}

/** Lists with `$setElementOrder`: the patch's items in its order, those of the server alone where they were. */
function mergeOrderedLists(original: Fields, patch: Fields, schema: ValueSchema): void {
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(SET_ELEMENT_ORDER)) continue;
    Reflect.deleteProperty(patch, directive);
    const name = directive.slice(SET_ELEMENT_ORDER.length);
    const before = own(original, name);
    const changes = own(patch, name);
    if (changes === null) continue;
    const field = fieldOf(schema, name);
    if (!Array.isArray(order)) throw new PatchError(400, 'invalid patch format of setElementOrder list');
    if (Array.isArray(changes)) checkOrder(changes, order, field?.patchMergeKey);
    Reflect.deleteProperty(patch, name);

    let merged: unknown[];
    if (!Array.isArray(before)) {
      if (!Array.isArray(changes)) continue;
      merged = withoutDirectives(changes) as unknown[];
    } else {
      merged = Array.isArray(changes) ? mergeLists(before, changes, field) : before;
    }
    put(original, name, inOrder(merged, order, Array.isArray(before) ? before : [], field?.patchMergeKey));
  }
}

/** Items of the patch must come in the order that the patch asks for. */
function checkOrder(
  changes: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): void {
  const ids = changes
    .filter((item) => !isObject(item) || item[DIRECTIVE] === undefined)
    .map((item) => idOf(item, mergeKey));
  const ordered = order.map((item) => idOf(item, mergeKey));
  let at = 0;
  for (const id of ordered) if (at < ids.length && ids[at] === id) at++;
  if (ids.length > 0 && ordered.length > 0 && at < ids.length) {
    throw new PatchError(
      500,
      `The order in patch list:\n${goText(changes)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
    );
  }
}

function mergeLists(original: unknown[], patch: unknown[], field: FieldSchema | undefined): unknown[] {
  if (field?.patchStrategies.includes('merge') !== true) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const mergeKey = field.patchMergeKey;
  if (mergeKey === undefined) {
    return inOrder([...new Set([...original, ...patch])], patch, original, undefined);
  }
  const items: ValueSchema = field.value.kind === 'list' ? field.value.items : { kind: 'any' };
  const { kept, changes, replaced } = applyItemDirectives(original, patch, mergeKey);
  if (replaced) return changes;
  const merged = [...kept];
  for (const change of changes) {
    const id = idOf(change, mergeKey);
    const index = merged.findIndex((item) => idOf(item, mergeKey) === id);
    const before = merged[index];
    if (isObject(before) && isObject(change)) merged[index] = mergeFields(before, change, items);
    else merged.push(change);
  }
  return inOrder(merged, changes, kept, mergeKey);
}

/** Acts on `$patch: delete` and `$patch: replace` items. */
function applyItemDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { kept: unknown[]; changes: unknown[]; replaced: boolean } {
  let kept = [...original];
  let replaced = false;
  const changes: unknown[] = [];
  for (const item of patch) {
    const directive = isObject(item) ? item[DIRECTIVE] : undefined;
    if (directive === undefined) {
      changes.push(item);
    } else if (directive === 'delete') {
      const id = idOf(item, mergeKey);
      kept = kept.filter((other) => idOf(other, mergeKey) !== id);
    } else if (directive === 'replace') {
      replaced = true;
    } else if (directive === 'merge') {
      throw new PatchError(500, 'merging lists cannot yet be specified in the patch');
    } else {
      throw badDirective(directive, item as Fields);
    }
  }
  return { kept, changes, replaced };
}

/** What an item of a list is found by: itself, or its merge key. */
function idOf(item: unknown, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return item;
  const id = isObject(item) ? item[mergeKey] : undefined;
  if (id === undefined) {
    throw new PatchError(500, `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return id;
}

/**
 * Items that `order` names in its order, between them the others in the order of `serverOrder`: one of them comes
 * first only where it stood before the next named one on the server.
 */
function inOrder(
  items: readonly unknown[],
  order: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const orderIds = order.map((item) => idOf(item, mergeKey));
  const serverIds = serverOrder.map((item) => idOf(item, mergeKey));
  const position = (ids: readonly unknown[]) => (a: unknown, b: unknown) =>
    ids.indexOf(idOf(a, mergeKey)) - ids.indexOf(idOf(b, mergeKey));
  const named = items.filter((item) => orderIds.includes(idOf(item, mergeKey))).sort(position(orderIds));
  const others = items.filter((item) => !orderIds.includes(idOf(item, mergeKey))).sort(position(serverIds));

  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = serverIds.indexOf(idOf(item, mergeKey));
    while (next < others.length && at >= 0 && serverIds.indexOf(idOf(others[next], mergeKey)) < at) {
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutNulls(item)]));
}

/** What a patch adds where there was nothing; undefined for what is itself a directive. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  if (value[DIRECTIVE] !== undefined) return undefined;
  const entries = Object.entries(value)
    .filter(([name]) => name !== RETAIN_KEYS && !name.startsWith(SET_ELEMENT_ORDER))
    .map(([name, item]) => [name, withoutDirectives(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}
