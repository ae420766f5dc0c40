import { goJson } from '../../core/go-json.ts';
import { memoized } from '../../core/memo.ts';
import type { KubeObject } from '../../model/objects.ts';

const encoder = new TextEncoder();

/**
 * The JSON of a stored object, as it goes over the wire. Stored objects never change, so each is serialised at
 * most once, however many lists, gets and watches it goes into.
 */
export const jsonBytes = memoized((object: KubeObject): Uint8Array => encoder.encode(goJson(object)));
