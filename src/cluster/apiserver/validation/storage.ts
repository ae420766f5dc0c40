import { equal } from '../../../core/json.ts';
import { compareQuantities } from '../../../model/quantity.ts';
import type {
  LabelSelector,
  PersistentVolume,
  PersistentVolumeClaim,
  Quantity,
  ResourceList,
  ResourceRequirements,
  StorageClass,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { subdomainProblems } from './formats.ts';
import { CLAIM_SPEC, goForm, VOLUME_SOURCE } from './go-form.ts';
import { checkNodeTerms } from './placement.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';
import { unifiedDiff } from './text-diff.ts';
import { checkHostPath } from './volumes.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const CLAIM_CHANGES =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
const NOT_A_SOURCE = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'mountOptions',
  'volumeMode',
  'nodeAffinity',
  'volumeAttributesClassName',
]);

export function checkClaim(problems: Problems, { spec = {} }: Draft<PersistentVolumeClaim>): void {
  checkClaimSpec(problems, 'spec', spec);
}

/** Of a claim, or of a StatefulSet's template of claims. */
export function checkClaimSpec(
  problems: Problems,
  field: string,
  spec: Draft<PersistentVolumeClaim['spec']>,
): void {
  checkSelector(problems, `${field}.selector`, spec.selector as LabelSelector | undefined);
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) problems.required(`${field}.accessModes`, 'at least 1 access mode is required');
  checkAccessModes(problems, `${field}.accessModes`, modes);
  const size = spec.resources?.requests?.['storage'];
  if (size === undefined) problems.required(`${field}.resources[storage]`);
  else checkSize(problems, `${field}.resources[storage]`, size);
  const name = spec.storageClassName ?? '';
  if (name !== '') problems.invalidFor(`${field}.storageClassName`, name, subdomainProblems(name));
  problems.oneOf(`${field}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']);
}

function checkAccessModes(problems: Problems, field: string, modes: readonly string[]): void {
  for (const mode of modes) problems.oneOf(field, mode, ACCESS_MODES);
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    problems.forbidden(field, 'may not use ReadWriteOncePod with other access modes');
  }
}

function checkSize(problems: Problems, field: string, size: Quantity): void {
  if (compareQuantities(size, '0') <= 0) problems.invalid(field, String(size), 'must be greater than zero');
}

/** A bound claim may ask for more; nothing else changes. */
export function checkClaimUpdate(
  problems: Problems,
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): void {
  checkClaim(problems, claim);
  const isBound = old.status.phase === 'Bound';
  const compared = { ...claim.spec };
  if (isBound) compared.resources = withSizeOf(claim, old);
  // The binder names the volume, once.
  if ((old.spec.volumeName ?? '') === '') delete compared.volumeName;
  if (!equal(compared, old.spec)) {
    const difference = unifiedDiff(goForm(CLAIM_SPEC, old.spec), goForm(CLAIM_SPEC, compared));
    problems.forbidden('spec', `${CLAIM_CHANGES}\n${difference}`);
  }
  const { volumeMode } = claim.spec;
  problems.immutable('volumeMode', volumeMode, volumeMode === old.spec.volumeMode);
  const [size, asked] = [claim, old].map(({ spec }) => spec.resources.requests?.['storage']);
  const had = old.status.capacity?.['storage'];
  if (!isBound || size === undefined || asked === undefined || had === undefined) return;
  // A claim may have been given more than it asked for; who shrinks it again after it grew may not go below that.
  if (compareQuantities(size, asked) < 0 && compareQuantities(size, had) <= 0) {
    problems.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
  }
}

function withSizeOf(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): ResourceRequirements {
  const size = old.spec.resources.requests?.['storage'];
  const requests = { ...claim.spec.resources.requests, ...(size !== undefined && { storage: size }) };
  return { ...claim.spec.resources, requests };
}

export function checkVolume(problems: Problems, { spec = {} }: Draft<PersistentVolume>): void {
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) problems.required('spec.accessModes');
  checkAccessModes(problems, 'spec.accessModes', modes);
  checkCapacity(problems, spec.capacity as ResourceList | undefined);
  problems.oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, [
    'Delete',
    'Recycle',
    'Retain',
  ]);
  const terms = spec.nodeAffinity?.required;
  if (terms !== undefined)
    checkNodeTerms(problems, 'spec.nodeAffinity.required', terms.nodeSelectorTerms ?? []);
  checkVolumeSource(problems, spec);
  problems.oneOf('spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem']);
}

function checkCapacity(problems: Problems, capacity: ResourceList | undefined): void {
  if (capacity === undefined || Object.keys(capacity).length === 0) problems.required('spec.capacity');
  const names = Object.keys(capacity ?? {}).sort();
  if (names.length !== 1 || names[0] !== 'storage') {
    const shown = capacity && Object.fromEntries(names.map((name) => [name, capacity[name]]));
    problems.unsupported('spec.capacity', shown, ['storage']);
  }
  for (const [name, size] of Object.entries(capacity ?? {})) {
    if (name === 'storage') checkSize(problems, `spec.capacity[${name}]`, size);
  }
}

function checkVolumeSource(problems: Problems, spec: Draft<PersistentVolume['spec']>): void {
  const sources = Object.keys(spec).filter((key) => !NOT_A_SOURCE.has(key));
  const [first, ...others] = sources;
  if (first === undefined) problems.required('spec', 'must specify a volume type');
  if (spec.hostPath !== undefined) checkHostPath(problems, 'spec.hostPath', spec.hostPath);
  for (const other of others) problems.forbidden(`spec.${other}`, 'may not specify more than 1 volume type');
  if (spec.local !== undefined) {
    if ((spec.local.path ?? '') === '') problems.required('spec.local.path');
    if (spec.nodeAffinity === undefined) {
      problems.required('spec.nodeAffinity', 'Local volume requires node affinity');
    }
  }
}

export function checkVolumeUpdate(problems: Problems, volume: PersistentVolume, old: PersistentVolume): void {
  checkVolume(problems, volume);
  if (equal(sourceOf(volume), sourceOf(old))) return;
  const difference = unifiedDiff(goForm(VOLUME_SOURCE, old.spec), goForm(VOLUME_SOURCE, volume.spec));
  problems.forbidden(
    'spec.persistentvolumesource',
    `spec.persistentvolumesource is immutable after creation\n${difference}`,
  );
}

function sourceOf({ spec }: PersistentVolume): object {
  return Object.fromEntries(Object.entries(spec).filter(([key]) => !NOT_A_SOURCE.has(key)));
}

export function checkStorageClass(problems: Problems, storageClass: Draft<StorageClass>): void {
  if ((storageClass.provisioner ?? '') === '') problems.required('provisioner');
  problems.oneOf('reclaimPolicy', storageClass.reclaimPolicy, ['Delete', 'Retain']);
  problems.oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']);
}

export function checkStorageClassUpdate(
  problems: Problems,
  storageClass: StorageClass,
  old: StorageClass,
): void {
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    problems.immutable(field, storageClass[field], equal(storageClass[field], old[field]));
  }
}
