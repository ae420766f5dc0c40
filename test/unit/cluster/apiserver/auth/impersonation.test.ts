import { describe, expect, test } from '@jest/globals';
import { createAuthorizer } from '../../../../../src/cluster/apiserver/auth/authorizer.ts';
import { impersonated } from '../../../../../src/cluster/apiserver/auth/impersonation.ts';
import type { AuthorizationAttributes } from '../../../../../src/cluster/apiserver/pipeline.ts';
import type { UserInfo } from '../../../../../src/cluster/apiserver/types.ts';
import type { PolicyRule } from '../../../../../src/model/objects.ts';
import { stateOf } from '../admission/harness.ts';

const GROUP = 'authentication.k8s.io';
const LIST_PODS: AuthorizationAttributes = {
  verb: 'list',
  group: '',
  version: 'v1',
  resource: 'pods',
  namespace: 'shop',
};
const ON_PODS = [
  'impersonate-on:user-info:list',
  'impersonate-on:serviceaccount:list',
  'impersonate-on:arbitrary-node:list',
  'impersonate-on:associated-node:list',
];
const AGENT: UserInfo = {
  name: 'system:serviceaccount:shop:agent',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
};

const may = (verb: string, resource: string, ...resourceNames: string[]): PolicyRule => ({
  verbs: [verb],
  apiGroups: [verb === 'impersonate' ? '' : GROUP],
  resources: [resource],
  ...(resourceNames.length > 0 && { resourceNames }),
});

/** The user in whose name `boss`, who has these rights, acts with these headers. */
function act(
  headers: Record<string, string>,
  rules: readonly PolicyRule[],
  sender: UserInfo = { name: 'boss', groups: [] },
  action = LIST_PODS,
): UserInfo {
  const rbac = 'rbac.authorization.k8s.io';
  const api = stateOf(
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'r' }, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'r' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'r' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: sender.name }],
    },
  );
  return impersonated(sender, headers, createAuthorizer({ api }), action);
}

const onPods: PolicyRule = { verbs: ON_PODS, apiGroups: [''], resources: ['pods'] };

describe('impersonation for every request', () => {
  const rules = [may('impersonate', 'users', 'ann', 'system:node:n1'), may('impersonate', 'serviceaccounts')];

  test('gives the name, and a ServiceAccount its groups', () => {
    expect(act({ 'impersonate-user': 'ann' }, rules)).toEqual({
      name: 'ann',
      groups: ['system:authenticated'],
    });
    expect(act({ 'impersonate-user': 'system:serviceaccount:shop:web' }, rules).groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:shop',
      'system:authenticated',
    ]);
  });

  test('knows no groups of nodes', () => {
    expect(act({ 'impersonate-user': 'system:node:n1' }, rules).groups).toEqual(['system:authenticated']);
  });

  test('refuses in its own words who may take the name', () => {
    expect(() =>
      act({ 'impersonate-user': 'ann', 'impersonate-group': 'ops', 'impersonate-uid': '5' }, rules),
    ).toThrow(
      `uids.${GROUP} "5" is forbidden: User "boss" cannot impersonate resource "uids" in API group "${GROUP}" at the cluster scope`,
    );
    expect(() => act({ 'impersonate-user': 'ann', 'impersonate-group': 'ops' }, rules)).toThrow(
      'groups "ops" is forbidden: User "boss" cannot impersonate resource "groups" in API group "" at the cluster scope',
    );
  });

  test('wants a name', () => {
    expect(() => act({ 'impersonate-group': 'g' }, rules)).toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"g"}, Extra:map[string][]string(nil)} without impersonating a user name',
    );
  });
});

describe('impersonation for what a request asks for', () => {
  test.each([
    ['bob', 'user-info'],
    ['system:serviceaccount:default:x', 'serviceaccount'],
    ['system:node:n1', 'arbitrary-node'],
    ['system:node:Not_A_Node', 'user-info'],
  ])('to %s is refused to whom nothing is allowed', (user, mode) => {
    expect(() => act({ 'impersonate-user': user }, [])).toThrow(
      `pods is forbidden: User "boss" cannot impersonate-on:${mode}:list resource "pods" in API group "" in the namespace "shop"`,
    );
  });

  test('is refused on a path', () => {
    expect(() =>
      act({ 'impersonate-user': 'bob' }, [], undefined, { verb: 'get', path: '/metrics' }),
    ).toThrow('forbidden: User "boss" cannot impersonate-on:user-info:get path "/metrics"');
  });

  test('asks for the name next', () => {
    const rules = [onPods, may('impersonate:user-info', 'users', 'bob')];
    expect(act({ 'impersonate-user': 'bob' }, rules).name).toBe('bob');
    expect(() => act({ 'impersonate-user': 'ann' }, rules)).toThrow(
      `users.${GROUP} "ann" is forbidden: User "boss" cannot impersonate:user-info resource "users" in API group "${GROUP}" at the cluster scope`,
    );
  });

  test('gives nodes their group', () => {
    const rules = [onPods, may('impersonate:arbitrary-node', 'nodes', 'n1')];
    expect(act({ 'impersonate-user': 'system:node:n1' }, rules)).toEqual({
      name: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    });
    expect(() => act({ 'impersonate-user': 'system:node:n2' }, rules)).toThrow(
      'nodes.authentication.k8s.io "n2"',
    );
  });

  test('gives a pod its own node', () => {
    const rules = [onPods, may('impersonate:associated-node', 'nodes')];
    expect(act({ 'impersonate-user': 'system:node:n1' }, rules, AGENT).name).toBe('system:node:n1');
    expect(() => act({ 'impersonate-user': 'system:node:n2' }, rules, AGENT)).toThrow(
      'cannot impersonate:arbitrary-node resource "nodes"',
    );
  });

  test('gives nobody the rights of a superuser', () => {
    const rules = [onPods, may('impersonate:user-info', '*')];
    const headers = { 'impersonate-user': 'bob', 'impersonate-group': 'a, system:masters' };
    expect(() => act(headers, rules)).toThrow('impersonating the system:masters group is not allowed');
    expect(act({ ...headers, 'impersonate-group': 'a, b' }, rules).groups).toEqual([
      'a',
      'b',
      'system:authenticated',
    ]);
  });

  test('of many groups may be allowed all at once', () => {
    const rules = [
      onPods,
      may('impersonate:user-info', 'users'),
      may('impersonate:user-info', 'groups', '*'),
    ];
    expect(act({ 'impersonate-user': 'bob', 'impersonate-group': 'a, b, c, d' }, rules).groups).toHaveLength(
      5,
    );
    expect(() => act({ 'impersonate-user': 'bob', 'impersonate-group': 'a, b, c' }, rules)).toThrow(
      'groups.authentication.k8s.io "a"',
    );
  });

  test.each([
    [
      'scopes',
      'view',
      'an invalid key in extra is not allowed: extra.key: Invalid value: "scopes": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    ['acme.io%2fScopes', 'view', 'a non-lowercase key in extra is not allowed: "acme.io/Scopes"'],
    ['acme.io%2fscopes', '', 'the empty string value in extra is not allowed'],
  ])('refuses the extra %s=%s', (key, value, words) => {
    const rules = [onPods, may('impersonate:user-info', '*')];
    const headers = { 'impersonate-user': 'bob', [`impersonate-extra-${key}`]: value };
    expect(() => act(headers, rules)).toThrow(
      `userextras.${GROUP} is forbidden: User "boss" cannot impersonate:user-info resource "userextras" in API group "${GROUP}" at the cluster scope: impersonating ${words}`,
    );
  });
});
