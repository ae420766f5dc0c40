import { beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthority } from '../../../../src/cluster/wire/certificates.ts';
import { MINUTE, adminRequest, headerOf, inProcessLab } from '../../../helpers/in-process.ts';

const AGNHOST = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const { spec, ...header } = headerOf('api-from-pods');
const authority = (commonName: string): string =>
  createAuthority({ commonName, now: new Date(header.epoch / 1000) }).certificate;
const lab = inProcessLab({ ...header, spec: { ...spec, ca: authority('kubernetes'), publicImages: true } });

const pod = (name: string, container: object, volumes: readonly object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop' },
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: AGNHOST, ...container }], volumes },
});

beforeAll(async () => {
  await lab.host.advanceTo(lab.header.epoch + MINUTE);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  await lab.request('POST', '/api/v1/namespaces', { body: namespace });
  await lab.host.advanceTo(lab.host.now + MINUTE);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'discovery' },
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'system:service-account-issuer-discovery',
    },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }],
  };
  await lab.request('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { body: binding });
  const token = { serviceAccountToken: { path: 'token', expirationSeconds: 600, audience: 'me' } };
  for (const [name, audience] of [
    ['checks', 'me'],
    ['for-others', 'you'],
  ] as const) {
    const body = pod(
      name,
      {
        args: ['test-service-account-issuer-discovery', '--token-path', '/t/token', '--audience', audience],
        volumeMounts: [{ name: 't', mountPath: '/t' }],
      },
      [{ name: 't', projected: { sources: [token] } }],
    );
    await lab.request('POST', '/api/v1/namespaces/shop/pods', { body });
  }
  await lab.request('POST', '/api/v1/namespaces/shop/pods', { body: pod('client', { args: ['pause'] }) });
  await lab.goLive();
  await lab.wait(MINUTE);
});

describe('the API server as pods reach it', () => {
  const curl = (words: string): Promise<string> =>
    lab.exec('client', ['sh', '-c', `curl -sS -m 5 ${words} 2>&1`]);
  const trusted = `--cacert ${ACCOUNT}/ca.crt`;
  const authorized = `-H "Authorization: Bearer $(cat ${ACCOUNT}/token)"`;
  const pods = 'https://kubernetes.default.svc/api/v1/namespaces/shop/pods';

  test('answers whom a token names, as that one', async () => {
    const answer = JSON.parse(await curl(`${trusted} ${authorized} ${pods}`)) as { message: string };
    expect(answer.message).toBe(
      'pods is forbidden: User "system:serviceaccount:shop:default" cannot list resource "pods" in API group "" in the namespace "shop"',
    );
  });

  test('is known by the authority that pods are given, and to nobody else', async () => {
    expect(await curl(pods)).toBe(
      'curl: (60) SSL certificate OpenSSL verify result: self-signed certificate (18)\n',
    );
    await lab.exec('client', ['sh', '-c', 'cat > /tmp/other.crt'], authority('other'));
    expect(await curl(`--cacert /tmp/other.crt ${pods}`)).toContain('curl: (60)');
    expect(await curl(`--cacert /none ${pods}`)).toBe(
      'curl: (77) error adding trust anchors from file: /none\n',
    );
  });

  test('wants TLS', async () => {
    expect(await curl('http://kubernetes.default.svc:443/')).toBe(
      'Client sent an HTTP request to an HTTPS server.\n',
    );
  });

  test('answers a watch when it has ended', async () => {
    const account = '/api/v1/namespaces/kube-system/serviceaccounts/namespace-controller/token';
    const { body } = await lab.request('POST', account, { body: { spec: {} } });
    const { token } = body['status'] as { token: string };
    const watch = "'https://kubernetes.default.svc/api/v1/namespaces?watch=1&timeoutSeconds=3'";
    const answer = await curl(`${trusted} -H 'Authorization: Bearer ${token}' ${watch}`);
    const events = answer
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } });
    expect(events.map(({ type, object }) => `${type} ${object.metadata.name}`)).toContain(
      'ADDED kube-system',
    );
  });

  test('ends a watch whose client gave up', async () => {
    const account = '/api/v1/namespaces/kube-system/serviceaccounts/namespace-controller/token';
    const { body } = await lab.request('POST', account, { body: { spec: {} } });
    const { token } = body['status'] as { token: string };
    const open = async (): Promise<string | undefined> => {
      const response = await lab.host.handle(adminRequest('GET', '/metrics'));
      if (response.kind !== 'complete') throw new Error(response.kind);
      const text = Buffer.from(response.body).toString();
      return /^apiserver_longrunning_requests\{.*"namespaces",scope="cluster".*\} (\d+)$/m.exec(text)?.[1];
    };
    const before = await open();
    const watch = "'https://kubernetes.default.svc/api/v1/namespaces?watch=1&timeoutSeconds=600'";
    const answer = await curl(`${trusted} -H 'Authorization: Bearer ${token}' ${watch}`);
    expect(answer).toContain('curl: (28)');
    expect(await open()).toBe(before);
    expect(Number(before)).toBeGreaterThan(0);
  });
});

describe('tokens can be checked by others', () => {
  const statusOf = async (name: string) =>
    (await lab.request('GET', `/api/v1/namespaces/shop/pods/${name}`)).body['status'];

  test('with what the issuer says of itself', async () => {
    expect(await statusOf('checks')).toMatchObject({ phase: 'Succeeded' });
  });

  test('not where they are for somebody else', async () => {
    expect(await statusOf('for-others')).toMatchObject({ phase: 'Failed' });
    const path = '/api/v1/namespaces/shop/pods/for-others/log';
    const response = await lab.host.handle(adminRequest('GET', path));
    if (response.kind !== 'complete') throw new Error(response.kind);
    expect(Buffer.from(response.body).toString()).toContain('oidc: expected audience "you" got ["me"]');
  });
});
