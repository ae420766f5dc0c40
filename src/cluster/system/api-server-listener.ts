import { internalError } from '../apiserver/status.ts';
import { statusResponse, type CompleteResponse } from '../apiserver/http/responses.ts';
import type { ApiRequest, ApiResponse, DeferredResponse } from '../apiserver/types.ts';
import type { HttpRequest, HttpResponse, Listener } from '../network/types.ts';

/**
 * The API server as pods reach it, behind the Service `kubernetes`: over TLS, in whole requests and answers. A watch,
 * a followed log and streams are for clients from outside.
 * @param handle answers a request
 * @param certificate PEM of what it shows: the cluster's authority, whose certificates nobody in pods looks into
 */
export function apiServerListener(
  handle: (request: ApiRequest) => ApiResponse | DeferredResponse,
  certificate: string,
): Listener {
  return {
    kind: 'http',
    certificate,
    handle: (request, _from, respond) => {
      const response = handle(apiRequestOf(request));
      if (response.kind === 'deferred') response.start((answer) => respond(httpResponseOf(answer)));
      else respond(httpResponseOf(response.kind === 'complete' ? response : unsupported(response.kind)));
    },
  };
}

function apiRequestOf({ method, path, headers, body }: HttpRequest): ApiRequest {
  const mark = path.indexOf('?');
  return {
    method,
    path: mark < 0 ? path : path.slice(0, mark),
    query: mark < 0 ? '' : path.slice(mark + 1),
    headers,
    body: new TextEncoder().encode(body),
  };
}

function httpResponseOf({ status, headers, body }: CompleteResponse): HttpResponse {
  return { status, headers, body: new TextDecoder().decode(body) };
}

function unsupported(kind: string): CompleteResponse {
  return statusResponse(internalError(`a ${kind} does not reach pods here`).status);
}
