import type { Status } from '../../model/objects.ts';
import type { Resource } from '../../model/resources.ts';
import { StatusError } from '../api.ts';
import type { AuthorizationAttributes, FieldProblem } from './pipeline.ts';
import type { UserInfo } from './types.ts';

/**
 * The API's errors in its own words. Each function returns the error, for the caller to throw.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */

type Details = NonNullable<Status['details']>;

/** The names that error texts use: `deployments.apps "web" not found`. */
type Named = Pick<Resource, 'group' | 'plural' | 'id'>;

export function statusError(
  code: number,
  reason: string | undefined,
  message: string,
  details?: Details,
): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

function detailsOf(resource: Named, name?: string): Details {
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  };
}

export function notFound(resource: Named, name: string): StatusError {
  return statusError(404, 'NotFound', `${resource.id} "${name}" not found`, detailsOf(resource, name));
}

export function alreadyExists(resource: Named, name: string): StatusError {
  return statusError(
    409,
    'AlreadyExists',
    `${resource.id} "${name}" already exists`,
    detailsOf(resource, name),
  );
}

/** 409 of optimistic locking and of preconditions; `cause` is what follows the colon. */
export function conflict(
  resource: Named,
  name: string,
  cause = 'the object has been modified; please apply your changes to the latest version and try again',
): StatusError {
  return statusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource.id} "${name}": ${cause}`,
    detailsOf(resource, name),
  );
}

/** 403 of an admission plugin: `pods "web-1" is forbidden: exceeded quota: …`. */
export function forbidden(resource: Named, name: string, cause: string): StatusError {
  const message =
    name === '' ? `${resource.id} is forbidden: ${cause}` : `${resource.id} "${name}" is forbidden: ${cause}`;
  return statusError(403, 'Forbidden', message, detailsOf(resource, name));
}

/** 403 of authorization, on a resource or on a path that is none. */
export function forbiddenAction(
  user: UserInfo,
  attributes: AuthorizationAttributes,
  reason: string,
): StatusError {
  const { verb, resource: plural, subresource, name = '', namespace = '', group = '' } = attributes;
  const why = reason === '' ? '' : `: ${reason}`;
  if (plural === undefined) {
    const cause = `User "${user.name}" cannot ${verb} path "${attributes.path ?? ''}"${why}`;
    return statusError(403, 'Forbidden', `forbidden: ${cause}`, {});
  }
  const full = subresource === undefined ? plural : `${plural}/${subresource}`;
  const scope = namespace === '' ? ' at the cluster scope' : ` in the namespace "${namespace}"`;
  const cause = `User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}"${scope}${why}`;
  const id = group === '' ? plural : `${plural}.${group}`;
  return forbidden({ group, plural, id }, name, cause);
}

export function unauthorized(): StatusError {
  return statusError(401, 'Unauthorized', 'Unauthorized');
}

export function badRequest(message: string): StatusError {
  return statusError(400, 'BadRequest', message);
}

export function internalError(message: string): StatusError {
  return statusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });
}

/** 422: `Deployment.apps "x" is invalid: …`; several problems are joined as `[a, b]`. */
export function invalid(
  resource: Pick<Resource, 'group' | 'kind'>,
  name: string,
  problems: readonly FieldProblem[],
): StatusError {
  const texts = [...new Set(problems.map((problem) => `${problem.field}: ${problem.detail}`))];
  const joined = texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`;
  return statusError(422, 'Invalid', `${kind} "${name}" is invalid: ${joined}`, {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    ...(resource.kind === '' ? {} : { kind: resource.kind }),
    causes: problems.map(({ type, field, detail }) => ({ reason: type, message: detail, field })),
  });
}

/** 404 of a path, group or resource that is not served. */
export function resourceNotServed(): StatusError {
  return statusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): StatusError {
  return statusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function notAcceptable(): StatusError {
  return statusError(
    406,
    'NotAcceptable',
    '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    {},
  );
}

export function unsupportedMediaType(): StatusError {
  return statusError(
    415,
    'UnsupportedMediaType',
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

/** 415 of a patch whose content type is no patch; custom resources are answered by another handler, in other words. */
export function unsupportedPatchType(isCustom: boolean): StatusError {
  if (isCustom) {
    return statusError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  }
  return statusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
}

/** 413: what is too large. */
export function tooLarge(what: string): StatusError {
  return statusError(413, 'RequestEntityTooLarge', `Request entity too large: ${what}`);
}

/** 410 of a watch or an exact list from before the history. */
export function expired(message: string): StatusError {
  return statusError(410, 'Expired', message);
}

export function tooManyRequests(
  message: string,
  retryAfterSeconds: number,
  details: Details = {},
): StatusError {
  return statusError(429, 'TooManyRequests', message, { ...details, retryAfterSeconds });
}
