import { formatRequirements, requirementsOf } from '../../../model/selector.ts';
import type { AnyObject, KubeObject, Labels, LabelSelector, Scale } from '../../../model/objects.ts';
import { applyMergePatch } from '../../../model/patch/merge-patch.ts';
import { decodeBody, mediaType } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import { changeOf, decodePatch } from '../rest/patch.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext, targetOf, writeContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { invalid, methodNotAllowed, notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** The `scale` subresource of workloads. */
export function scale(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, namespace = '', name } = request;
  const stored = parts.store.get(info.storage, namespace, name);
  if (stored === undefined) throw notFound(info.resource, name);
  switch (request.http.method) {
    case 'GET':
      return plainResponse(request, 200, scaleOf(stored));
    case 'PUT': {
      const decoding = decodingContext(parts, request, writeOptions(request.query, 'UpdateOptions'));
      const sent = decodeBody(request.http, SCALE, decoding) as KubeObject as Scale;
      return write(parts, request, 'UpdateOptions', () => sent);
    }
    case 'PATCH': {
      const options = writeOptions(request.query, 'PatchOptions');
      // A Scale has no lists: a strategic merge is a merge.
      const strategic = mediaType(request.http) === 'application/strategic-merge-patch+json';
      const change = strategic
        ? (object: AnyObject): unknown => applyMergePatch(object, decodePatch(request))
        : changeOf(request, options);
      return write(parts, request, 'PatchOptions', (old) => change({ ...scaleOf(old) }) as Scale);
    }
    default:
      throw methodNotAllowed();
  }
}

function write(
  parts: RestParts,
  request: ResourceRequest,
  kind: 'UpdateOptions' | 'PatchOptions',
  scaleFrom: (old: AnyObject) => Scale,
): ApiResponse {
  const options = writeOptions(request.query, kind);
  const written = parts.writer.update(
    writeContext(request, options),
    targetOf(parts, request),
    (old) => scaled(old, checked(scaleFrom(old))),
    { subresource: 'scale' },
  );
  return plainResponse(request, 200, scaleOf(written));
}

function checked(scale: Scale): Scale {
  const replicas = (scale.spec as Scale['spec'] | undefined)?.replicas ?? 0;
  if (replicas < 0) {
    throw invalid(SCALE, scale.metadata.name, [
      {
        type: 'FieldValueInvalid',
        field: 'spec.replicas',
        detail: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      },
    ]);
  }
  return scale;
}

/** A workload with as many replicas as a Scale wants; of that version and uid, where the Scale names them. */
export function scaled(old: AnyObject, scale: Scale): AnyObject {
  const { resourceVersion = '', uid = '' } = scale.metadata as Partial<Scale['metadata']>;
  const replicas = (scale.spec as Scale['spec'] | undefined)?.replicas ?? 0;
  return {
    ...old,
    metadata: { ...old.metadata, resourceVersion, uid: uid === '' ? old.metadata.uid : uid },
    spec: { ...(old['spec'] as object), replicas },
  };
}

/** The Scale of a workload. */
export function scaleOf(object: AnyObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = object['spec'] as { replicas?: number; selector?: LabelSelector | Labels };
  const status = (object['status'] ?? {}) as { replicas?: number };
  const selector = selectorText(object.kind, spec.selector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      uid,
      resourceVersion,
      creationTimestamp,
    },
    spec: spec.replicas === undefined || spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status.replicas ?? 0, ...(selector !== '' && { selector }) },
  };
}

function selectorText(kind: string, selector: LabelSelector | Labels | undefined): string {
  if (selector === undefined) return '';
  const asSelector =
    kind === 'ReplicationController' ? { matchLabels: selector as Labels } : (selector as LabelSelector);
  return formatRequirements(requirementsOf(asSelector));
}
