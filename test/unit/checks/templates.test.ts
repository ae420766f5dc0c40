import { describe, expect, test } from '@jest/globals';
import { notWrittenDown, podsMatchTemplates } from '../../../src/checks/templates.ts';
import { labView, object, workload } from './support.ts';

describe('pods as their templates', () => {
  const labels = { 'k8s-app': 'kube-dns', app: 'dns-edge' };
  const objects = workload('dns-edge@kube-system', { containers: [] }, [{}, {}], labels);

  test('they are', async () => {
    expect((await podsMatchTemplates('kube-system').look(await labView(objects))).status).toBe('pass');
  });

  test('a label more is their business only if it is said, one less always is', async () => {
    const lab = await labView(objects);
    const pod = (changed: object) =>
      object('v1', 'Pod', 'dns-edge-1-0@kube-system', {
        metadata: { labels: changed, ownerReferences: [{ uid: 'uid-2', controller: true }] },
        status: {},
      });
    await lab.put(pod({ ...labels, debug: 'yes' }));
    expect((await podsMatchTemplates('kube-system').look(lab)).status).toBe('pass');
    expect((await podsMatchTemplates('kube-system', { exactly: true }).look(lab)).status).toBe('fail');
    await lab.put(pod({ ...labels, 'pod-template-hash': '5cd7dccb98', 'topology.kubernetes.io/zone': 'a' }));
    expect((await podsMatchTemplates('kube-system', { exactly: true }).look(lab)).status).toBe('pass');
    await lab.put(pod({ app: 'dns-edge' }));
    expect(await podsMatchTemplates('kube-system').look(lab)).toMatchObject({
      status: 'fail',
      seen: 'pod/dns-edge-1-0 has other labels than the template of its Deployment',
    });
  });
});

describe('addresses that are written down', () => {
  const service = (name: string, clusterIP: string) =>
    object('v1', 'Service', `${name}@shop`, { spec: { clusterIP } });
  const corefile = (Corefile: string) =>
    object('v1', 'ConfigMap', 'coredns@kube-system', { data: { Corefile } });
  /** A Corefile of now, and what it was. */
  const lab = async (text: string, before = '.:53 {}') => {
    const view = await labView([
      service('ledger', '10.96.0.7'),
      service('ledger-pods', 'None'),
      corefile(before),
    ]);
    await view.put(corefile(text));
    return view;
  };
  const look = async (text: string, before?: string) =>
    notWrittenDown({ namespace: 'shop', where: 'kube-system' }).look(await lab(text, before));

  test.each(['', 'answer "{{ .Name }} 30 IN A 10.96.0.77"', '110.96.0.7', 'clusterIP: None'])(
    'none in %j',
    async (text) => {
      expect((await look(text)).status).toBe('pass');
    },
  );

  test('one that was there before may stay', async () => {
    expect((await look('hosts { 10.96.0.7 x }', 'forward . 10.96.0.7')).status).toBe('pass');
  });

  test('one of somebody else', async () => {
    const others = { 'fx.test': '198.51.100.7' };
    const check = notWrittenDown({ namespace: 'shop', where: 'kube-system', others });
    expect((await check.look(await lab('hosts { 198.51.100.7 fx.test }'))).seen).toBe(
      'configmap/coredns contains the address of fx.test',
    );
  });

  test.each([
    ['cache 3600 ledger.shop.svc.cluster.local', 'configmap/coredns contains the name of service/ledger'],
    ['cache 3600 old-ledger.shop.svc ledger.shopping.svc', 'none does'],
    ['# ledger.shop.svc.cluster.local was at 10.96.0.7\ncache 30 # not for ledger.shop', 'none does'],
  ])('names too, where they are asked for: %j', async (Corefile, seen) => {
    const view = await lab(Corefile);
    const check = (names: boolean) => notWrittenDown({ namespace: 'shop', where: 'kube-system', names });
    expect((await check(true).look(view)).seen).toBe(seen);
    expect((await check(false).look(view)).status).toBe('pass');
  });

  test('one, wherever it stands', async () => {
    expect((await look('answer "{{ .Name }} 30 IN A 10.96.0.7"')).seen).toBe(
      'configmap/coredns contains the address of service/ledger',
    );
  });
});
