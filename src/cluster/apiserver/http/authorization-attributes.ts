import type { AuthorizationAttributes } from '../pipeline.ts';
import type { ApiRequest } from '../types.ts';
import type { RequestPath } from './request-path.ts';

/** The verb of authorization follows the method, also of subresources that clients open with POST or GET. */
const WRITES: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * What a request asks for, as authorization sees it.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-attributes-used-in-authorization
 */
export function authorizationAttributes(request: ApiRequest, path: RequestPath): AuthorizationAttributes {
  if (path.kind === 'other') return { verb: request.method.toLowerCase(), path: request.path };
  const { group, version, plural, name, subresource } = path;
  // A namespace counts as inside itself.
  const namespace = plural === 'namespaces' && group === '' ? name : path.namespace;
  return {
    verb: verbOf(request, name === undefined),
    group,
    version,
    resource: plural,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function verbOf({ method, query }: ApiRequest, isCollection: boolean): string {
  if (method === 'GET' || method === 'HEAD') {
    if (!isCollection) return 'get';
    const watching = new URLSearchParams(query).get('watch');
    return watching !== null && watching !== 'false' && watching !== '0' ? 'watch' : 'list';
  }
  if (method === 'DELETE' && isCollection) return 'deletecollection';
  return WRITES[method] ?? method.toLowerCase();
}
