/**
 * Sets of fields, as `metadata.managedFields` writes them (FieldsV1): a tree of path elements. An element is a
 * member of the set when it has no children or has `.` among them. Sets are never changed, only made anew.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#managed-fields
 */
import { memoized } from '../../../core/memo.ts';
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

/** The node of an element with these children, which this function may mark; undefined where nothing is left. */
function nodeOf(member: boolean, children: Draft): FieldSet | undefined {
  if (isEmptySet(children)) return member ? LEAF : undefined;
  if (member) children[SELF] = LEAF;
  return children;
}

/** Elements in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmptySet(a) || a === b) return b;
  return isEmptySet(b) ? a : withAll(a, b);
}

function withAll(a: FieldSet, b: FieldSet): FieldSet {
  let result: Draft | undefined;
  for (const element in b) {
    const left = a[element];
    const right = b[element] ?? LEAF;
    const node = left === undefined ? right : unionOfNodes(left, right);
    if (node === left) continue;
    result ??= { ...a };
    result[element] = node;
  }
  return result ?? a;
}

function unionOfNodes(left: FieldSet, right: FieldSet): FieldSet {
  if (left === right) return left;
  if (isEmptySet(left)) return isMember(right) ? right : { ...right, [SELF]: LEAF };
  if (isEmptySet(right)) return isMember(left) ? left : { ...left, [SELF]: LEAF };
  return withAll(left, right);
}

/** Elements of `a` that are not in `b`; `a` itself where there are none to take out. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : childrenWithout(a, b, differenceOfNodes);
}

/** `a` without the members of `b` and everything below them. */
export function withoutSubtrees(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : childrenWithout(a, b, withoutSubtree);
}

/** The children of `a` (without its mark), each less what `b` has there. */
function childrenWithout(
  a: FieldSet,
  b: FieldSet,
  less: (left: FieldSet, right: FieldSet) => FieldSet | undefined,
): FieldSet {
  // Mostly little is taken out, and often nothing.
  let changed: Map<string, FieldSet | undefined> | undefined;
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === SELF) continue;
    const node = less(left, b[element] ?? LEAF);
    if (node !== left) (changed ??= new Map()).set(element, node);
  }
  if (changed === undefined) return a;
  const result: Draft = {};
  for (const element in a) {
    const node = changed.has(element) ? changed.get(element) : a[element];
    if (node !== undefined) result[element] = node;
  }
  return result;
}

function differenceOfNodes(left: FieldSet, right: FieldSet): FieldSet | undefined {
  const member = isMember(left);
  const children = childrenWithout(left, right, differenceOfNodes);
  const stays = member && !isMember(right);
  if (children === left && stays === member) return left;
  return nodeOf(stays, unmarked(children));
}

function withoutSubtree(left: FieldSet, right: FieldSet): FieldSet | undefined {
  if (isMember(right)) return undefined;
  const children = childrenWithout(left, right, withoutSubtree);
  return children === left ? left : nodeOf(isMember(left), unmarked(children));
}

/** A copy of a node's children. */
function unmarked(node: FieldSet): Draft {
  const result: Draft = {};
  for (const element in node) if (element !== SELF) result[element] = node[element] ?? LEAF;
  return result;
}

/** Elements in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Draft = {};
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === SELF) continue;
    const right = b[element] ?? LEAF;
    const children: Draft = intersection(left, right);
    const node = nodeOf(isMember(left) && isMember(right), children);
    if (node !== undefined) result[element] = node;
  }
  return result;
}

/** What is owned below an element, and whether the element itself is. */
export function lookUp(set: FieldSet, element: string): { member: boolean; below: FieldSet } {
  const node = set[element];
  if (node === undefined) return { member: false, below: LEAF };
  return { member: isMember(node), below: unmarked(node) };
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
    const children = { ...withNamedFields(node, child.schema) };
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

/**
 * The members' paths as the API's messages print them, in the API's order:
 * `.spec.containers[name="web"].image`.
 */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const elements = Object.keys(set)
    .filter((element) => element !== SELF)
    .sort();
  const pathOf = (element: string): string => `${prefix}${elementText(element)}`;
  return [
    ...elements.filter((element) => isMember(set[element] ?? LEAF)).map(pathOf),
    ...elements.flatMap((element) => pathsOf(set[element] ?? LEAF, pathOf(element))),
  ];
}

function elementText(element: string): string {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('v:')) return `[=${rest}]`;
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}

/** Whether two items of a list have the same path element. */
export function sameElement(list: ListSchema, a: unknown, b: unknown): boolean {
  if (list.listType === 'set') return a === b;
  const [left, right] = [a, b] as [Record<string, unknown> | null, Record<string, unknown> | null];
  return list.keys.every((key) => left?.[key] === right?.[key]);
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

const sortedKeysOf = memoized((list: ListSchema): readonly string[] => [...list.keys].sort());

function isEmptyObject(value: object): boolean {
  return Object.keys(value).length === 0;
}

const ordered = new WeakSet<FieldSet>([LEAF]);

/** The same set with its elements in the order in which the API writes them; itself where they are. */
export function inOrder(set: FieldSet): FieldSet {
  if (ordered.has(set)) return set;
  const elements = Object.keys(set);
  // Most are: what has changed was put into a set that was in order.
  const isSorted = elements.every(
    (element, index) => index === 0 || compareElements(elements[index - 1] ?? '', element) < 0,
  );
  let answer = set;
  if (!isSorted || elements.some((element) => inOrder(set[element] ?? LEAF) !== set[element])) {
    const result: Draft = {};
    const sorted = isSorted ? elements : elements.toSorted(compareElements);
    for (const element of sorted) result[element] = inOrder(set[element] ?? LEAF);
    answer = result;
  }
  ordered.add(answer);
  return answer;
}

function compareElements(a: string, b: string): number {
  if (a.startsWith('k:') && b.startsWith('k:')) {
    const left = Object.values(JSON.parse(a.slice(2)) as Record<string, unknown>);
    const right = Object.values(JSON.parse(b.slice(2)) as Record<string, unknown>);
    const at = left.findIndex((value, index) => value !== right[index]);
    const [x, y] = [left[at], right[at]];
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a < b ? -1 : 1;
}

/** The schema of a whole object. */
export function objectSchema(type: TypeSchema): ValueSchema {
  return { kind: 'struct', type, atomic: false };
}
