import type { Node, Pod, Service } from '../../../model/objects.ts';
import type { HttpRequest, HttpResponse } from '../../network/types.ts';
import type { NodeAnswer } from '../../node-api.ts';
import { NetError, type Address, type NetErrorCode } from '../../network/types.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { badRequest, notFound, statusError } from '../status.ts';
import { isPretty } from '../http/negotiation.ts';
import { statusResponse, textResponse } from '../http/responses.ts';
import type { ApiResponse, DeferredResponse } from '../types.ts';
import { rewriteLinks } from './proxy-links.ts';

/** The port of a kubelet's own API. */
const KUBELET_PORT = 10_250;

/** Where a proxied request goes. */
interface Target extends Address {
  readonly secure: boolean;
}

/**
 * `pods/proxy`, `services/proxy` and `nodes/proxy`: passes a request on over the network of the API server's node, and
 * the answer back. A kubelet is asked without it. https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
 */
export function proxy(parts: RestParts, request: ResourceRequest): ApiResponse | DeferredResponse {
  const { http } = request;
  const { prefix, path } = partsOf(http.path);
  const isNode = request.info.storage === 'nodes';
  const target = isNode ? nodeOf(parts, request) : targetOf(parts, request);
  if (path === '' && (http.method === 'GET' || http.method === 'HEAD')) {
    const query = http.query === '' ? '' : `?${http.query}`;
    return {
      kind: 'complete',
      status: 301,
      headers: { location: `${http.path}/${query}` },
      body: Buffer.alloc(0),
    };
  }
  if (isNode && target.port === KUBELET_PORT) {
    const answer = parts.nodes().ask(nameOf(request), path);
    return answer === undefined
      ? unreachable(target, new NetError('ECONNREFUSED', `${target.ip}:${target.port}`), isPretty(http))
      : textResponse(answer.status, answer.type, answer.body, locationOf(answer));
  }
  const message = messageOf(request, target, path);
  return {
    kind: 'deferred',
    start: (done) => {
      parts.network().http(target, message, (result) => {
        if (result instanceof NetError) done(unreachable(target, result, isPretty(http)));
        else done(answerOf(result, prefix, http.method));
      });
    },
  };
}

const locationOf = ({ location }: NodeAnswer): Record<string, string> =>
  location === undefined ? {} : { location };

/** Splits `/api/v1/namespaces/ns/pods/name/proxy/some/path` behind `proxy`. */
function partsOf(path: string): { readonly prefix: string; readonly path: string } {
  const [, prefix = path, rest = ''] =
    /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?\w+\/[^/]+\/proxy)(.*)$/.exec(path) ?? [];
  return { prefix, path: rest };
}

/** @throws StatusError 400, 404 or 503 */
function targetOf(parts: RestParts, { info, namespace = '', name }: ResourceRequest): Target {
  const { scheme, id, port } = splitName(name, info.resource.plural);
  const secure = scheme === 'https';
  const object = parts.store.get(info.storage, namespace, id);
  if (object === undefined) throw notFound(info.resource, id);
  return info.storage === 'services'
    ? { ...endpointOf(parts, object as unknown as Service, port), secure }
    : { ...addressOf(object as unknown as Pod, port, secure), secure };
}

function nameOf({ name, info }: ResourceRequest): string {
  return splitName(name, info.resource.plural).id;
}

/** A port of the node itself; the kubelet's where none is named. @throws StatusError 404 */
function nodeOf(parts: RestParts, { info, name }: ResourceRequest): Target {
  const { scheme, id, port } = splitName(name, info.resource.plural);
  const node = parts.store.get(info.storage, '', id) as unknown as Node | undefined;
  if (node === undefined) throw notFound(info.resource, id);
  const ip = node.status.addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
  return { ip, port: port === '' ? KUBELET_PORT : Number(port), secure: scheme === 'https' };
}

/** `name`, `name:port`, `scheme:name:port`. @throws StatusError 400 */
function splitName(
  name: string,
  plural: string,
): { readonly scheme: string; readonly id: string; readonly port: string } {
  const words = name.split(':');
  const [first = '', second = '', third = ''] = words;
  const what = plural.slice(0, -1);
  if (words.length === 1) return { scheme: '', id: first, port: '' };
  if (words.length === 2) return { scheme: '', id: first, port: second };
  if (words.length === 3 && ['', 'http', 'https'].includes(first))
    return { scheme: first, id: second, port: third };
  throw badRequest(`invalid ${what} request ${JSON.stringify(name)}`);
}

function addressOf({ spec, status }: Pod, port: string, secure: boolean): Address {
  const ip = status.podIP ?? '';
  if (ip === '') throw badRequest('address not allowed');
  const first = spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  return { ip, port: port === '' ? (first ?? (secure ? 443 : 80)) : Number(port) };
}

/** An endpoint of a Service that is ready. @throws StatusError 503 */
function endpointOf(parts: RestParts, service: Service, wanted: string): Address {
  const { name, namespace = '' } = service.metadata;
  const unavailable = (message: string): never => {
    throw statusError(503, 'ServiceUnavailable', message);
  };
  const ports = service.spec.ports ?? [];
  const numbered = /^\d+$/.test(wanted) ? ports.find(({ port }) => port === Number(wanted)) : undefined;
  if (/^\d+$/.test(wanted) && numbered === undefined) {
    return unavailable(`no service port ${wanted} found for service ${JSON.stringify(name)}`);
  }
  const portName = numbered === undefined ? wanted : (numbered.name ?? '');
  const found: Address[] = [];
  for (const object of parts.store.list('endpoints', namespace)) {
    if (object.metadata.name !== name) continue;
    for (const subset of (object as unknown as EndpointsObject).subsets ?? []) {
      const port = subset.ports?.find((each) => (each.name ?? '') === portName)?.port;
      if (port === undefined) continue;
      for (const { ip } of subset.addresses ?? []) found.push({ ip, port });
    }
  }
  if (found.length === 0) return unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return parts.simulation.random.stream('apiserver/proxy').pick(found);
}

interface EndpointsObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  }[];
}

function messageOf({ http }: ResourceRequest, target: Target, path: string): HttpRequest {
  const { authorization: _secret, ...headers } = http.headers;
  const body = Buffer.from(http.body).toString('utf8');
  return {
    method: http.method,
    path: `${path === '' ? '/' : path}${http.query === '' ? '' : `?${http.query}`}`,
    headers: {
      ...headers,
      host: `${target.ip}:${target.port}`,
      'x-forwarded-uri': http.path,
      ...(body !== '' && { 'content-length': String(http.body.length) }),
    },
    body,
    ...(target.secure && { secure: true }),
  };
}

/** Headers that are between two neighbours. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'content-length',
]);

function answerOf(
  response: HttpResponse,
  prefix: string,
  method: string,
): Extract<ApiResponse, { kind: 'complete' }> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (!OF_THE_CONNECTION.has(name)) headers[name] = value;
  }
  const { location } = headers;
  if (location?.startsWith('/') === true) headers['location'] = prefix + location;
  const isPage = (headers['content-type'] ?? '').startsWith('text/html');
  const body = method === 'HEAD' ? '' : isPage ? rewriteLinks(response.body, prefix) : response.body;
  return { kind: 'complete', status: response.status, headers, body: Buffer.from(body) };
}

const WORDS: Readonly<Partial<Record<NetErrorCode, string>>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ETIMEDOUT: 'i/o timeout',
  ECONNRESET: 'read: connection reset by peer',
};

function unreachable(
  { ip, port }: Target,
  error: NetError,
  pretty: boolean,
): Extract<ApiResponse, { kind: 'complete' }> {
  const why =
    error.code === 'EPROTO'
      ? 'tls: first record does not look like a TLS handshake'
      : `dial tcp ${ip}:${port}: ${WORDS[error.code] ?? error.code}`;
  const message = `error trying to reach service: ${why}`;
  return statusResponse(statusError(503, 'ServiceUnavailable', message).status, pretty);
}
