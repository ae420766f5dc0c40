import { describe, expect, test } from '@jest/globals';
import { clusterDnsWhole, dnsRollsOut } from '../../../src/checks/cluster-dns.ts';
import { type KubeClient, KubeError, type Manifest } from '../../../src/kube/client.ts';
import { labView, object, workload } from './support.ts';

const MAIN = `.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa
    forward . /etc/resolv.conf
    cache 30
}
`;
const corefile = (Corefile: string): Manifest =>
  object('v1', 'ConfigMap', 'coredns@kube-system', { data: { Corefile } });

const ready = (podIP: string) => ({ podIP, conditions: [{ type: 'Ready', status: 'True' }] });
const coredns = workload(
  'coredns@kube-system',
  { containers: [] },
  [ready('10.244.0.2'), ready('10.244.0.3')],
  {
    'k8s-app': 'kube-dns',
  },
);
const slice = (...addresses: readonly string[]): Manifest =>
  object('discovery.k8s.io/v1', 'EndpointSlice', 'kube-dns-1@kube-system', {
    metadata: {
      labels: {
        'kubernetes.io/service-name': 'kube-dns',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  });

const selector = { 'k8s-app': 'kube-dns' };
const kubeDns = (spec: object): Manifest =>
  object('v1', 'Service', 'kube-dns@kube-system', { spec: { selector, ...spec } });

const look = async (...more: readonly Manifest[]) =>
  clusterDnsWhole().look(
    await labView([...coredns, corefile(MAIN), slice('10.244.0.2', '10.244.0.3'), kubeDns({}), ...more]),
  );

describe('the cluster DNS is whole', () => {
  test('with what every cluster needs and two pods', async () => {
    expect(await look()).toMatchObject({
      status: 'pass',
      seen: 'service/kube-dns leads to 2 ready pods of CoreDNS',
    });
  });

  test.each(['kubernetes', 'forward', 'cache', 'health', 'ready'])('%s is needed', async (plugin) => {
    const seen = await look(corefile(MAIN.replace(new RegExp(`^ *${plugin}\\b`, 'm'), '    # $&')));
    expect(seen).toMatchObject({ status: 'fail', seen: `the Corefile does not have ${plugin}` });
  });

  test.each([
    ['named by the plugin', MAIN, true],
    ['narrower ones', MAIN.replace('in-addr.arpa', '10.in-addr.arpa'), true],
    ['networks', MAIN.replace('in-addr.arpa ip6.arpa', '10.0.0.0/8'), true],
    ['those of the block', MAIN.replace('cluster.local in-addr.arpa ip6.arpa', ''), true],
    [
      'a block of their own',
      `${MAIN.replace(' in-addr.arpa', '')}in-addr.arpa:53 {\n  kubernetes\n}\n`,
      true,
    ],
    ['none', MAIN.replace(' in-addr.arpa', ''), false],
    ['only in a comment', MAIN.replace(' in-addr.arpa ip6.arpa', ' # in-addr.arpa'), false],
  ])('addresses are looked up too: %s', async (_what, text, whole) => {
    const reverse = 'the plugin kubernetes has no reverse zones (in-addr.arpa) any more';
    expect((await look(corefile(text))).seen).toBe(
      whole ? 'service/kube-dns leads to 2 ready pods of CoreDNS' : reverse,
    );
  });

  test('what is imported from a snippet counts, and what nobody imports does not', async () => {
    const inside = MAIN.slice(MAIN.indexOf('{') + 1, MAIN.lastIndexOf('}'));
    const snippet = `(common) {${inside}}\n`;
    expect((await look(corefile(`${snippet}.:53 {\n    import common\n}\n`))).status).toBe('pass');
    expect((await look(corefile(`${snippet}.:53 {\n    errors\n}\n`))).status).toBe('fail');
    // Snippets in snippets, and servers in them.
    const nested = `${snippet}(all) {\n .:53 {\n import common\n }\n}\nimport all\nimport custom/*.server\n`;
    expect((await look(corefile(nested))).status).toBe('pass');
    // CoreDNS does not know a snippet before its line.
    expect((await look(corefile(`.:53 {\n import common\n}\n${snippet}`))).status).toBe('fail');
  });

  test('the cluster takes its next rollout, or says why not', async () => {
    const view = await labView([...coredns, corefile(MAIN), slice('10.244.0.2', '10.244.0.3'), kubeDns({})]);
    const create: KubeClient['create'] = (resource) =>
      Promise.reject(new KubeError(403, `exceeded quota: ${resource.plural}`));
    const full = { ...view, kube: { ...view.kube, create } };
    expect((await dnsRollsOut().look(view)).status).toBe('pass');
    expect(await dnsRollsOut().look(full)).toEqual({
      status: 'fail',
      seen: 'the next ReplicaSet of coredns is refused: exceeded quota: replicasets',
    });
  });

  test('words may have quotation marks around them', async () => {
    const quoted = MAIN.replace('forward . /etc/resolv.conf', 'forward "." "/etc/resolv.conf"');
    expect(quoted).not.toBe(MAIN);
    expect((await look(corefile(quoted.replace('cluster.local', '"cluster.local"')))).status).toBe('pass');
  });

  test('what a stub domain has does not count', async () => {
    const stub = 'partner.test:53 {\n    cache 30\n}\n';
    expect((await look(corefile(MAIN.replace('    cache 30\n', '') + stub))).status).toBe('fail');
  });

  test('a pod of somebody else, whatever its labels', async () => {
    const rogue = object('v1', 'Pod', 'rogue@kube-system', {
      metadata: { labels: { 'k8s-app': 'kube-dns' } },
      spec: {},
      status: ready('10.244.0.9'),
    });
    const seen = await look(rogue, slice('10.244.0.2', '10.244.0.3', '10.244.0.9'));
    expect(seen.seen).toBe('service/kube-dns leads to pods that are not CoreDNS');
  });

  test.each(['livenessProbe', 'readinessProbe'])(
    'what its %s asks is as before, but for how often',
    async (kind) => {
      const http = (port: number) => ({ httpGet: { path: '/health', port, scheme: 'HTTP' } });
      const asked = (probe?: object): Manifest => {
        const containers = [{ name: 'coredns', ...(probe && { [kind]: probe }) }];
        const [deployment] = workload('coredns@kube-system', { containers }, [], selector);
        return deployment as Manifest;
      };
      const lab = await labView([
        ...coredns,
        corefile(MAIN),
        slice('10.244.0.2', '10.244.0.3'),
        kubeDns({}),
        asked(http(8080)),
      ]);
      const seen = async (probe?: object) => {
        await lab.put(asked(probe));
        return (await clusterDnsWhole().look(lab)).seen;
      };
      const changed = `the ${kind} of deployment/coredns asks something else than before`;
      expect(await seen(http(8080))).toBe('service/kube-dns leads to 2 ready pods of CoreDNS');
      expect(await seen({ ...http(8080), periodSeconds: 1 })).toBe(
        'service/kube-dns leads to 2 ready pods of CoreDNS',
      );
      expect(await seen(http(9090))).toBe(changed);
      expect(await seen({ tcpSocket: { port: 8080 } })).toBe(changed);
      expect(await seen()).toBe(changed);
    },
  );

  test.each([
    ['health', true],
    ['health :8080', true],
    ['health {\n  lameduck 5s\n}', true],
    ['health 0.0.0.0:8080', true],
    ['health [::]:8080 {\n  lameduck 5s\n}', true],
    ['health 0.0.0.0:8081', false],
    ['health :8081', false],
    ['health localhost:8080 {\n  lameduck 5s\n}', false],
  ])('health where it is asked: %j', async (line, whole) => {
    const { seen } = await look(corefile(MAIN.replace('health', line)));
    expect(seen).toBe(
      whole
        ? 'service/kube-dns leads to 2 ready pods of CoreDNS'
        : 'the plugin health listens where the livenessProbe does not ask',
    );
  });

  describe('whom it forwards to', () => {
    const partner = (to: string) =>
      `partner.test:53 {\n    forward . ${to} {\n        max_fails 3\n    }\n}\n`;
    const pod = 'the Corefile forwards to 10.244.0.9:5353, which is the address of a pod';

    test.each([
      ['as before', MAIN, undefined],
      ['a zone to a Service', MAIN + partner('10.96.0.20'), undefined],
      [
        'a zone to a Service, in the main block',
        MAIN.replace('cache 30', 'forward partner.test 10.96.0.20\n    $&'),
        undefined,
      ],
      ['a zone to a node', MAIN + partner('172.18.0.2'), undefined],
      ['a zone to a pod', MAIN + partner('10.96.0.20 10.244.0.9:5353'), pod],
      ['all to somebody else', MAIN.replace('/etc/resolv.conf', '9.9.9.9'), '9.9.9.9'],
      [
        'all to somebody else too',
        MAIN.replace('/etc/resolv.conf', '/etc/resolv.conf tls://9.9.9.9'),
        'tls://9.9.9.9',
      ],
      ['a comment', MAIN.replace('/etc/resolv.conf', '/etc/resolv.conf # 9.9.9.9'), undefined],
    ])('%s', async (_what, text, wrong) => {
      const pods = [
        object('v1', 'Pod', 'partner@partner', { spec: {}, status: { podIP: '10.244.0.9' } }),
        object('v1', 'Pod', 'kube-proxy@kube-system', {
          spec: { hostNetwork: true },
          status: { podIP: '172.18.0.2' },
        }),
      ];
      const lab = await labView([
        ...coredns,
        ...pods,
        corefile(MAIN),
        slice('10.244.0.2', '10.244.0.3'),
        kubeDns({}),
      ]);
      await lab.put(corefile(text));
      const { seen } = await clusterDnsWhole().look(lab);
      if (wrong === undefined) expect(seen).toBe('service/kube-dns leads to 2 ready pods of CoreDNS');
      else
        expect(seen).toBe(
          wrong === pod ? pod : `the Corefile forwards names outside the cluster to ${wrong} now`,
        );
    });
  });

  test.each([
    ['10.96.0.20', true],
    ['10.96.0.20:53', true],
    ['dns://10.96.0.20', true],
    ['dns://10.96.0.20:53', true],
    ['10.96.0.20:5353', false],
    ['tls://10.96.0.20', false],
  ])('the server of before, written as %s', async (to, whole) => {
    const forwarding = (server: string) => corefile(MAIN.replace('/etc/resolv.conf', server));
    const lab = await labView([
      ...coredns,
      forwarding('10.96.0.20'),
      slice('10.244.0.2', '10.244.0.3'),
      kubeDns({}),
    ]);
    await lab.put(forwarding(to));
    const { status, seen } = await clusterDnsWhole().look(lab);
    expect(status).toBe(whole ? 'pass' : 'fail');
    if (!whole) expect(seen).toBe(`the Corefile forwards names outside the cluster to ${to} now`);
  });

  test('kube-dns may get more, not less', async () => {
    const [udp, tcp, metrics] = [
      { port: 53, protocol: 'UDP', targetPort: 53 },
      { port: 53, protocol: 'TCP', targetPort: 53 },
      { port: 9153, protocol: 'TCP', targetPort: 9153 },
    ];
    const ports = [udp, tcp];
    const lab = await labView([
      ...coredns,
      corefile(MAIN),
      slice('10.244.0.2', '10.244.0.3'),
      kubeDns({ ports, internalTrafficPolicy: 'Cluster' }),
    ]);
    const seen = async (spec: object) => {
      await lab.put(kubeDns(spec));
      return (await clusterDnsWhole().look(lab)).seen;
    };
    const internalTrafficPolicy = 'Cluster';
    expect(await seen({ ports: [tcp, udp, metrics], internalTrafficPolicy })).toBe(
      'service/kube-dns leads to 2 ready pods of CoreDNS',
    );
    expect(await seen({ ports: [udp], internalTrafficPolicy })).toBe('a port of service/kube-dns changed');
    expect(await seen({ ports, internalTrafficPolicy: 'Local' })).toBe(
      'internalTrafficPolicy of service/kube-dns changed',
    );
    expect(await seen({ ports, internalTrafficPolicy, publishNotReadyAddresses: true })).toBe(
      'publishNotReadyAddresses of service/kube-dns changed',
    );
  });

  test.each([
    [
      { 'k8s-app': 'kube-dns', 'pod-template-hash': '5cd7dccb98' },
      'service/kube-dns would not lead to new pods: its selector does not match their labels',
    ],
    [{}, 'service/kube-dns has no selector, so it would not lead to new pods'],
  ])('kube-dns finds the pods of tomorrow: %j', async (other, seen) => {
    expect(await look(kubeDns({ selector: other }))).toEqual({ status: 'fail', seen });
  });

  test.each([
    ['one at night', { minReplicas: 1, maxReplicas: 5 }, 'coredns', false],
    ['one, by default', { maxReplicas: 5 }, 'coredns', false],
    ['two at least', { minReplicas: 2, maxReplicas: 5 }, 'coredns', true],
    ["somebody else's", { maxReplicas: 5 }, 'reports', true],
  ])('an autoscaler: %s', async (_what, spec, name, whole) => {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    const path = 'scaler@kube-system';
    const scaler = object('autoscaling/v2', 'HorizontalPodAutoscaler', path, {
      spec: { scaleTargetRef, ...spec },
    });
    const few = 'horizontalpodautoscaler/scaler may scale CoreDNS below 2 pods';
    expect((await look(scaler)).seen).toBe(whole ? 'service/kube-dns leads to 2 ready pods of CoreDNS' : few);
  });

  test.each([
    ['com', false],
    ['cluster.local', true],
    ['partner.test.', true],
  ])('names that are not forwarded: %s', async (zone, whole) => {
    const stub = 'partner.test:53 {\n    forward . 10.96.0.20\n}\n';
    const text = MAIN.replace('resolv.conf', `resolv.conf {\n       except ${zone}\n    }`) + stub;
    const seen = `the Corefile forwards no names of ${zone}`;
    expect((await look(corefile(text))).seen).toBe(
      whole ? 'service/kube-dns leads to 2 ready pods of CoreDNS' : seen,
    );
  });

  test.each([
    ['of the namespaces', [{ to: [{ namespaceSelector: {} }] }], {}, false],
    ['of one port', [{ ports: [{ port: 53 }] }], {}, false],
    ['nobody', undefined, {}, false],
    ['anybody', [{ to: [{ namespaceSelector: {} }] }, {}], {}, true],
    ['any address', [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }], {}, true],
    ['all but some', [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['192.0.2.0/24'] } }] }], {}, false],
    ['nobody, which is about other pods', [], { matchLabels: { app: 'inventory' } }, true],
  ])('a policy that lets pods ask %s', async (_whom, egress, podSelector, whole) => {
    const policy = object('networking.k8s.io/v1', 'NetworkPolicy', 'closed@kube-system', {
      spec: { podSelector, policyTypes: ['Egress'], ...(egress && { egress }) },
    });
    const seen = 'networkpolicy/closed keeps CoreDNS from asking others';
    expect((await look(policy)).seen).toBe(
      whole ? 'service/kube-dns leads to 2 ready pods of CoreDNS' : seen,
    );
  });

  test('a Corefile under another key', async () => {
    const items = [{ key: 'corefile.txt', path: 'Corefile' }];
    const spec = { containers: [], volumes: [{ name: 'config', configMap: { name: 'coredns', items } }] };
    const [deployment] = workload('coredns@kube-system', spec, [], selector);
    const map = object('v1', 'ConfigMap', 'coredns@kube-system', { data: { 'corefile.txt': MAIN } });
    expect((await look(map, deployment as Manifest)).status).toBe('pass');
  });

  test.each([
    [
      'by the name of its file',
      ['-conf', '/etc/coredns/core.conf'],
      { mountPath: '/etc/coredns' },
      'core.conf',
    ],
    ['in a folder', ['-conf=/etc/coredns/a/b'], { mountPath: '/etc/coredns/' }, 'of-b'],
    ['as one file', ['--conf', '/etc/Corefile'], { mountPath: '/etc/Corefile', subPath: 'core' }, 'core'],
  ])('a Corefile %s', async (_how, args, mount, key) => {
    const items = key === 'of-b' ? { items: [{ key, path: 'a/b' }] } : {};
    const spec = {
      containers: [{ name: 'coredns', args, volumeMounts: [{ name: 'config', ...mount }] }],
      volumes: [{ name: 'config', configMap: { name: 'coredns', ...items } }],
    };
    const [deployment] = workload('coredns@kube-system', spec, [], selector);
    const map = object('v1', 'ConfigMap', 'coredns@kube-system', { data: { [key]: MAIN } });
    expect((await look(map, deployment as Manifest)).status).toBe('pass');
  });

  test('another ConfigMap beside it', async () => {
    const mounted = (name: string, mountPath: string) => ({ name, mountPath });
    const spec = {
      containers: [
        {
          name: 'coredns',
          args: ['-conf', '/etc/coredns/Corefile'],
          volumeMounts: [mounted('custom', '/etc/custom'), mounted('config', '/etc/coredns')],
        },
      ],
      volumes: [
        { name: 'custom', configMap: { name: 'custom' } },
        { name: 'config', projected: { sources: [{ configMap: { name: 'coredns' } }] } },
      ],
    };
    const [deployment] = workload('coredns@kube-system', spec, [], selector);
    expect((await look(deployment as Manifest)).status).toBe('pass');
  });

  test.each([
    ['that of its node', { dnsPolicy: 'Default' }, true],
    ["its node's, on the node's network", { dnsPolicy: 'ClusterFirst', hostNetwork: true }, true],
    ['itself', { dnsPolicy: 'ClusterFirst' }, false],
    ['somebody else', { dnsPolicy: 'None', dnsConfig: { nameservers: ['9.9.9.9'] } }, false],
    ['somebody else too', { dnsPolicy: 'Default', dnsConfig: { nameservers: ['9.9.9.9'] } }, false],
  ])('its own name server: %s', async (_what, spec, whole) => {
    const made = (pods: object) =>
      workload('coredns@kube-system', { containers: [], ...pods }, [], selector)[0] as Manifest;
    const lab = await labView([
      ...coredns,
      made({ dnsPolicy: 'Default' }),
      corefile(MAIN),
      slice('10.244.0.2', '10.244.0.3'),
      kubeDns({}),
    ]);
    await lab.put(made(spec));
    const { seen } = await clusterDnsWhole().look(lab);
    if (whole) expect(seen).toBe('service/kube-dns leads to 2 ready pods of CoreDNS');
    else expect(seen).toMatch(/^the pods of deployment\/coredns have another \/etc\/resolv\.conf now/);
  });

  test('too few', async () => {
    expect((await look(slice('10.244.0.2'))).seen).toBe('service/kube-dns leads to 1 ready pods of CoreDNS');
  });

  test('deleted', async () => {
    expect((await clusterDnsWhole().look(await labView([corefile(MAIN)]))).seen).toBe(
      'deployment/coredns does not exist',
    );
    expect((await clusterDnsWhole().look(await labView(coredns))).seen).toBe(
      'configmap/coredns has no Corefile',
    );
    const without = await labView([...coredns, corefile(MAIN), slice()]);
    expect((await clusterDnsWhole().look(without)).seen).toBe('service/kube-dns does not exist');
  });
});
