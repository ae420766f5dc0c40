import { equal } from '../../../core/json.ts';
import type { LabelSelector, PolicyRule, Role, RoleBinding, Subject } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { pathSegmentProblems, subdomainProblems } from './formats.ts';
import type { Problems } from './problems.ts';
import { checkSelector, isUsable } from './selectors.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
export function checkRole(problems: Problems, role: Draft<Role>): void {
  checkRules(problems, role, true);
}

export function checkClusterRole(problems: Problems, role: Draft<Role>): void {
  checkRules(problems, role, false);
  (role.aggregationRule?.clusterRoleSelectors ?? []).forEach((selector, index) => {
    const field = `aggregationRule.clusterRoleSelectors[${index}]`;
    checkSelector(problems, field, selector as LabelSelector);
    if (!isUsable(selector as LabelSelector)) problems.invalid(field, null, 'invalid label selector.');
  });
}

function checkRules(problems: Problems, role: Draft<Role>, isNamespaced: boolean): void {
  (role.rules ?? []).forEach((rule, index) => checkRule(problems, `rules[${index}]`, rule, isNamespaced));
}

function checkRule(problems: Problems, field: string, rule: Draft<PolicyRule>, isNamespaced: boolean): void {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  if (verbs.length === 0) problems.required(`${field}.verbs`, 'verbs must contain at least one value');
  if (nonResourceURLs.length > 0) {
    const at = `${field}.nonResourceURLs`;
    if (isNamespaced) {
      problems.invalid(at, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
    }
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      problems.invalid(
        at,
        nonResourceURLs,
        'rules cannot apply to both regular resources and non-resource URLs',
      );
    }
    return;
  }
  if (apiGroups.length === 0) {
    problems.required(`${field}.apiGroups`, 'resource rules must supply at least one api group');
  }
  if (resources.length === 0) {
    problems.required(`${field}.resources`, 'resource rules must supply at least one resource');
  }
}

export function checkRoleBinding(problems: Problems, binding: Draft<RoleBinding>): void {
  checkBinding(problems, binding, ['Role', 'ClusterRole']);
}

export function checkClusterRoleBinding(problems: Problems, binding: Draft<RoleBinding>): void {
  checkBinding(problems, binding, ['ClusterRole']);
}

function checkBinding(problems: Problems, binding: Draft<RoleBinding>, kinds: readonly string[]): void {
  const { apiGroup, name = '' } = binding.roleRef ?? {};
  const kind: string = binding.roleRef?.kind ?? '';
  problems.oneOf('roleRef.apiGroup', apiGroup, [RBAC]);
  problems.oneOf('roleRef.kind', kind, kinds);
  if (name === '') problems.required('roleRef.name');
  else problems.invalidFor('roleRef.name', name, pathSegmentProblems(name));
  const needsNamespace = !kinds.includes('Role');
  (binding.subjects ?? []).forEach((subject, index) => {
    checkSubject(problems, `subjects[${index}]`, subject, needsNamespace);
  });
}

function checkSubject(
  problems: Problems,
  field: string,
  subject: Draft<Subject>,
  needsNamespace: boolean,
): void {
  const { name = '', namespace = '', apiGroup = '' } = subject;
  const kind: string = subject.kind ?? '';
  if (name === '') problems.required(`${field}.name`);
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') problems.invalidFor(`${field}.name`, name, subdomainProblems(name));
      if (apiGroup !== '') problems.unsupported(`${field}.apiGroup`, apiGroup, ['']);
      if (needsNamespace && namespace === '') problems.required(`${field}.namespace`);
      return;
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC) problems.unsupported(`${field}.apiGroup`, apiGroup, [RBAC]);
      return;
    default:
      problems.unsupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group']);
  }
}

/** @param check of a new binding */
export function checkBindingUpdate(check: (problems: Problems, binding: RoleBinding) => void) {
  return (problems: Problems, binding: RoleBinding, old: RoleBinding): void => {
    check(problems, binding);
    if (equal(binding.roleRef, old.roleRef)) return;
    const { apiGroup, kind, name } = binding.roleRef;
    problems.invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef');
  };
}
