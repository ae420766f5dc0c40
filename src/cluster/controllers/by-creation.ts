import type { KubeObject } from '../../model/objects.ts';

/** Oldest first; of the same second by name. */
export function byCreation(a: KubeObject, b: KubeObject): number {
  const [{ metadata: left }, { metadata: right }] = [a, b];
  if (left.creationTimestamp !== right.creationTimestamp)
    return left.creationTimestamp < right.creationTimestamp ? -1 : 1;
  return left.name < right.name ? -1 : 1;
}
