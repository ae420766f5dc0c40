import type { AnyObject } from '../../../model/objects.ts';
import { decodeBody, decodeData } from '../http/decoding.ts';
import { listOptions } from '../http/list-options.ts';
import { deleteOptions, writeOptions } from '../http/options.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import type { ApiResponse } from '../types.ts';
import type { Deletion } from './deleter.ts';
import { contentResponse, listContent, objectContent, plainResponse } from './representation.ts';
import { decodingContext, storedInfo, targetOf, writeContext } from './resource-request.ts';
import type { ResourceRequest, RestParts } from './resource-request.ts';
import { selection } from './selectable-fields.ts';
import { RETURNED_WHEN_DELETED } from './strategy.ts';
import { onlyStatus } from './writer.ts';
import type { UpdateOptions } from './writer.ts';

/** POST of a collection. */
export function create(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info } = request;
  const options = writeOptions(request.query, 'CreateOptions');
  const draft = toStored(
    info,
    decodeBody(request.http, info.resource, decodingContext(parts, request, options)),
  );
  const context = writeContext(request, options);
  const created = parts.writer.create(context, storedInfo(parts, info), request.namespace ?? '', draft);
  return objectResponse(parts, request, 201, created);
}

/** PUT of an object or of its status. */
export function update(
  parts: RestParts,
  request: ResourceRequest,
  change: Pick<UpdateOptions, 'apply'> = request.subresource === 'status' ? { apply: onlyStatus } : {},
): ApiResponse {
  const { info, subresource } = request;
  const options = writeOptions(request.query, 'UpdateOptions');
  const draft = toStored(
    info,
    decodeBody(request.http, info.resource, decodingContext(parts, request, options)),
  );
  const context = writeContext(request, options);
  const target = targetOf(parts, request);
  if (subresource !== undefined) {
    const object = parts.writer.update(context, target, () => draft, { subresource, ...change });
    return objectResponse(parts, request, 200, object);
  }
  const { object, created } = parts.writer.replace(context, target, draft);
  return objectResponse(parts, request, created ? 201 : 200, object);
}

/** DELETE of an object. */
export function remove(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info } = request;
  const options = deleteOptions(request.query, decodeData(request.http));
  const context = writeContext(request, { dryRun: options.dryRun, fieldManager: undefined });
  const deletion = parts.deleter.delete(context, targetOf(parts, request), options);
  if (!deletion.removed || RETURNED_WHEN_DELETED.has(info.storage)) {
    return objectResponse(parts, request, 200, deletion.object);
  }
  return plainResponse(request, 200, success(info, deletion));
}

function success({ resource }: ResourceInfo, { object }: Deletion): object {
  const { name, uid } = object.metadata;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      uid,
    },
  };
}

/** DELETE of a collection: every object that is selected, as if one by one. */
export function removeCollection(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, namespace } = request;
  const list = listOptions(request.query);
  const options = deleteOptions(request.query, decodeData(request.http));
  const matches = selection(info, list.labels, list.fields) ?? (() => true);
  const context = writeContext(request, { dryRun: options.dryRun, fieldManager: undefined });
  const stored = storedInfo(parts, info);
  const objects = parts.store.list(info.storage, namespace).filter(matches);
  for (const { metadata } of objects) {
    const target = { info: stored, namespace: metadata.namespace ?? '', name: metadata.name };
    parts.deleter.delete(context, target, options);
  }
  const metadata = { resourceVersion: String(parts.store.revision) };
  const now = parts.simulation.now;
  return contentResponse(request, 200, listContent({ ...request, now }, objects, metadata));
}

export function objectResponse(
  parts: RestParts,
  request: ResourceRequest,
  status: number,
  object: AnyObject,
): ApiResponse {
  return contentResponse(request, status, objectContent({ ...request, now: parts.simulation.now }, object));
}

function toStored(info: ResourceInfo, object: AnyObject): AnyObject {
  return info.view === undefined ? object : info.view.toStored(object);
}
