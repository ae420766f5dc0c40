import type { Image } from '../cluster/runtime/types.ts';

/** Images beside the shop's that every node has. */
export function toolImages(): Readonly<Record<string, Image>> {
  return {};
}
