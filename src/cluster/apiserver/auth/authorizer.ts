import type { PolicyRule, Role, RoleBinding, Subject } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type {
  AuthorizationAttributes,
  Authorizer,
  Decision,
  NonResourceRule,
  ResourceRule,
  StateReader,
} from '../pipeline.ts';
import type { UserInfo } from '../types.ts';

const SUPERUSERS = 'system:masters';
const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const EVERYTHING: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

/**
 * Role-based access control over the roles and bindings that are stored. Aggregated ClusterRoles hold their rules
 * already. Nodes may do everything: the kubelets here are ours.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export function createAuthorizer({ api }: { readonly api: StateReader }): Authorizer {
  return {
    authorize(user, attributes) {
      if (isTrusted(user)) return { allowed: true, reason: '' };
      return decide(api, user, attributes);
    },
    rulesFor(user, namespace) {
      const rules = isTrusted(user)
        ? [EVERYTHING, { verbs: ['*'], nonResourceURLs: ['*'] }]
        : [...grantsOf(api, user, namespace)].flatMap(({ role }) => role?.rules ?? []);
      return { resourceRules: rules.flatMap(resourceRule), nonResourceRules: rules.flatMap(nonResourceRule) };
    },
  };
}

/** May do everything, and grant it. */
export function isSuperuser({ groups }: UserInfo): boolean {
  return groups.includes(SUPERUSERS);
}

function isTrusted({ name, groups }: UserInfo): boolean {
  return groups.includes(SUPERUSERS) || (name.startsWith(NODE_PREFIX) && groups.includes(NODES));
}

function decide(api: StateReader, user: UserInfo, attributes: AuthorizationAttributes): Decision {
  const missing: string[] = [];
  for (const { binding, subject, role } of grantsOf(api, user, attributes.namespace)) {
    if (role === undefined) {
      missing.push(
        `${binding.roleRef.kind.toLowerCase()}.${binding.roleRef.apiGroup} "${binding.roleRef.name}" not found`,
      );
    } else if (role.rules?.some((rule) => coversRequest(rule, attributes)) === true) {
      return { allowed: true, reason: `RBAC: allowed by ${describe(binding, subject)}` };
    }
  }
  const [only] = missing;
  if (only === undefined) return { allowed: false, reason: '' };
  return {
    allowed: false,
    reason: `RBAC: ${missing.length === 1 ? only : `[${[...new Set(missing)].join(', ')}]`}`,
  };
}

interface Grant {
  readonly binding: RoleBinding;
  readonly subject: Subject;
  /** Undefined where the binding names a role that does not exist. */
  readonly role: Role | undefined;
}

/** The bindings that name the user: those of the cluster, then those of the namespace. */
function* grantsOf(api: StateReader, user: UserInfo, namespace: string | undefined): Generator<Grant> {
  for (const binding of api.list(resources.clusterRoleBindings)) {
    const subject = binding.subjects?.find((candidate) => names(candidate, user));
    if (subject === undefined) continue;
    yield { binding, subject, role: api.get(resources.clusterRoles, undefined, binding.roleRef.name) };
  }
  if (namespace === undefined || namespace === '') return;
  for (const binding of api.list(resources.roleBindings, { namespace })) {
    const subject = binding.subjects?.find((candidate) => names(candidate, user, namespace));
    if (subject === undefined) continue;
    const { kind, name } = binding.roleRef;
    const role =
      kind === 'Role'
        ? api.get(resources.roles, namespace, name)
        : api.get(resources.clusterRoles, undefined, name);
    yield { binding, subject, role };
  }
}

function names(subject: Subject, user: UserInfo, namespace?: string): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === user.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const of = subject.namespace ?? namespace;
      return of !== undefined && user.name === `system:serviceaccount:${of}:${subject.name}`;
    }
  }
}

function describe({ kind, metadata, roleRef }: RoleBinding, subject: Subject): string {
  const name = metadata.namespace === undefined ? metadata.name : `${metadata.name}/${metadata.namespace}`;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace ?? ''}` : subject.name;
  return `${kind} "${name}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${who}"`;
}

/** Whether a rule allows something. */
export function coversRequest(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!contains(rule.verbs, attributes.verb)) return false;
  if (attributes.resource === undefined) {
    return rule.nonResourceURLs?.some((url) => coversPath(url, attributes.path ?? '')) === true;
  }
  return (
    contains(rule.apiGroups, attributes.group ?? '') &&
    coversResource(rule.resources ?? [], attributes.resource, attributes.subresource) &&
    coversName(rule.resourceNames, attributes.name ?? '')
  );
}

function contains(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((item) => item === '*' || item === value) === true;
}

function coversResource(list: readonly string[], resource: string, subresource: string | undefined): boolean {
  const hasSubresource = subresource !== undefined && subresource !== '';
  const full = hasSubresource ? `${resource}/${subresource}` : resource;
  return list.some(
    (item) => item === '*' || item === full || (hasSubresource && item === `*/${subresource}`),
  );
}

function coversName(list: readonly string[] | undefined, name: string): boolean {
  return list === undefined || list.length === 0 || list.includes(name);
}

function coversPath(url: string, path: string): boolean {
  return url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

function resourceRule(rule: PolicyRule): ResourceRule[] {
  if (rule.resources === undefined || rule.resources.length === 0) return [];
  const { verbs, apiGroups, resources: plurals, resourceNames } = rule;
  return [
    { verbs, ...(apiGroups && { apiGroups }), resources: plurals, ...(resourceNames && { resourceNames }) },
  ];
}

function nonResourceRule({ verbs, nonResourceURLs }: PolicyRule): NonResourceRule[] {
  return nonResourceURLs === undefined || nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }];
}
