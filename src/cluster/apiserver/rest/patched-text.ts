import { isObject } from '../../../core/json.ts';

/** Fields that are maps to the API server, which writes those in the order of their keys. */
const MAPS = new Set([
  'annotations',
  'capacity',
  'data',
  'hard',
  'labels',
  'limits',
  'matchLabels',
  'nodeSelector',
  'parameters',
  'requests',
  'stringData',
  'used',
]);

/**
 * A patched object as the API server shows it where it cannot read it: what the patch has gone through is a map to
 * it by then, with its keys in order.
 * @param patch a JSON merge patch, or a JSON patch
 */
export function patchedText(object: unknown, patch: unknown): string {
  const along = Array.isArray(patch) ? treeOf(patch) : patch;
  const escaped = JSON.stringify(inOrder(object, isObject(along) ? along : {})).replace(
    /[<>&]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
  return escaped;
}

/** The places that a JSON patch names, one below the other as in a merge patch. */
function treeOf(operations: readonly unknown[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const operation of operations) {
    const path = isObject(operation) && typeof operation['path'] === 'string' ? operation['path'] : '';
    let at = tree;
    for (const part of path.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const below = at[key];
      const next: Record<string, unknown> = isObject(below) ? below : {};
      at[key] = next;
      at = next;
    }
  }
  return tree;
}

/** @param along what the patch has of this value; undefined: nothing */
function inOrder(value: unknown, along: unknown, isMap = false): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => inOrder(item, isObject(along) ? along[String(index)] : undefined));
  }
  if (!isObject(value)) return value;
  const isPatched = isObject(along);
  const keys = Object.keys(value);
  if (isPatched || isMap) keys.sort();
  return Object.fromEntries(
    keys.map((key) => [key, inOrder(value[key], isPatched ? along[key] : undefined, MAPS.has(key))]),
  );
}
