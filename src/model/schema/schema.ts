/** The types of Kubernetes 1.36's API, from a generated table that is read when it is first asked for. */
import { packedSchemas } from './data/schemas.ts';
import { typeFromOpenApi } from './from-openapi.ts';
import type { GoField, JsonSchema, SchemaSource } from './from-openapi.ts';
import type { FieldSchema, Presence, TypeSchema, ValueSchema } from './types.ts';
import { unpack } from './unpack.ts';

interface SchemaTable {
  readonly schemas: Readonly<Record<string, JsonSchema>>;
  /** Type name → `field:flags:goType:embeddedIn …`; flags are `*` pointer, `!` without omitempty, `0` omitzero. */
  readonly goFacts: Readonly<Record<string, string>>;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

let table: SchemaTable | undefined;
let namesByKind: Map<string, string> | undefined;
const types = new Map<string, TypeSchema | undefined>();

function schemaTable(): SchemaTable {
  table ??= unpack(packedSchemas) as SchemaTable;
  return table;
}

/** The OpenAPI schemas of all types by name. */
export function openApiSchemas(): Readonly<Record<string, JsonSchema>> {
  return schemaTable().schemas;
}

function presenceOf(flags: string): Presence {
  if (flags.includes('*')) return 'unlessAbsent';
  if (flags.includes('0')) return 'unlessZero';
  return flags.includes('!') ? 'always' : 'unlessEmpty';
}

/** The built-in types, for schemas that refer to them by name. */
export const builtInTypes: SchemaSource = {
  typeNamed(name) {
    if (!types.has(name)) {
      const schema = schemaTable().schemas[name];
      types.set(
        name,
        schema?.properties === undefined ? undefined : typeFromOpenApi(name, schema, builtInTypes),
      );
    }
    return types.get(name);
  },
  goFieldsOf(name) {
    const fields = new Map<string, GoField>();
    for (const fact of (schemaTable().goFacts[name] ?? '').split(' ')) {
      const [field = '', flags = '', goType = '', embeddedIn = ''] = fact.split(':');
      fields.set(field, { presence: presenceOf(flags), goType, embeddedIn });
    }
    return fields;
  },
};

/** The OpenAPI name of a kind, e.g. `io.k8s.api.apps.v1.Deployment`; undefined for a kind that is not built in. */
export function typeNameOf(group: string, version: string, kind: string): string | undefined {
  // Every group serves these; they are one type.
  if (kind === 'DeleteOptions' || kind === 'WatchEvent') return `${META}.${kind}`;
  if (namesByKind === undefined) {
    namesByKind = new Map();
    for (const [name, schema] of Object.entries(schemaTable().schemas)) {
      for (const gvk of schema['x-kubernetes-group-version-kind'] ?? []) {
        namesByKind.set(`${gvk.group}/${gvk.version}/${gvk.kind}`, name);
      }
    }
  }
  return namesByKind.get(`${group}/${version}/${kind}`);
}

/** The shape of a built-in kind; undefined for custom resources (see {@link customTypeSchema}). */
export function schemaOf(group: string, version: string, kind: string): TypeSchema | undefined {
  const name = typeNameOf(group, version, kind);
  return name === undefined ? undefined : builtInTypes.typeNamed(name);
}

/**
 * The shape of a custom resource from the `openAPIV3Schema` of its version; one that keeps everything where the
 * schema is absent.
 */
export function customTypeSchema(kind: string, schema: JsonSchema | undefined): TypeSchema {
  const metadata: JsonSchema = { $ref: `#/components/schemas/${META}.ObjectMeta` };
  const text: JsonSchema = { type: 'string' };
  const properties = { ...schema?.properties, apiVersion: text, kind: text, metadata };
  const open = schema === undefined ? { 'x-kubernetes-preserve-unknown-fields': true } : {};
  return typeFromOpenApi(
    kind,
    { type: 'object', ...schema, ...open, properties },
    { typeNamed: (name) => builtInTypes.typeNamed(name), goFieldsOf: () => new Map() },
  );
}

/**
 * The field at a path of names below a type; list items, map values and their own names are not named:
 * `fieldSchema(deployment, 'spec', 'template', 'spec', 'containers', 'ports')`.
 */
export function fieldSchema(type: TypeSchema, ...path: readonly string[]): FieldSchema | undefined {
  let at: TypeSchema | undefined = type;
  let field: FieldSchema | undefined;
  for (const name of path) {
    field = at?.fields.get(name);
    at = field === undefined ? undefined : structIn(field.value);
  }
  return field;
}

function structIn(value: ValueSchema): TypeSchema | undefined {
  switch (value.kind) {
    case 'struct':
      return value.type;
    case 'list':
      return structIn(value.items);
    case 'map':
      return structIn(value.values);
    case 'scalar':
    case 'any':
      return undefined;
  }
}
