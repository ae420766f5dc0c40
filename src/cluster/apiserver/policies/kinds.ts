import { customTypeSchema, schemaOf } from '../../../model/schema/schema.ts';
import type { TypeSchema } from '../../../model/schema/types.ts';
import { type CustomResourceDefinition, definitions } from '../custom/definition.ts';
import { discoveryDocuments } from '../data.ts';
import type { StateReader } from '../pipeline.ts';

/** A kind in one of its versions. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

type Served = NonNullable<
  ReturnType<typeof discoveryDocuments>['api']['items'][number]['versions'][number]['resources']
>;

/** The built-in resources that a version of a group serves. */
export function servedBy({ group, version }: Omit<Kind, 'kind'>): Served {
  const { api, apis } = discoveryDocuments();
  return [...api.items, ...apis.items]
    .filter(({ metadata }) => (metadata.name ?? '') === group)
    .flatMap(({ versions }) => versions.filter((each) => each.version === version))
    .flatMap(({ resources = [] }) => resources);
}

/** The definition of a custom kind that has this version; its names decide which. */
export function definitionOf(
  api: Pick<StateReader, 'list'>,
  { group, version }: Omit<Kind, 'kind'>,
  isIt: (names: CustomResourceDefinition['spec']['names']) => boolean,
): CustomResourceDefinition | undefined {
  return api
    .list(definitions)
    .find(
      ({ spec }) =>
        spec.group === group && isIt(spec.names) && spec.versions.some(({ name }) => name === version),
    );
}

/** What objects of a kind look like; undefined where nobody knows it. */
export function typeSchemaOf(
  api: Pick<StateReader, 'list'>,
  { group, version, kind }: Kind,
): TypeSchema | undefined {
  const builtIn = schemaOf(group, version, kind);
  if (builtIn !== undefined) return builtIn;
  const definition = definitionOf(api, { group, version }, (names) => names.kind === kind);
  const found = definition?.spec.versions.find(({ name }) => name === version);
  return found && customTypeSchema(kind, found.schema?.openAPIV3Schema);
}
