import { describe, expect, test } from '@jest/globals';
import { addressesAsBefore, clientsAsBefore, nameServersStay } from '../../../src/checks/client-settings.ts';
import { labView, object, type TestView } from './support.ts';

const envFrom = [{ configMapRef: { name: 'shop-settings' } }];
const own = { name: 'payments', envFrom, env: [{ name: 'LEDGER_URL', value: 'http://ledger' }] };
const healthy = { dnsPolicy: 'ClusterFirst', containers: [own] };

const payments = (spec: object) =>
  object('apps/v1', 'Deployment', 'payments@shop', { spec: { template: { spec } } });
const settings = (data: object) => object('v1', 'ConfigMap', 'shop-settings@shop', { data });

const shop = (): Promise<TestView> =>
  labView([
    payments(healthy),
    settings({ CACHE_MEGABYTES: '16', FX_URL: 'http://fx' }),
    object('v1', 'Service', 'refunds@shop', {}),
  ]);

const hostAliases = [{ ip: '10.96.0.7', hostnames: ['ledger'] }];
const dnsConfig = { nameservers: ['10.96.0.10'] };

describe('clients as before', () => {
  test.each([
    ['nothing', healthy, 'pass', 'pass'],
    ['dnsPolicy', { ...healthy, dnsPolicy: 'None' }, 'fail', 'pass'],
    ['dnsConfig', { ...healthy, dnsConfig }, 'fail', 'pass'],
    ['hostAliases', { ...healthy, hostAliases }, 'fail', 'fail'],
    ['hostNetwork', { ...healthy, hostNetwork: true }, 'fail', 'fail'],
    [
      'an address in the environment',
      { ...healthy, containers: [{ ...own, env: [{ name: 'LEDGER_URL', value: 'http://10.96.0.7' }] }] },
      'fail',
      'fail',
    ],
    [
      'an address in the environment',
      {
        ...healthy,
        containers: [{ ...own, env: [...own.env, { name: 'REFUNDS_URL', value: 'http://10.96.0.8' }] }],
      },
      'fail',
      'fail',
    ],
    [
      'an address that no program reads',
      {
        ...healthy,
        containers: [{ ...own, env: [...own.env, { name: 'KUBE-DNS_URL', value: 'http://10.96.0.10' }] }],
      },
      'pass',
      'pass',
    ],
    [
      'a container beside it',
      { ...healthy, containers: [own, { name: 'helper', env: [{ name: 'ROLE', value: 'fx' }] }] },
      'pass',
      'pass',
    ],
    [
      'another variable',
      { ...healthy, containers: [{ ...own, env: [...own.env, { name: 'X' }] }] },
      'pass',
      'pass',
    ],
  ])('changed: %s', async (what, spec, whole, addresses) => {
    const lab = await shop();
    await lab.put(payments(spec));
    const seen = await clientsAsBefore('shop', ['payments']).look(lab);
    expect(seen.status).toBe(whole);
    if (whole === 'fail') expect(seen.seen).toBe(`${what} of deployment/payments changed`);
    expect((await addressesAsBefore('shop', ['payments']).look(lab)).status).toBe(addresses);
  });

  test('addresses in the settings of all', async () => {
    const lab = await shop();
    await lab.put(settings({ CACHE_MEGABYTES: '32', FX_URL: 'http://fx' }));
    expect((await addressesAsBefore('shop', ['payments']).look(lab)).status).toBe('pass');
    await lab.put(settings({ CACHE_MEGABYTES: '16', FX_URL: 'http://10.96.0.9' }));
    expect((await clientsAsBefore('shop', ['payments']).look(lab)).status).toBe('fail');
  });

  test('one that was deleted', async () => {
    const lab = await labView([]);
    expect((await addressesAsBefore('shop', ['payments']).look(lab)).seen).toBe(
      'deployment/payments does not exist',
    );
  });
});

describe('name servers that stay', () => {
  const pod = object('v1', 'Pod', 'coredns-1@kube-system', { spec: {}, status: { podIP: '10.244.0.3' } });
  const look = async (spec: object, ...more: Parameters<typeof labView>[0]) =>
    nameServersStay({ namespace: 'shop', name: 'payments' }).look(
      await labView([payments(spec), pod, ...more]),
    );

  test('none of its own, or a Service', async () => {
    expect((await look(healthy)).status).toBe('pass');
    expect((await look({ ...healthy, dnsConfig })).status).toBe('pass');
  });

  test('a pod is none', async () => {
    const nameservers = ['10.96.0.10', '10.244.0.3'];
    expect(await look({ ...healthy, dnsConfig: { nameservers } })).toMatchObject({
      status: 'fail',
      seen: '10.244.0.3 is the address of a pod',
    });
  });

  const coredns = object('apps/v1', 'Deployment', 'coredns@kube-system', {
    spec: { template: { metadata: { labels: { app: 'dns' } }, spec: { containers: [] } } },
  });
  const service = (selector?: object) =>
    object('v1', 'Service', 'names@kube-system', { spec: { clusterIP: '10.96.0.10', selector } });
  const slice = (manager: string) =>
    object('discovery.k8s.io/v1', 'EndpointSlice', 'names-1@kube-system', {
      metadata: {
        labels: {
          'kubernetes.io/service-name': 'names',
          'endpointslice.kubernetes.io/managed-by': manager,
        },
      },
    });
  const kept = slice('endpointslice-controller.k8s.io');

  test.each([
    ['follows', service({ app: 'dns' }), kept, '10.96.0.10'],
    [
      'was written by hand',
      service(),
      slice('me'),
      'service/names has no selector, so it would not lead to new pods',
    ],
    [
      'was written by hand in part',
      service({ app: 'dns' }),
      slice('me'),
      'endpointslice/names-1 was written by hand, so new pods are not added to it',
    ],
    [
      'selects only pods of today',
      service({ app: 'dns', 'pod-template-hash': 'today' }),
      kept,
      'service/names would not lead to new pods: its selector does not match their labels',
    ],
  ])('a Service that %s', async (_what, of, own, seen) => {
    expect((await look({ ...healthy, dnsConfig }, coredns, of, own)).seen).toBe(seen);
  });
});
