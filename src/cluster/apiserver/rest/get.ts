import { notFound, statusError } from '../status.ts';
import type { ApiResponse } from '../types.ts';
import { tooLargeVersion } from './list.ts';
import type { ResourceRequest, RestParts } from './resource-request.ts';
import { objectResponse } from './write.ts';

/** GET of one object. */
export function get(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, namespace = '', name } = request;
  const version = request.query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) {
    const problem = `strconv.ParseUint: parsing "${version}": invalid syntax`;
    throw statusError(500, undefined, `resourceVersion: Invalid value: "${version}": ${problem}`);
  }
  if (Number(version) > parts.store.revision) throw tooLargeVersion(Number(version), parts.store.revision);
  const object = parts.store.get(info.storage, namespace, name);
  if (object === undefined) throw notFound(info.resource, name);
  return objectResponse(parts, request, 200, object);
}
