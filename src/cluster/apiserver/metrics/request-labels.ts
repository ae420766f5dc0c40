import { isTrue } from '../http/query.ts';
import type { RequestPath } from '../http/request-path.ts';
import type { ApiRequest } from '../types.ts';

/** By what requests are told apart. https://kubernetes.io/docs/reference/instrumentation/metrics/ */
export interface RequestLabels {
  readonly component: string;
  readonly dry_run: string;
  readonly group: string;
  readonly resource: string;
  readonly scope: string;
  readonly subresource: string;
  readonly verb: string;
  readonly version: string;
}

/** Subresources that are a connection to somewhere, whatever the method. */
const CONNECTIONS = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

const OTHER: Omit<RequestLabels, 'verb'> = {
  component: '',
  dry_run: '',
  group: '',
  resource: '',
  scope: '',
  subresource: '',
  version: '',
};

/** Of a request for a resource. */
export function resourceLabels(
  { method, query, headers }: Pick<ApiRequest, 'method' | 'query' | 'headers'>,
  { group, version, plural, namespace, name, subresource = '' }: RequestPath & { kind: 'resource' },
): RequestLabels {
  const parameters = new URLSearchParams(query);
  const one = name ?? nameIn(parameters);
  const verb = CONNECTIONS.has(subresource)
    ? 'CONNECT'
    : verbOf(method, headers['content-type'] ?? '', name === undefined, isTrue(parameters.get('watch')));
  return {
    component: 'apiserver',
    dry_run: parameters.getAll('dryRun').join(','),
    group,
    resource: plural,
    scope:
      one !== undefined || verb === 'POST' ? 'resource' : namespace === undefined ? 'cluster' : 'namespace',
    subresource,
    verb,
    version,
  };
}

/** Of a request for a path that is no resource; undefined where such requests are not counted. */
export function pathLabels(method: string, segments: readonly string[]): RequestLabels | undefined {
  const [first = '', second] = segments;
  switch (first) {
    case 'healthz':
    case 'livez':
    case 'readyz':
      return second === undefined ? { ...OTHER, subresource: `/${first}`, verb: method } : undefined;
    case 'openapi':
      return second === 'v3'
        ? { ...OTHER, subresource: segments.length === 2 ? 'openapi/v3' : 'openapi/v3/', verb: method }
        : undefined;
    case 'api':
    case 'apis':
      return second === undefined
        ? { ...OTHER, component: 'apiserver', subresource: first, verb: method }
        : undefined;
    case 'flagz':
    case 'statusz':
      return { ...OTHER, component: 'apiserver', resource: first, verb: method };
    default:
      return undefined;
  }
}

function verbOf(method: string, contentType: string, isCollection: boolean, isWatch: boolean): string {
  if (method === 'GET') return isWatch ? 'WATCH' : isCollection ? 'LIST' : 'GET';
  if (method === 'DELETE' && isCollection) return 'DELETECOLLECTION';
  return method === 'PATCH' && contentType.startsWith('application/apply-patch') ? 'APPLY' : method;
}

/** A list of what has one name is about one object. */
function nameIn(parameters: URLSearchParams): string | undefined {
  return /(?:^|,)metadata\.name=([^,]+)/.exec(parameters.get('fieldSelector') ?? '')?.[1];
}
