import { stringify } from 'yaml';
import type { AnyObject, KubeObject, Status } from '../../../model/objects.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { textOf } from '../../store/serialization.ts';
import { textResponse, warningHeader } from '../http/responses.ts';
import type { CompleteResponse } from '../http/responses.ts';
import type { Representation } from '../http/negotiation.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import { tableOf } from '../table/table.ts';
import type { ResourceRequest } from './resource-request.ts';

/** metadata of a list. */
export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** What representing needs to know beside the object. */
export type RepresentationContext = Pick<ResourceRequest, 'info' | 'representation'> & {
  /** Microseconds, for ages in tables. */
  readonly now: number;
};

const META_API = 'meta.k8s.io/v1';

/** The object as the client asked for it, as JSON text. */
export function objectText(context: RepresentationContext, stored: AnyObject): string {
  const { representation } = context;
  const object = viewOf(context.info, stored);
  switch (representation.as) {
    case 'object':
      return textOf(object);
    case 'metadata':
      return JSON.stringify(metadataOnly(object));
    case 'table':
      return JSON.stringify(
        table(context, [object], { resourceVersion: object.metadata.resourceVersion }, true),
      );
  }
}

/** The list as the client asked for it; the text of its items is made once for each version of an object. */
export function listText(
  context: RepresentationContext,
  stored: readonly AnyObject[],
  metadata: ListMetadata,
): string {
  const { representation, info } = context;
  const objects = info.view === undefined ? stored : stored.map((object) => viewOf(info, object));
  const head = JSON.stringify(metadata);
  switch (representation.as) {
    case 'object': {
      const { kind } = info.resource;
      const prefix = info.custom ? 0 : typePrefix(info).length - 1;
      const items = objects.map((object) =>
        prefix === 0 ? textOf(object) : `{${textOf(object).slice(prefix + 1)}`,
      );
      return `{"kind":"${kind}List","apiVersion":"${apiVersionOf(info.resource)}","metadata":${head},"items":[${items.join(',')}]}`;
    }
    case 'metadata': {
      const items = objects.map((object) => JSON.stringify(metadataOnly(object)));
      return `{"kind":"PartialObjectMetadataList","apiVersion":"${META_API}","metadata":${head},"items":[${items.join(',')}]}`;
    }
    case 'table':
      return JSON.stringify(table(context, objects, metadata, true));
  }
}

/** One line of a watch. */
export function eventText(
  context: RepresentationContext & { readonly firstEvent: boolean },
  type: string,
  stored: AnyObject,
): string {
  const object = viewOf(context.info, stored);
  const { as } = context.representation;
  if (as === 'object') return `{"type":"${type}","object":${textOf(object)}}\n`;
  const shaped =
    as === 'metadata'
      ? metadataOnly(object)
      : table(context, [object], { resourceVersion: object.metadata.resourceVersion }, context.firstEvent);
  return `${JSON.stringify({ type, object: shaped })}\n`;
}

/** The answer that carries an object or a list. */
export function bodyResponse(
  request: Pick<ResourceRequest, 'representation' | 'warnings'>,
  status: number,
  text: string,
): CompleteResponse {
  const { format, pretty } = request.representation;
  const headers = warningHeader(request.warnings);
  if (format === 'yaml')
    return textResponse(status, 'application/yaml', stringify(JSON.parse(text)), headers);
  const body = pretty ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
  return textResponse(status, 'application/json', body, headers);
}

/** An object of another resource than the request's, or a Status: never as a table. */
export function plainResponse(
  request: Pick<ResourceRequest, 'representation' | 'warnings'>,
  status: number,
  object: KubeObject | Status | object,
): CompleteResponse {
  return bodyResponse(request, status, JSON.stringify(object));
}

function viewOf(info: ResourceInfo, stored: AnyObject): AnyObject {
  return info.view === undefined ? stored : info.view.fromStored(stored);
}

function typePrefix({ resource }: ResourceInfo): string {
  return `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",`;
}

function metadataOnly(object: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: META_API, metadata: object.metadata };
}

function table(
  context: RepresentationContext,
  objects: readonly AnyObject[],
  metadata: ListMetadata,
  withColumns: boolean,
): object {
  const { columns, rows } = tableOf(context.info, objects, context.now);
  return {
    kind: 'Table',
    apiVersion: META_API,
    metadata,
    columnDefinitions: withColumns ? columns : null,
    rows: rows.map((row, index) => ({
      ...row,
      object: rowObject(context.representation, objects[index] as AnyObject),
    })),
  };
}

function rowObject({ includeObject }: Representation, object: AnyObject): object | null {
  if (includeObject === 'None') return null;
  return includeObject === 'Object' ? object : metadataOnly(object);
}
