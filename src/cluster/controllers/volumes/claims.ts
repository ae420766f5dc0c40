import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../model/objects.ts';
import { claimsOf } from '../../../model/pod-claims.ts';
import { BIND_COMPLETED } from '../../volume-binding.ts';

export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
export const PROVISIONER_BETA = 'volume.beta.kubernetes.io/storage-provisioner';

export function isFullyBound(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (
    claim.spec.volumeName === volume.metadata.name &&
    claim.metadata.annotations?.[BIND_COMPLETED] !== undefined &&
    claim.status.phase === 'Bound'
  );
}

/** Whether a pod mounts the claim. */
export function usesClaim(pod: Pick<Pod, 'metadata' | 'spec'>, name: string): boolean {
  return claimsOf(pod).some((claim) => claim.name === name);
}
