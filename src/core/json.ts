/** JSON as TypeScript sees it. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an object has itself under a key; what all objects have, such as `constructor`, does not count. */
export function own<T>(object: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets a key of an object, `__proto__` like any other. */
export function put(object: Record<string, unknown>, key: string, value: unknown): void {
  // Defining costs more than assigning, and for this name alone the two are not the same.
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** A deep copy of plain data; several times faster than `structuredClone` on Kubernetes objects. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (typeof value !== 'object' || value === null) return value;
  // All at once, which also makes `__proto__` a key like any other; then what is below, key by key.
  const result = { ...value } as Record<string, unknown>;
  for (const key in result) {
    const inner = result[key];
    if (typeof inner === 'object' && inner !== null) result[key] = copy(inner);
  }
  return result as T;
}

/** A changed deep copy: `edit(pod, (draft) => { draft.status.phase = 'Running' })`. */
export function edit<T>(value: T, change: (draft: T) => void): T {
  const draft = copy(value);
  change(draft);
  return draft;
}

/** Equality of plain data; a key that is `undefined` equals a key that is absent. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  for (const key in a) if (!equal(a[key], b[key])) return false;
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false;
  return true;
}

/** Whether plain data is nested deeper than that. Looks no deeper itself, so that it may be asked of anything. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(levels - 1, item));
}

/** Freezes plain data all the way down and returns it. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) freeze(item);
  }
  return value;
}

/** JSON text with sorted keys: the same data gives the same text, whatever order it was built in. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isObject(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : item,
  );
}
