import { describe, expect, test } from '@jest/globals';
import type { ConfigMap, Deployment } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { parse, stringify } from 'yaml';
import { connectKube } from '../../../src/kube/connect.ts';
import { JANE, JANE_KEY } from '../../unit/cluster/certificates/requests.ts';
import { type Ground, shellPod, webServer } from '../ground.ts';

const settings = (data: Record<string, string>, more: object = {}) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name: 'settings', ...more },
  data,
});

/** Reads, writes, refusals. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export function apiSuite(ground: () => Ground): void {
  const create = (map: ReturnType<typeof settings>): Promise<ConfigMap> => {
    const { kube, namespace } = ground();
    return kube.create(resources.configMaps, { ...map, metadata: { namespace, ...map.metadata } });
  };

  test('a certificate that was approved is good for who asked', async () => {
    const { kube, namespace, cluster } = ground();
    const kind = resources.certificateSigningRequests;
    const asked = await kube.create(kind, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: namespace },
      spec: { request: JANE, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    });
    const conditions = [{ type: 'Approved', status: 'True' as const, reason: 'Test', message: 'by a test' }];
    await kube.update(kind, { ...asked, status: { conditions } }, { subresource: 'approval' });
    const certificate = await ground().until(
      'the certificate',
      async () => (await kube.get(kind, undefined, namespace))?.status?.certificate,
    );
    const config = parse(cluster.kubeconfig) as { users: { user: object }[] };
    const key = Buffer.from(JANE_KEY).toString('base64');
    for (const entry of config.users) {
      entry.user = { 'client-certificate-data': certificate, 'client-key-data': key };
    }
    await using jane = connectKube(stringify(config));
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { body } = await jane.raw(path, { method: 'POST', body: JSON.stringify(review) });
    expect(JSON.parse(body)).toMatchObject({
      status: { userInfo: { username: 'jane', groups: ['dev', 'ops', 'system:authenticated'] } },
    });
    await kube.delete(kind, undefined, namespace);
  });

  describe('objects', () => {
    test('are created once, found, changed at their newest revision only, and deleted', async () => {
      const { kube, namespace } = ground();
      const first = await create(settings({ color: 'red' }));
      expect(await ground().refusal(() => create(settings({})))).toEqual({
        code: 409,
        reason: 'AlreadyExists',
        message: 'configmaps "settings" already exists',
      });
      const second = await kube.update(resources.configMaps, { ...first, data: { color: 'blue' } });
      expect(second.metadata.uid).toBe(first.metadata.uid);
      expect(
        await ground().refusal(() =>
          kube.update(resources.configMaps, { ...first, data: { color: 'green' } }),
        ),
      ).toEqual({
        code: 409,
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again',
      });
      expect(await kube.delete(resources.configMaps, namespace, 'settings')).toBe(true);
      expect(await kube.delete(resources.configMaps, namespace, 'settings')).toBe(false);
      expect(await kube.get(resources.configMaps, namespace, 'settings')).toBeUndefined();
    });

    test('with a finalizer live on until it is taken away', async () => {
      const { kube, namespace } = ground();
      await create(settings({}, { finalizers: ['breakfix.test/keep'] }));
      await kube.delete(resources.configMaps, namespace, 'settings');
      const ending = await kube.get(resources.configMaps, namespace, 'settings');
      expect(ending?.metadata.deletionTimestamp).toBeDefined();
      const none = { metadata: { finalizers: null } };
      await kube.patch(resources.configMaps, namespace, 'settings', none, { type: 'merge' });
      expect(await kube.get(resources.configMaps, namespace, 'settings')).toBeUndefined();
    });

    test('are listed by labels and by fields', async () => {
      const { kube, namespace } = ground();
      await ground().apply(shellPod('a', 'sleep 1000'), shellPod('b', 'sleep 1000'));
      const names = async (options: object): Promise<readonly string[]> =>
        (await kube.list(resources.pods, { namespace, ...options })).map(({ metadata }) => metadata.name);
      expect(await names({ labelSelector: 'app in (a, c)' })).toEqual(['a']);
      expect(await names({ labelSelector: 'app!=a' })).toEqual(['b']);
      expect(await names({ fieldSelector: 'metadata.name=b' })).toEqual(['b']);
    });

    test('tell their watchers of every change, in order', async () => {
      const { kube, namespace } = ground();
      const seen: string[] = [];
      const stop = new AbortController();
      const watching = kube.watch(
        resources.configMaps,
        { namespace, fieldSelector: 'metadata.name=settings' },
        ({ type, object }) => seen.push(`${type} ${object.data?.['color'] ?? ''}`),
        stop.signal,
      );
      await create(settings({ color: 'red' }));
      const blue = { data: { color: 'blue' } };
      await kube.patch(resources.configMaps, namespace, 'settings', blue, { type: 'merge' });
      await kube.delete(resources.configMaps, namespace, 'settings');
      const expected = ['ADDED red', 'MODIFIED blue', 'DELETED blue'];
      // A watch that opened late begins with what is there then.
      await ground().until('the end of the watch', () =>
        Promise.resolve(seen.at(-1)?.startsWith('DELETED') === true || seen.length === 0 ? true : undefined),
      );
      stop.abort();
      await watching;
      expect(expected.slice(expected.length - seen.length)).toEqual(seen);
    });
  });

  describe('patches', () => {
    test('strategic ones merge lists by key, merge ones replace them, JSON ones do what they say', async () => {
      const { kube, namespace } = ground();
      const [deployment] = webServer('web', 0);
      if (deployment !== undefined) await ground().apply(deployment);
      const patch = (body: unknown, type: 'json' | 'merge' | 'strategic'): Promise<Deployment> =>
        kube.patch(resources.deployments, namespace, 'web', body, { type });
      const of = (containers: readonly object[]) => ({ spec: { template: { spec: { containers } } } });
      const namesOf = ({ spec }: Deployment): readonly string[] =>
        spec.template.spec.containers.map(({ name }) => name);
      const helper = { name: 'helper', image: 'busybox:1.37' };
      expect(namesOf(await patch(of([helper]), 'strategic'))).toEqual(['helper', 'web']);
      expect(namesOf(await patch(of([helper]), 'merge'))).toEqual(['helper']);
      const renamed = await patch(
        [
          { op: 'test', path: '/spec/template/spec/containers/0/name', value: 'helper' },
          { op: 'replace', path: '/spec/template/spec/containers/0/name', value: 'other' },
        ],
        'json',
      );
      expect(namesOf(renamed)).toEqual(['other']);
    });

    test('applied by two managers conflict where they disagree', async () => {
      const { kube, namespace } = ground();
      const apply = (manager: string, color: string, force = false): Promise<unknown> =>
        kube.apply(settings({ color }, { namespace }), { manager, force });
      await apply('first', 'red');
      expect(await ground().refusal(() => apply('second', 'blue'))).toEqual({
        code: 409,
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "first": .data.color',
      });
      await apply('second', 'blue', true);
      expect((await kube.get(resources.configMaps, namespace, 'settings'))?.data).toEqual({ color: 'blue' });
    });
  });

  describe('what is not allowed is refused', () => {
    test('a selector that its template does not match', async () => {
      const { kube, namespace } = ground();
      const refused = await ground().refusal(() =>
        kube.create(resources.deployments, {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace },
          spec: {
            selector: { matchLabels: { app: 'web' } },
            template: { metadata: { labels: { app: 'wbe' } }, spec: { containers: [] } },
          },
        } as never),
      );
      expect(refused).toMatchObject({ code: 422, reason: 'Invalid' });
      expect(refused.message).toContain('`selector` does not match template `labels`');
      expect(refused.message).toContain('spec.template.spec.containers: Required value');
    });

    test('a field that there is not', async () => {
      const { kube, namespace } = ground();
      const { status, body } = await kube.raw(
        `/api/v1/namespaces/${namespace}/configmaps?fieldValidation=Strict`,
        { method: 'POST', body: JSON.stringify({ ...settings({}), dada: {} }) },
      );
      expect(status).toBe(400);
      expect((JSON.parse(body) as { message: string }).message).toContain(
        'strict decoding error: unknown field "dada"',
      );
    });

    test('what a role does not allow', async () => {
      const { kube, namespace } = ground();
      const subject = { serviceAccount: { namespace, name: 'default' } };
      const listing = { verb: 'list', resource: 'pods', namespace };
      expect(await kube.reviewAccess(subject, listing)).toMatchObject({ allowed: false });
      await ground().apply({
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'viewers' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
      });
      await ground().until('the right to list pods', async () =>
        (await kube.reviewAccess(subject, listing)).allowed ? true : undefined,
      );
      expect(await kube.reviewAccess(subject, { ...listing, verb: 'delete' })).toMatchObject({
        allowed: false,
      });
    });

    test('what a quota and a limit range forbid', async () => {
      const { kube, namespace } = ground();
      await ground().apply(
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'few' },
          spec: { hard: { configmaps: '2' } },
        },
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata: { name: 'small' },
          spec: { limits: [{ type: 'Container', max: { memory: '64Mi' } }] },
        },
      );
      // kube-root-ca.crt is the first.
      await ground().until('the quota to be counted', async () =>
        (await kube.get(resources.resourceQuotas, namespace, 'few'))?.status.used?.['configmaps'] === '1'
          ? true
          : undefined,
      );
      await create(settings({}));
      const another = settings({}, { name: 'another' });
      expect(await ground().refusal(() => create(another))).toEqual({
        code: 403,
        reason: 'Forbidden',
        message:
          'configmaps "another" is forbidden: exceeded quota: few, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
      });
      const greedy = shellPod('greedy', 'true', {}, { resources: { limits: { memory: '65Mi' } } });
      expect(await ground().refusal(() => ground().apply(greedy))).toEqual({
        code: 403,
        reason: 'Forbidden',
        message: 'pods "greedy" is forbidden: maximum memory usage per Container is 64Mi, but limit is 65Mi',
      });
    });

    test('what the level of the namespace does not allow', async () => {
      const { kube, namespace } = ground();
      const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
      await kube.patch(
        resources.namespaces,
        undefined,
        namespace,
        { metadata: { labels } },
        { type: 'merge' },
      );
      const privileged = shellPod('root', 'true', {}, { securityContext: { privileged: true } });
      expect((await ground().refusal(() => ground().apply(privileged))).message).toBe(
        'pods "root" is forbidden: violates PodSecurity "baseline:latest": privileged (container "main" must not set securityContext.privileged=true)',
      );
    });
  });
}
