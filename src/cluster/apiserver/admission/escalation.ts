import { equal } from '../../../core/json.ts';
import type { PolicyRule, Role, RoleBinding } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { coversRequest, isSuperuser } from '../auth/authorizer.ts';
import type {
  AdmissionAttributes,
  AdmissionPlugin,
  AuthorizationAttributes,
  Authorizer,
} from '../pipeline.ts';
import { notFound, statusError } from '../status.ts';
import { refusal } from './refuse.ts';

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
export function escalation(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'RBAC',
    mutate(attributes) {
      const { operation, resource, object } = attributes;
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || object === undefined) return;
      if (isSuperuser(attributes.user)) return;
      if (ROLES.has(resource.id)) checkRole(authorizer, attributes, object as unknown as Role);
      else if (BINDINGS.has(resource.id))
        checkBinding(authorizer, attributes, object as unknown as RoleBinding);
    },
  };
}

function checkRole(authorizer: Authorizer, attributes: AdmissionAttributes, role: Role): void {
  const old = attributes.old as Role | undefined;
  const { aggregationRule: aggregates } = role;
  if (old !== undefined && equal(old.rules, role.rules) && equal(old.aggregationRule, aggregates)) return;
  const name = attributes.name === '' ? {} : { name: attributes.name };
  if (may(authorizer, attributes, 'escalate', attributes.resource.plural, name)) return;
  // Whoever says which roles are added to it may add any.
  checkHeld(authorizer, attributes, aggregates === undefined ? (role.rules ?? []) : [EVERYTHING, EVERYWHERE]);
}

function checkBinding(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  { roleRef, subjects }: RoleBinding,
): void {
  const old = attributes.old as RoleBinding | undefined;
  if (old !== undefined && equal(old.roleRef, roleRef) && equal(old.subjects, subjects)) return;
  const plural = PLURALS.get(roleRef.kind);
  if (plural === undefined)
    throw statusError(500, undefined, `unsupported role reference kind: ${JSON.stringify(roleRef.kind)}`);
  if (may(authorizer, attributes, 'bind', plural, { name: roleRef.name })) return;
  const { api, namespace } = attributes;
  const role =
    roleRef.kind === 'Role'
      ? api.get(resources.roles, namespace, roleRef.name)
      : api.get(resources.clusterRoles, undefined, roleRef.name);
  if (role === undefined) throw notFound(attributes.resource, roleRef.name);
  checkHeld(authorizer, attributes, role.rules ?? []);
}

function may(
  authorizer: Authorizer,
  { user, namespace }: AdmissionAttributes,
  verb: string,
  resource: string,
  name: { readonly name?: string },
): boolean {
  const where = namespace === undefined ? {} : { namespace };
  return authorizer.authorize(user, { verb, group: RBAC, resource, ...where, ...name }).allowed;
}

/** @throws StatusError 403 that lists what the user does not have */
function checkHeld(
  authorizer: Authorizer,
  attributes: AdmissionAttributes,
  wanted: readonly PolicyRule[],
): void {
  const { user, namespace } = attributes;
  const { resourceRules, nonResourceRules } = authorizer.rulesFor(user, namespace ?? '');
  const held: readonly PolicyRule[] = [...resourceRules, ...nonResourceRules] as PolicyRule[];
  const missing = wanted
    .flatMap(piecesOf)
    .filter((piece) => !held.some((rule) => coversRequest(rule, asRequest(piece))));
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

/** What would have to be allowed for a piece to be held. */
function asRequest({
  verbs,
  apiGroups,
  resources: plurals,
  resourceNames,
  nonResourceURLs,
}: PolicyRule): AuthorizationAttributes {
  const [verb = ''] = verbs;
  const [path] = nonResourceURLs ?? [];
  if (path !== undefined) return { verb, path };
  const [resource = '', subresource] = plurals?.[0]?.split('/') ?? [];
  const [group = ''] = apiGroups ?? [];
  const [name = ''] = resourceNames ?? [];
  return { verb, group, resource, ...(subresource !== undefined && { subresource }), name };
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
