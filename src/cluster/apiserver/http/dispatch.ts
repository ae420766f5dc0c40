import type { ResourceInfo } from '../resource-registry.ts';
import { get } from '../rest/get.ts';
import { list } from '../rest/list.ts';
import { patch } from '../rest/patch.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { watch } from '../rest/watch.ts';
import { create, remove, removeCollection, update } from '../rest/write.ts';
import { methodNotAllowed, resourceNotServed } from '../status.ts';
import { componentStatuses } from '../subresources/component-statuses.ts';
import { bind } from '../subresources/pods.ts';
import { reviews } from '../subresources/reviews.ts';
import { serveSubresource } from '../subresources/subresources.ts';
import type { ApiRequest, ApiResponse, DeferredResponse, UserInfo } from '../types.ts';
import { listOptions } from './list-options.ts';
import { negotiate } from './negotiation.ts';
import { StatusError } from '../../api.ts';
import { pageNotFound } from './responses.ts';
import type { RequestPath } from './request-path.ts';

type ResourcePath = RequestPath & { kind: 'resource' };

const ENDPOINTS_WARNING = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';
const COLLECTION_VERBS: Readonly<Record<string, string>> = {
  GET: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};
const OBJECT_VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const OBJECT_VERB_NAMES: ReadonlySet<string> = new Set(Object.values(OBJECT_VERBS));
const SUBRESOURCE_VERBS: Readonly<Record<string, string>> = { ...OBJECT_VERBS, POST: 'create' };

/**
 * Answers a request for a resource that the user may ask for.
 * @param letIn told whether it is served here
 * @throws StatusError 404, 405 and what the handlers throw
 */
export function serveResource(
  parts: RestParts,
  http: ApiRequest,
  path: ResourcePath,
  user: UserInfo,
  letIn: (isServed: boolean) => void,
): ApiResponse | DeferredResponse {
  const query = new URLSearchParams(http.query);
  const info = parts.registry.find(path.group, path.version, path.plural);
  letIn(info !== undefined);
  if (info === undefined) {
    const delegated = parts.aggregator.serve(http, user, path.group, path.version);
    if (delegated !== undefined) return delegated;
    const known = [...parts.registry.all()].some(({ resource }) => resource.group === path.group);
    return known ? refuseUnknown() : pageNotFound();
  }
  const namespace = info.storage === 'namespaces' ? undefined : path.namespace;
  checkScope(info, path, namespace);
  checkMethod(info, path, http.method);
  const request: ResourceRequest = {
    http,
    info,
    namespace,
    name: path.name ?? '',
    subresource: path.subresource,
    query,
    representation: negotiate(http.headers, query),
    user,
    warnings: info.storage === 'endpoints' ? [ENDPOINTS_WARNING] : [],
  };
  try {
    return serve(parts, request);
  } catch (error) {
    // A refusal does not take back what was to be warned of.
    if (error instanceof StatusError) error.warnings = request.warnings;
    throw error;
  }
}

function serve(parts: RestParts, request: ResourceRequest): ApiResponse | DeferredResponse {
  if (request.info.storage === 'componentstatuses') return componentStatuses(parts, request);
  if (request.subresource !== undefined) return serveSubresource(parts, request);
  return request.name === '' ? serveCollection(parts, request) : serveObject(parts, request);
}

function refuseUnknown(): never {
  throw resourceNotServed();
}

function serveCollection(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, http } = request;
  switch (http.method) {
    case 'GET': {
      const options = listOptions(request.query);
      return options.watch ? watch(parts, request, options) : list(parts, request, options);
    }
    case 'POST': {
      if (info.storage === 'bindings') return bind(parts, request);
      const review = reviews[info.resource.plural];
      return review === undefined ? create(parts, request) : review(parts, request);
    }
    case 'DELETE':
      return removeCollection(parts, request);
    default:
      throw methodNotAllowed();
  }
}

function serveObject(parts: RestParts, request: ResourceRequest): ApiResponse {
  switch (request.http.method) {
    case 'GET':
      return get(parts, request);
    case 'PUT':
      return update(parts, request);
    case 'PATCH':
      return patch(parts, request);
    case 'DELETE':
      return remove(parts, request);
    default:
      throw methodNotAllowed();
  }
}

function checkScope({ resource }: ResourceInfo, path: ResourcePath, namespace: string | undefined): void {
  const outside = resource.namespaced
    ? namespace === undefined && path.name !== undefined
    : namespace !== undefined;
  const isProxied = path.subresource === 'proxy';
  if (outside || (path.rest.length > 0 && !isProxied)) throw resourceNotServed();
}

/** Only what discovery names is answered. */
function checkMethod({ resource, discovered }: ResourceInfo, path: ResourcePath, method: string): void {
  const { subresource, name } = path;
  const verbs =
    subresource === undefined
      ? discovered.verbs
      : discovered.subresources?.find((item) => item.subresource === subresource)?.verbs;
  if (verbs === undefined) throw resourceNotServed();
  // What is behind a proxy knows its methods itself.
  if (subresource === 'proxy') return;
  const isCollection = name === undefined;
  // What is only ever created, as reviews are, has no objects by name.
  if (!isCollection && subresource === undefined && !verbs.some((verb) => OBJECT_VERB_NAMES.has(verb)))
    throw resourceNotServed();
  const verb = isCollection
    ? COLLECTION_VERBS[method]
    : subresource === undefined
      ? OBJECT_VERBS[method]
      : SUBRESOURCE_VERBS[method];
  const needsNamespace = verb === 'create' && resource.namespaced && path.namespace === undefined;
  if (verb === undefined || !verbs.includes(verb) || needsNamespace) throw methodNotAllowed();
}
