import type { AuthorizationAttributes, Authorizer } from '../pipeline.ts';
import { badRequest, unauthorizedAction } from '../status.ts';
import type { UserInfo } from '../types.ts';

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const ANONYMOUS = 'system:anonymous';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const EXTRA_PREFIX = 'impersonate-extra-';

/**
 * The user in whose name a request acts: the sender, or the one that its `Impersonate-…` headers name, if the
 * sender may. https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 * @throws StatusError 403 naming the first thing that the sender may not impersonate
 */
export function impersonated(
  sender: UserInfo,
  headers: Readonly<Record<string, string>>,
  authorizer: Authorizer,
): UserInfo {
  const name = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = listed(headers['impersonate-group']);
  const extra = extraOf(headers);
  if (name === '') {
    if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return sender;
    throw badRequest(withoutName(uid, groups));
  }
  for (const action of actionsOf({ name, uid, groups, extra })) {
    const decision = authorizer.authorize(sender, action);
    if (!decision.allowed) throw unauthorizedAction(sender, action, decision.reason);
  }
  return {
    name,
    ...(uid !== '' && { uid }),
    groups: allGroups(name, groups),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

/** Repeated headers arrive as one, with commas. */
function listed(header: string | undefined): string[] {
  return header === undefined || header === '' ? [] : header.split(/,\s*/);
}

function extraOf(headers: Readonly<Record<string, string>>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(EXTRA_PREFIX)) continue;
    extra[decodeURIComponent(header.slice(EXTRA_PREFIX.length))] = listed(value);
  }
  return extra;
}

function withoutName(uid: string, groups: readonly string[]): string {
  const list =
    groups.length === 0 ? '[]string(nil)' : `[]string{${groups.map((group) => `"${group}"`).join(', ')}}`;
  return `requested &user.DefaultInfo{Name:"", UID:"${uid}", Groups:${list}, Extra:map[string][]string(nil)} without impersonating a user name`;
}

type Action = AuthorizationAttributes & { readonly group: string; readonly resource: string };

function actionsOf(user: UserInfo & { readonly uid: string }): Action[] {
  const verb = 'impersonate';
  const [, namespace, account] = SERVICE_ACCOUNT.exec(user.name) ?? [];
  const actions: Action[] =
    namespace !== undefined && account !== undefined
      ? [{ verb, group: '', resource: 'serviceaccounts', namespace, name: account }]
      : [{ verb, group: '', resource: 'users', name: user.name }];
  for (const name of user.groups) actions.push({ verb, group: '', resource: 'groups', name });
  const group = 'authentication.k8s.io';
  for (const [subresource, values] of Object.entries(user.extra ?? {})) {
    for (const name of values) actions.push({ verb, group, resource: 'userextras', subresource, name });
  }
  if (user.uid !== '') actions.push({ verb, group, resource: 'uids', name: user.uid });
  return actions;
}

function allGroups(name: string, groups: readonly string[]): string[] {
  const namespace = SERVICE_ACCOUNT.exec(name)?.[1];
  const own =
    groups.length === 0 && namespace !== undefined
      ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
      : groups;
  if (own.includes(AUTHENTICATED) || own.includes(UNAUTHENTICATED)) return [...own];
  return [...own, name === ANONYMOUS ? UNAUTHENTICATED : AUTHENTICATED];
}
