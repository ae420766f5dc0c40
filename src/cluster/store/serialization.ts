import type { KubeObject } from '../../model/objects.ts';

const encoder = new TextEncoder();
const serialized = new WeakMap<KubeObject, Uint8Array>();

/**
 * The JSON of a stored object, as it goes over the wire. Stored objects never change, so each is serialised at
 * most once, however many lists, gets and watches it goes into.
 */
export function jsonBytes(object: KubeObject): Uint8Array {
  let bytes = serialized.get(object);
  if (bytes === undefined) {
    bytes = encoder.encode(JSON.stringify(object));
    serialized.set(object, bytes);
  }
  return bytes;
}
