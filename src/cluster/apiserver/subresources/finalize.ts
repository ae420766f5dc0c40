import type { AnyObject, Namespace } from '../../../model/objects.ts';
import { decodeBody } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import { decodingContext, targetOf, writeContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { objectResponse } from '../rest/write.ts';
import type { ApiResponse } from '../types.ts';

/** PUT `namespaces/finalize`: the namespace controller takes `kubernetes` off `spec.finalizers` when all is gone. */
export function finalize(parts: RestParts, request: ResourceRequest): ApiResponse {
  const options = writeOptions(request.query, 'UpdateOptions');
  const sent = decodeBody(request.http, request.info.resource, decodingContext(parts, request, options));
  const context = writeContext(request, options);
  const object = parts.writer.update(context, targetOf(parts, request), () => sent, {
    subresource: 'finalize',
    apply: onlyFinalizers,
  });
  return objectResponse(parts, request, 200, object);
}

/** The finalizers of the specification, and nothing else. */
function onlyFinalizers(old: AnyObject, sent: AnyObject): AnyObject {
  const { finalizers } = (sent['spec'] ?? {}) as Namespace['spec'];
  const { resourceVersion } = sent.metadata;
  return {
    ...old,
    metadata: { ...old.metadata, resourceVersion },
    spec: { ...(old['spec'] as object), ...(finalizers ? { finalizers } : { finalizers: [] }) },
  };
}
