import { copy, isObject, own, put } from '../../core/json.ts';

/**
 * Applies a JSON merge patch: null deletes, objects merge, everything else replaces.
 * https://www.rfc-editor.org/rfc/rfc7386
 */
export function applyMergePatch(document: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return copy(patch);
  const result: Record<string, unknown> = isObject(document) ? { ...document } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, name);
    else put(result, name, applyMergePatch(own(result, name), value));
  }
  return result;
}
