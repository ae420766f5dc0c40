import type { StatusError } from '../../api.ts';
import type { AuthorizationAttributes, Authorizer } from '../pipeline.ts';
import { forbiddenAction } from '../status.ts';
import type { UserInfo } from '../types.ts';
import { checkDomainPath } from '../validation/metadata.ts';
import { Problems } from '../validation/problems.ts';
import { accountOf, type Mode, nodeOf, type Wanted } from './impersonation-modes.ts';

const ANONYMOUS = 'system:anonymous';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const NODES = 'system:nodes';
const SUPERUSERS = 'system:masters';
const GROUP = 'authentication.k8s.io';
/** From how many on it is asked first whether the sender may take all that there are. */
const MANY = 4;

/** Who asks for what in whose name. */
export interface Asks {
  readonly wanted: Wanted;
  readonly sender: UserInfo;
  readonly authorizer: Authorizer;
  /** What the request asks for. */
  readonly action: AuthorizationAttributes;
}

/** Something that the sender must be allowed to do, or (`because`) may not whatever the rules say. */
interface Step {
  readonly action: AuthorizationAttributes;
  readonly because?: string;
}

/** The user in whose name the request acts, or the first thing that the sender may not do in this way. */
export function impersonate(
  mode: Mode,
  asks: Asks,
): { readonly user: UserInfo } | { readonly refusal: StatusError } {
  const { sender, authorizer, wanted } = asks;
  for (const { action, because } of stepsOf(mode, asks)) {
    if (because !== undefined) return { refusal: forbiddenAction(sender, action, because) };
    const { allowed, reason } = authorizer.authorize(sender, action);
    if (!allowed) return { refusal: forbiddenAction(sender, action, reason) };
  }
  const { name, uid, extra } = wanted;
  return {
    user: {
      name,
      ...(uid !== '' && { uid }),
      groups: groupsOf(mode, wanted),
      ...(Object.keys(extra).length > 0 && { extra }),
    },
  };
}

/** Whether the sender may take the name in this way, whatever else is asked for. */
export function mayTakeName(mode: Mode, { wanted, sender, authorizer }: Asks): boolean {
  return authorizer.authorize(sender, nameStep(mode, wanted).action).allowed;
}

function* stepsOf(mode: Mode, { wanted, sender, authorizer, action }: Asks): Generator<Step> {
  if (mode.name !== undefined) {
    yield { action: { ...action, verb: `impersonate-on:${mode.name}:${action.verb}` } };
  }
  yield nameStep(mode, wanted);
  if (wanted.uid !== '') yield { action: attributesOf(mode, 'uids', wanted.uid) };
  const mayAll = (all: AuthorizationAttributes, count: number): boolean =>
    mode.name !== undefined && count >= MANY && authorizer.authorize(sender, all).allowed;
  const { groups, extra } = wanted;
  if (mode.name !== undefined) yield* refusedGroups(mode, groups);
  if (!mayAll(attributesOf(mode, 'groups', '*'), groups.length)) {
    for (const group of groups) yield { action: attributesOf(mode, 'groups', group) };
  }
  if (mode.name !== undefined) yield* refusedExtra(mode, extra);
  const values = Object.entries(extra).flatMap(([key, list]) => list.map((value) => ({ key, value })));
  const everything = { ...attributesOf(mode, 'userextras', '*'), subresource: '*' };
  if (mayAll(everything, Math.max(values.length, Object.keys(extra).length))) return;
  for (const { key, value } of values) {
    yield { action: { ...attributesOf(mode, 'userextras', value), subresource: key } };
  }
}

function nameStep(mode: Mode, { name }: Wanted): Step {
  const account = accountOf(name);
  if (account !== undefined) {
    return {
      action: { ...attributesOf(mode, 'serviceaccounts', account.name), namespace: account.namespace },
    };
  }
  const node = mode.name === undefined ? undefined : nodeOf(name);
  if (node === undefined) return { action: attributesOf(mode, 'users', name) };
  return { action: attributesOf(mode, 'nodes', mode.name === 'associated-node' ? '*' : node) };
}

function attributesOf(
  mode: Mode,
  resource: string,
  name: string,
): AuthorizationAttributes & { readonly group: string; readonly resource: string } {
  const isOfOldGroup = mode.name === undefined && resource !== 'uids' && resource !== 'userextras';
  return {
    verb: mode.name === undefined ? 'impersonate' : `impersonate:${mode.name}`,
    group: isOfOldGroup ? '' : GROUP,
    version: 'v1',
    resource,
    name,
  };
}

function* refusedGroups(mode: Mode, groups: readonly string[]): Generator<Step> {
  if (groups.includes('')) {
    const because = 'impersonating the empty string group is not allowed';
    yield { action: attributesOf(mode, 'groups', ''), because };
  }
  if (groups.includes(SUPERUSERS)) {
    const because = 'impersonating the system:masters group is not allowed';
    yield { action: attributesOf(mode, 'groups', SUPERUSERS), because };
  }
}

function* refusedExtra(mode: Mode, extra: Wanted['extra']): Generator<Step> {
  const action = attributesOf(mode, 'userextras', '');
  for (const [key, values] of Object.entries(extra)) {
    const because = extraProblem(key, values);
    if (because !== undefined) yield { action, because };
  }
}

function extraProblem(key: string, values: readonly string[]): string | undefined {
  if (key === '') return 'impersonating the empty string key in extra is not allowed';
  const problems = new Problems();
  checkDomainPath(problems, 'extra.key', key);
  const [problem] = problems.list;
  if (problem !== undefined) {
    return `impersonating an invalid key in extra is not allowed: ${problem.field}: ${problem.detail}`;
  }
  if (key !== key.toLowerCase()) {
    return `impersonating a non-lowercase key in extra is not allowed: "${key}"`;
  }
  if (values.length === 0) return 'impersonating empty values in extra is not allowed';
  return values.includes('') ? 'impersonating the empty string value in extra is not allowed' : undefined;
}

function groupsOf(mode: Mode, { name, groups }: Wanted): string[] {
  const own = groups.length === 0 ? givenGroups(mode, name) : [...groups];
  if (name === ANONYMOUS) return own.includes(UNAUTHENTICATED) ? own : [...own, UNAUTHENTICATED];
  return own.includes(AUTHENTICATED) || own.includes(UNAUTHENTICATED) ? own : [...own, AUTHENTICATED];
}

function givenGroups(mode: Mode, name: string): string[] {
  const account = accountOf(name);
  if (account !== undefined) return ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`];
  return mode.name !== undefined && nodeOf(name) !== undefined ? [NODES] : [];
}
