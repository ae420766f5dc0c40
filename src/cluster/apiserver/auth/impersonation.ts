import type { StatusError } from '../../api.ts';
import type { AuthorizationAttributes, Authorizer } from '../pipeline.ts';
import { badRequest, internalError } from '../status.ts';
import type { UserInfo } from '../types.ts';
import { LEGACY, MODES, type Wanted } from './impersonation-modes.ts';
import { impersonate, mayTakeName } from './impersonation-checks.ts';

const EXTRA_PREFIX = 'impersonate-extra-';

/**
 * The user in whose name a request acts: the sender, or the one that its `Impersonate-…` headers name, if the
 * sender may in one of the ways that there are.
 * https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
 * @param action what the request asks for
 * @throws StatusError 403 naming the first thing that the sender may not do; 400 for headers without a name
 */
export function impersonated(
  sender: UserInfo,
  headers: Readonly<Record<string, string>>,
  authorizer: Authorizer,
  action: AuthorizationAttributes,
): UserInfo {
  const wanted = wantedUser(headers);
  if (wanted === undefined) return sender;
  const asks = { wanted, sender, authorizer, action };
  let first: StatusError | undefined;
  // A real server begins with the way that worked for the sender last, and tells of the first that it tried. Nothing
  // is remembered of a read here: it is the old way for those who may take the name in it.
  const modes = mayTakeName(LEGACY, asks) ? [LEGACY, ...MODES] : [...MODES, LEGACY];
  for (const mode of modes) {
    if (!mode.suits(wanted, sender)) continue;
    const outcome = impersonate(mode, asks);
    if ('user' in outcome) return outcome.user;
    first ??= outcome.refusal;
  }
  throw first ?? internalError('all impersonation modes failed');
}

/** @throws StatusError 400 */
function wantedUser(headers: Readonly<Record<string, string>>): Wanted | undefined {
  const name = headers['impersonate-user'] ?? '';
  const uid = headers['impersonate-uid'] ?? '';
  const groups = listed(headers['impersonate-group']);
  const extra = extraOf(headers);
  if (name !== '') return { name, uid, groups, extra };
  if (uid === '' && groups.length === 0 && Object.keys(extra).length === 0) return undefined;
  throw badRequest(withoutName(uid, groups));
}

/** A header that is repeated arrives as one, with a comma and a space between its values. */
function listed(header: string | undefined): string[] {
  return header?.split(', ') ?? [];
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
