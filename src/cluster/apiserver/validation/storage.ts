import { equal } from '../../../core/json.ts';
import { compareQuantities, parseQuantity } from '../../../model/quantity.ts';
import type {
  PersistentVolume,
  PersistentVolumeClaim,
  ResourceList,
  ResourceRequirements,
} from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { subdomainProblems } from './formats.ts';
import { checkAccessModes, checkClaimSpec, checkClass, checkSize } from './claim-spec.ts';
import { CLAIM_SPEC, goForm, VOLUME_SOURCE } from './go-form.ts';
import { checkNodeTerms } from './placement.ts';
import type { Problems } from './problems.ts';
import { unifiedDiff } from './text-diff.ts';
import { checkHostPath, checkNfs, checkNoStepsBack } from './volumes.ts';

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;
const ONE = 10n ** 9n;
const CLAIM_CHANGES =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
type CsiSource = NonNullable<PersistentVolume['spec']['csi']>;

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
  const isRoot = spec.hostPath?.path?.replace(/\/+$/, '') === '';
  if (spec.persistentVolumeReclaimPolicy === 'Recycle' && isRoot && spec.hostPath?.path !== '') {
    problems.forbidden(
      'spec.persistentVolumeReclaimPolicy',
      "may not be 'recycle' for a hostPath mount of '/'",
    );
  }
  const { storageClassName = '' } = spec;
  if (storageClassName !== '') checkClass(problems, 'spec.storageClassName', storageClassName);
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
    const field = `spec.capacity[${name}]`;
    const amount = parseQuantity(size).nanos / ONE;
    if (amount < 0n) problems.invalid(field, Number(amount), 'must be a valid resource quantity');
    if (name === 'storage') checkSize(problems, field, size);
  }
}

function checkVolumeSource(problems: Problems, spec: Draft<PersistentVolume['spec']>): void {
  const sources = Object.keys(spec).filter((key) => !NOT_A_SOURCE.has(key));
  const [first, ...others] = sources;
  if (first === undefined) problems.required('spec', 'must specify a volume type');
  if (spec.hostPath !== undefined) checkHostPath(problems, 'spec.hostPath', spec.hostPath);
  if (spec.nfs !== undefined) checkNfs(problems, 'spec.nfs', spec.nfs);
  if (spec.csi !== undefined) checkCsi(problems, 'spec.csi', spec.csi);
  for (const other of others) problems.forbidden(`spec.${other}`, 'may not specify more than 1 volume type');
  if (spec.local !== undefined) {
    const { path = '' } = spec.local;
    if (path === '') problems.required('spec.local.path');
    else checkNoStepsBack(problems, 'spec.local.path', path);
    if (spec.nodeAffinity === undefined) {
      problems.required('spec.nodeAffinity', 'Local volume requires node affinity');
    }
  }
}

/** A volume of a driver, with the Secrets that this uses. */
function checkCsi(problems: Problems, field: string, csi: Draft<CsiSource>): void {
  const { driver = '', volumeHandle = '' } = csi;
  if (driver === '') problems.required(`${field}.driver`);
  else problems.invalidFor(`${field}.driver`, driver, subdomainProblems(driver.toLowerCase()));
  if (volumeHandle === '') problems.required(`${field}.volumeHandle`);
  for (const name of CSI_SECRETS) {
    const secret = csi[name];
    if (secret === undefined) continue;
    for (const part of ['name', 'namespace'] as const) {
      if ((secret[part] ?? '') === '') problems.required(`${field}.${name}.${part}`);
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
