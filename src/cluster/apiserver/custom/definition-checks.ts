import type { CustomResourceDefinition, DefinitionSpec, DefinitionVersion } from './definition.ts';
import { isEstablished } from './definition.ts';
import { equal } from '../../../core/json.ts';
import { label1035Problems } from '../validation/formats.ts';
import type { Problems } from '../validation/problems.ts';
import { checkClient, REVIEW_VERSIONS } from '../webhooks/checks.ts';
import { versionsForm, type Shared } from './definition-form.ts';
import { checkSchema } from './schema-checks.ts';
import { checkVersionFields, type FieldPaths } from './version-checks.ts';

const VERSIONS = 'spec.versions';

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */
export function checkDefinition(problems: Problems, { metadata, spec }: CustomResourceDefinition): void {
  const { plural } = spec.names;
  if (metadata.name !== `${plural}.${spec.group}`) {
    problems.invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group');
  }
  checkSpec(problems, spec);
  // Objects are stored in the first version that is marked.
  const first = versionsOf(spec).find(({ storage }) => storage)?.name;
  checkStored(problems, spec, first === undefined ? [] : [first]);
}

/** The resource stays where it is, and no version goes in which objects may be stored. */
export function checkDefinitionUpdate(
  problems: Problems,
  { spec, status }: CustomResourceDefinition,
  old: CustomResourceDefinition,
): void {
  checkSpec(problems, spec);
  const { names, scope, group } = old.spec;
  if (isEstablished(old)) {
    problems.immutable('spec.scope', spec.scope, spec.scope === scope);
    problems.immutable('spec.names.kind', spec.names.kind, spec.names.kind === names.kind);
  }
  problems.immutable('spec.group', spec.group, spec.group === group);
  problems.immutable('spec.names.plural', spec.names.plural, spec.names.plural === names.plural);
  const marked = versionsOf(spec).filter(({ storage }) => storage);
  checkStored(problems, spec, [
    ...new Set([...(status?.storedVersions ?? []), ...marked.map(({ name }) => name)]),
  ]);
}

function versionsOf(spec: Partial<DefinitionSpec>): readonly DefinitionVersion[] {
  return spec.versions ?? [];
}

function checkSpec(problems: Problems, spec: DefinitionSpec): void {
  if (spec.group === '') problems.required('spec.group');
  else if (!spec.group.includes('.')) {
    problems.invalid('spec.group', spec.group, 'should be a domain with at least one dot');
  }
  if (spec.scope === '') problems.required('spec.scope');
  else problems.oneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']);
  const shared = sharedBy(versionsOf(spec));
  checkVersions(problems, spec, shared);
  const [first] = versionsOf(spec);
  // The first one stands in a field of its own as well, which clients of today do not see.
  if (first !== undefined) problems.invalidFor('spec.version', first.name, label1035Problems(first.name));
  checkNames(problems, spec.names);
  if (first !== undefined) {
    checkVersionAt(
      problems,
      first,
      pathsBelow('spec', 'validation', (part) => shared[part]),
    );
  }
  checkConversion(problems, spec.conversion);
}

/** What all versions have alike is looked at once. */
function sharedBy([first, ...others]: readonly DefinitionVersion[]): Shared {
  const alike = (field: keyof DefinitionVersion): boolean =>
    others.every((version) => equal(version[field], first?.[field]));
  return {
    schema: alike('schema'),
    subresources: alike('subresources'),
    columns: alike('additionalPrinterColumns'),
    selectableFields: alike('selectableFields'),
  };
}

/** @param isHere whether a part is looked at here, and not elsewhere */
function pathsBelow(at: string, schema: string, isHere: (part: keyof Shared) => boolean): FieldPaths {
  const path = (part: keyof Shared, name: string): string | undefined =>
    isHere(part) ? `${at}.${name}` : undefined;
  return {
    schema: path('schema', schema),
    subresources: path('subresources', 'subresources'),
    columns: path('columns', 'additionalPrinterColumns'),
    selectableFields: path('selectableFields', 'selectableFields'),
  };
}

function checkVersions(problems: Problems, spec: Partial<DefinitionSpec>, shared: Shared): void {
  const versions = versionsOf(spec);
  versions.forEach(({ schema }, index) => {
    if (schema?.openAPIV3Schema === undefined)
      problems.required(`${VERSIONS}[${index}].schema.openAPIV3Schema`);
  });
  const names = versions.map(({ name }) => name);
  versions.forEach((version, index) => {
    const path = `${VERSIONS}[${index}]`;
    problems.invalidFor(`${path}.name`, version.name, label1035Problems(version.name));
    checkVersionAt(
      problems,
      version,
      pathsBelow(path, 'schema', (part) => !shared[part]),
    );
  });
  const shown = (): unknown => versionsForm(spec.versions, shared);
  if (new Set(names).size < names.length)
    problems.invalid(VERSIONS, shown(), 'must contain unique version names');
  if (versions.filter(({ storage }) => storage).length !== 1)
    problems.invalid(VERSIONS, shown(), 'must have exactly one version marked as storage version');
}

function checkVersionAt(problems: Problems, version: DefinitionVersion, paths: FieldPaths): void {
  const root = version.schema?.openAPIV3Schema;
  if (root !== undefined && paths.schema !== undefined) {
    const at = `${paths.schema}.openAPIV3Schema`;
    checkSchema(problems, at, root, { isRoot: true, uncorrelated: undefined });
    if (root.type === undefined) problems.required(`${at}.type`, 'must not be empty at the root');
    else if (root.type !== 'object') problems.invalid(`${at}.type`, root.type, 'must be object at the root');
  }
  checkVersionFields(problems, version, paths);
}

function checkNames(problems: Problems, names: DefinitionSpec['names']): void {
  const {
    plural = '',
    singular = '',
    kind = '',
    listKind = '',
    shortNames = [],
    categories = [],
  } = names as Partial<DefinitionSpec['names']>;
  const at = 'spec.names';
  for (const [field, value] of Object.entries({ plural, singular, kind, listKind })) {
    if (value === '') problems.required(`${at}.${field}`);
  }
  const mixed = (field: string, value: string): void => {
    const why = label1035Problems(value.toLowerCase()).join(',');
    if (value !== '' && why !== '')
      problems.invalid(`${at}.${field}`, value, `may have mixed case, but should otherwise match: ${why}`);
  };
  const lower = (field: string, value: string): void => {
    if (value !== '') problems.invalidFor(`${at}.${field}`, value, label1035Problems(value));
  };
  lower('plural', plural);
  lower('singular', singular);
  mixed('kind', kind);
  mixed('listKind', listKind);
  shortNames.forEach((name, index) => {
    problems.invalidFor(`${at}.shortNames[${index}]`, name, label1035Problems(name));
  });
  if (kind !== '' && kind === listKind)
    problems.invalid(`${at}.listKind`, listKind, 'kind and listKind may not be the same');
  categories.forEach((name, index) => {
    problems.invalidFor(`${at}.categories[${index}]`, name, label1035Problems(name));
  });
}

/** @param stored the versions in which objects are, or may still be, stored */
function checkStored(problems: Problems, spec: DefinitionSpec, stored: readonly string[]): void {
  const at = 'status.storedVersions';
  if (stored.length === 0) {
    problems.invalid(at, null, 'must have at least one stored version');
    return;
  }
  const left = new Set(stored);
  for (const { name, storage } of versionsOf(spec)) {
    if (!left.delete(name) && storage) problems.invalid(at, stored, `must have the storage version ${name}`);
  }
  stored.forEach((name, index) => {
    if (!left.has(name)) return;
    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    problems.invalid(`${at}[${index}]`, name, why);
  });
}

/** The server names the fields as its internal form of the definition has them. */
function checkConversion(problems: Problems, conversion: DefinitionSpec['conversion']): void {
  if (conversion === undefined) return;
  const at = 'spec.conversion';
  const { strategy, webhook } = conversion;
  if (strategy === '') problems.required(`${at}.strategy`);
  else problems.oneOf(`${at}.strategy`, strategy, ['None', 'Webhook']);
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy !== 'Webhook') {
    const why = 'should not be set when strategy is not set to Webhook';
    if (webhook !== undefined) problems.forbidden(`${at}.webhookClientConfig`, why);
    if (versions.length > 0) problems.forbidden(`${at}.conversionReviewVersions`, why);
    return;
  }
  if (webhook === undefined)
    problems.required(`${at}.webhookClientConfig`, 'required when strategy is set to Webhook');
  else checkClient(problems, `${at}.webhookClientConfig`, webhook.clientConfig);
  if (versions.length === 0) problems.required(`${at}.conversionReviewVersions`);
  else if (!versions.some((version) => REVIEW_VERSIONS.includes(version)))
    problems.invalid(
      `${at}.conversionReviewVersions`,
      versions,
      `must include at least one of ${REVIEW_VERSIONS.join(', ')}`,
    );
}
