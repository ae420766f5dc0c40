import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { canonicalList, canonicalResources } from './quantities.ts';
import { defaultVolumeSources } from './volume-sources.ts';

export function defaultClaimSpec(spec: Draft<PersistentVolumeClaim['spec']>): void {
  spec.volumeMode ??= 'Filesystem';
  canonicalResources((spec.resources ??= {}));
}

export function defaultPersistentVolumeClaim(claim: Draft<PersistentVolumeClaim>): void {
  const spec = (claim.spec ??= {});
  defaultClaimSpec(spec);
  mirrorDataSource(spec);
}

const SNAPSHOTS = 'snapshot.storage.k8s.io';

/**
 * `dataSource` is the old name of `dataSourceRef`: both are stored. The old one may name a claim or a snapshot only, the
 * new one anything, but what is in another namespace has no old name.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#data-source-references
 */
function mirrorDataSource(spec: Draft<PersistentVolumeClaim['spec']>): void {
  const { dataSource, dataSourceRef } = spec;
  for (const source of [dataSource, dataSourceRef])
    if (source !== undefined && source.apiGroup === undefined) source.apiGroup = null;
  if (dataSourceRef !== undefined) {
    if ((dataSourceRef.namespace ?? '') === '') spec.dataSource ??= { ...dataSourceRef };
    return;
  }
  if (dataSource === undefined) return;
  const { apiGroup, kind } = dataSource;
  const isClaim = (apiGroup ?? '') === '' && kind === 'PersistentVolumeClaim';
  const isSnapshot = apiGroup === SNAPSHOTS && kind === 'VolumeSnapshot';
  if (isClaim || isSnapshot) spec.dataSourceRef = { ...dataSource };
  else delete spec.dataSource;
}

export function defaultPersistentVolume(volume: Draft<PersistentVolume>): void {
  const spec = (volume.spec ??= {});
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  canonicalList(spec.capacity);
  defaultVolumeSources(spec);
}

export function defaultStorageClass(storageClass: Draft<StorageClass>): void {
  storageClass.reclaimPolicy ??= 'Delete';
  storageClass.volumeBindingMode ??= 'Immediate';
}

/** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/csi-driver-v1/ */
export function defaultCsiDriver(driver: {
  spec?: {
    attachRequired?: boolean;
    podInfoOnMount?: boolean;
    storageCapacity?: boolean;
    fsGroupPolicy?: string;
    volumeLifecycleModes?: string[];
    requiresRepublish?: boolean;
    seLinuxMount?: boolean;
  };
}): void {
  const spec = (driver.spec ??= {});
  spec.attachRequired ??= true;
  spec.podInfoOnMount ??= false;
  spec.storageCapacity ??= false;
  spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
  if (spec.volumeLifecycleModes === undefined || spec.volumeLifecycleModes.length === 0)
    spec.volumeLifecycleModes = ['Persistent'];
  spec.requiresRepublish ??= false;
  spec.seLinuxMount ??= false;
}
