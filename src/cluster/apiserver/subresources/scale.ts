import { formatRequirements, requirementsOf } from '../../../model/selector.ts';
import type { AnyObject, KubeObject, Labels, LabelSelector, Scale } from '../../../model/objects.ts';
import { applyMergePatch } from '../../../model/patch/merge-patch.ts';
import { isObject } from '../../../core/json.ts';
import type { ScalePaths } from '../custom/definition.ts';
import { fieldNames, valuesAt } from '../custom/json-path.ts';
import { decodeBody, mediaType } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import { changeOf, decodePatch, notAnObject } from '../rest/patch.ts';
import { wrongUid } from '../rest/preconditions.ts';
import { scaleResponse } from '../rest/representation.ts';
import { decodingContext, targetOf, writeContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { badRequest, conflict, invalid, methodNotAllowed, notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

/** The `scale` subresource of workloads. */
export function scale(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, namespace = '', name } = request;
  const stored = parts.store.get(info.storage, namespace, name);
  if (stored === undefined) throw notFound(info.resource, name);
  switch (request.http.method) {
    case 'GET':
      return scaleResponse(request, scaleOf(stored, info.custom?.scale), parts.simulation.now);
    case 'PUT': {
      const decoding = decodingContext(parts, request, writeOptions(request.query, 'UpdateOptions'));
      const sent = decodeBody(request.http, SCALE, decoding) as KubeObject as Scale;
      return write(parts, request, 'UpdateOptions', () => sent);
    }
    case 'PATCH': {
      const options = writeOptions(request.query, 'PatchOptions');
      // A Scale has no lists: a strategic merge is a merge.
      const strategic = mediaType(request.http) === 'application/strategic-merge-patch+json';
      const change = strategic ? mergeOf(request) : changeOf(request, options);
      return write(parts, request, 'PatchOptions', (old) =>
        named(change({ ...scaleOf(old, info.custom?.scale) }), name),
      );
    }
    default:
      throw methodNotAllowed();
  }
}

/** @throws where it is no patch */
function mergeOf(request: ResourceRequest): (object: AnyObject) => unknown {
  const patch = decodePatch(request);
  if (!isObject(patch)) throw badRequest(notAnObject(patch));
  return (object) => applyMergePatch(object, patch);
}

/** A Scale that a patch has made. @throws where it has taken the name away */
function named(scale: unknown, name: string): Scale {
  const made = scale as Partial<Scale> | undefined;
  if (typeof made?.metadata?.name === 'string') return made as Scale;
  const why = `the name of the object (${name} based on URL) was undeterminable: name must be provided`;
  throw badRequest(why);
}

function write(
  parts: RestParts,
  request: ResourceRequest,
  kind: 'UpdateOptions' | 'PatchOptions',
  scaleFrom: (old: AnyObject) => Scale,
): ApiResponse {
  const options = writeOptions(request.query, kind);
  const paths = request.info.custom?.scale;
  const written = parts.writer.update(
    writeContext(request, options),
    targetOf(parts, request),
    (old) => scaled(old, checked(scaleFrom(old), old, request), paths),
    { subresource: 'scale' },
  );
  return scaleResponse(request, scaleOf(written, paths), parts.simulation.now);
}

function checked(scale: Scale, { metadata }: AnyObject, { info }: ResourceRequest): Scale {
  const { uid = '' } = scale.metadata as Partial<Scale['metadata']>;
  if (uid !== '' && uid !== metadata.uid) {
    const { group, plural } = info.resource;
    const resource = {
      group,
      plural: `${plural}/scale`,
      id: [`${plural}/scale`, group].filter(Boolean).join('.'),
    };
    throw conflict(resource, metadata.name, wrongUid(uid, metadata.uid));
  }
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

/** A workload with as many replicas as a Scale wants; of that version, where the Scale names one. */
export function scaled(old: AnyObject, scale: Scale, paths?: ScalePaths): AnyObject {
  const { resourceVersion = '' } = scale.metadata as Partial<Scale['metadata']>;
  const replicas = (scale.spec as Scale['spec'] | undefined)?.replicas ?? 0;
  return {
    ...old,
    ...withReplicas(old, replicas, paths),
    metadata: { ...old.metadata, resourceVersion },
  };
}

function withReplicas(
  old: AnyObject,
  replicas: number,
  paths: ScalePaths | undefined,
): Readonly<Record<string, unknown>> {
  const names = paths === undefined ? undefined : fieldNames(paths.specReplicasPath);
  if (names === undefined) return { spec: { ...(old['spec'] as object), replicas } };
  return withField(old, names, replicas);
}

function withField(
  object: Readonly<Record<string, unknown>>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): Readonly<Record<string, unknown>> {
  const below = object[name];
  return {
    ...object,
    [name]: rest.length === 0 ? value : withField(isObject(below) ? below : {}, rest, value),
  };
}

/** The Scale of a workload; of a custom resource by the paths that its definition names. */
export function scaleOf(object: AnyObject, paths?: ScalePaths): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { replicas, ready, selector } = paths === undefined ? ofWorkload(object) : ofCustom(object, paths);
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
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: ready, ...(selector !== '' && { selector }) },
  };
}

interface ScaleFields {
  readonly replicas: number;
  readonly ready: number;
  readonly selector: string;
}

function ofWorkload(object: AnyObject): ScaleFields {
  const spec = object['spec'] as { replicas?: number; selector?: LabelSelector | Labels };
  const status = (object['status'] ?? {}) as { replicas?: number };
  const selector = selectorText(object.kind, spec.selector);
  return { replicas: spec.replicas ?? 0, ready: status.replicas ?? 0, selector };
}

/** Of a custom resource, where its definition says that they are. */
function ofCustom(object: AnyObject, paths: ScalePaths): ScaleFields {
  const numberAt = (path: string): number => {
    const [value] = valuesAt(object, path);
    return typeof value === 'number' ? value : 0;
  };
  const [selector] = paths.labelSelectorPath === undefined ? [] : valuesAt(object, paths.labelSelectorPath);
  return {
    replicas: numberAt(paths.specReplicasPath),
    ready: numberAt(paths.statusReplicasPath),
    selector: typeof selector === 'string' ? selector : '',
  };
}

function selectorText(kind: string, selector: LabelSelector | Labels | undefined): string {
  if (selector === undefined) return '';
  const asSelector =
    kind === 'ReplicationController' ? { matchLabels: selector as Labels } : (selector as LabelSelector);
  return formatRequirements(requirementsOf(asSelector));
}
