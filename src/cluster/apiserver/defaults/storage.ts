import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { canonicalList, canonicalResources } from './quantities.ts';

export function defaultClaimSpec(spec: Draft<PersistentVolumeClaim['spec']>): void {
  spec.volumeMode ??= 'Filesystem';
  canonicalResources((spec.resources ??= {}));
}

export function defaultPersistentVolumeClaim(claim: Draft<PersistentVolumeClaim>): void {
  defaultClaimSpec((claim.spec ??= {}));
}

export function defaultPersistentVolume(volume: Draft<PersistentVolume>): void {
  const spec = (volume.spec ??= {});
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  canonicalList(spec.capacity);
  if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
}

export function defaultStorageClass(storageClass: Draft<StorageClass>): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}
