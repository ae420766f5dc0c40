import type { HttpRequest, HttpResponse } from './types.ts';

/**
 * The health check of gRPC (`grpc.health.v1.Health/Check`) as HTTP messages: five bytes of frame, then the message.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
const PATH = '/grpc.health.v1.Health/Check';
const TYPE = 'application/grpc';
const NOT_FOUND = '5';

/** What a server says of a service; `unknown`: it has none of that name. */
export type Health = 'serving' | 'not serving' | 'unknown';

/** Numbers of `ServingStatus`. */
const STATUS: Readonly<Record<Exclude<Health, 'unknown'>, number>> = { serving: 1, 'not serving': 2 };

/** Asks for the health of a service; the empty name is the whole server. */
export function healthRequest(service: string, host: string): HttpRequest {
  const name = service === '' ? '' : `\n${String.fromCharCode(service.length)}${service}`;
  return {
    method: 'POST',
    path: PATH,
    headers: { host, 'content-type': TYPE, te: 'trailers', 'user-agent': 'kube-probe/1.36 grpc-go/1.79.3' },
    body: frame(name),
  };
}

/** The service that a request asks for; undefined where it is no health check. */
export function serviceOf({ path, headers, body }: HttpRequest): string | undefined {
  if (path !== PATH || headers['content-type'] !== TYPE) return undefined;
  return body.slice(7);
}

export function healthAnswer(health: Health): HttpResponse {
  const headers = { 'content-type': TYPE };
  if (health === 'unknown') {
    return {
      status: 200,
      headers: { ...headers, 'grpc-status': NOT_FOUND, 'grpc-message': 'unknown service' },
      body: '',
    };
  }
  const body = frame(`\b${String.fromCharCode(STATUS[health])}`);
  return { status: 200, headers: { ...headers, 'grpc-status': '0' }, body };
}

/** What an answer says; undefined where it is none of a health check. */
export function healthOf({ headers, body }: HttpResponse): Health | undefined {
  if (headers['content-type'] !== TYPE) return undefined;
  if (headers['grpc-status'] === NOT_FOUND) return 'unknown';
  if (headers['grpc-status'] !== '0') return undefined;
  return body.charCodeAt(6) === STATUS.serving ? 'serving' : 'not serving';
}

/** A message that is not compressed and shorter than 128 bytes. */
function frame(message: string): string {
  return `\0\0\0\0${String.fromCharCode(message.length)}${message}`;
}
