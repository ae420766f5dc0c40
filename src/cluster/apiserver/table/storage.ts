import type {
  KubeObject,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../../model/objects.ts';
import { printer } from './columns.ts';
import { since } from './duration.ts';

const SHORT_MODES: readonly (readonly [mode: string, short: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

interface WithAttributesClass {
  readonly volumeAttributesClassName?: string;
}

interface CsiNode extends KubeObject {
  spec: { drivers?: object[] | null };
}

interface CsiDriver extends KubeObject {
  spec: {
    attachRequired?: boolean;
    podInfoOnMount?: boolean;
    storageCapacity?: boolean;
    tokenRequests?: { audience: string }[] | null;
    requiresRepublish?: boolean;
    volumeLifecycleModes?: string[] | null;
  };
}

interface VolumeAttachment extends KubeObject {
  spec: { attacher: string; nodeName: string; source: { persistentVolumeName?: string } };
  status?: { attached?: boolean };
}

interface VolumeAttributesClass extends KubeObject {
  driverName: string;
}

function accessModes(modes: readonly string[] | undefined): string {
  return SHORT_MODES.filter(([mode]) => modes?.includes(mode) === true)
    .map(([, short]) => short)
    .join(',');
}

function attributesClass(spec: WithAttributesClass): string {
  return spec.volumeAttributesClassName ?? '<unset>';
}

function phaseOf({ metadata, status }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata.deletionTimestamp === undefined ? status.phase : 'Terminating';
}

function storageClassOf({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? '';
}

export const persistentVolumeClaimPrinter = printer<PersistentVolumeClaim>(
  'Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode*',
  (claim, now) => {
    const { metadata, spec, status } = claim;
    const bound = spec.volumeName !== undefined && spec.volumeName !== '';
    return [
      metadata.name,
      phaseOf(claim),
      spec.volumeName ?? '',
      bound ? String(status.capacity?.['storage'] ?? '0') : '',
      bound ? accessModes(status.accessModes) : '',
      storageClassOf(claim),
      attributesClass(spec),
      since(metadata.creationTimestamp, now),
      spec.volumeMode,
    ];
  },
);

export const persistentVolumePrinter = printer<PersistentVolume>(
  'Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, Age, VolumeMode*',
  (volume, now) => {
    const { metadata, spec, status } = volume;
    const claim = spec.claimRef;
    return [
      metadata.name,
      String(spec.capacity['storage'] ?? '0'),
      accessModes(spec.accessModes),
      spec.persistentVolumeReclaimPolicy,
      phaseOf(volume),
      claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
      storageClassOf(volume),
      attributesClass(spec as WithAttributesClass),
      (status as { reason?: string }).reason ?? '',
      since(metadata.creationTimestamp, now),
      spec.volumeMode,
    ];
  },
);

export const storageClassPrinter = printer<StorageClass>(
  'Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age',
  ({ metadata, provisioner, reclaimPolicy, volumeBindingMode, allowVolumeExpansion = false }, now) => {
    const isDefault = DEFAULT_ANNOTATIONS.some((name) => metadata.annotations?.[name] === 'true');
    return [
      isDefault ? `${metadata.name} (default)` : metadata.name,
      provisioner,
      reclaimPolicy,
      volumeBindingMode,
      allowVolumeExpansion,
      since(metadata.creationTimestamp, now),
    ];
  },
);

export const csiNodePrinter = printer<CsiNode>('Name, integer Drivers, Age', ({ metadata, spec }, now) => [
  metadata.name,
  spec.drivers?.length ?? 0,
  since(metadata.creationTimestamp, now),
]);

export const csiDriverPrinter = printer<CsiDriver>(
  'Name, boolean AttachRequired, boolean PodInfoOnMount, boolean StorageCapacity, TokenRequests, boolean RequiresRepublish, Modes, Age',
  ({ metadata, spec }, now) => {
    const audiences = spec.tokenRequests?.map(({ audience }) => audience) ?? [];
    return [
      metadata.name,
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      audiences.length === 0 ? '<unset>' : audiences.join(','),
      spec.requiresRepublish ?? false,
      spec.volumeLifecycleModes?.join(',') ?? '<none>',
      since(metadata.creationTimestamp, now),
    ];
  },
);

export const volumeAttachmentPrinter = printer<VolumeAttachment>(
  'Name, name Attacher, PV, Node, boolean Attached, Age',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.attacher,
    spec.source.persistentVolumeName ?? '',
    spec.nodeName,
    status?.attached ?? false,
    since(metadata.creationTimestamp, now),
  ],
);

export const volumeAttributesClassPrinter = printer<VolumeAttributesClass>(
  'Name, DriverName, Age',
  ({ metadata, driverName }, now) => [metadata.name, driverName, since(metadata.creationTimestamp, now)],
);
