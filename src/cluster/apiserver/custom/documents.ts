import { createHash } from 'node:crypto';
import { isObject } from '../../../core/json.ts';
import { openApiSchemas } from '../../../model/schema/schema.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import type { CustomResources, ServedVersion } from './custom-resources.ts';
import { metadataDescriptions } from './metadata-descriptions.ts';
import type { ValidationSchema } from './schema.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const V3 = '#/components/schemas/';
const V2 = '#/definitions/';

type Json = Readonly<Record<string, unknown>>;

interface Document {
  readonly text: string;
  readonly hash: string;
}

/**
 * OpenAPI of custom resources: a document below `/openapi/v3/apis/` for each group and version, and definitions for
 * `/openapi/v2`. Made when they are asked for.
 */
export class CustomDocuments {
  readonly #resources: CustomResources;
  readonly #byPath = new Map<string, Document>();
  #v2: Document | undefined;
  #revision = -1;

  constructor(resources: CustomResources) {
    this.#resources = resources;
  }

  /** Paths below `/openapi/v3/`. */
  paths(): string[] {
    return [...new Set(this.#served().map(pathOf))].sort();
  }

  /** undefined for a path that there is not. */
  document(path: string): Document | undefined {
    this.#forget();
    const served = this.#served().filter((version) => pathOf(version) === path);
    if (served.length === 0) return undefined;
    return remembered(this.#byPath, path, () => documentOf(v3Document(served)));
  }

  /** The whole of OpenAPI v2: definitions of all types, built in and custom, and no paths. */
  v2(): Document {
    this.#forget();
    this.#v2 ??= documentOf(v2Document(this.#served()));
    return this.#v2;
  }

  #served(): readonly ServedVersion[] {
    return this.#resources.versions().filter(({ version }) => version.served);
  }

  #forget(): void {
    if (this.#revision === this.#resources.revision) return;
    this.#revision = this.#resources.revision;
    this.#byPath.clear();
    this.#v2 = undefined;
  }
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}

function documentOf(content: Json): Document {
  const text = JSON.stringify(content);
  return { text, hash: createHash('sha256').update(text).digest('hex').toUpperCase() };
}

function pathOf({ resource }: ServedVersion): string {
  return `apis/${apiVersionOf(resource)}`;
}

/** `com.example.stable.v1.CronTab` */
function definitionName({ resource: { group, version, kind } }: ServedVersion): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

function v3Document(served: readonly ServedVersion[]): Json {
  const schemas: Record<string, unknown> = {};
  for (const one of served) {
    const name = definitionName(one);
    schemas[name] = kubeNative(one, one.version.schema?.openAPIV3Schema, V3);
    schemas[`${name}List`] = listSchema(one, name, V3);
  }
  const paths = Object.assign({}, ...served.map(pathsOf)) as Json;
  addReferenced(schemas, `${META}.DeleteOptions`, `${META}.Status`, `${META}.Patch`);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths,
    components: { schemas },
  };
}

function v2Document(served: readonly ServedVersion[]): Json {
  const definitions = JSON.parse(
    JSON.stringify(openApiSchemas()).replaceAll(
      JSON.stringify(V3).slice(0, -1),
      JSON.stringify(V2).slice(0, -1),
    ),
  ) as Record<string, unknown>;
  for (const one of served) {
    const schema = one.version.schema?.openAPIV3Schema;
    const name = definitionName(one);
    const open = schema === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
    definitions[name] = open ? { type: 'object', ...kindExtension(one) } : kubeNative(one, forV2(schema), V2);
    definitions[`${name}List`] = listSchema(one, name, V2);
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.36.3' }, paths: {}, definitions };
}

/** The schema with what every object has. */
function kubeNative(one: ServedVersion, schema: ValidationSchema | undefined, prefix: string): Json {
  const { apiVersion, kind, metadata } = metadataDescriptions.object;
  const properties = {
    ...(schema === undefined ? {} : schema.properties),
    apiVersion: { type: 'string', description: apiVersion },
    kind: { type: 'string', description: kind },
    metadata: reference(prefix, `${META}.ObjectMeta`, metadata),
  };
  if (schema === undefined) return { type: 'object', ...kindExtension(one) };
  return { ...schema, properties, ...kindExtension(one) };
}

function reference(prefix: string, name: string, description: string): Json {
  const $ref = prefix + name;
  return prefix === V2 ? { $ref, description } : { allOf: [{ $ref }], description };
}

function listSchema(one: ServedVersion, name: string, prefix: string): Json {
  const { apiVersion, kind, listMetadata } = metadataDescriptions.object;
  const listKind = one.definition.spec.names.listKind ?? `${one.resource.kind}List`;
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string', description: apiVersion },
      items: { type: 'array', items: { $ref: prefix + name } },
      kind: { type: 'string', description: kind },
      metadata: reference(prefix, `${META}.ListMeta`, listMetadata),
    },
    ...kindExtension(one, listKind),
  };
}

function kindExtension({ resource: { group, version, kind } }: ServedVersion, named = kind): Json {
  return { 'x-kubernetes-group-version-kind': [{ group, kind: named, version }] };
}

/** Without what OpenAPI v2 has no words for. */
function forV2(schema: ValidationSchema): ValidationSchema {
  const { allOf: _allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable, ...rest } = schema;
  const { type, properties, items, additionalProperties, required, ...others } = rest;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const untyped = nullable === true || (preserves && type !== 'string');
  const keepsItems = !untyped && items !== undefined;
  const left = required?.filter((name) => properties?.[name]?.nullable !== true) ?? [];
  return {
    ...others,
    ...(!untyped && type !== undefined && (type !== 'array' || keepsItems) && { type }),
    ...(!untyped &&
      properties !== undefined && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, field]) => [name, forV2(field)]),
        ),
      }),
    ...(keepsItems && { items: forV2(items) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object' ? forV2(additionalProperties) : additionalProperties,
    }),
    ...(left.length > 0 && { required: left }),
  };
}

/** Adds the built-in types that schemas refer to, and what those refer to. */
function addReferenced(schemas: Record<string, unknown>, ...names: string[]): void {
  const builtIn = openApiSchemas();
  const wanted = [...names, ...Object.values(schemas).flatMap(references)];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const schema = builtIn[name];
    if (schemas[name] !== undefined || schema === undefined) continue;
    schemas[name] = described(name, schema as Json);
    wanted.push(...references(schema));
  }
}

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  const { $ref } = value;
  const own = typeof $ref === 'string' && $ref.startsWith(V3) ? [$ref.slice(V3.length)] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

function described(name: string, schema: Json): Json {
  if (name !== `${META}.ObjectMeta` || !isObject(schema['properties'])) return schema;
  const words: Readonly<Record<string, string>> = metadataDescriptions.fields;
  const properties = Object.fromEntries(
    Object.entries(schema['properties']).map(([field, value]) => [
      field,
      { ...(value as object), ...(words[field] === undefined ? {} : { description: words[field] }) },
    ]),
  );
  return { ...schema, description: metadataDescriptions.objectMeta, properties };
}

const VERBS_OF_OBJECT = [
  ['get', 'get'],
  ['put', 'put'],
  ['patch', 'patch'],
  ['delete', 'delete'],
] as const;
const VERBS_OF_COLLECTION = [
  ['get', 'list'],
  ['post', 'post'],
  ['delete', 'deletecollection'],
] as const;

/** What clients look up by path: which kind is behind it, and that writes take `fieldValidation`. */
function pathsOf(one: ServedVersion): Json {
  const { resource } = one;
  const root = `/apis/${apiVersionOf(resource)}`;
  const collection = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const object = `${collection}/{name}`;
  const subresources = (one.discovered.subresources ?? []).map(({ subresource }) => [
    `${object}/${subresource}`,
    operations(one, VERBS_OF_OBJECT.slice(0, 3)),
  ]);
  return {
    ...(resource.namespaced && {
      [`${root}/${resource.plural}`]: operations(one, VERBS_OF_COLLECTION.slice(0, 1)),
    }),
    [collection]: operations(one, VERBS_OF_COLLECTION),
    [object]: operations(one, VERBS_OF_OBJECT),
    ...(Object.fromEntries(subresources) as Json),
  };
}

function operations(one: ServedVersion, verbs: readonly (readonly [method: string, action: string])[]): Json {
  const { group, version, kind } = one.resource;
  const content = { 'application/json': { schema: { $ref: V3 + definitionName(one) } } };
  return Object.fromEntries(
    verbs.map(([method, action]) => [
      method,
      {
        'x-kubernetes-action': action,
        'x-kubernetes-group-version-kind': { group, version, kind },
        responses: { 200: { description: 'OK', content } },
        ...(WRITES.has(method) && { parameters: WRITE_PARAMETERS }),
      },
    ]),
  );
}

const WRITES = new Set(['post', 'put', 'patch']);
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
}));
