/** Reads OpenAPI and custom resource schemas into {@link TypeSchema}. */
import type { FieldSchema, Presence, Scalar, TypeSchema, ValueSchema } from './types.ts';

/** A schema as OpenAPI v3 and CustomResourceDefinitions write it; only what is read here. */
export interface JsonSchema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[];
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const SPECIAL_TYPES = new Map<string, ValueSchema>([
  ['io.k8s.apimachinery.pkg.api.resource.Quantity', { kind: 'scalar', scalar: 'quantity' }],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.Time', { kind: 'scalar', scalar: 'time' }],
  ['io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime', { kind: 'scalar', scalar: 'microTime' }],
  ['io.k8s.apimachinery.pkg.util.intstr.IntOrString', { kind: 'scalar', scalar: 'intOrString' }],
]);

/** What is known of a field from its Go struct. */
export interface GoField {
  readonly presence: Presence;
  readonly goType: string;
  readonly embeddedIn: string;
}

/** Where named types and facts of Go come from. */
export interface SchemaSource {
  /** The type of this name, or undefined where it has no fixed fields. */
  typeNamed(name: string): TypeSchema | undefined;
  /** The Go facts of a type's fields. */
  goFieldsOf(name: string): ReadonlyMap<string, GoField>;
}

/** A struct type from its schema. Fields are read when they are first asked for: types refer to each other. */
export function typeFromOpenApi(name: string, schema: JsonSchema, source: SchemaSource): TypeSchema {
  let fields: ReadonlyMap<string, FieldSchema> | undefined;
  return {
    name,
    required: schema.required ?? [],
    open: schema['x-kubernetes-preserve-unknown-fields'] === true,
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    get fields() {
      fields ??= fieldsFromOpenApi(name, schema, source);
      return fields;
    },
  };
}

function fieldsFromOpenApi(
  typeName: string,
  schema: JsonSchema,
  source: SchemaSource,
): ReadonlyMap<string, FieldSchema> {
  const goFields = source.goFieldsOf(typeName);
  const fields = new Map<string, FieldSchema>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const go = goFields.get(name);
    const strategies = property['x-kubernetes-patch-strategy'];
    const mergeKey = property['x-kubernetes-patch-merge-key'];
    fields.set(name, {
      name,
      value: valueFromOpenApi(`${typeName}.${name}`, property, source),
      presence: go?.presence ?? 'unlessAbsent',
      patchStrategies: strategies === undefined ? [] : strategies.split(','),
      ...(property.default === undefined ? {} : { default: property.default }),
      ...(mergeKey === undefined ? {} : { patchMergeKey: mergeKey }),
      ...(go === undefined || go.goType === '' ? {} : { goType: go.goType }),
      ...(go === undefined || go.embeddedIn === '' ? {} : { embeddedIn: go.embeddedIn }),
    });
  }
  return fields;
}

/** The shape of one value. `name` names what is nested without a name of its own. */
export function valueFromOpenApi(name: string, schema: JsonSchema, source: SchemaSource): ValueSchema {
  const reference = schema.$ref ?? schema.allOf?.find(({ $ref }) => $ref !== undefined)?.$ref;
  if (reference !== undefined) {
    return referenced(reference.slice(reference.lastIndexOf('/') + 1), schema, source);
  }
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', scalar: 'intOrString' };
  switch (schema.type) {
    case 'array':
      return {
        kind: 'list',
        items: valueFromOpenApi(name, schema.items ?? {}, source),
        listType: schema['x-kubernetes-list-type'] ?? 'atomic',
        keys: schema['x-kubernetes-list-map-keys'] ?? [],
      };
    case 'object':
      return objectFromOpenApi(name, schema, source);
    case 'string':
    case 'boolean':
    case 'integer':
    case 'number': {
      const values = schema.enum?.filter((item): item is string => typeof item === 'string');
      const scalar = scalarOf(schema.type, schema.format);
      return { kind: 'scalar', scalar, ...(values === undefined ? {} : { enum: values }) };
    }
    case undefined:
    default:
      return { kind: 'any' };
  }
}

function referenced(typeName: string, schema: JsonSchema, source: SchemaSource): ValueSchema {
  const special = SPECIAL_TYPES.get(typeName);
  if (special !== undefined) return special;
  const type = source.typeNamed(typeName);
  if (type === undefined) return { kind: 'any' };
  return { kind: 'struct', type, atomic: type.atomic || schema['x-kubernetes-map-type'] === 'atomic' };
}

function objectFromOpenApi(name: string, schema: JsonSchema, source: SchemaSource): ValueSchema {
  const atomic = schema['x-kubernetes-map-type'] === 'atomic';
  if (schema.properties !== undefined) {
    return { kind: 'struct', type: typeFromOpenApi(name, schema, source), atomic };
  }
  if (typeof schema.additionalProperties === 'object') {
    const values = valueFromOpenApi(name, schema.additionalProperties, source);
    return { kind: 'map', values, atomic };
  }
  return { kind: 'any' };
}

function scalarOf(type: 'string' | 'boolean' | 'integer' | 'number', format: string | undefined): Scalar {
  switch (type) {
    case 'integer':
      return format === 'int32' ? 'int32' : 'int64';
    case 'string':
      return format === 'byte' ? 'bytes' : 'string';
    case 'boolean':
    case 'number':
      return type;
  }
}
