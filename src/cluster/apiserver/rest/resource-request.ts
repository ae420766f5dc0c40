import type { NetworkStack } from '../../network/types.ts';
import type { Compaction } from '../compaction.ts';
import type { NodeApi } from '../../node-api.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { InProcessParts } from '../in-process-api.ts';
import type { DecodingContext } from '../http/decoding.ts';
import { managerOf } from '../http/options.ts';
import type { WriteOptions } from '../http/options.ts';
import type { Representation } from '../http/negotiation.ts';
import type { PipelineStages } from '../pipeline.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import type { ApiRequest, UserInfo } from '../types.ts';
import type { WriteContext } from './write-context.ts';
import type { Target } from './writer.ts';

/** What the handlers of requests work with. */
export interface RestParts extends InProcessParts {
  readonly stages: PipelineStages;
  readonly compaction: Compaction;
  /** The kubelets; asked for when they are needed, since they are made after the API server. */
  readonly nodes: () => NodeApi;
  /** The network of the API server's node, made after it too. */
  readonly network: () => NetworkStack;
  readonly aggregator: Aggregator;
}

/** A request for a resource, after authentication and authorization. */
export interface ResourceRequest {
  readonly http: ApiRequest;
  readonly info: ResourceInfo;
  /** Undefined: all namespaces, or none. */
  readonly namespace: string | undefined;
  /** Empty for a collection. */
  readonly name: string;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
  readonly representation: Representation;
  readonly user: UserInfo;
  /** Goes into the `Warning` header. */
  readonly warnings: string[];
}

/** Where the request's object is stored. */
export function targetOf(parts: RestParts, request: ResourceRequest): Target {
  const { info, namespace = '', name } = request;
  return { info: storedInfo(parts, info), namespace, name };
}

/** The resource in the form in which its objects are stored: what defaulting, admission and validation know. */
export function storedInfo(parts: RestParts, info: ResourceInfo): ResourceInfo {
  return parts.registry.stored(info.storage) ?? info;
}

export function writeContext(
  request: ResourceRequest,
  options: Pick<WriteOptions, 'dryRun' | 'fieldManager'>,
): WriteContext {
  return {
    user: request.user,
    isRemote: true,
    manager: managerOf(request.http, options.fieldManager),
    dryRun: options.dryRun,
    warn: (text) => request.warnings.push(text),
  };
}

/** How the body is read: under the field validation that the query asks for. */
export function decodingContext(
  parts: RestParts,
  request: ResourceRequest,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
): DecodingContext {
  return {
    registry: parts.registry,
    custom: request.info.custom,
    fieldValidation,
    warn: (text) => request.warnings.push(text),
  };
}
