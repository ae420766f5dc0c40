import { describe, expect, test } from '@jest/globals';
import { Reinvocation } from '../../../../../src/cluster/apiserver/admission/reinvocation.ts';
import { escalation } from '../../../../../src/cluster/apiserver/admission/escalation.ts';
import { createAuthorizer } from '../../../../../src/cluster/apiserver/auth/authorizer.ts';
import type { AdmissionAttributes } from '../../../../../src/cluster/apiserver/pipeline.ts';
import type { AnyObject, PolicyRule } from '../../../../../src/model/objects.ts';
import { resourceOf, stateOf } from './harness.ts';

const RBAC = 'rbac.authorization.k8s.io';
const role = (name: string, ...rules: PolicyRule[]): AnyObject =>
  ({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name, namespace: 'shop' }, rules }) as never;
const binding = (roleRef: object, ...subjects: string[]): AnyObject =>
  ({
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'new', namespace: 'shop' },
    roleRef: { apiGroup: RBAC, ...roleRef },
    subjects: subjects.map((name) => ({ kind: 'User', name, apiGroup: RBAC })),
  }) as never;

const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const state = stateOf(
  role('reader', pods, { apiGroups: ['apps'], resources: ['*/scale'], verbs: ['*'] }),
  role('binder', { apiGroups: [RBAC], resources: ['roles'], resourceNames: ['secrets'], verbs: ['bind'] }),
  role('secrets', { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }),
  binding({ kind: 'Role', name: 'reader' }, 'ann', 'bob'),
  binding({ kind: 'Role', name: 'binder' }, 'bob'),
);

function write(
  object: AnyObject,
  { user = 'ann', groups = ['staff'], old = undefined as AnyObject | undefined } = {},
): unknown {
  const attributes: AdmissionAttributes = {
    operation: old === undefined ? 'CREATE' : 'UPDATE',
    resource: resourceOf(object.kind),
    subresource: undefined,
    namespace: 'shop',
    name: object.metadata.name,
    object,
    old,
    user: { name: user, groups },
    dryRun: false,
    api: state,
    timestamp: '2026-01-01T00:00:00Z',
    warn: () => {},
    reinvocation: new Reinvocation(),
  };
  try {
    escalation(createAuthorizer({ api: state })).mutate?.(attributes);
    return 'allowed';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('who writes a role', () => {
  test.each([
    [pods],
    [{ ...pods, resourceNames: ['web'] }],
    [{ apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] }],
  ])('may grant what they have: %j', (rule) => {
    expect(write(role('new', rule))).toBe('allowed');
  });

  test('may not grant more, and is told what, once for each resource', () => {
    const rules = [
      { apiGroups: ['', 'apps'], resources: ['pods'], verbs: ['get', 'delete'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['watch'], resourceNames: ['web'] },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ];
    expect(write(role('new', ...rules))).toBe(
      `roles.${RBAC} "new" is forbidden: user "ann" (groups=["staff"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], ResourceNames:["web"], Verbs:["watch"]}
{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}
{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "delete"]}
{NonResourceURLs:["/metrics"], Verbs:["get"]}`,
    );
  });

  test('gets to validation what has no verbs, and needs everything for a role that gathers others', () => {
    expect(write(role('new', { apiGroups: [''], resources: ['pods'] } as never))).toBe('allowed');
    const gathering = { ...role('new'), aggregationRule: { clusterRoleSelectors: [] } } as AnyObject;
    expect(write(gathering)).toContain('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}');
  });

  test('may change what is no rule', () => {
    const old = role('secrets', { apiGroups: [''], resources: ['secrets'], verbs: ['get'] });
    const labelled = { ...old, metadata: { ...old.metadata, labels: { a: 'b' } } };
    expect(write(labelled, { old })).toBe('allowed');
  });

  test('may grant everything as one of system:masters', () => {
    const all = role('new', { apiGroups: ['*'], resources: ['*'], verbs: ['*'] });
    expect(write(all)).toContain('{APIGroups:["*"], Resources:["*"], Verbs:["*"]}');
    expect(write(all, { groups: ['system:masters'] })).toBe('allowed');
  });
});

describe('who binds a role', () => {
  const secrets = { kind: 'Role', name: 'secrets' };
  test('needs its rules or the verb bind', () => {
    expect(write(binding({ kind: 'Role', name: 'reader' }, 'eve'))).toBe('allowed');
    expect(write(binding(secrets, 'eve'))).toContain(
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
    expect(write(binding(secrets, 'eve'), { user: 'bob' })).toBe('allowed');
  });

  test('of a name that no role has is told so', () => {
    expect(write(binding({ kind: 'ClusterRole', name: 'none' }, 'eve'))).toBe(
      `rolebindings.${RBAC} "none" not found`,
    );
    expect(write(binding({ kind: 'Roles', name: 'reader' }, 'eve'))).toBe(
      'unsupported role reference kind: "Roles"',
    );
  });
});
