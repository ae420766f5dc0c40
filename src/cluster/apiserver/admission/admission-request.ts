import type { AdmissionAttributes } from '../pipeline.ts';

/**
 * What webhooks and expressions are told of a request, but for its objects.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
 */
export function admissionRequest(attributes: AdmissionAttributes): Record<string, unknown> {
  const { resource: of, operation, subresource, namespace, name, user, dryRun } = attributes;
  const kind = attributes.kind ?? { group: of.group, version: of.version, kind: of.kind };
  const resource = { group: of.group, version: of.version, resource: of.plural };
  return {
    kind,
    resource,
    ...(subresource !== undefined && { subResource: subresource, requestSubResource: subresource }),
    requestKind: kind,
    requestResource: resource,
    ...(name !== '' && { name }),
    ...(namespace !== undefined && { namespace }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid !== undefined && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra !== undefined && { extra: user.extra }),
    },
    dryRun,
    options: null,
  };
}
