import { type Fix, faults, fix, type Hack, hack, type LabView, minutes, resources } from 'breakfix';

const system = 'kube-system';
const coredns = { namespace: system, name: 'coredns' };

const healthy = (lab: LabView): string =>
  lab.baseline.get(resources.configMaps, system, 'coredns')?.data?.['Corefile'] ?? '';

/** The healthy Corefile with lines before its `kubernetes` plugin. */
const withLines = (lab: LabView, ...lines: string[]): string =>
  healthy(lab).replace(/^ *kubernetes /m, (line) => lines.map((one) => `    ${one}\n`).join('') + line);

const template = (lab: LabView, what: string, match?: string): string =>
  withLines(
    lab,
    `template ${what} {`,
    ...(match === undefined ? [] : [`    match "${match}"`]),
    '    rcode NXDOMAIN',
    '    fallthrough',
    '}',
  );

/** A server block that answers for the shop with the addresses of today, one record a Service. */
export async function recordsBlock(lab: LabView, services: readonly string[]): Promise<string> {
  const zone = 'shop.svc.cluster.local';
  const records = await Promise.all(
    services.map(async (service) => {
      const address = await faults.addressOf(lab, 'shop', service);
      return `    template IN A ${service}.${zone} {\n        answer "{{ .Name }} 60 IN A ${address}"\n    }\n`;
    }),
  );
  return `${zone}:53 {\n${records.join('')}}\n`;
}

/** The shop finds itself again; somebody else does not, or will not. */
export const besideTheRepair = (): readonly Hack[] => [
  hack('new-namesakes', 'same-objects', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab));
    await faults.recreateService(lab, { namespace: 'shop', name: 'payments' });
  }),
  hack('another-namespace', 'starts-again', async (lab) => {
    await faults.writeCorefile(lab, template(lab, 'ANY ANY partner.svc.cluster.local'));
  }),
  // A block that answers for more than it knows.
  hack('one-namespace-in-a-block-of-its-own', 'starts-again', async (lab) => {
    const inside =
      '    errors\n    kubernetes cluster.local {\n       namespaces shop\n    }\n    cache 30\n';
    await faults.writeCorefile(lab, `${healthy(lab)}svc.cluster.local:53 {\n${inside}}\n`);
  }),
  hack('listens-to-itself', 'names', async (lab) => {
    await faults.writeCorefile(lab, withLines(lab, 'bind 127.0.0.1'));
  }),
  hack('closed-to-pods', 'names', async (lab) => {
    await faults.writeCorefile(lab, withLines(lab, 'acl {', '    block type A net 10.244.0.0/16', '}'));
  }),
  hack('no-headless-names', 'starts-again', async (lab) => {
    await faults.writeCorefile(lab, template(lab, 'ANY ANY shop.svc.cluster.local', '^ledger-pods[.]'));
  }),
  hack('other-types-gone', 'starts-again', async (lab) => {
    await faults.writeCorefile(lab, template(lab, 'IN TXT shop.svc.cluster.local'));
  }),
  // Who runs is connected already; names outside are looked up by nobody of the shop.
  hack('only-the-cluster-is-asked', 'dns-whole', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab));
    const egress = [{ to: [{ namespaceSelector: {} }] }];
    await lab.kube.create(resources.networkPolicies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed', namespace: system },
      spec: { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } }, policyTypes: ['Egress'], egress },
    });
  }),
  hack('no-names-of-pods-and-ports', 'starts-again', async (lab) => {
    const match = String.raw`^\S+\.\S+\.shop\.svc\.`;
    await faults.writeCorefile(lab, template(lab, 'ANY ANY shop.svc.cluster.local', match));
  }),
  hack('aaaa-of-others', 'starts-again', async (lab) => {
    await faults.writeCorefile(lab, template(lab, 'IN AAAA default.svc.cluster.local'));
  }),
  // Without `reload` those that run never read what is right for the next.
  hack('right-for-the-next-only', 'servers', async (lab) => {
    const wrong = template(lab, 'IN AAAA cluster.local').replace(/^ *reload\n/m, '');
    await faults.writeCorefile(lab, wrong);
    await lab.clock.wait(minutes(1), lab.signal);
    await faults.patchCorefile(lab, healthy(lab));
  }),
  hack('some-zones-not-forwarded', 'dns-whole', async (lab) => {
    const except = (line: string): string => `${line}\n       except com org`;
    await faults.writeCorefile(lab, healthy(lab).replace(/forward \. [^\n]*\{/, except));
  }),
  hack('asks-itself', 'dns-whole', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab).replace(/^ *loop\n/m, ''));
    await faults.patchPods(lab, coredns, { dnsPolicy: 'ClusterFirst' });
  }),
  hack('asks-a-dead-server', 'dns-whole', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab));
    await faults.patchPods(lab, coredns, {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.96.250.53'] },
    });
  }),
  hack('scaled-down-at-night', 'dns-whole', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab));
    await faults.autoscale(lab, coredns, 1);
  }),
  hack('corefile-on-its-way-out', 'starts-again', async (lab) => {
    await faults.writeCorefile(lab, healthy(lab));
    await faults.onItsWayOut(lab, resources.configMaps, coredns);
  }),
];

/** The healthy Corefile in other words and in other places. */
export const writtenOtherwise = (): readonly Fix[] => [
  fix('service-network', ['write the reverse zones as the networks of Services and of pods'], async (lab) => {
    const networks = '10.96.0.0/12 10.244.0.0/16 {';
    await faults.writeCorefile(lab, healthy(lab).replace('in-addr.arpa ip6.arpa {', networks));
  }),
  fix('snippet', ['write once what all server blocks share, and import it'], async (lab) => {
    const blocks = healthy(lab).replaceAll(/^ *errors\n/gm, '    import common\n');
    await faults.writeCorefile(
      lab,
      `(common) {\n    errors\n    log . {\n        class error\n    }\n}\n${blocks}`,
    );
  }),
  fix(
    'another-map-and-key',
    ['mount a new ConfigMap with core.conf in place of the old one', 'args: -conf /etc/coredns/core.conf'],
    async (lab) => {
      const name = 'coredns-v2';
      await lab.kube.create(resources.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: system },
        data: { 'core.conf': healthy(lab) },
      });
      await faults.patchPods(lab, coredns, {
        containers: [{ name: 'coredns', args: ['-conf', '/etc/coredns/core.conf'] }],
        volumes: [{ name: 'config-volume', configMap: { name, items: null } }],
      });
    },
  ),
];

/** Files of somebody's own beside the Corefile, as managed clusters have them; their volume comes before the others. */
export async function anotherMap(lab: LabView): Promise<void> {
  const metadata = { name: 'coredns-custom', namespace: system };
  await lab.kube.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} });
  const volume = { name: 'custom', configMap: { name: metadata.name } };
  const mount = { name: 'custom', mountPath: '/etc/coredns/custom' };
  const pod = '/spec/template/spec';
  const added = [
    { op: 'add', path: `${pod}/volumes/0`, value: volume },
    { op: 'add', path: `${pod}/containers/0/volumeMounts/0`, value: mount },
  ];
  await lab.kube.patch(resources.deployments, system, 'coredns', added, { type: 'json' });
}

/** A DNS of one's own, beside the broken one: a copy of CoreDNS with the Corefile as it was. */
export async function secondDns(lab: LabView, labels: Readonly<Record<string, string>>): Promise<void> {
  const name = 'second-dns';
  const data = lab.baseline.get(resources.configMaps, system, 'coredns')?.data ?? {};
  await lab.kube.create(resources.configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: system },
    data,
  });
  const real = await lab.kube.get(resources.deployments, system, 'coredns');
  if (real === undefined) return;
  const { spec } = real.spec.template;
  const volumes = (spec.volumes ?? []).map((volume) =>
    volume.configMap === undefined ? volume : { name: volume.name, configMap: { name } },
  );
  await lab.kube.create(resources.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: system },
    spec: {
      ...real.spec,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...spec, volumes } },
    },
  });
}
