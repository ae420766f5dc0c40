import { describe, expect, test } from '@jest/globals';
import { untouched } from '../../../src/checks/untouched.ts';
import { resources } from '../../../src/model/resources.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { labView, object, type TestView, workload } from './support.ts';

const envFrom = [{ configMapRef: { name: 'shop-settings' } }, { secretRef: { name: 'ledger' } }];
const container = { name: 'gateway', envFrom, env: [{ name: 'PORT', value: '8080' }] };

const gateway = (fields: object = {}, spec: object = {}, annotations: object = {}) =>
  object('apps/v1', 'Deployment', 'gateway@shop', {
    spec: {
      replicas: 2,
      template: { metadata: { annotations }, spec: { containers: [{ ...container, ...fields }] } },
      ...spec,
    },
  });
const settings = (more: object) =>
  object('v1', 'ConfigMap', 'shop-settings@shop', {
    data: { CALL_TIMEOUT_MS: '2000', CACHE_MEGABYTES: '16', ...more },
  });
const secret = (more: object) =>
  object('v1', 'Secret', 'ledger@shop', { data: { LEDGER_PASSWORD: 'eA==', ...more } });

const shop = (fields: object = {}): Promise<TestView> => labView([gateway(fields), settings({}), secret({})]);

const of = { namespace: 'shop', name: 'gateway' };

describe('untouched', () => {
  test.each<[string, ReturnType<typeof object>, string]>([
    ['nothing', gateway(), 'pass'],
    ['a restart', gateway({}, {}, { 'kubectl.kubernetes.io/restartedAt': 'now' }), 'pass'],
    ['replicas', gateway({}, { replicas: 1 }), 'fail'],
    ['a variable', gateway({ env: [...container.env, { name: 'CALL_TIMEOUT_MS', value: '20000' }] }), 'fail'],
    ['a probe', gateway({ livenessProbe: { httpGet: { port: 8080 } } }), 'fail'],
    ['a setting', settings({ CALL_TIMEOUT_MS: '20000' }), 'fail'],
    ['a setting more', settings({ NODE_OPTIONS: '' }), 'fail'],
    ['a setting that it does not take, since it says that itself', settings({ PORT: '80' }), 'pass'],
    ['a setting by the secret, which is said later', secret({ CALL_TIMEOUT_MS: 'MjAwMDA=' }), 'fail'],
    ['a setting that is free', settings({ CACHE_MEGABYTES: '4' }), 'pass'],
    ['one that is free and new', settings({ CACHE_RECEIPTS: '4' }), 'pass'],
  ])('%s', async (_what, changed, status) => {
    const lab = await shop();
    await lab.put(changed);
    const check = untouched(of, { free: ['CACHE_MEGABYTES', 'CACHE_RECEIPTS'] });
    expect(await check.look(lab)).toMatchObject({ status });
  });

  test('what was free elsewhere is not free where nobody says so', async () => {
    const lab = await shop();
    await lab.put(settings({ CACHE_MEGABYTES: '4' }));
    expect(await untouched(of).look(lab)).toEqual({
      status: 'fail',
      seen: 'CACHE_MEGABYTES of container gateway changed',
    });
  });

  test('with a prefix it is another variable', async () => {
    const [first] = envFrom;
    const lab = await shop({ envFrom: [{ ...first, prefix: 'SHOP_' }] });
    await lab.put(settings({ CACHE_MEGABYTES: '4' }));
    expect((await untouched(of, { free: ['CACHE_MEGABYTES'] }).look(lab)).status).toBe('fail');
    expect((await untouched(of, { free: ['SHOP_CACHE_MEGABYTES'] }).look(lab)).status).toBe('pass');
  });

  test('settings that are gone are changed', async () => {
    const lab = await shop();
    await lab.kube.delete(resources.configMaps, 'shop', 'shop-settings');
    expect((await untouched(of).look(lab)).status).toBe('fail');
  });

  test('a Deployment that is gone, or is new, is a fail', async () => {
    const lab = await shop();
    await lab.kube.delete(resources.deployments, 'shop', 'gateway');
    expect((await untouched(of).look(lab)).status).toBe('fail');
    const empty = await labView([]);
    await empty.put(gateway());
    expect((await untouched(of).look(empty)).status).toBe('fail');
  });

  test.each([
    ['another image', { image: 'shop:2' }, 'has another image than its template'],
    ['less memory', { resources: { limits: { memory: '64Mi' } } }, 'has other resources than before'],
    [
      'a limit that it had not',
      { resources: { limits: { memory: '128Mi', cpu: '25m' } } },
      'has other resources than before',
    ],
  ])('a pod that runs, and has %s', async (_what, changed, seen) => {
    // What is not in the template is what a LimitRange gave.
    const own = { name: 'gateway', image: 'shop:1', resources: { limits: { memory: '128Mi' } } };
    const lab = await labView(workload('gateway@shop', { containers: [own] }, [{}]));
    const pods = await lab.kube.list(resources.pods, { namespace: 'shop' });
    expect((await untouched(of).look(lab)).status).toBe('pass');
    await lab.put({ ...pods[0], spec: { containers: [{ ...own, ...changed }] } } as unknown as Manifest);
    expect(await untouched(of).look(lab)).toEqual({ status: 'fail', seen: `pod/gateway-1-0 ${seen}` });
  });

  test('a pod may have what a LimitRange gave those of before', async () => {
    const own = { name: 'gateway', image: 'shop:1', resources: { limits: { memory: '128Mi' } } };
    const given = { ...own, resources: { limits: { memory: '128Mi', cpu: '1' } } };
    const [deployment, set, pod] = workload('gateway@shop', { containers: [own] }, [{}]);
    const lab = await labView([
      deployment,
      set,
      { ...pod, spec: { containers: [given] } },
    ] as unknown as Manifest[]);
    expect((await untouched(of).look(lab)).status).toBe('pass');
  });
});
