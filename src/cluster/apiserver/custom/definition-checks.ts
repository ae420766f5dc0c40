import type {
  CustomResourceDefinition,
  DefinitionNames,
  DefinitionSpec,
  DefinitionVersion,
} from './definition.ts';
import { isObject } from '../../../core/json.ts';
import type { Problems } from '../validation/problems.ts';
import { checkClient, REVIEW_VERSIONS } from '../webhooks/checks.ts';
import { checkRulesOf } from './rule-checks.ts';
import type { ValidationSchema } from './schema.ts';

const VERSIONS = 'spec.versions';
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ */
export function checkDefinition(problems: Problems, { metadata, spec }: CustomResourceDefinition): void {
  const { plural = '', kind = '' } = spec.names as Partial<DefinitionNames>;
  const { versions = [] } = spec as Partial<DefinitionSpec>;
  if (metadata.name !== `${plural}.${spec.group}`) {
    problems.invalid('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group');
  }
  if (spec.group === '') problems.required('spec.group');
  else if (!spec.group.includes('.')) {
    problems.invalid('spec.group', spec.group, 'should be a domain with at least one dot');
  }
  if (spec.scope === '') problems.required('spec.scope');
  else problems.oneOf('spec.scope', spec.scope, ['Cluster', 'Namespaced']);
  if (plural === '') problems.required('spec.names.plural');
  if (kind === '') problems.required('spec.names.kind');
  checkConversion(problems, spec.conversion);
  if (versions.length === 0) {
    problems.required(VERSIONS);
    return;
  }
  const names = new Set<string>();
  versions.forEach((version, index) => {
    if (names.has(version.name)) problems.invalid(VERSIONS, versions, 'must contain unique version names');
    names.add(version.name);
    checkVersion(problems, `${VERSIONS}[${index}]`, version);
  });
  checkStorage(problems, versions);
}

function checkStorage(problems: Problems, versions: readonly DefinitionVersion[]): void {
  const marked = versions.filter(({ storage }) => storage).map(({ name }) => name);
  if (marked.length === 1) return;
  problems.invalid(VERSIONS, versions, 'must have exactly one version marked as storage version');
  const [first, last] = [marked[0], marked.at(-1)];
  // Objects would be stored in the first of them, and the last one counts.
  if (first !== undefined && last !== undefined)
    problems.invalid('status.storedVersions', [first], `must have the storage version ${last}`);
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

function checkVersion(problems: Problems, path: string, { schema }: DefinitionVersion): void {
  const at = `${path}.schema.openAPIV3Schema`;
  const root = schema?.openAPIV3Schema;
  if (root === undefined) {
    problems.required(at);
    return;
  }
  checkSchema(problems, at, root, { isRoot: true, uncorrelated: undefined });
  if (root.type === undefined) problems.required(`${at}.type`, 'must not be empty at the root');
  else if (root.type !== 'object') problems.invalid(`${at}.type`, root.type, 'must be object at the root');
}

interface Place {
  readonly isRoot: boolean;
  /** The list above whose items cannot be told from one another, so that no rule compares them with older ones. */
  readonly uncorrelated: string | undefined;
}

/** The schema of a list's items; what is none counts as left out. */
function itemsOf(
  problems: Problems,
  path: string,
  { type, items }: ValidationSchema,
): ValidationSchema | undefined {
  if (isObject(items)) return items;
  if (Array.isArray(items) && items.length > 0) {
    problems.forbidden(`${path}.items`, 'items must be a schema object and not an array');
  } else if (type === 'array') problems.required(`${path}.items`, 'must be specified');
  return undefined;
}

/** Every value has a type, unless the schema lets it be anything. */
function checkSchema(problems: Problems, path: string, schema: ValidationSchema, place: Place): void {
  const { isRoot, uncorrelated } = place;
  const inner = { isRoot: false, uncorrelated };
  const anything =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true;
  if (!isRoot && schema.type === undefined && !anything) {
    problems.required(`${path}.type`, 'must not be empty for specified object fields');
  }
  problems.oneOf(`${path}.type`, schema.type, TYPES);
  const items = itemsOf(problems, path, schema);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!isRoot || name !== 'metadata') checkSchema(problems, `${path}.properties[${name}]`, field, inner);
  }
  if (items !== undefined) {
    const isMap = schema['x-kubernetes-list-type'] === 'map';
    const below = { isRoot: false, uncorrelated: uncorrelated ?? (isMap ? undefined : path) };
    checkSchema(problems, `${path}.items`, items, below);
  }
  if (typeof schema.additionalProperties === 'object') {
    checkSchema(problems, `${path}.additionalProperties`, schema.additionalProperties, inner);
  }
  const root = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  checkRulesOf(problems, path, schema, { root, uncorrelated });
}
