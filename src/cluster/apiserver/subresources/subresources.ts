import { resources } from '../../../model/resources.ts';
import { get } from '../rest/get.ts';
import { patch } from '../rest/patch.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { update } from '../rest/write.ts';
import type { UpdateOptions } from '../rest/writer.ts';
import { methodNotAllowed, statusError } from '../status.ts';
import type { ApiResponse, DeferredResponse } from '../types.ts';
import { approved, signed } from './approval.ts';
import { evict } from './eviction.ts';
import { bind, ephemeralContainers, resize } from './pods.ts';
import { proxy } from './proxy.ts';
import { scale } from './scale.ts';
import { execute, log, portForward } from './streams.ts';
import { createToken } from './token.ts';
import { finalize } from './finalize.ts';

type Handler = (parts: RestParts, request: ResourceRequest) => ApiResponse | DeferredResponse;

/** Each subresource answers all the methods that discovery names for it. */
const handlers: Readonly<Record<string, Handler>> = {
  status,
  approval,
  scale,
  finalize,
  log,
  exec: execute,
  attach: execute,
  portforward: portForward,
  proxy,
  binding: bind,
  eviction: evict,
  token: createToken,
  ephemeralcontainers: ephemeralContainers,
  resize,
};

/** @throws StatusError 501 for what is not simulated */
export function serveSubresource(parts: RestParts, request: ResourceRequest): ApiResponse | DeferredResponse {
  const handler = handlers[request.subresource ?? ''];
  if (handler === undefined) {
    throw statusError(501, 'NotImplemented', `${request.subresource ?? ''} is not simulated`);
  }
  return handler(parts, request);
}

/** A part of the object that is read and written by itself. */
function part(
  parts: RestParts,
  request: ResourceRequest,
  change?: Pick<UpdateOptions, 'apply'>,
): ApiResponse {
  switch (request.http.method) {
    case 'GET':
      return get(parts, request);
    case 'PUT':
      return update(parts, request, change);
    case 'PATCH':
      return patch(parts, request, change);
    default:
      throw methodNotAllowed();
  }
}

function status(parts: RestParts, request: ResourceRequest): ApiResponse {
  if (request.info.storage !== resources.certificateSigningRequests.id) return part(parts, request);
  const time = parts.simulation.timestamp();
  return part(parts, request, { apply: (old, sent) => signed(old, sent, time) });
}

function approval(parts: RestParts, request: ResourceRequest): ApiResponse {
  const time = parts.simulation.timestamp();
  return part(parts, request, { apply: (old, sent) => approved(old, sent, time) });
}
