import type { AnyObject, Container, Pod } from '../../../model/objects.ts';
import { decodeBody } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import { patch } from '../rest/patch.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext, targetOf, writeContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { get } from '../rest/get.ts';
import { objectResponse } from '../rest/write.ts';
import { methodNotAllowed, statusError } from '../status.ts';
import type { ApiResponse } from '../types.ts';
import { bindPod } from './binding.ts';

const BINDING = { group: '', version: 'v1', kind: 'Binding' };

/** Puts the part of `sent` that a subresource may change into a copy of the old pod. */
type Apply = (old: AnyObject, sent: AnyObject) => AnyObject;

/** `pods/ephemeralcontainers`: what `kubectl debug` adds to a running pod. */
export function ephemeralContainers(parts: RestParts, request: ResourceRequest): ApiResponse {
  return writePart(parts, request, (old, sent) => {
    const { spec } = sent as unknown as Pod;
    return {
      ...old,
      metadata: writableMetadata(old, sent),
      spec: { ...(old['spec'] as Pod['spec']), ephemeralContainers: spec.ephemeralContainers ?? [] },
    };
  });
}

/** `pods/resize`: other resources for containers that go on running. */
export function resize(parts: RestParts, request: ResourceRequest): ApiResponse {
  return writePart(parts, request, (old, sent) => {
    const spec = old['spec'] as Pod['spec'];
    const wanted = sent['spec'] as Pod['spec'];
    return {
      ...old,
      metadata: writableMetadata(old, sent),
      spec: {
        ...spec,
        containers: resized(spec.containers, wanted.containers),
        ...(spec.initContainers && {
          initContainers: resized(spec.initContainers, wanted.initContainers ?? []),
        }),
      },
    };
  });
}

/** Of a container that is known only the resources are taken; one that is not is for validation to refuse. */
function resized(containers: readonly Container[], wanted: readonly Container[]): Container[] {
  const known = new Map(containers.map((container) => [container.name, container]));
  return wanted.map((sent) => {
    const { resources, resizePolicy } = sent;
    const container = known.get(sent.name);
    if (container === undefined) return sent;
    return structuredClone({ ...container, resources, ...(resizePolicy && { resizePolicy }) });
  });
}

function writableMetadata(old: AnyObject, sent: AnyObject): AnyObject['metadata'] {
  const { resourceVersion, uid, managedFields } = sent.metadata;
  return { ...old.metadata, resourceVersion, uid, ...(managedFields && { managedFields }) };
}

function writePart(parts: RestParts, request: ResourceRequest, apply: Apply): ApiResponse {
  const { http, subresource = '' } = request;
  switch (http.method) {
    case 'GET':
      return get(parts, request);
    case 'PATCH':
      return patch(parts, request, { apply });
    case 'PUT': {
      const options = writeOptions(request.query, 'UpdateOptions');
      const context = writeContext(request, options);
      const sent = decodeBody(http, request.info.resource, decodingContext(parts, request, options));
      const object = parts.writer.update(context, targetOf(parts, request), () => sent, {
        subresource,
        apply,
      });
      return objectResponse(parts, request, 200, object);
    }
    default:
      throw methodNotAllowed();
  }
}

/** POST `pods/binding`, and the older `bindings` with the pod's name inside. */
export function bind(parts: RestParts, request: ResourceRequest): ApiResponse {
  const options = writeOptions(request.query, 'CreateOptions');
  const binding = decodeBody(request.http, BINDING, decodingContext(parts, request, options));
  const target = (binding['target'] ?? {}) as { name?: string };
  const { annotations, uid = '', name } = binding.metadata as Partial<AnyObject['metadata']>;
  if ((target.name ?? '') === '') throw statusError(500, undefined, 'target.name: Required value');
  if (!options.dryRun) {
    bindPod(parts, {
      namespace: request.namespace ?? '',
      pod: request.name === '' ? (name ?? '') : request.name,
      node: target.name ?? '',
      ...(annotations && { annotations }),
      ...(uid !== '' && { uid }),
    });
  }
  return plainResponse(request, 201, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code: 201,
  });
}
