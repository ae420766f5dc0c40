import { isObject } from '../../../core/json.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { decodeBody } from '../http/decoding.ts';
import { negotiate } from '../http/negotiation.ts';
import { writeOptions } from '../http/options.ts';
import type { AuthorizationAttributes, FieldProblem } from '../pipeline.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { badRequest, invalid } from '../status.ts';
import type { ApiResponse, UserInfo } from '../types.ts';

/** A question that is answered and not stored. */
type Review = (parts: RestParts, request: ResourceRequest) => ApiResponse;

/** By plural; all of them are POSTs. https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
export const reviews: Readonly<Record<string, Review>> = {
  selfsubjectaccessreviews: (parts, request) => accessReview(parts, request, request.user),
  subjectaccessreviews: (parts, request) => accessReview(parts, request, undefined),
  localsubjectaccessreviews: (parts, request) => accessReview(parts, request, undefined),
  selfsubjectrulesreviews: rulesReview,
  selfsubjectreviews: selfReview,
  tokenreviews: tokenReview,
};

interface AccessSpec {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
}

/** @throws StatusError 406 also where nothing but a table is accepted: there is none of an answer */
function bodyOf(parts: RestParts, request: ResourceRequest): AnyObject {
  negotiate(request.http.headers, request.query, { hasTable: false });
  const options = writeOptions(request.query, 'CreateOptions');
  return decodeBody(request.http, request.info.resource, decodingContext(parts, request, options));
}

function answer(request: ResourceRequest, review: AnyObject, status: object): ApiResponse {
  return plainResponse(request, 201, { ...review, status });
}

function accessReview(parts: RestParts, request: ResourceRequest, self: UserInfo | undefined): ApiResponse {
  const review = bodyOf(parts, request);
  const spec = (review['spec'] ?? {}) as AccessSpec;
  const problems = [
    ...accessProblems(spec, self === undefined),
    ...(request.info.resource.namespaced ? placeProblems(spec, request.namespace) : []),
  ];
  if (problems.length > 0) throw invalid({ group: request.info.resource.group, kind: '' }, '', problems);
  const user = self ?? {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid !== undefined && { uid: spec.uid }),
    ...(spec.extra && { extra: spec.extra }),
  };
  const { allowed, reason } = parts.stages.authorizer.authorize(user, attributesOf(spec, request));
  return answer(request, review, { allowed, ...(reason !== '' && { reason }) });
}

function accessProblems(spec: AccessSpec, needsSubject: boolean): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { resourceAttributes, nonResourceAttributes } = spec;
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    const field = resourceAttributes === undefined ? 'spec.resourceAttributes' : 'spec.nonResourceAttributes';
    const detail =
      resourceAttributes === undefined
        ? 'Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified'
        : `Invalid value: ${pathForm(nonResourceAttributes)}: cannot be specified in combination with resourceAttributes`;
    problems.push({ type: 'FieldValueInvalid', field, detail });
  }
  if (needsSubject && (spec.user ?? '') === '' && (spec.groups ?? []).length === 0) {
    const detail = 'Invalid value: "": at least one of user or group must be specified';
    problems.push({ type: 'FieldValueInvalid', field: 'spec.user', detail });
  }
  return problems;
}

/** A review inside a namespace is about that one only. */
function placeProblems(spec: AccessSpec, namespace: string | undefined): FieldProblem[] {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const problems: FieldProblem[] = [];
  if (nonResourceAttributes !== undefined) {
    const detail = `Invalid value: ${pathForm(nonResourceAttributes)}: disallowed on this kind of request`;
    problems.push({ type: 'FieldValueInvalid', field: 'spec.nonResourceAttributes', detail });
  }
  const { namespace: asked = '' } = resourceAttributes ?? {};
  if (resourceAttributes !== undefined && asked !== namespace) {
    const detail = `Invalid value: "${asked}": must match metadata.namespace`;
    problems.push({ type: 'FieldValueInvalid', field: 'spec.resourceAttributes.namespace', detail });
  }
  return problems;
}

/** As the server's own type of it is written. */
function pathForm({ path = '', verb = '' }: NonNullable<AccessSpec['nonResourceAttributes']> = {}): string {
  return JSON.stringify({ Path: path, Verb: verb });
}

function attributesOf(spec: AccessSpec, request: ResourceRequest): AuthorizationAttributes {
  if (spec.nonResourceAttributes !== undefined) {
    const { verb = '', path = '' } = spec.nonResourceAttributes;
    return { verb, path };
  }
  const {
    verb = '',
    group = '',
    version,
    resource,
    subresource,
    namespace,
    name,
  } = spec.resourceAttributes ?? {};
  const inside = request.info.resource.namespaced ? request.namespace : namespace;
  return {
    verb,
    group,
    ...(version !== undefined && { version }),
    ...(resource !== undefined && { resource }),
    ...(subresource !== undefined && { subresource }),
    ...(inside !== undefined && { namespace: inside }),
    ...(name !== undefined && { name }),
  };
}

function rulesReview(parts: RestParts, request: ResourceRequest): ApiResponse {
  const review = bodyOf(parts, request);
  const { namespace = '' } = (review['spec'] ?? {}) as { namespace?: string };
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = parts.stages.authorizer.rulesFor(request.user, namespace);
  return answer(request, { ...review, spec: {} }, { ...rules, incomplete: false });
}

function selfReview(parts: RestParts, request: ResourceRequest): ApiResponse {
  const review = bodyOf(parts, request);
  const metadata = { ...review.metadata, creationTimestamp: parts.simulation.timestamp() };
  return answer(request, { ...review, metadata }, { userInfo: userInfo(request.user) });
}

function tokenReview(parts: RestParts, request: ResourceRequest): ApiResponse {
  const review = bodyOf(parts, request);
  const spec = isObject(review['spec']) ? review['spec'] : {};
  const audiences = Array.isArray(spec['audiences']) ? spec['audiences'].map(String) : [];
  const token = typeof spec['token'] === 'string' ? spec['token'] : '';
  const user = parts.stages.authentication.reviewToken(token, audiences);
  if (user === undefined) return answer(request, review, { user: {}, error: 'invalid bearer token' });
  const accepted = audiences.length === 0 ? ['https://kubernetes.default.svc.cluster.local'] : audiences;
  return answer(request, review, { authenticated: true, user: userInfo(user), audiences: accepted });
}

/** authentication/v1 UserInfo. */
function userInfo({ name, uid, groups, extra }: UserInfo): object {
  return {
    username: name,
    ...(uid !== undefined && { uid }),
    groups,
    ...(extra && { extra }),
  };
}
