import { compareQuantities } from '../../../model/quantity.ts';
import type { LabelSelector, PersistentVolumeClaim, Quantity } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { subdomainProblems } from './formats.ts';
import type { Problems } from './problems.ts';
import { checkSelector } from './selectors.ts';

type Spec = Draft<PersistentVolumeClaim['spec']>;
type Source = Draft<NonNullable<PersistentVolumeClaim['spec']['dataSourceRef']>>;

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const CLAIM = 'PersistentVolumeClaim';

/** Of a claim, or of a template of claims: of a StatefulSet or of an ephemeral volume. */
export function checkClaimSpec(problems: Problems, field: string, spec: Spec): void {
  checkSelector(problems, `${field}.selector`, spec.selector as LabelSelector | undefined);
  const modes = spec.accessModes ?? [];
  if (modes.length === 0) problems.required(`${field}.accessModes`, 'at least 1 access mode is required');
  checkAccessModes(problems, `${field}.accessModes`, modes);
  const size = spec.resources?.requests?.['storage'];
  if (size === undefined) problems.required(`${field}.resources[storage]`);
  else checkSize(problems, `${field}.resources[storage]`, size);
  const { storageClassName = '', volumeAttributesClassName = '' } = spec;
  if (storageClassName !== '') checkClass(problems, `${field}.storageClassName`, storageClassName);
  problems.oneOf(`${field}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']);
  checkSources(problems, field, spec);
  if (volumeAttributesClassName === '') return;
  checkClass(problems, `${field}.volumeAttributesClassName`, volumeAttributesClassName);
}

export function checkAccessModes(problems: Problems, field: string, modes: readonly string[]): void {
  for (const mode of modes) problems.oneOf(field, mode, ACCESS_MODES);
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    problems.forbidden(field, 'may not use ReadWriteOncePod with other access modes');
  }
}

export function checkSize(problems: Problems, field: string, size: Quantity): void {
  if (compareQuantities(size, '0') <= 0) problems.invalid(field, String(size), 'must be greater than zero');
}

/** The name of a class. */
export function checkClass(problems: Problems, field: string, name: string): void {
  problems.invalidFor(field, name, subdomainProblems(name));
}

/** What a volume is filled from, which may be said in two ways. */
function checkSources(problems: Problems, field: string, { dataSource, dataSourceRef }: Spec): void {
  if (dataSource !== undefined) checkSource(problems, `${field}.dataSource`, dataSource);
  // A source of another namespace is not known: that takes a feature which is off.
  const reference = (dataSourceRef?.namespace ?? '') === '' ? dataSourceRef : undefined;
  if (reference === undefined) return;
  checkSource(problems, `${field}.dataSourceRef`, reference);
  if (dataSource === undefined || isSame(dataSource, reference)) return;
  // Kubernetes shows the name of a field here, which has none of its own.
  problems.invalid(field, {}, 'must match dataSourceRef');
}

function checkSource(problems: Problems, field: string, source: Source): void {
  const { kind = '', name = '' } = source;
  const apiGroup = source.apiGroup ?? '';
  if (name === '') problems.required(`${field}.name`);
  if (kind === '') problems.required(`${field}.kind`);
  if (apiGroup !== '') problems.invalidFor(`${field}.apiGroup`, apiGroup, subdomainProblems(apiGroup));
  else if (kind !== CLAIM) {
    problems.invalid(field, kind, `must be '${CLAIM}' when referencing the default apiGroup`);
  }
}

function isSame(one: Source, other: Source): boolean {
  return (
    one.kind === other.kind && one.name === other.name && (one.apiGroup ?? '') === (other.apiGroup ?? '')
  );
}
