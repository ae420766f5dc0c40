import { own } from '../../../core/json.ts';
import type { AnyObject, Pod } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import { resources } from '../../../model/resources.ts';
import type { Bound } from '../auth/tokens.ts';
import { SECOND } from '../../simulation/simulation.ts';
import { decodeBody } from '../http/decoding.ts';
import { writeOptions } from '../http/options.ts';
import type { FieldProblem } from '../pipeline.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { badRequest, conflict, invalid, notFound } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const DEFAULT_SECONDS = 3600;
const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

/** What a token may be bound to, by kind. */
const BINDABLE: Readonly<Record<string, Resource>> = {
  Node: resources.nodes,
  Pod: resources.pods,
  Secret: resources.secrets,
};

interface ObjectReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
}

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: ObjectReference | null;
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
  const token = parts.stages.tokens.issue({
    namespace,
    serviceAccount: name,
    uid: account.metadata.uid,
    ...(spec.audiences && { audiences: spec.audiences }),
    expirationSeconds,
    ...(boundObjectRef && bindings(parts, { namespace, name }, boundObjectRef)),
  });
  const { simulation } = parts;
  const audiences =
    (spec.audiences ?? []).length > 0 ? spec.audiences : ['https://kubernetes.default.svc.cluster.local'];
  // A TokenRequest is never stored, but it gets a uid as every object that is created.
  const uid = simulation.random.stream('apiserver/token-requests').uuid();
  return plainResponse(request, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, uid, creationTimestamp: simulation.timestamp() },
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

/**
 * What the token is bound to: a pod of the ServiceAccount (and the node that it runs on), a Secret or a node.
 * @throws ApiError for an object that is not there, is another one by now, or is of no such kind
 */
function bindings(
  parts: RestParts,
  account: { readonly namespace: string; readonly name: string },
  reference: ObjectReference,
): { pod?: Bound; node?: Bound; secret?: Bound } {
  const { apiVersion = '', kind = '' } = reference;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const resource = group === '' ? own(BINDABLE, kind) : undefined;
  if (resource === undefined) {
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  }
  const object = boundObject(parts, resource, resource.namespaced ? account.namespace : '', reference);
  if (kind === 'Secret') return { secret: identityOf(object) };
  if (kind === 'Node') return { node: identityOf(object) };
  const { nodeName, serviceAccountName } = object['spec'] as Pod['spec'];
  if (serviceAccountName !== account.name) {
    throw badRequest(
      `cannot bind token for serviceaccount "${account.name}" to pod running with different serviceaccount name.`,
    );
  }
  const node = nodeName === undefined ? undefined : parts.store.get(resources.nodes.id, '', nodeName);
  return { pod: identityOf(object), ...(node && { node: identityOf(node) }) };
}

function boundObject(
  parts: RestParts,
  resource: Resource,
  namespace: string,
  { name = '', kind = '', uid = '' }: ObjectReference,
): AnyObject {
  const object = parts.store.get(resource.id, namespace, name);
  if (object === undefined) throw notFound(resource, name);
  if (uid !== '' && uid !== object.metadata.uid) {
    throw conflict(
      // Kubernetes names the kind here where it names the resource elsewhere.
      { id: kind, group: resource.group, plural: kind },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return object;
}

const identityOf = ({ metadata: { name, uid } }: AnyObject): Bound => ({ name, uid });
