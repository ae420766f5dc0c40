import type { PersistentVolumeClaim } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { Api } from './api.ts';

/** By these annotations of a claim the volume controller and the scheduler tell each other how far it is. */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

/**
 * Whether the claim is bound only after a pod that uses it has a node.
 * https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
 */
export function waitsForConsumer(claim: PersistentVolumeClaim, api: Pick<Api, 'get'>): boolean {
  const name = claim.spec.storageClassName ?? '';
  const storageClass = name === '' ? undefined : api.get(resources.storageClasses, undefined, name);
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}
