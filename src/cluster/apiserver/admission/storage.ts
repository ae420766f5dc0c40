import { compareQuantities } from '../../../model/quantity.ts';
import type { AnyObject, PersistentVolumeClaim, StorageClass } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionPlugin, StateReader } from '../pipeline.ts';
import { refusal } from './refuse.ts';

const DEFAULT_ANNOTATION = 'storageclass.kubernetes.io/is-default-class';
const BETA_ANNOTATION = 'storageclass.beta.kubernetes.io/is-default-class';
const BETA_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultstorageclass */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate({ operation, resource, subresource, object, api }) {
    if (resource.id !== 'persistentvolumeclaims' || subresource !== undefined || operation !== 'CREATE')
      return;
    const claim = object as unknown as PersistentVolumeClaim;
    if (claim.spec.storageClassName !== undefined) return;
    if (claim.metadata.annotations?.[BETA_CLASS_ANNOTATION] !== undefined) return;
    const name = newestDefault(api)?.metadata.name;
    if (name !== undefined) claim.spec.storageClassName = name;
  },
};

function newestDefault(api: StateReader): StorageClass | undefined {
  let newest: StorageClass | undefined;
  for (const candidate of api.list(resources.storageClasses)) {
    const { annotations, creationTimestamp } = candidate.metadata;
    if (annotations?.[DEFAULT_ANNOTATION] !== 'true' && annotations?.[BETA_ANNOTATION] !== 'true') continue;
    if (newest === undefined || creationTimestamp > newest.metadata.creationTimestamp) newest = candidate;
  }
  return newest;
}

const PROTECTION: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#storageobjectinuseprotection */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ operation, resource, subresource, object }) {
    const finalizer = PROTECTION[resource.id];
    if (finalizer === undefined || subresource !== undefined || operation !== 'CREATE') return;
    const { metadata } = object as AnyObject;
    if (metadata.finalizers?.includes(finalizer) === true) return;
    metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#persistentvolumeclaimresize */
export const claimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  validate(attributes) {
    const { operation, resource, subresource, api } = attributes;
    if (resource.id !== 'persistentvolumeclaims' || subresource !== undefined || operation !== 'UPDATE')
      return;
    const claim = attributes.object as unknown as PersistentVolumeClaim;
    const old = attributes.old as unknown as PersistentVolumeClaim;
    const [wanted, had] = [
      claim.spec.resources.requests?.['storage'],
      old.spec.resources.requests?.['storage'],
    ];
    if (wanted === undefined || had === undefined || compareQuantities(wanted, had) <= 0) return;
    if (old.status.phase !== 'Bound')
      throw refusal(attributes, 'Only bound persistent volume claims can be expanded');
    const name = claim.spec.storageClassName ?? '';
    const storageClass = name === '' ? undefined : api.get(resources.storageClasses, undefined, name);
    if (storageClass?.allowVolumeExpansion === true) return;
    throw refusal(
      attributes,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
};
