import { messageOf } from '../../../core/errors.ts';
import { copy, isObject } from '../../../core/json.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { serverSideApply } from '../../../model/patch/apply/server-side-apply.ts';
import { applyJsonPatch } from '../../../model/patch/json-patch.ts';
import type { JsonPatchOperation } from '../../../model/patch/json-patch.ts';
import { applyMergePatch } from '../../../model/patch/merge-patch.ts';
import { PatchError } from '../../../model/patch/patch-error.ts';
import { applyStrategicMergePatch } from '../../../model/patch/strategic-merge.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { roundTrip } from '../../../model/schema/round-trip.ts';
import { converterWords, strictDecodingError, validateFields } from '../field-validation.ts';
import { mediaType } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import type { WriteOptions } from '../http/options.ts';
import { readYaml } from '../http/yaml.ts';
import { goTypeOf, parseJson } from '../json-document.ts';
import {
  badRequest,
  conflict,
  invalid,
  notFound,
  statusError,
  tooLarge,
  unsupportedPatchType,
} from '../status.ts';
import type { ApiResponse } from '../types.ts';
import { resetFields, schemaFor } from './managed-fields.ts';
import { sentMetadata } from './metadata.ts';
import type { ResourceRequest, RestParts } from './resource-request.ts';
import { patchedText } from './patched-text.ts';
import { targetOf, writeContext } from './resource-request.ts';
import { objectResponse } from './write.ts';
import { onlyStatus } from './writer.ts';
import type { UpdateOptions } from './writer.ts';

const APPLY_PATCH = 'application/apply-patch+yaml';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const ORDER = '$setElementOrder/';
const MOST_OPERATIONS = 10_000;
const decoder = new TextDecoder();

/** Turns an object, as the client sees it, into the one that it asks for. */
type Change = (object: AnyObject) => AnyObject;

/** PATCH of an object or of one of its subresources. */
export function patch(
  parts: RestParts,
  request: ResourceRequest,
  update: Pick<UpdateOptions, 'apply'> = request.subresource === 'status' ? { apply: onlyStatus } : {},
): ApiResponse {
  const options = writeOptions(request.query, 'PatchOptions');
  if (mediaType(request.http) === APPLY_PATCH) return apply(parts, request, options, update);
  const change = changeOf(request, options);
  const { view } = request.info;
  const { subresource } = request;
  const object = parts.writer.update(
    writeContext(request, options),
    targetOf(parts, request),
    (old) => {
      const changed = typed(request, change(view === undefined ? old : view.fromStored(old)), options);
      return view === undefined ? changed : view.toStored(changed);
    },
    { ...update, isPatch: true, ...(subresource !== undefined && { subresource }) },
  );
  return objectResponse(parts, request, 200, object);
}

/**
 * What the body asks for, whatever kind of patch it is but apply.
 * @throws StatusError 400, 415 or 422
 */
export function changeOf(request: ResourceRequest, options: WriteOptions): Change {
  const type = mediaType(request.http);
  const isCustom = request.info.custom !== undefined;
  if (options.force) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      {
        type: 'FieldValueForbidden',
        field: 'force',
        detail: 'Forbidden: may not be specified for non-apply patch',
      },
    ]);
  }
  switch (type) {
    case 'application/json-patch+json': {
      const operations = decodePatch(request);
      if (!Array.isArray(operations)) {
        throw badRequest(
          `error decoding patch: json: cannot unmarshal ${goTypeOf(operations)} into Go value of type []handlers.jsonPatchOp`,
        );
      }
      const wrong = operations.map(operationProblem).find((problem) => problem !== undefined);
      if (wrong !== undefined) throw badRequest(`error decoding patch: ${wrong}`);
      if (operations.length > MOST_OPERATIONS) {
        throw tooLarge(
          `The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${operations.length}`,
        );
      }
      return guarded((object) => applyJsonPatch(object, operations as JsonPatchOperation[]));
    }
    case 'application/merge-patch+json': {
      const document = decodePatch(request);
      if (!isObject(document)) throw badRequest(`error decoding patch: ${notAnObject(document)}`);
      return guarded((object) => applyMergePatch(object, document));
    }
    case STRATEGIC_PATCH: {
      const schema = schemaFor(request.info);
      if (schema === undefined || isCustom) throw unsupportedPatchType(isCustom);
      const document = decodePatch(request);
      if (!isObject(document)) throw badRequest(notAnObject(document));
      return guarded((object) => applyStrategicMergePatch(object, document, schema));
    }
    default:
      throw unsupportedPatchType(isCustom);
  }
}

/** What is wrong with the form of an operation of a JSON patch. Null is one without anything. */
function operationProblem(operation: unknown): string | undefined {
  if (operation === null) return undefined;
  const into = (value: unknown, target: string): string =>
    `json: cannot unmarshal ${goTypeOf(value)} into Go ${target}`;
  if (!isObject(operation)) return into(operation, 'value of type handlers.jsonPatchOp');
  for (const name of ['op', 'from', 'path']) {
    const value = operation[name] ?? '';
    if (typeof value !== 'string') return into(value, `struct field jsonPatchOp.${name} of type string`);
  }
  return undefined;
}

/** @throws StatusError 400 */
export function decodePatch({ http }: ResourceRequest): unknown {
  try {
    return parseJson(decoder.decode(http.body));
  } catch (error) {
    const prefix = mediaType(http) === STRATEGIC_PATCH ? '' : 'error decoding patch: ';
    throw badRequest(prefix + messageOf(error));
  }
}

function guarded(change: (object: AnyObject) => unknown): Change {
  return (object) => {
    try {
      return change(object) as AnyObject;
    } catch (error) {
      throw error instanceof PatchError ? patchRefused(error) : error;
    }
  };
}

/** The server hides behind these words what is wrong with a patch that cannot be applied. */
function patchRefused({ code, message }: PatchError): Error {
  if (code === 400) return badRequest(message);
  if (code === 422)
    return statusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
  return statusError(500, undefined, message);
}

/** What the server says of a merge patch that is something else. */
export function notAnObject(value: unknown): string {
  return `json: cannot unmarshal ${goTypeOf(value)} into Go value of type map[string]interface {}`;
}

/** A patch may have put anything there. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The changed object as its type reads it; a draft of its own. */
function typed(request: ResourceRequest, object: AnyObject, options: WriteOptions): AnyObject {
  const { resource } = request.info;
  const schema = schemaFor(request.info);
  if (object.kind !== resource.kind || object.apiVersion !== apiVersionOf(resource)) {
    const version = textOf(object.apiVersion).split('/').at(-1) ?? '';
    throw patchInvalid(
      request,
      object,
      `no kind "${textOf(object.kind)}" is registered for version "${version}" in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  if (schema === undefined) return copy(object);
  const words = mediaType(request.http) === STRATEGIC_PATCH ? converterWords : undefined;
  const { error, problems } = validateFields(object, schema, words);
  if (error !== undefined) throw patchInvalid(request, object, error);
  if (problems.length > 0 && options.fieldValidation === 'Strict') {
    throw patchInvalid(request, object, strictDecodingError(problems));
  }
  if (options.fieldValidation === 'Warn') request.warnings.push(...problems);
  return request.info.custom?.read(object) ?? (roundTrip(object, schema) as AnyObject);
}

/** 422 of a patch whose result is not of the type; it shows what was to be decoded. */
function patchInvalid(request: ResourceRequest, object: AnyObject, why: string): Error {
  const type = mediaType(request.http);
  const sent = type === APPLY_PATCH ? {} : decodePatch(request);
  const shown = type === STRATEGIC_PATCH ? goText(unmerged(sent)) : patchedText(object, sent);
  return invalid({ group: '', kind: '' }, '', [
    { type: 'FieldValueInvalid', field: 'patch', detail: `Invalid value: ${JSON.stringify(shown)}: ${why}` },
  ]);
}

/** A strategic merge patch without the lists with an order, which merging takes out of it. */
function unmerged(patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const left = Object.entries(patch).filter(
    ([key]) => !key.startsWith(ORDER) && !Object.hasOwn(patch, `${ORDER}${key}`),
  );
  return Object.fromEntries(left.map(([key, value]) => [key, unmerged(value)]));
}

/** A value as Go prints it: `map[a:b c:[1 2]]`. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (value === null) return '<nil>';
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `map[${keys.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}

/** Server-side apply, which creates what is not there. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
function apply(
  parts: RestParts,
  request: ResourceRequest,
  options: WriteOptions,
  update: Pick<UpdateOptions, 'apply'>,
): ApiResponse {
  const { info, subresource } = request;
  if (options.fieldManager === undefined) {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
      {
        type: 'FieldValueRequired',
        field: 'fieldManager',
        detail: 'Required value: is required for apply patch',
      },
    ]);
  }
  const applied = appliedObject(request, options);
  const schema = schemaFor(info);
  if (schema === undefined) throw unsupportedPatchType(request.info.custom !== undefined);
  const context = writeContext(request, options);
  const target = targetOf(parts, request);
  const { view } = info;
  const reset = resetFields(info, subresource);
  const merged = (live: AnyObject | undefined): AnyObject => {
    const seen = live === undefined || view === undefined ? live : view.fromStored(live);
    const result = guarded(() =>
      serverSideApply({
        live: seen,
        applied,
        force: options.force,
        manager: context.manager,
        apiVersion: apiVersionOf(info.resource),
        ...(subresource !== undefined && { subresource }),
        time: parts.simulation.timestamp(),
        managedFields: live?.metadata.managedFields,
        schema,
        ...(reset !== undefined && { resetFields: reset }),
      }),
    )(seen ?? (applied as AnyObject)) as unknown as ReturnType<typeof serverSideApply>;
    if ('conflicts' in result) throw applyConflict(result.message, result.conflicts);
    const object = typed(request, result.object as AnyObject, options);
    object.metadata.managedFields = [...result.managedFields];
    return view === undefined ? object : view.toStored(object);
  };
  if (parts.store.get(info.storage, target.namespace, target.name) === undefined) {
    if (subresource !== undefined) throw notFound(info.resource, target.name);
    const draft = merged(undefined);
    checkAppliedName(draft, target.name);
    checkNewUid(request, draft);
    const object = parts.writer.create(context, target.info, target.namespace, draft, {
      managedFieldsAreSet: true,
    });
    return objectResponse(parts, request, 201, object);
  }
  const object = parts.writer.update(context, target, merged, {
    ...update,
    isPatch: true,
    managedFieldsAreSet: true,
    ...(subresource !== undefined && { subresource }),
  });
  return objectResponse(parts, request, 200, object);
}

function checkAppliedName(draft: AnyObject, name: string): void {
  const sent = draft.metadata.name;
  if (sent === name) return;
  throw badRequest(`the name of the object (${sent}) does not match the name on the URL (${name})`);
}

/** Who names a uid means an object that is there. */
function checkNewUid({ info, name }: ResourceRequest, draft: AnyObject): void {
  const { uid = '' } = sentMetadata(draft);
  if (uid === '') return;
  const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
  throw conflict(info.resource, name, why);
}

function appliedObject(
  { http, warnings }: ResourceRequest,
  { fieldValidation }: WriteOptions,
): Record<string, unknown> {
  const warn = (text: string): unknown => warnings.push(text);
  const object = readYaml(decoder.decode(http.body), { fieldValidation, warn });
  if (!isObject(object)) throw badRequest(`error decoding YAML: ${notAnObject(object)}`);
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion === '' || kind === '') {
    const version = typeof apiVersion === 'string' ? apiVersion : '';
    const group = version.includes('/') ? version : `/${version}`;
    throw badRequest(`invalid object type: ${group}, Kind=${typeof kind === 'string' ? kind : ''}`);
  }
  return object;
}

function applyConflict(
  message: string,
  conflicts: readonly { readonly message: string; readonly field: string }[],
): Error {
  return statusError(409, 'Conflict', message, {
    causes: conflicts.map((conflict) => ({ reason: 'FieldManagerConflict', ...conflict })),
  });
}
