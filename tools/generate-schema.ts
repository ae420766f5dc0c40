/**
 * Turns API facts of one Kubernetes release into the tables under `src/model/schema/data` and
 * `src/cluster/apiserver/data`. Run by hand for a new release; the results are committed:
 *
 *   go mod download k8s.io/api@v0.36.3 k8s.io/apimachinery@v0.36.3 k8s.io/apiextensions-apiserver@v0.36.3 k8s.io/kube-aggregator@v0.36.3
 *   node tools/generate-schema.ts DATA "$(go env GOMODCACHE)" v0.36.3
 *
 * DATA is a folder with what a cluster of that release answered: openapi-v3.json.gz (documents by path),
 * discovery-api.json, discovery-apis.json, version.json, bootstrap-objects.json.gz (objects by resource) and
 * protobuf-fields.json.gz (package → message → fields). The Go modules tell what none of these does: which fields
 * are pointers, which are left out when empty, and the names of Go types in decoding errors.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gunzipSync } from 'node:zlib';

type Value = Record<string, unknown>;
interface Document extends Value {
  components: { schemas?: Record<string, Value> };
}
type ProtobufField = [number: number, name: string, type: string, repeated?: 'repeated'];

const [dataFolder, moduleCache, release] = process.argv.slice(2);
if (dataFolder === undefined || moduleCache === undefined || release === undefined) {
  throw new Error('usage: node tools/generate-schema.ts DATA GOMODCACHE RELEASE');
}

function readData(name: string): unknown {
  const bytes = readFileSync(join(dataFolder ?? '', name));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}

/** What ships: JSON, compressed, as text that every bundler and test runner takes. */
function pack(value: unknown): string {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(JSON.stringify(value), { params }).toString('base64');
}

function writeModule(path: string, comment: string, lines: string[]): void {
  const text = [`/** ${comment} Made by tools/generate-schema.ts. */`, ...lines, ''].join('\n');
  writeFileSync(path, text);
  console.log(`${path}: ${String(text.length)} bytes`);
}

// ---- OpenAPI ----

const documents = readData('openapi-v3.json.gz') as Record<string, Document>;
const schemas: Record<string, Value> = {};
for (const document of Object.values(documents)) {
  for (const [name, schema] of Object.entries(document.components.schemas ?? {})) schemas[name] ??= schema;
}

/** The documents without the schemas that they share; those that differ from the shared ones stay. */
const openApiPaths = Object.entries(documents).map(([path, document]) => {
  const { schemas: own = {}, ...otherComponents } = document.components;
  const differing = Object.fromEntries(
    Object.entries(own).map(([name, schema]) => [
      name,
      JSON.stringify(schema) === JSON.stringify(schemas[name]) ? null : schema,
    ]),
  );
  const hash = createHash('sha512').update(JSON.stringify(document)).digest('hex').toUpperCase();
  const rest = { ...document, components: otherComponents };
  return { path, hash: hash.slice(0, 64), packed: pack({ schemas: differing, rest }) };
});

// ---- Go types ----

interface GoField {
  json: string;
  type: string;
  flags: string;
}
interface GoStruct {
  fields: GoField[];
  embedded: { type: string; inlined: boolean }[];
}

const goPackages = new Map<string, Map<string, GoStruct>>();

function readGoPackage(folder: string, openApiPackage: string): void {
  const structs = new Map<string, GoStruct>();
  for (const file of readdirSync(folder).filter((name) => /^(types.*|endpoint)\.go$/.test(name))) {
    const source = readFileSync(join(folder, file), 'utf8');
    for (const [, name = '', body = ''] of source.matchAll(/^type (\w+) struct \{\n([^]*?)^\}/gm)) {
      structs.set(name, readGoStruct(body));
    }
  }
  goPackages.set(openApiPackage, structs);
}

function readGoStruct(body: string): GoStruct {
  const struct: GoStruct = { fields: [], embedded: [] };
  for (const line of body.split('\n')) {
    const match = /^\s+(?:(\w+)\s+)?(\S+(?:\[\S+\]\S+)?)\s+`json:"([^"]*)"/.exec(line);
    if (match === null) continue;
    const [, name, type = '', tag = ''] = match;
    const [json = '', ...options] = tag.split(',');
    if (name === undefined) struct.embedded.push({ type, inlined: json === '' });
    if (json === '' || json === '-') continue;
    const flags =
      (type.startsWith('*') ? '*' : '') +
      (options.includes('omitempty') ? '' : '!') +
      (options.includes('omitzero') ? '0' : '');
    struct.fields.push({ json, type: type.replace(/^\*/, ''), flags });
  }
  return struct;
}

function module(name: string): string {
  return join(moduleCache ?? '', `${name}@${release ?? ''}`);
}
for (const group of readdirSync(module('k8s.io/api'), { withFileTypes: true })) {
  if (!group.isDirectory()) continue;
  const folder = join(module('k8s.io/api'), group.name);
  for (const version of readdirSync(folder).filter((name) => /^v\d/.test(name))) {
    readGoPackage(join(folder, version), `io.k8s.api.${group.name}.${version}`);
  }
}
readGoPackage(
  join(module('k8s.io/apimachinery'), 'pkg/apis/meta/v1'),
  'io.k8s.apimachinery.pkg.apis.meta.v1',
);
readGoPackage(
  join(module('k8s.io/apiextensions-apiserver'), 'pkg/apis/apiextensions/v1'),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
);
readGoPackage(
  join(module('k8s.io/kube-aggregator'), 'pkg/apis/apiregistration/v1'),
  'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
);

/** `core` types are used as `v1.Pod` elsewhere: a Go type as the decoder's errors name it. */
function goTypeName(type: string, ownPackage: string): string {
  const list = /^(\[\]|map\[\w+\])(.*)$/.exec(type);
  if (list !== null) return `${list[1] ?? ''}${goTypeName(list[2] ?? '', ownPackage)}`;
  if (/^(u?int(8|32|64)?|string|bool|float64|byte)$/.test(type)) return type === 'byte' ? 'uint8' : type;
  if (type.includes('.')) return type.replace(/^(core|meta)?v1\./, 'v1.').replace(/^\*/, '');
  return `${ownPackage.split('.').at(-1) ?? ''}.${type}`;
}

/** Fields of a struct with those of its embedded structs, which carry the name of where they came from. */
function goFieldsOf(typeName: string): string[] {
  const packageName = typeName.slice(0, typeName.lastIndexOf('.'));
  const structs = goPackages.get(packageName);
  const collect = (name: string, embeddedIn: string): string[] => {
    const struct = structs?.get(name);
    if (struct === undefined) return [];
    const own = struct.fields.map(({ json, type, flags }) => {
      const named = /^[A-Z]|^(map|\[\])|types\.UID|^\w+\.\w+$/.test(type)
        ? goTypeName(type, packageName)
        : '';
      return [json, flags, named, embeddedIn].join(':').replace(/:+$/, '');
    });
    const promoted = struct.embedded
      .filter(({ inlined }) => inlined)
      .flatMap(({ type }) => collect(type, embeddedIn === '' ? type : `${embeddedIn}.${type}`));
    return [...own, ...promoted];
  };
  return collect(typeName.slice(packageName.length + 1), '');
}

const goFacts: Record<string, string> = {};
const withoutGo: string[] = [];
for (const [name, schema] of Object.entries(schemas)) {
  if (schema['properties'] === undefined) continue;
  const known = new Set(Object.keys(schema['properties'] as Value));
  const facts = goFieldsOf(name).filter((fact) => known.has(fact.split(':', 1)[0] ?? ''));
  if (facts.length === 0) withoutGo.push(name);
  goFacts[name] = facts.join(' ');
}
console.log(`types without Go facts: ${withoutGo.join(' ') || 'none'}`);

writeModule(
  'src/model/schema/data/schemas.ts',
  'The schemas of all API types, with facts of their Go types.',
  [`export const packedSchemas =\n  '${pack({ schemas, goFacts })}';`],
);
writeModule('src/cluster/apiserver/data/openapi.ts', 'The OpenAPI v3 documents without shared schemas.', [
  'export const packedOpenApi: readonly { path: string; hash: string; packed: string }[] = [',
  ...openApiPaths.map(
    ({ path, hash, packed }) =>
      `  {\n    path: '${path}',\n    hash: '${hash}',\n    packed:\n      '${packed}',\n  },`,
  ),
  '];',
]);

// ---- Discovery ----

writeModule('src/cluster/apiserver/data/discovery.ts', 'The discovery documents and the version.', [
  `export const packedDiscovery =\n  '${pack({
    api: readData('discovery-api.json'),
    apis: readData('discovery-apis.json'),
    version: readData('version.json'),
  })}';`,
]);

// ---- Protobuf ----

const packages = readData('protobuf-fields.json.gz') as Record<string, Record<string, ProtobufField[]>>;
const messages = new Map<string, ProtobufField[]>();
for (const [packageName, ofPackage] of Object.entries(packages)) {
  for (const [name, fields] of Object.entries(ofPackage)) messages.set(`${packageName}.${name}`, fields);
}

function openApiName(message: string): string {
  return `io.${message.replace('apiextensions_apiserver', 'apiextensions-apiserver').replace('kube_aggregator', 'kube-aggregator')}`.replace(
    'io.k8s.io.',
    'io.k8s.',
  );
}

const SCALARS = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'uint32', 'uint64', 'double', 'float']);

/** The absolute name of a type as `message` writes it. */
function resolveType(message: string, type: string): string {
  if (SCALARS.has(type)) return type;
  if (type.startsWith('.')) return type.slice(1);
  return `${message.slice(0, message.lastIndexOf('.'))}.${type}`;
}

/** Names in `.proto` are those of JSON but for their case and for embedded structs, which JSON has inline (here: ''). */
function jsonNameOf(message: string, field: string): string {
  const properties = Object.keys((schemas[openApiName(message)]?.['properties'] as Value | undefined) ?? {});
  if (properties.length === 0 || properties.includes(field)) return field;
  const plain = (name: string): string => name.replace(/[^a-z]/gi, '').toLowerCase();
  return properties.find((name) => plain(name) === plain(field)) ?? '';
}

const protobufTable: Record<string, string> = {};
function addMessage(message: string): void {
  const name = openApiName(message);
  const fields = messages.get(message);
  if (fields === undefined || protobufTable[name] !== undefined) return;
  protobufTable[name] = '';
  const entries = fields.map(([number, field, type, repeated]) => {
    const map = /^map<string, *(.*)>$/.exec(type);
    const resolved = resolveType(message, map?.[1] ?? type);
    addMessage(resolved);
    const shape = map === null ? (repeated === undefined ? '' : '[]') : '{}';
    return `${String(number)}:${jsonNameOf(message, field)}:${shape}${SCALARS.has(resolved) ? resolved : openApiName(resolved)}`;
  });
  protobufTable[name] = entries.join(' ');
}
for (const message of messages.keys()) {
  if (schemas[openApiName(message)]?.['x-kubernetes-group-version-kind'] !== undefined) addMessage(message);
}
addMessage('k8s.io.apimachinery.pkg.runtime.Unknown');
writeModule('src/cluster/apiserver/data/protobuf.ts', 'The fields of protobuf messages by number.', [
  `export const packedProtobuf =\n  '${pack(protobufTable)}';`,
]);

// ---- Objects of a fresh cluster ----

interface StoredObject extends Value {
  kind: string;
  metadata: Value & {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
    managedFields?: (Value & { subresource?: string })[];
  };
  status?: { conditions?: Value[] };
}
const bootstrap = readData('bootstrap-objects.json.gz') as Record<string, StoredObject[]>;
/** In the order of creation. What controllers make by themselves (root CA, default accounts, slices) is left out. */
const BOOTSTRAP: Record<string, (object: StoredObject) => boolean> = {
  namespaces: () => true,
  priorityclasses: () => true,
  flowschemas: () => true,
  prioritylevelconfigurations: () => true,
  clusterroles: ({ metadata }) => metadata.name !== 'lab-cni',
  clusterrolebindings: ({ metadata }) => metadata.name !== 'lab-cni',
  roles: () => true,
  rolebindings: () => true,
  apiservices: () => true,
  servicecidrs: () => true,
  storageclasses: () => true,
  serviceaccounts: ({ metadata }) => metadata.name !== 'default',
  configmaps: ({ metadata }) =>
    ['coredns', 'kube-proxy', 'kubeadm-config', 'kubelet-config', 'local-path-config'].includes(
      metadata.name,
    ),
  services: () => true,
  'deployments.apps': () => true,
};
const RUNTIME_METADATA = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'selfLink'];
const KEPT_STATUS = ['APIService', 'FlowSchema', 'PriorityLevelConfiguration', 'ServiceCIDR', 'Namespace'];

function cleaned({ metadata, status, ...rest }: StoredObject): Value {
  const kept: Value = { ...metadata };
  for (const name of RUNTIME_METADATA) Reflect.deleteProperty(kept, name);
  const { 'deployment.kubernetes.io/revision': _revision, ...annotations } = metadata.annotations ?? {};
  if (Object.keys(annotations).length > 0) kept['annotations'] = annotations;
  else Reflect.deleteProperty(kept, 'annotations');
  const hasStatus = KEPT_STATUS.includes(rest.kind);
  const owners = metadata.managedFields?.filter(({ subresource }) => hasStatus || subresource !== 'status');
  if (owners !== undefined) kept['managedFields'] = owners.map(({ time: _time, ...owner }) => owner);
  for (const condition of status?.conditions ?? []) Reflect.deleteProperty(condition, 'lastTransitionTime');
  const object = { ...rest, metadata: kept, ...(hasStatus ? { status } : {}) };
  const text = JSON.stringify(object)
    .replaceAll('d1-control-plane', 'breakfix-control-plane')
    .replaceAll('clusterName: d1', 'clusterName: breakfix');
  return JSON.parse(text) as Value;
}
const objects = Object.entries(BOOTSTRAP).flatMap(([resource, wanted]) =>
  (bootstrap[resource] ?? []).filter(wanted).map(cleaned),
);
writeModule('src/cluster/apiserver/data/bootstrap.ts', 'The objects of a fresh cluster.', [
  `export const packedBootstrap =\n  '${pack(objects)}';`,
]);
