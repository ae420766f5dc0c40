import type { AnyObject } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { SECOND } from '../../simulation/simulation.ts';
import { decodeBody } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import type { FieldProblem } from '../pipeline.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { conflict, invalid, notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: { readonly kind?: string; readonly name?: string; readonly uid?: string } | null;
}

/** POST `serviceaccounts/token`. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/ */
export function createToken(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, name, namespace = '' } = request;
  const options = writeOptions(request.query, 'CreateOptions');
  const sent = decodeBody(request.http, TOKEN_REQUEST, decodingContext(parts, request, options));
  const spec = (sent['spec'] ?? {}) as TokenRequestSpec;
  const { expirationSeconds = DEFAULT_SECONDS, boundObjectRef } = spec;
  const account = parts.store.get(info.storage, namespace, name);
  if (account === undefined) throw notFound(info.resource, name);
  const problems = lifetimeProblems(expirationSeconds);
  if (problems.length > 0) throw invalid(TOKEN_REQUEST, '', problems);
  const pod = boundObjectRef?.kind === 'Pod' ? boundPod(parts, namespace, boundObjectRef) : undefined;
  const node = pod === undefined ? undefined : nodeOf(parts, pod);
  const token = parts.stages.tokens.issue({
    namespace,
    serviceAccount: name,
    uid: account.metadata.uid,
    ...(spec.audiences && { audiences: spec.audiences }),
    expirationSeconds,
    ...(pod && { pod: { name: pod.metadata.name, uid: pod.metadata.uid } }),
    ...(node && { node: { name: node.metadata.name, uid: node.metadata.uid } }),
  });
  const { simulation } = parts;
  const audiences =
    (spec.audiences ?? []).length > 0 ? spec.audiences : ['https://kubernetes.default.svc.cluster.local'];
  return plainResponse(request, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: simulation.timestamp() },
    spec: { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status: { token, expirationTimestamp: simulation.timestamp(simulation.now + expirationSeconds * SECOND) },
  });
}

function lifetimeProblems(seconds: number): FieldProblem[] {
  const limit =
    seconds < LEAST_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : seconds > MOST_SECONDS
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (limit === undefined) return [];
  return [
    {
      type: 'FieldValueInvalid',
      field: 'spec.expirationSeconds',
      detail: `Invalid value: ${seconds}: ${limit}`,
    },
  ];
}

function boundPod(
  parts: RestParts,
  namespace: string,
  reference: { name?: string; uid?: string },
): AnyObject {
  const name = reference.name ?? '';
  const pod = parts.store.get(resources.pods.id, namespace, name);
  if (pod === undefined) throw notFound(resources.pods, name);
  if (reference.uid !== undefined && reference.uid !== '' && reference.uid !== pod.metadata.uid) {
    throw conflict(
      resources.pods,
      name,
      `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return pod;
}

function nodeOf(parts: RestParts, pod: AnyObject): AnyObject | undefined {
  const { nodeName } = pod['spec'] as { nodeName?: string };
  return nodeName === undefined ? undefined : parts.store.get(resources.nodes.id, '', nodeName);
}
