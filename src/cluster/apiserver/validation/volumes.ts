import { parseQuantity } from '../../../model/quantity.ts';
import type { Container, KeyToPath, ProjectedSource, Volume, VolumeMount } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { checkClaimSpec } from './claim-spec.ts';
import { checkFieldReference, checkResourceReference, FILE_FIELDS } from './environment.ts';
import { labelProblems } from './formats.ts';
import type { Problems } from './problems.ts';

type Source = Record<string, unknown> & {
  nfs?: { server?: string; path?: string };
  csi?: { driver?: string | undefined } | undefined;
  gitRepo?: { repository?: string };
  ephemeral?: { volumeClaimTemplate?: { spec?: unknown } | undefined } | undefined;
};
type AnyVolume = Draft<Volume> & Source;

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];
/** The order in which kinds of volumes are looked at; those that are not listed come last. */
const ORDER = [
  'emptyDir',
  'hostPath',
  'secret',
  'nfs',
  'persistentVolumeClaim',
  'configMap',
  'downwardAPI',
  'projected',
];

/** @returns the names of the volumes */
export function checkVolumes(
  problems: Problems,
  field: string,
  volumes: readonly Draft<Volume>[],
): Set<string> {
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`;
    const name = volume.name ?? '';
    const before = problems.list.length;
    checkVolumeSource(problems, at, volume);
    if (name === '') problems.required(`${at}.name`);
    else problems.invalidFor(`${at}.name`, name, labelProblems(name));
    if (names.has(name)) problems.duplicate(`${at}.name`, name);
    if (problems.list.length === before) names.add(name);
  });
  return names;
}

function checkVolumeSource(problems: Problems, field: string, volume: AnyVolume): void {
  const kinds = Object.keys(volume).filter((key) => key !== 'name' && volume[key] !== undefined);
  kinds.sort((a, b) => rankOf(a) - rankOf(b));
  kinds.forEach((kind, index) => {
    const at = `${field}.${kind}`;
    if (index > 0) problems.forbidden(at, 'may not specify more than 1 volume type');
    else checkers[kind]?.(problems, at, volume);
  });
}

function rankOf(kind: string): number {
  const rank = ORDER.indexOf(kind);
  return rank === -1 ? ORDER.length : rank;
}

const checkers: Readonly<Record<string, (problems: Problems, field: string, volume: AnyVolume) => void>> = {
  emptyDir(problems, field, { emptyDir }) {
    const size = emptyDir?.sizeLimit;
    if (size !== undefined && parseQuantity(size).nanos < 0n) {
      problems.forbidden(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity');
    }
  },
  hostPath(problems, field, { hostPath }) {
    checkHostPath(problems, field, hostPath ?? {});
  },
  secret(problems, field, { secret }) {
    if ((secret?.secretName ?? '') === '') problems.required(`${field}.secretName`);
    checkMode(problems, `${field}.defaultMode`, secret?.defaultMode);
    checkItems(problems, `${field}.items`, secret?.items ?? []);
  },
  configMap(problems, field, { configMap }) {
    if ((configMap?.name ?? '') === '') problems.required(`${field}.name`);
    checkMode(problems, `${field}.defaultMode`, configMap?.defaultMode);
    checkItems(problems, `${field}.items`, configMap?.items ?? []);
  },
  persistentVolumeClaim(problems, field, { persistentVolumeClaim }) {
    if ((persistentVolumeClaim?.claimName ?? '') === '') problems.required(`${field}.claimName`);
  },
  downwardAPI(problems, field, { downwardAPI }) {
    checkMode(problems, `${field}.defaultMode`, downwardAPI?.defaultMode);
    for (const file of downwardAPI?.items ?? []) checkDownwardFile(problems, field, file);
  },
  projected(problems, field, { projected }) {
    checkMode(problems, `${field}.defaultMode`, projected?.defaultMode);
    checkSources(problems, field, projected?.sources ?? []);
  },
  nfs(problems, field, { nfs }) {
    checkNfs(problems, field, nfs ?? {});
  },
  csi(problems, field, { csi }) {
    if ((csi?.driver ?? '') === '') problems.required(`${field}.driver`);
  },
  image(problems, field, { image }) {
    if ((image?.reference ?? '') === '') problems.required(`${field}.reference`);
    problems.oneOf(`${field}.pullPolicy`, image?.pullPolicy, ['Always', 'IfNotPresent', 'Never']);
  },
  ephemeral(problems, field, { ephemeral }) {
    const template = ephemeral?.volumeClaimTemplate;
    if (template === undefined) problems.required(`${field}.volumeClaimTemplate`);
    else checkClaimSpec(problems, `${field}.volumeClaimTemplate.spec`, template.spec ?? {});
  },
  gitRepo(problems, field, { gitRepo }) {
    if ((gitRepo?.repository ?? '') === '') problems.required(`${field}.repository`);
  },
};

/** Of a pod or a PersistentVolume. */
export function checkHostPath(
  problems: Problems,
  field: string,
  { path = '', type }: { path?: string | undefined; type?: string | undefined },
): void {
  if (path === '') {
    problems.required(`${field}.path`);
    return;
  }
  checkNoStepsBack(problems, `${field}.path`, path);
  problems.oneOf(`${field}.type`, type, HOST_PATH_TYPES);
}

/** Of a pod or a PersistentVolume. */
export function checkNfs(
  problems: Problems,
  field: string,
  { server = '', path = '' }: { server?: string | undefined; path?: string | undefined },
): void {
  if (server === '') problems.required(`${field}.server`);
  if (path === '') problems.required(`${field}.path`);
  else if (!path.startsWith('/')) problems.invalid(`${field}.path`, path, 'must be an absolute path');
}

export function checkNoStepsBack(problems: Problems, field: string, path: string): void {
  if (path.split('/').includes('..')) problems.invalid(field, path, "must not contain '..'");
}

/** A path below something. */
function checkRelative(problems: Problems, field: string, path: string): void {
  if (path.startsWith('/')) problems.invalid(field, path, 'must be a relative path');
  checkNoStepsBack(problems, field, path);
}

/** A path of a file in a volume, which the kubelet's own links must not collide with. */
function checkLocal(problems: Problems, field: string, path: string): void {
  checkRelative(problems, field, path);
  if (path.startsWith('..') && !path.startsWith('../')) {
    problems.invalid(field, path, "must not start with '..'");
  }
}

function checkMode(problems: Problems, field: string, mode: number | undefined): void {
  if (mode === undefined || (mode >= 0 && mode <= 0o777)) return;
  problems.invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive');
}

function checkItems(problems: Problems, field: string, items: readonly Draft<KeyToPath>[]): void {
  items.forEach(({ key = '', path = '', mode }, index) => {
    const at = `${field}[${index}]`;
    if (key === '') problems.required(`${at}.key`);
    if (path === '') problems.required(`${at}.path`);
    else checkLocal(problems, `${at}.path`, path);
    checkMode(problems, `${at}.mode`, mode);
  });
}

type DownwardFile = Draft<NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number]>;

function checkDownwardFile(problems: Problems, field: string, file: DownwardFile): void {
  const { path = '', fieldRef, resourceFieldRef, mode } = file;
  if (path === '') problems.required(`${field}.path`);
  else checkLocal(problems, `${field}.path`, path);
  if (fieldRef !== undefined) {
    checkFieldReference(problems, `${field}.fieldRef`, fieldRef, FILE_FIELDS);
    if (resourceFieldRef !== undefined) {
      problems.invalid(
        field,
        'resource',
        'fieldRef and resourceFieldRef can not be specified simultaneously',
      );
    }
  } else if (resourceFieldRef !== undefined) {
    checkResourceReference(problems, `${field}.resourceFieldRef`, resourceFieldRef, true);
  } else problems.required(field, 'one of fieldRef and resourceFieldRef is required');
  checkMode(problems, `${field}.mode`, mode);
}

const TOKEN_SECONDS = 600;
const TOKEN_SECONDS_LIMIT = 2 ** 32;

function checkSources(problems: Problems, field: string, sources: readonly Draft<ProjectedSource>[]): void {
  sources.forEach((source, index) => {
    const at = `${field}.sources[${index}]`;
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    if (secret !== undefined) {
      if ((secret.name ?? '') === '') problems.required(`${at}.secret.name`);
      checkItems(problems, `${at}.secret.items`, secret.items ?? []);
    }
    if (configMap !== undefined) {
      if ((configMap.name ?? '') === '') problems.required(`${at}.configMap.name`);
      checkItems(problems, `${at}.configMap.items`, configMap.items ?? []);
    }
    for (const file of downwardAPI?.items ?? []) checkDownwardFile(problems, `${at}.downwardAPI`, file);
    if (serviceAccountToken !== undefined) checkToken(problems, field, at, serviceAccountToken);
    const kinds = Object.values(source).filter((value) => value !== undefined);
    if (kinds.length > 1) problems.forbidden(at, 'may not specify more than 1 volume type per source');
  });
}

function checkToken(
  problems: Problems,
  field: string,
  source: string,
  { path = '', expirationSeconds = 3600 }: Draft<NonNullable<ProjectedSource['serviceAccountToken']>>,
): void {
  const lifetime = `${source}.serviceAccountToken.expirationSeconds`;
  if (expirationSeconds < TOKEN_SECONDS) {
    problems.invalid(lifetime, expirationSeconds, 'may not specify a duration less than 10 minutes');
  } else if (expirationSeconds > TOKEN_SECONDS_LIMIT) {
    problems.invalid(lifetime, expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
  }
  if (path === '') problems.required(`${field}.path`);
}

export function checkMounts(
  problems: Problems,
  field: string,
  container: Draft<Container>,
  volumes: ReadonlySet<string>,
): void {
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, index) => {
    const { name = '', mountPath = '', subPath = '', subPathExpr = '' } = mount;
    const at = `${field}[${index}]`;
    if (name === '') problems.required(`${at}.name`);
    if (!volumes.has(name)) problems.notFound(`${at}.name`, name);
    if (mountPath === '') problems.required(`${at}.mountPath`);
    if (paths.has(mountPath)) problems.invalid(`${at}.mountPath`, mountPath, 'must be unique');
    paths.add(mountPath);
    if (subPath !== '') checkRelative(problems, `${field}.subPath`, subPath);
    if (subPathExpr !== '' && subPath !== '') {
      problems.invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive');
    }
    if (subPathExpr !== '') checkRelative(problems, `${field}.subPathExpr`, subPathExpr);
    checkMountModes(problems, field, mount, container.securityContext?.privileged === true);
  });
  const { volumeDevices = [] } = container as { volumeDevices?: { name?: string }[] };
  volumeDevices.forEach(({ name = '' }, index) => {
    if (!volumes.has(name))
      problems.notFound(`${field.replace('volumeMounts', 'volumeDevices')}[${index}].name`, name);
  });
}

/** How a mount passes other mounts on. */
function checkMountModes(
  problems: Problems,
  field: string,
  { mountPropagation, readOnly, recursiveReadOnly }: Draft<VolumeMount>,
  isPrivileged: boolean,
): void {
  problems.oneOf(`${field}.mountPropagation`, mountPropagation, PROPAGATIONS);
  if (mountPropagation === 'Bidirectional' && !isPrivileged) {
    const why = 'Bidirectional mount propagation is available only to privileged containers';
    problems.forbidden(`${field}.mountPropagation`, why);
  }
  const at = `${field}.recursiveReadOnly`;
  problems.oneOf(at, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible']);
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return;
  if (readOnly !== true) problems.forbidden(at, 'may only be specified when readOnly is true');
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    problems.forbidden(at, 'may only be specified when mountPropagation is None or not specified');
  }
}
