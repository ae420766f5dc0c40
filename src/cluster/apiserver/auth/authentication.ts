import type { ObjectMeta } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Authentication, Authorizer, StateReader } from '../pipeline.ts';
import { unauthorized } from '../status.ts';
import type { ApiRequest, UserInfo } from '../types.ts';
import { impersonated } from './impersonation.ts';
import { ISSUER, type Claims, type Tokens } from './tokens.ts';

const AUTHENTICATED = 'system:authenticated';
const ANONYMOUS: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const CREDENTIAL = 'authentication.kubernetes.io/';

/**
 * Finds out who sends a request: by client certificate, by ServiceAccount token, otherwise nobody; and in whose
 * name it acts. https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 */
export function createAuthentication(parts: {
  readonly tokens: Tokens;
  readonly api: StateReader;
  /** Decides on impersonation. */
  readonly authorizer: Authorizer;
}): Authentication {
  const { tokens, api, authorizer } = parts;
  const reviewToken = (token: string, audiences: readonly string[]): UserInfo | undefined => {
    const claims = tokens.verify(token);
    if (claims === undefined || !holds(claims, token, api)) return undefined;
    const wanted = audiences.length === 0 ? [ISSUER] : audiences;
    return wanted.some((audience) => claims.aud.includes(audience)) ? userOf(claims) : undefined;
  };
  const sender = (request: ApiRequest): UserInfo => {
    if (request.certificate !== undefined && request.certificate.commonName !== '') {
      const { commonName, organizations, sha256 } = request.certificate;
      const groups = [...organizations, AUTHENTICATED];
      if (sha256 === undefined) return { name: commonName, groups };
      return {
        name: commonName,
        groups,
        extra: { [`${CREDENTIAL}credential-id`]: [`X509SHA256=${sha256}`] },
      };
    }
    const token = bearerToken(request.headers['authorization']);
    if (token === undefined) return ANONYMOUS;
    const user = reviewToken(token, []);
    if (user === undefined) throw unauthorized();
    return user;
  };
  return {
    authenticate: (request, action) => impersonated(sender(request), request.headers, authorizer, action),
    reviewToken,
  };
}

function bearerToken(header: string | undefined): string | undefined {
  const [scheme = '', token = ''] = (header ?? '').trim().split(/\s+/);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/** A token is good as long as the objects that it is bound to exist. */
function holds(claims: Claims, token: string, api: StateReader): boolean {
  const { namespace, serviceaccount, keptIn, secret, pod, node } = claims['kubernetes.io'];
  const account = api.get(resources.serviceAccounts, namespace, serviceaccount.name);
  if (!isSame(account, serviceaccount.uid)) return false;
  if (keptIn !== undefined) {
    const kept = api.get(resources.secrets, namespace, keptIn)?.data?.['token'] ?? '';
    return Buffer.from(kept, 'base64').toString() === token;
  }
  if (secret !== undefined && !isSame(api.get(resources.secrets, namespace, secret.name), secret.uid))
    return false;
  if (pod !== undefined && !isSame(api.get(resources.pods, namespace, pod.name), pod.uid)) return false;
  return (
    node === undefined ||
    pod !== undefined ||
    isSame(api.get(resources.nodes, undefined, node.name), node.uid)
  );
}

function isSame(object: { metadata: ObjectMeta } | undefined, uid: string): boolean {
  return object?.metadata.uid === uid;
}

/** The groups of a ServiceAccount. */
function groupsOf(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED];
}

function userOf(claims: Claims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io'];
  return {
    name: claims.sub,
    uid: serviceaccount.uid,
    groups: groupsOf(namespace),
    extra: {
      ...(claims.jti !== '' && { [`${CREDENTIAL}credential-id`]: [`JTI=${claims.jti}`] }),
      ...(node && { [`${CREDENTIAL}node-name`]: [node.name], [`${CREDENTIAL}node-uid`]: [node.uid] }),
      ...(pod && { [`${CREDENTIAL}pod-name`]: [pod.name], [`${CREDENTIAL}pod-uid`]: [pod.uid] }),
    },
  };
}
