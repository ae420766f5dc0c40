import { goJson, goJsonLine } from '../../../core/go-json.ts';
import { unavailable } from '../aggregation/aggregator.ts';
import { discoveryDocuments, openapiDocument, openapiHash, openapiPaths } from '../data.ts';
import type { CustomDocuments } from '../custom/documents.ts';
import { notAcceptable } from '../status.ts';
import type { DiscoveredResource, DiscoveryDocument } from '../resource-registry.ts';
import type { ApiRequest } from '../types.ts';
import { healthPaths } from './health.ts';
import { isPretty } from './negotiation.ts';
import { openIdPaths } from './open-id.ts';
import { openApiV2Protobuf } from './openapi-v2.ts';
import { bytesResponse, indentedResponse, jsonResponse, pageNotFound, textResponse } from './responses.ts';
import type { CompleteResponse } from './responses.ts';
import { storageVersionHash } from './storage-version.ts';

const FIXED_PATHS = [
  '/api',
  '/api/v1',
  '/apis',
  '/apis/',
  '/flagz',
  '/metrics',
  '/metrics/slis',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/',
  '/statusz',
  '/version',
];
const AGGREGATED = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=apigroupdiscoverylist/;
const FAR_FUTURE = 'Wed, 21 Oct 2099 07:28:00 GMT';

/** What servers behind the API server add to the documents. */
export type ExtraGroups = () => DiscoveryDocument['items'];

/**
 * What the server serves, as clients ask for it: aggregated (`APIGroupDiscoveryList`) and one document a group and
 * version, and the OpenAPI v3 documents. https://kubernetes.io/docs/concepts/overview/kubernetes-api/
 */
export class Discovery {
  readonly #address: string;
  readonly #extra: ExtraGroups;

  /** @param address `host:port` of the server itself */
  constructor(address: string, extra: ExtraGroups) {
    this.#address = address;
    this.#extra = extra;
  }

  /** @param segments the parts of the path, at most `apis/G/V` */
  serve(request: ApiRequest, segments: readonly string[]): CompleteResponse {
    const [root, second, third] = segments;
    if (segments.length === 1) {
      const accepted = AGGREGATED.exec((request.headers['accept'] ?? '').toLowerCase().replaceAll(' ', ''));
      if (accepted !== null) return this.#aggregated(root === 'api', accepted[1] ?? 'v2');
      const document = root === 'api' ? legacyVersions(this.#address) : this.#groups();
      return documentResponse(request, document);
    }
    if (root === 'api') return second === 'v1' ? this.#resources(request, '', 'v1') : pageNotFound();
    if (third === undefined) return this.#group(request, second ?? '');
    return this.#resources(request, second ?? '', third);
  }

  /** `/`: what else there is, as far as it is served here. */
  index(): CompleteResponse {
    const groups = this.#named().flatMap(({ metadata, versions }) => [
      `/apis/${metadata.name ?? ''}`,
      ...versions.map(({ version }) => `/apis/${metadata.name ?? ''}/${version}`),
    ]);
    const all = [...FIXED_PATHS, ...groups, ...healthPaths, ...openIdPaths];
    return indentedResponse({ paths: [...new Set(all)].sort() });
  }

  #aggregated(core: boolean, version: string): CompleteResponse {
    const items = core ? discoveryDocuments().api.items : this.#named();
    const document = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items,
    };
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    return textResponse(200, contentType, goJsonLine(document), {
      'cache-control': 'public',
      vary: 'Accept',
    });
  }

  #groups(): object {
    const groups = this.#named().map((group) => ({ ...apiGroup(group) }));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }

  #group(request: ApiRequest, name: string): CompleteResponse {
    const group = this.#named().find(({ metadata }) => metadata.name === name);
    if (group === undefined) return pageNotFound();
    return documentResponse(request, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group) });
  }

  #resources(request: ApiRequest, group: string, version: string): CompleteResponse {
    const groups = group === '' ? discoveryDocuments().api.items : this.#named();
    const found = groups
      .find(({ metadata }) => (metadata.name ?? '') === group)
      ?.versions.find((candidate) => candidate.version === version);
    if (found === undefined) return pageNotFound();
    if (found.freshness === 'Stale') return unavailable('service unavailable');
    const groupVersion = group === '' ? version : `${group}/${version}`;
    const resources = (found.resources ?? []).flatMap((one) => resourceEntries(one, group, version));
    // The list of the core group is older than the version of its own kind.
    const of = { kind: 'APIResourceList', ...(group !== '' && { apiVersion: 'v1' }) };
    return documentResponse(request, { ...of, groupVersion, resources });
  }

  #named(): DiscoveryDocument['items'] {
    return [...discoveryDocuments().apis.items, ...this.#extra()];
  }
}

function documentResponse(request: ApiRequest, document: object): CompleteResponse {
  return isPretty(request) ? indentedResponse(document) : jsonResponse(200, document);
}

function legacyVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

function apiGroup({ metadata, versions }: DiscoveryDocument['items'][number]): object {
  const name = metadata.name ?? '';
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

/** A resource and its subresources as entries of an APIResourceList. */
function resourceEntries(discovered: DiscoveredResource, group: string, version: string): object[] {
  const { resource, responseKind, scope, singularResource, verbs, shortNames, categories } = discovered;
  const namespaced = scope === 'Namespaced';
  return [
    {
      name: resource,
      singularName: singularResource,
      namespaced,
      kind: responseKind.kind,
      verbs,
      ...(shortNames && { shortNames }),
      ...(categories && { categories }),
      ...storageVersionHash(discovered, group, version),
    },
    ...(discovered.subresources ?? []).map((subresource) => ({
      name: `${resource}/${subresource.subresource}`,
      singularName: '',
      namespaced,
      ...kindElsewhere(subresource.responseKind, group, version),
      kind: subresource.responseKind?.kind ?? responseKind.kind,
      verbs: subresource.verbs,
    })),
  ];
}

/** Group and version of a subresource's kind, where it is another API's. */
function kindElsewhere(
  kind: { readonly group?: string; readonly version?: string } | undefined,
  group: string,
  version: string,
): object {
  const there = { group: kind?.group ?? '', version: kind?.version ?? '' };
  if (there.group === group && there.version === version) return {};
  return {
    ...(there.group !== '' && { group: there.group }),
    ...(there.version !== '' && { version: there.version }),
  };
}

/** `/openapi/...`: v2, the index of v3, and one document for each group and version. */
export function serveOpenApi(
  request: ApiRequest,
  segments: readonly string[],
  query: URLSearchParams,
  custom: CustomDocuments,
): CompleteResponse {
  if (segments[1] === 'v2' && segments.length === 2) return serveOpenApiV2(request, custom);
  if (segments[1] !== 'v3') return pageNotFound();
  if (segments.length === 2)
    return textResponse(200, 'application/json', goJson({ paths: openApiIndex(custom) }));
  const path = segments.slice(2).join('/');
  const own = custom.document(path);
  const hash = openapiHash(path) ?? own?.hash;
  if (hash === undefined) return pageNotFound();
  const asked = query.get('hash');
  const url = `/openapi/v3/${path}?hash=${hash}`;
  const headers = { etag: `"${hash}"`, vary: 'Accept' };
  if (asked !== null && asked !== hash)
    return textResponse(301, 'application/json', '', { ...headers, location: url });
  const caching = asked === null ? {} : { 'cache-control': 'public, immutable', expires: FAR_FUTURE };
  return textResponse(200, 'application/json', openapiDocument(path) ?? own?.text ?? '{}', {
    ...headers,
    ...caching,
  });
}

function openApiIndex(custom: CustomDocuments): Record<string, { serverRelativeURL: string }> {
  const entry = (path: string, hash = ''): [string, { serverRelativeURL: string }] => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
  ];
  return Object.fromEntries([
    ...openapiPaths().map((path) => entry(path, openapiHash(path))),
    ...custom.paths().map((path) => entry(path, custom.document(path)?.hash)),
  ]);
}

/** As JSON; in protobuf only what is built in: for the others kubectl has v3. */
function serveOpenApiV2({ headers }: ApiRequest, custom: CustomDocuments): CompleteResponse {
  const accept = headers['accept'] ?? '';
  if (accept.includes('application/com.github.proto-openapi.spec.v2'))
    return bytesResponse(200, 'application/octet-stream', openApiV2Protobuf());
  if (accept !== '' && !/application\/(?:json|\*)|\*\/\*/.test(accept)) throw notAcceptable();
  const { text, hash } = custom.v2();
  const etag = `"${hash}"`;
  const unchanged = headers['if-none-match'] === etag;
  return textResponse(unchanged ? 304 : 200, 'application/json', unchanged ? '' : text, {
    etag,
    vary: 'Accept',
  });
}
