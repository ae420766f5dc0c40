/** Documents and objects that every cluster of this Kubernetes release starts with, from generated tables. */
import { copy } from '../../core/json.ts';
import type { AnyObject } from '../../model/objects.ts';
import { openApiSchemas } from '../../model/schema/schema.ts';
import { unpack } from '../../model/schema/unpack.ts';
import { packedBootstrap } from './data/bootstrap.ts';
import { packedDiscovery } from './data/discovery.ts';
import { packedOpenApi } from './data/openapi.ts';

/** A document with the schemas that differ from the shared ones; null stands for a shared one. */
interface PackedDocument {
  readonly schemas: Readonly<Record<string, unknown>>;
  readonly rest: { readonly components: Record<string, unknown>; readonly [part: string]: unknown };
}

const openApiByPath = new Map(packedOpenApi.map((entry) => [entry.path, entry]));
const documentTexts = new Map<string, string>();

/** The paths below `/openapi/v3/`, e.g. `api/v1`, `apis/apps/v1`. */
export function openapiPaths(): string[] {
  return [...openApiByPath.keys()];
}

/** The document below `/openapi/v3/`, as JSON text; undefined for a path that there is not. */
export function openapiDocument(path: string): string | undefined {
  const entry = openApiByPath.get(path);
  if (entry === undefined) return undefined;
  let text = documentTexts.get(path);
  if (text === undefined) {
    const { schemas, rest } = unpack(entry.packed) as PackedDocument;
    const shared = openApiSchemas();
    const own: Record<string, unknown> = {};
    for (const [name, schema] of Object.entries(schemas)) own[name] = schema ?? shared[name];
    const ownSchemas = Object.keys(own).length === 0 ? {} : { schemas: own };
    const components = { ...ownSchemas, ...rest.components };
    text = JSON.stringify({ ...rest, components });
    documentTexts.set(path, text);
  }
  return text;
}

/** What changes when a document does: the `hash` of its URL in the `/openapi/v3` index. */
export function openapiHash(path: string): string | undefined {
  return openApiByPath.get(path)?.hash;
}

/** The answers of discovery: aggregated `/api` and `/apis` (APIGroupDiscoveryList v2), and `/version`. */
export interface DiscoveryDocuments {
  readonly api: ApiGroupDiscoveryList;
  readonly apis: ApiGroupDiscoveryList;
  readonly version: Readonly<Record<string, string>>;
}

/** https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#apigroupdiscoverylist-v2-apidiscovery-k8s-io */
export interface ApiGroupDiscoveryList {
  readonly kind: 'APIGroupDiscoveryList';
  readonly apiVersion: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly items: readonly ApiGroupDiscovery[];
}

export interface ApiGroupDiscovery {
  /** The name is absent for the core group. */
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly version: string;
    readonly freshness?: string;
    readonly resources: readonly ApiResourceDiscovery[];
  }[];
}

export interface ApiResourceDiscovery {
  readonly resource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly {
    readonly subresource: string;
    readonly responseKind?: { readonly group: string; readonly version: string; readonly kind: string };
    readonly verbs: readonly string[];
  }[];
}

let discovery: DiscoveryDocuments | undefined;

export function discoveryDocuments(): DiscoveryDocuments {
  discovery ??= unpack(packedDiscovery) as DiscoveryDocuments;
  return discovery;
}

/** Labels of `kubernetes_build_info`: from what the components of this release were built. */
export function buildLabels(): Readonly<Record<string, string>> {
  const { version } = discoveryDocuments();
  return {
    build_date: version['buildDate'] ?? '',
    compiler: version['compiler'] ?? '',
    git_commit: version['gitCommit'] ?? '',
    git_tree_state: version['gitTreeState'] ?? '',
    git_version: version['gitVersion'] ?? '',
    go_version: version['goVersion'] ?? '',
    major: version['major'] ?? '',
    minor: version['minor'] ?? '',
    platform: version['platform'] ?? '',
  };
}

let bootstrap: AnyObject[] | undefined;

/**
 * The objects of a fresh one-node cluster in the order to create them: namespaces, default RBAC, priority classes,
 * flow control, API services, the default storage class, CoreDNS, the local-path provisioner and configuration.
 * Without uid, resourceVersion, times and what controllers make by themselves, but with who owns which fields. A fresh copy on every call.
 */
export function bootstrapObjects(): AnyObject[] {
  bootstrap ??= unpack(packedBootstrap) as AnyObject[];
  return copy(bootstrap);
}
