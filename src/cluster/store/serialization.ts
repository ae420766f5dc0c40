import type { KubeObject } from '../../model/objects.ts';

const texts = new WeakMap<KubeObject, string>();

/**
 * The JSON of a stored object. Stored objects never change, so each is serialised at most once, however many
 * lists, gets and watches it goes into.
 */
export function textOf(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}
