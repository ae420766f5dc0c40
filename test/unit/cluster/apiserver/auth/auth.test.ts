import { describe, expect, test } from '@jest/globals';
import { createAuthentication } from '../../../../../src/cluster/apiserver/auth/authentication.ts';
import { createAuthorizer } from '../../../../../src/cluster/apiserver/auth/authorizer.ts';
import { createTokens, ISSUER, type TokenRequest } from '../../../../../src/cluster/apiserver/auth/tokens.ts';
import type { StateReader } from '../../../../../src/cluster/apiserver/pipeline.ts';
import type { ApiRequest, UserInfo } from '../../../../../src/cluster/apiserver/types.ts';
import { account, stateOf } from '../admission/harness.ts';

const SEED = new Uint8Array(32).fill(7);
const NOW = 1_795_000_000;
const tokensAt = (now: number): ReturnType<typeof createTokens> =>
  createTokens({ seed: SEED, now: () => now });
const request: TokenRequest = {
  namespace: 'shop',
  serviceAccount: 'web',
  uid: 'sa-uid',
  expirationSeconds: 3600,
};

describe('tokens', () => {
  test('are the same for the same seed and time, and are read back', () => {
    const token = tokensAt(NOW).issue(request);
    expect(tokensAt(NOW).issue(request)).toBe(token);
    expect(createTokens({ seed: new Uint8Array(32), now: () => NOW }).issue(request)).not.toBe(token);
    expect(tokensAt(NOW + 10).verify(token)).toMatchObject({
      aud: [ISSUER],
      iss: ISSUER,
      iat: NOW,
      nbf: NOW,
      exp: NOW + 3600,
      sub: 'system:serviceaccount:shop:web',
      'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'web', uid: 'sa-uid' } },
    });
  });

  test('end with their time', () => {
    const token = tokensAt(NOW).issue(request);
    expect(tokensAt(NOW - 1).verify(token)).toBeUndefined();
    expect(tokensAt(NOW + 3599).verify(token)).toBeDefined();
    expect(tokensAt(NOW + 3600).verify(token)).toBeUndefined();
  });

  test('of pods live a year and say when they should have been renewed', () => {
    const claims = tokensAt(NOW).verify(tokensAt(NOW).issue({ ...request, expirationSeconds: 3607 }));
    expect(claims?.exp).toBe(NOW + 31_536_000);
    expect(claims?.['kubernetes.io'].warnafter).toBe(NOW + 3607);
    const other = tokensAt(NOW).issue({ ...request, expirationSeconds: 3607, audiences: ['vault'] });
    expect(tokensAt(NOW).verify(other)?.exp).toBe(NOW + 3607);
  });

  test('are worth nothing once a byte is changed', () => {
    const tokens = tokensAt(NOW);
    const [header = '', payload = '', signature = ''] = tokens.issue(request).split('.');
    const forged = Buffer.from(payload, 'base64url').toString().replace('shop:web', 'kube-system:admin');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const token of [
      `${header}.${Buffer.from(forged).toString('base64url')}.${signature}`,
      `${header}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}.${payload}`,
      'abc',
      '',
    ]) {
      expect(tokens.verify(token)).toBeUndefined();
    }
  });

  test('need a seed of 32 bytes', () => {
    expect(() => createTokens({ seed: new Uint8Array(31), now: () => NOW })).toThrow('31 bytes');
  });
});

const RBAC = 'rbac.authorization.k8s.io';
const role = (kind: 'Role' | 'ClusterRole', name: string, rules: object[] | null): object => ({
  apiVersion: `${RBAC}/v1`,
  kind,
  metadata: { name, ...(kind === 'Role' && { namespace: 'shop' }) },
  rules,
});
const binding = (
  kind: 'RoleBinding' | 'ClusterRoleBinding',
  name: string,
  [roleKind, roleName]: readonly [string, string],
  ...subjects: object[]
): object => ({
  apiVersion: `${RBAC}/v1`,
  kind,
  metadata: { name, ...(kind === 'RoleBinding' && { namespace: 'shop' }) },
  roleRef: { apiGroup: RBAC, kind: roleKind, name: roleName },
  subjects,
});
const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups });
const web = user('system:serviceaccount:shop:web', 'system:serviceaccounts', 'system:serviceaccounts:shop');
const WEB = { kind: 'ServiceAccount', name: 'web', namespace: 'shop' };

describe('authorization', () => {
  const state = stateOf(
    role('Role', 'reader', [
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] },
      { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
    ]),
    role('ClusterRole', 'scaler', [{ verbs: ['update'], apiGroups: ['*'], resources: ['*/scale'] }]),
    role('ClusterRole', 'public', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/api/*'] }]),
    role('ClusterRole', 'all', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]),
    role('ClusterRole', 'nothing', null),
    binding('RoleBinding', 'web-reads', ['Role', 'reader'], WEB, { kind: 'User', name: 'ann' }),
    binding('RoleBinding', 'web-scales', ['ClusterRole', 'scaler'], WEB),
    binding('RoleBinding', 'ops', ['ClusterRole', 'all'], { kind: 'Group', name: 'ops' }),
    binding('RoleBinding', 'gone', ['Role', 'gone'], { kind: 'User', name: 'bob' }),
    binding('ClusterRoleBinding', 'gone', ['ClusterRole', 'gone'], { kind: 'User', name: 'bob' }),
    binding('ClusterRoleBinding', 'nothing', ['ClusterRole', 'nothing'], WEB),
    binding('ClusterRoleBinding', 'public', ['ClusterRole', 'public'], {
      kind: 'Group',
      name: 'system:unauthenticated',
    }),
  );
  const authorizer = createAuthorizer({ api: state });
  const pods = { group: '', resource: 'pods', namespace: 'shop' };

  test.each([
    [web, { ...pods, verb: 'list' }, true],
    [web, { ...pods, verb: 'get', subresource: 'log' }, true],
    [web, { ...pods, verb: 'get', subresource: 'exec' }, false],
    [web, { ...pods, verb: 'delete' }, false],
    [web, { ...pods, verb: 'list', namespace: 'other' }, false],
    [web, { ...pods, verb: 'list', namespace: '' }, false],
    [web, { ...pods, verb: 'list', group: 'metrics.k8s.io' }, false],
    [web, { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web' }, true],
    [web, { verb: 'patch', group: 'apps', resource: 'deployments', namespace: 'shop', name: 'api' }, false],
    [web, { verb: 'list', group: 'apps', resource: 'deployments', namespace: 'shop' }, false],
    [
      web,
      { verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'shop' },
      true,
    ],
    [user('system:serviceaccount:other:web'), { ...pods, verb: 'list' }, false],
    [user('ann'), { ...pods, verb: 'list' }, true],
    [user('eve', 'ops'), { ...pods, verb: 'delete', subresource: 'eviction' }, true],
    [user('eve', 'ops'), { ...pods, verb: 'delete', namespace: 'other' }, false],
    [user('eve', 'ops'), { verb: 'get', path: '/healthz' }, false],
    [user('root', 'system:masters'), { verb: 'get', path: '/anything' }, true],
    [user('system:node:a', 'system:nodes'), { ...pods, verb: 'update', subresource: 'status' }, true],
    [user('system:node:a'), { ...pods, verb: 'update', subresource: 'status' }, false],
    [user('system:anonymous', 'system:unauthenticated'), { verb: 'get', path: '/healthz' }, true],
    [user('system:anonymous', 'system:unauthenticated'), { verb: 'get', path: '/api/v1' }, true],
    [user('system:anonymous', 'system:unauthenticated'), { verb: 'get', path: '/api' }, false],
    [user('system:anonymous', 'system:unauthenticated'), { verb: 'post', path: '/healthz' }, false],
  ] as const)('%j %j', (who, attributes, allowed) => {
    expect(authorizer.authorize(who, attributes).allowed).toBe(allowed);
  });

  test('says by what it allows, and which roles are missing', () => {
    expect(authorizer.authorize(web, { ...pods, verb: 'list' }).reason).toBe(
      'RBAC: allowed by RoleBinding "web-reads/shop" of Role "reader" to ServiceAccount "web/shop"',
    );
    expect(
      authorizer.authorize(user('x', 'system:unauthenticated'), { verb: 'get', path: '/healthz' }).reason,
    ).toBe(
      'RBAC: allowed by ClusterRoleBinding "public" of ClusterRole "public" to Group "system:unauthenticated"',
    );
    expect(authorizer.authorize(user('bob'), { ...pods, verb: 'list' })).toEqual({
      allowed: false,
      reason:
        'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "gone" not found]',
    });
    expect(authorizer.authorize(user('carl'), { ...pods, verb: 'list' })).toEqual({
      allowed: false,
      reason: '',
    });
  });

  test('lists what a user may do', () => {
    expect(authorizer.rulesFor(user('ann', 'system:unauthenticated'), 'shop')).toEqual({
      resourceRules: [
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] },
        { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
      ],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/api/*'] }],
    });
    expect(authorizer.rulesFor(user('root', 'system:masters'), 'shop').resourceRules).toEqual([
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    ]);
  });
});

describe('authentication', () => {
  const tokens = tokensAt(NOW);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-0', namespace: 'shop', uid: 'pod-uid' },
  };
  const withUid = { metadata: { name: 'web', namespace: 'shop', uid: 'sa-uid' } };
  const full = stateOf(
    account('shop', 'web', withUid),
    pod,
    role('ClusterRole', 'impersonator', [
      { verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['ann'] },
    ]),
    binding('ClusterRoleBinding', 'impersonator', ['ClusterRole', 'impersonator'], {
      kind: 'User',
      name: 'boss',
    }),
  );
  const identify = (
    headers: Record<string, string>,
    certificate?: ApiRequest['certificate'],
    api: StateReader = full,
  ): UserInfo =>
    createAuthentication({ tokens, api, authorizer: createAuthorizer({ api }) }).authenticate(
      {
        method: 'GET',
        path: '/api',
        query: '',
        headers,
        body: new Uint8Array(),
        ...(certificate && { certificate }),
      },
      { verb: 'get', path: '/api' },
    );
  const bearer = (more: Partial<TokenRequest> = {}): Record<string, string> => ({
    authorization: `Bearer ${tokens.issue({ ...request, ...more })}`,
  });
  const boss = { commonName: 'boss', organizations: ['staff'] };

  test('nobody is anonymous', () => {
    expect(identify({})).toEqual({ name: 'system:anonymous', groups: ['system:unauthenticated'] });
  });

  test('a certificate names the user and the groups', () => {
    expect(identify({}, boss)).toEqual({ name: 'boss', groups: ['staff', 'system:authenticated'] });
  });

  test('a token names a ServiceAccount', () => {
    expect(identify(bearer({ pod: { name: 'web-0', uid: 'pod-uid' } }))).toMatchObject({
      name: 'system:serviceaccount:shop:web',
      uid: 'sa-uid',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/pod-name': ['web-0'] },
    });
  });

  test.each([
    ['of nobody', { authorization: 'Bearer abc' }, full],
    ['for another audience', bearer({ audiences: ['vault'] }), full],
    ['of an account that is gone', bearer(), stateOf()],
    ['of an account that was made again', bearer({ uid: 'before' }), full],
    ['of a pod that is gone', bearer({ pod: { name: 'web-1', uid: 'x' } }), full],
    ['of a pod that was made again', bearer({ pod: { name: 'web-0', uid: 'before' } }), full],
    ['of a node that is gone', bearer({ node: { name: 'n', uid: 'x' } }), full],
  ])('a token %s is refused', (_what, headers, api) => {
    expect(() => identify(headers, undefined, api)).toThrow('Unauthorized');
  });

  test('a token that a Secret keeps is good as long as it is kept', () => {
    const token = tokens.issueForSecret({
      namespace: 'shop',
      serviceAccount: 'web',
      uid: 'sa-uid',
      secret: 'long',
    });
    const kept = (text: string): StateReader =>
      stateOf(account('shop', 'web', withUid), {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'long', namespace: 'shop' },
        data: { token: Buffer.from(text).toString('base64') },
      });
    const headers = { authorization: `Bearer ${token}` };
    expect(identify(headers, undefined, kept(token))).toMatchObject({
      name: 'system:serviceaccount:shop:web',
      uid: 'sa-uid',
    });
    expect(() => identify(headers, undefined, kept('another'))).toThrow('Unauthorized');
    expect(() => identify(headers, undefined, full)).toThrow('Unauthorized');
  });

  test('review knows other audiences', () => {
    const authentication = createAuthentication({
      tokens,
      api: full,
      authorizer: createAuthorizer({ api: full }),
    });
    const token = tokens.issue({ ...request, audiences: ['vault'] });
    expect(authentication.reviewToken(token, ['vault'])?.name).toBe('system:serviceaccount:shop:web');
    expect(authentication.reviewToken(token, [])).toBeUndefined();
  });

  test('who may impersonate acts in another name', () => {
    expect(identify({ 'impersonate-user': 'ann' }, boss)).toEqual({
      name: 'ann',
      groups: ['system:authenticated'],
    });
    const root = { commonName: 'root', organizations: ['system:masters'] };
    const headers = {
      'impersonate-user': 'ann',
      'impersonate-group': 'a, b,c',
      'impersonate-uid': '1',
      'impersonate-extra-scopes%2fx': 'view',
    };
    expect(identify(headers, root)).toEqual({
      name: 'ann',
      uid: '1',
      groups: ['a', 'b,c', 'system:authenticated'],
      extra: { 'scopes/x': ['view'] },
    });
    expect(identify({ 'impersonate-user': 'system:anonymous' }, root).groups).toEqual([
      'system:unauthenticated',
    ]);
  });
});
