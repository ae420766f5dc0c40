import { equal } from '../../../core/json.ts';
import type { PolicyRule, Role, RoleBinding } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { refusal } from '../admission/refuse.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { notFound, statusError } from '../status.ts';
import { createAuthorizer, isSuperuser } from './authorizer.ts';

const RBAC = 'rbac.authorization.k8s.io';
const EVERYTHING: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
const EVERYWHERE: PolicyRule = { verbs: ['*'], nonResourceURLs: ['*'] };
const ROLES: ReadonlySet<string> = new Set([resources.roles.id, resources.clusterRoles.id]);
const PLURALS: ReadonlyMap<string, string> = new Map([
  ['Role', 'roles'],
  ['ClusterRole', 'clusterroles'],
]);
const BINDINGS: ReadonlySet<string> = new Set([resources.roleBindings.id, resources.clusterRoleBindings.id]);

/**
 * Nobody grants what they do not have: who writes a role needs all of its rules or the verb `escalate`, who binds one
 * all of its rules or the verb `bind`. The storage of these kinds asks it, after admission has changed the object.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping
 */
export const escalation: AdmissionPlugin = {
  name: 'RBAC',
  mutate(attributes) {
    const { operation, resource, object } = attributes;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return;
    if (isSuperuser(attributes.user)) return;
    if (ROLES.has(resource.id)) checkRole(attributes, object as unknown as Role);
    else if (BINDINGS.has(resource.id)) checkBinding(attributes, object as unknown as RoleBinding);
  },
};

function checkRole(attributes: AdmissionAttributes, role: Role): void {
  const old = attributes.old as Role | undefined;
  const aggregates = role['aggregationRule' as keyof Role];
  const before = old?.['aggregationRule' as keyof Role];
  if (old !== undefined && equal(old.rules, role.rules) && equal(before, aggregates)) return;
  const name = attributes.name === '' ? {} : { name: attributes.name };
  if (may(attributes, 'escalate', attributes.resource.plural, name)) return;
  // Whoever says which roles are added to it may add any.
  checkHeld(attributes, aggregates === undefined ? (role.rules ?? []) : [EVERYTHING, EVERYWHERE]);
}

function checkBinding(attributes: AdmissionAttributes, { roleRef, subjects }: RoleBinding): void {
  const old = attributes.old as RoleBinding | undefined;
  if (old !== undefined && equal(old.roleRef, roleRef) && equal(old.subjects, subjects)) return;
  const plural = PLURALS.get(roleRef.kind);
  if (plural === undefined)
    throw statusError(500, undefined, `unsupported role reference kind: ${JSON.stringify(roleRef.kind)}`);
  if (may(attributes, 'bind', plural, { name: roleRef.name })) return;
  const { api, namespace } = attributes;
  const role =
    roleRef.kind === 'Role'
      ? api.get(resources.roles, namespace, roleRef.name)
      : api.get(resources.clusterRoles, undefined, roleRef.name);
  if (role === undefined) throw notFound(attributes.resource, roleRef.name);
  checkHeld(attributes, role.rules ?? []);
}

function may(
  { api, user, namespace }: AdmissionAttributes,
  verb: string,
  resource: string,
  name: { readonly name?: string },
): boolean {
  const where = namespace === undefined ? {} : { namespace };
  return createAuthorizer({ api }).authorize(user, { verb, group: RBAC, resource, ...where, ...name })
    .allowed;
}

/** @throws StatusError 403 that lists what the user does not have */
function checkHeld(attributes: AdmissionAttributes, wanted: readonly PolicyRule[]): void {
  const { api, user, namespace } = attributes;
  const { resourceRules, nonResourceRules } = createAuthorizer({ api }).rulesFor(user, namespace ?? '');
  const held: readonly PolicyRule[] = [...resourceRules, ...nonResourceRules] as PolicyRule[];
  const missing = wanted.flatMap(piecesOf).filter((piece) => !held.some((rule) => includes(rule, piece)));
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const lines = [...new Set(together(missing).map(written))].sort();
  const who = `user ${JSON.stringify(user.name)} (groups=[${groups}])`;
  throw refusal(
    attributes,
    `${who} is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`,
  );
}

/** A rule as many: each of one verb on one resource, or on one path. */
function piecesOf(rule: Partial<PolicyRule>): PolicyRule[] {
  const names = rule.resourceNames ?? [];
  // Whether it has any is found out by validation, which comes later.
  const verbs = rule.verbs ?? [];
  const onResources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      verbs.flatMap((verb): PolicyRule[] => {
        const piece = { verbs: [verb], apiGroups: [group], resources: [resource] };
        return names.length === 0 ? [piece] : names.map((name) => ({ ...piece, resourceNames: [name] }));
      }),
    ),
  );
  const onPaths = (rule.nonResourceURLs ?? []).flatMap((url) =>
    verbs.map((verb): PolicyRule => ({ verbs: [verb], nonResourceURLs: [url] })),
  );
  return [...onResources, ...onPaths];
}

function includes(rule: PolicyRule, piece: PolicyRule): boolean {
  const has = (list: readonly string[] = [], values: readonly string[] = []): boolean =>
    list.includes('*') || values.every((value) => list.includes(value));
  if (!has(rule.verbs, piece.verbs)) return false;
  if (piece.nonResourceURLs !== undefined)
    return piece.nonResourceURLs.every((path) =>
      rule.nonResourceURLs?.some(
        (url) => url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
      ),
    );
  const [resource = ''] = piece.resources ?? [];
  const [, subresource] = resource.split('/');
  const onResource =
    has(rule.resources, [resource]) ||
    (subresource !== undefined && rule.resources?.includes(`*/${subresource}`) === true);
  const anyName = (rule.resourceNames ?? []).length === 0;
  return (
    has(rule.apiGroups, piece.apiGroups) &&
    onResource &&
    (anyName || (piece.resourceNames?.every((name) => rule.resourceNames?.includes(name)) ?? false))
  );
}

/** Pieces for the same resource as one rule with their verbs. */
function together(pieces: readonly PolicyRule[]): PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const piece of pieces) {
    const { verbs, ...rest } = piece;
    // Paths are not put together.
    const key = JSON.stringify(piece.nonResourceURLs === undefined ? rest : piece);
    const before = rules.get(key)?.verbs ?? [];
    rules.set(key, { ...piece, verbs: [...before, ...verbs.filter((verb) => !before.includes(verb))] });
  }
  return [...rules.values()];
}

/** A rule as the server's messages write it: `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get"]}`. */
function written(rule: PolicyRule): string {
  const parts: [string, readonly string[] | undefined][] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ];
  const texts = parts.flatMap(([name, list = []]) =>
    list.length === 0 ? [] : [`${name}:[${list.map((word) => JSON.stringify(word)).join(' ')}]`],
  );
  return `{${texts.join(', ')}}`;
}
