import { stringify } from 'yaml';
import { goJson, goJsonLine } from '../../../core/go-json.ts';
import type { AnyObject, KubeObject, Scale, Status } from '../../../model/objects.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { jsonBytes } from '../../store/serialization.ts';
import { dataResponse, textResponse, warningHeader } from '../http/responses.ts';
import type { CompleteResponse } from '../http/responses.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import { inTableOrder, tableOf } from '../table/table.ts';
import type { ResourceRequest } from './resource-request.ts';

/** metadata of a list. */
export interface ListMetadata {
  /** Absent for what is not stored. */
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** What representing needs to know beside the object. */
export type RepresentationContext = Pick<ResourceRequest, 'info' | 'representation'> & {
  /** Microseconds, for ages in tables. */
  readonly now: number;
};

/** What an answer carries. Nothing of it is made before it is read. */
export interface Content {
  readonly bytes: () => Uint8Array;
  /** The data of which `bytes` is the JSON, where that exists anyway; items of a list have kind and apiVersion here. */
  readonly data?: () => object;
}

const META_API = 'meta.k8s.io/v1';

const encoder = new TextEncoder();
const COMMA = encoder.encode(',');
const OPEN = encoder.encode('{');
const END_OF_LIST = encoder.encode(']}\n');
const END_OF_DOCUMENT = encoder.encode('\n');
const END_OF_EVENT = encoder.encode('}\n');

function json(value: unknown): Uint8Array {
  return encoder.encode(goJson(value));
}

/** The object as the client asked for it. */
export function objectContent(context: RepresentationContext, stored: AnyObject): Content {
  const { representation } = context;
  const object = viewOf(context.info, stored);
  switch (representation.as) {
    case 'object':
      return { bytes: () => Buffer.concat([jsonBytes(object), END_OF_DOCUMENT]), data: () => object };
    case 'metadata':
      return jsonContent(metadataOnly(object));
    case 'table':
      return jsonContent(
        table(context, [stored], { resourceVersion: object.metadata.resourceVersion }, true),
      );
  }
}

/** The list as the client asked for it; its items are serialised once for each version of an object. */
export function listContent(
  context: RepresentationContext,
  stored: readonly AnyObject[],
  metadata: ListMetadata,
): Content {
  const { representation, info } = context;
  const objects = info.view === undefined ? stored : stored.map((object) => viewOf(info, object));
  switch (representation.as) {
    case 'object':
      return {
        bytes: () => joined(info, objects, metadata),
        data: () => ({ ...listType(info), metadata, items: objects }),
      };
    case 'metadata':
      return jsonContent({
        kind: 'PartialObjectMetadataList',
        apiVersion: META_API,
        metadata,
        items: objects.map(metadataOnly),
      });
    case 'table':
      return jsonContent(table(context, stored, metadata, true));
  }
}

const jsonContent = (value: object): Content => ({ bytes: () => encoder.encode(goJsonLine(value)) });

const listType = ({ resource }: ResourceInfo): { kind: string; apiVersion: string } => ({
  kind: `${resource.kind}List`,
  apiVersion: apiVersionOf(resource),
});

/** A list put together from the bytes of its items, which leave out kind and apiVersion (always the first two). */
function joined(info: ResourceInfo, objects: readonly AnyObject[], metadata: ListMetadata): Uint8Array {
  const { kind, apiVersion } = listType(info);
  const skipped = info.custom !== undefined ? 0 : typePrefix(info).length;
  const head = `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${goJson(metadata)},"items":[`;
  const chunks: Uint8Array[] = [encoder.encode(head)];
  for (const [index, object] of objects.entries()) {
    if (index > 0) chunks.push(COMMA);
    if (skipped > 0) chunks.push(OPEN);
    chunks.push(jsonBytes(object).subarray(skipped));
  }
  chunks.push(END_OF_LIST);
  return Buffer.concat(chunks);
}

/** One line of a watch. */
export function eventBytes(
  context: RepresentationContext & { readonly firstEvent: boolean },
  type: string,
  stored: AnyObject,
): Uint8Array {
  const object = viewOf(context.info, stored);
  const { as } = context.representation;
  const shaped =
    as === 'object'
      ? jsonBytes(object)
      : as === 'metadata'
        ? json(metadataOnly(object))
        : json(
            table(
              context,
              [stored],
              { resourceVersion: object.metadata.resourceVersion },
              context.firstEvent,
            ),
          );
  return Buffer.concat([encoder.encode(`{"type":"${type}","object":`), shaped, END_OF_EVENT]);
}

/** The answer that carries an object or a list. */
export function contentResponse(
  request: Pick<ResourceRequest, 'representation' | 'warnings'>,
  status: number,
  content: Content,
): CompleteResponse {
  const { format, pretty } = request.representation;
  const headers = warningHeader(request.warnings);
  if (format === 'json' && !pretty) return dataResponse(status, content, headers);
  const object: unknown = JSON.parse(new TextDecoder().decode(content.bytes()));
  if (format === 'yaml') return textResponse(status, 'application/yaml', stringify(object), headers);
  return textResponse(status, 'application/json', goJson(object, 2), headers);
}

/**
 * A Scale, which is an object of another resource than the request's but may be asked for as a table.
 * @param now microseconds
 */
export function scaleResponse(
  request: Pick<ResourceRequest, 'representation' | 'warnings'>,
  scale: Scale,
  now: number,
): CompleteResponse {
  if (request.representation.as !== 'table') return plainResponse(request, 200, scale);
  const { representation } = request;
  const { resourceVersion } = scale.metadata;
  const context = { info: { storage: 'scales.autoscaling' }, representation, now };
  const shown = table(context, [scale as KubeObject as AnyObject], { resourceVersion }, true);
  return plainResponse(request, 200, shown);
}

/** An object of another resource than the request's, or a Status: never as a table. */
export function plainResponse(
  request: Pick<ResourceRequest, 'representation' | 'warnings'>,
  status: number,
  object: KubeObject | Status | object,
): CompleteResponse {
  return contentResponse(request, status, jsonContent(object));
}

function viewOf(info: Partial<Pick<ResourceInfo, 'view'>>, stored: AnyObject): AnyObject {
  return info.view === undefined ? stored : info.view.fromStored(stored);
}

function typePrefix({ resource }: ResourceInfo): string {
  return `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",`;
}

function metadataOnly(object: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: META_API, metadata: object.metadata };
}

/** What a table needs to know of the resource. */
type TableContext = Omit<RepresentationContext, 'info'> & {
  readonly info: Pick<ResourceInfo, 'storage'> & Partial<Pick<ResourceInfo, 'custom' | 'view'>>;
};

/** Cells are read from the stored form of each object; the object beside them has the form that was asked for. */
function table(
  context: TableContext,
  objects: readonly AnyObject[],
  metadata: ListMetadata,
  withColumns: boolean,
): object {
  const stored = inTableOrder(context.info.storage, objects);
  const { columns, rows } = tableOf(context.info, stored, context.now);
  return {
    kind: 'Table',
    apiVersion: META_API,
    metadata,
    columnDefinitions: withColumns ? columns : null,
    rows: rows.map((row, index) => ({
      ...row,
      object: rowObject(context, stored[index] as AnyObject),
    })),
  };
}

function rowObject({ info, representation }: TableContext, stored: AnyObject): object | null {
  const { includeObject } = representation;
  if (includeObject === 'None') return null;
  const object = viewOf(info, stored);
  return includeObject === 'Object' ? object : metadataOnly(object);
}
