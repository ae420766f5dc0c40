/**
 * Sets of fields, as `metadata.managedFields` writes them (FieldsV1): a tree of path elements. An element is a
 * member of the set when it has no children or has `.` among them. Sets are never changed, only made anew.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
 */
import type { ListSchema, TypeSchema, ValueSchema } from '../../schema/types.ts';

/**
 * Path element → what is owned below it. Elements are `f:name` (a field), `k:{"name":"web"}` (a list item by its
 * keys), `v:"x"` (an item of a set of scalars).
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

type Draft = Record<string, FieldSet>;

/** The set of nothing; as a child: a member without children. */
export const LEAF: FieldSet = Object.freeze({});

const SELF = '.';

export function isEmptySet(set: FieldSet): boolean {
  for (const _element in set) return false;
  return true;
}

/** Whether the element that this is the tree of is itself in the set. */
function isMember(node: FieldSet): boolean {
  return node[SELF] !== undefined || isEmptySet(node);
}

/** The node of an element that is (not) a member and has these children; undefined where nothing is left. */
function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmptySet(children)) return member ? LEAF : undefined;
  return member ? { [SELF]: LEAF, ...children } : children;
}

/** Children without the mark of membership. */
function childrenOf(node: FieldSet | undefined): FieldSet {
  if (node?.[SELF] === undefined) return node ?? LEAF;
  const { [SELF]: _self, ...children } = node;
  return children;
}

/** Elements in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || a === b) return b;
  if (isEmptySet(b)) return a;
  const result: Draft = { ...a };
  for (const element in b) {
    const left = a[element];
    const right = b[element] ?? LEAF;
    if (left === undefined) {
      result[element] = right;
    } else if (left !== right && element !== SELF) {
      const children = union(childrenOf(left), childrenOf(right));
      result[element] = nodeOf(isMember(left) || isMember(right), children) ?? LEAF;
    }
  }
  return result;
}

/** Elements of `a` that are not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b) || isEmptySet(a)) return a;
  const result: Draft = {};
  for (const element in a) {
    const left = a[element] ?? LEAF;
    const right = b[element];
    const node =
      right === undefined
        ? left
        : nodeOf(isMember(left) && !isMember(right), difference(childrenOf(left), childrenOf(right)));
    if (node !== undefined) result[element] = node;
  }
  return result;
}

/** `a` without the members of `b` and everything below them. */
export function withoutSubtrees(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(b)) return a;
  const result: Draft = {};
  for (const element in a) {
    const left = a[element] ?? LEAF;
    const right = b[element];
    const node =
      right === undefined
        ? left
        : isMember(right)
          ? undefined
          : nodeOf(isMember(left), withoutSubtrees(childrenOf(left), childrenOf(right)));
    if (node !== undefined) result[element] = node;
  }
  return result;
}

/** Elements in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = {};
  for (const element in a) {
    const right = b[element];
    if (right === undefined) continue;
    const left = a[element] ?? LEAF;
    const children = intersection(childrenOf(left), childrenOf(right));
    const node = nodeOf(isMember(left) && isMember(right), children);
    if (node !== undefined) result[element] = node;
  }
  return result;
}

/** What is owned below an element, and whether the element itself is. */
export function lookUp(set: FieldSet, element: string): { member: boolean; below: FieldSet } {
  const node = set[element];
  if (node === undefined) return { member: false, below: LEAF };
  return { member: isMember(node), below: childrenOf(node) };
}

/**
 * The set with the fields of structs added that it owns something below of: `spec` where it owns `spec.replicas`
 * (but not `labels` of `labels.app`: that is a map's item).
 */
export function withNamedFields(set: FieldSet, schema: ValueSchema): FieldSet {
  const result: Draft = {};
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] ?? LEAF;
    const child = childSchema(schema, element);
    const children = withNamedFields(childrenOf(node), child.schema);
    result[element] = nodeOf(isMember(node) || child.named, children) ?? LEAF;
  }
  return result;
}

/** The shape below a path element, and whether the element is a declared field of a struct. */
export function childSchema(schema: ValueSchema, element: string): { schema: ValueSchema; named: boolean } {
  if (schema.kind === 'struct') {
    const field = schema.type.fields.get(element.slice(2));
    return { schema: field?.value ?? { kind: 'any' }, named: field !== undefined };
  }
  if (schema.kind === 'map') return { schema: schema.values, named: false };
  if (schema.kind === 'list') return { schema: schema.items, named: false };
  return { schema: { kind: 'any' }, named: false };
}

/** The members' paths as the API's messages print them: `.spec.containers[name="web"].image`. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const paths: string[] = [];
  for (const element in set) {
    if (element === SELF) continue;
    const node = set[element] ?? LEAF;
    const path = `${prefix}${elementText(element)}`;
    if (isMember(node)) paths.push(path);
    paths.push(...pathsOf(node, path));
  }
  return paths;
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** The path element of a list's item; undefined for an item that has none of the keys. */
export function itemElement(list: ListSchema, item: unknown): string | undefined {
  if (list.listType === 'set') return `v:${JSON.stringify(item)}`;
  if (typeof item !== 'object' || item === null) return undefined;
  const fields = list.items.kind === 'struct' ? list.items.type.fields : undefined;
  const found: Record<string, unknown> = {};
  for (const key of sortedKeysOf(list)) {
    const value = (item as Record<string, unknown>)[key] ?? fields?.get(key)?.default;
    if (value !== undefined) found[key] = value;
  }
  return isEmptyObject(found) ? undefined : `k:${JSON.stringify(found)}`;
}

const sortedKeys = new WeakMap<ListSchema, readonly string[]>();

function sortedKeysOf(list: ListSchema): readonly string[] {
  let keys = sortedKeys.get(list);
  if (keys === undefined) {
    keys = [...list.keys].sort();
    sortedKeys.set(list, keys);
  }
  return keys;
}

function isEmptyObject(value: object): boolean {
  return Object.keys(value).length === 0;
}

/** The schema of a whole object. */
export function objectSchema(type: TypeSchema): ValueSchema {
  return { kind: 'struct', type, atomic: false };
}
