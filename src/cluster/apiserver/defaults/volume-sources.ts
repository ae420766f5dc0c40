import type { Draft } from './draft.ts';

/** Sources of volumes that have default values, as pods and PersistentVolumes name them. */
export type VolumeSources = Draft<{
  hostPath: { type: string };
  iscsi: { iscsiInterface: string };
  rbd: { pool: string; user: string; keyring: string };
  azureDisk: { cachingMode: string; kind: string; fsType: string; readOnly: boolean };
  scaleIO: { storageMode: string; fsType: string };
}>;

/** https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/ */
export function defaultVolumeSources({ hostPath, iscsi, rbd, azureDisk, scaleIO }: VolumeSources): void {
  if (hostPath !== undefined) hostPath.type ??= '';
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default';
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd';
    rbd.user ||= 'admin';
    rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite';
    azureDisk.kind ??= 'Shared';
    azureDisk.fsType ??= 'ext4';
    azureDisk.readOnly ??= false;
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned';
    scaleIO.fsType ||= 'xfs';
  }
}
