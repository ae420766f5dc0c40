import {
  corefileRules,
  all,
  anyPartner,
  ask,
  checks,
  corednsLasts,
  defineScenario,
  faults,
  fix,
  hack,
  hint,
  hold,
  type LabView,
  minutes,
  objective,
  oneOf,
  partnerDns,
  resources,
  safeguard,
  seconds,
  shop,
  shopGoesOn,
  dnsHarmed,
  shopRules,
} from 'breakfix';
import { anotherMap, besideTheRepair, recordsBlock, secondDns, writtenOtherwise } from './repairs.ts';

const namespace = 'shop';
const from = { namespace, app: 'gateway' };
/** A ConfigMap reaches CoreDNS after up to 90 s, a reload after 45 s more. */
const settle = seconds(180);

const names = all('names of the shop resolve', [
  checks.resolves({ from, service: 'checkout' }),
  checks.resolves({ from: { namespace, app: 'checkout' }, service: 'payments' }),
  checks.resolves({ from: { namespace, app: 'payments' }, service: 'ledger' }),
]);

const pays = checks.http({ from, url: 'http://127.0.0.1:8080/pay' });

/** Lines of a template that answers NXDOMAIN, in the forms that a seed may draw. */
const templates = {
  zone: ['template ANY ANY shop.svc.cluster.local {', '    rcode NXDOMAIN', '}'],
  match: [
    'template IN ANY cluster.local {',
    String.raw`    match "\.shop\.svc\.cluster\.local\.$"`,
    '    rcode NXDOMAIN',
    '    fallthrough',
    '}',
  ],
} as const;

/** The Corefile as it was before the fault. */
const withoutTemplate = (corefile: string, form: keyof typeof templates): string =>
  corefile.replace(templates[form].map((line) => `    ${line}\n`).join(''), '');

async function patchPods(
  lab: LabView,
  apps: readonly string[],
  spec: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const app of apps) {
    await faults.patchPods(lab, { namespace, name: app }, spec);
  }
}

const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];
const services = ['checkout', 'payments', 'ledger', 'refunds', 'fx'];

export default defineScenario({
  id: 'dns-nxdomain',
  incident: 'INC-2088',
  title: 'Payments fail: the shop cannot find its own services',
  area: 'dns',
  difficulty: 'intermediate',
  minutes: 20,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/' },
  ],
  needs: ['ownsCluster'],
  // The partner's names are never looked up in the outside world: a name server of the lab's own answers.
  variants: { form: oneOf('zone', 'match'), partner: anyPartner() },

  ticket: ({ partner }) =>
    `Nobody can pay. The gateway answers 502 and says that it cannot find checkout; checkout cannot find payments. The partner's
names (${partner.name}) still resolve. Nobody changed the shop itself. Make the shop find its services again, old ones and new ones.`,
  rules: () => corefileRules,
  houseRules: () => shopRules,

  baseline: ({ partner }) => shop(partnerDns(partner)),
  inject: ({ form }) => [
    faults.corefileLines(
      templates[form],
      'A template in the Corefile answered NXDOMAIN for every name of the shop.',
    ),
  ],
  since: minutes(8),
  symptoms: ({ partner }) => [
    checks.lookupFails({ from, name: 'checkout', code: 'ENOTFOUND' }),
    checks.http({ from, url: 'http://127.0.0.1:8080/pay', status: 502 }),
    checks.dns({ from, name: partner.name, address: partner.address }),
  ],

  objectives: () => [
    objective('names', 40, 'Services of the shop resolve', hold(seconds(30), names, settle)),
    objective('payments', 30, 'Customers can pay', hold(seconds(30), pays, settle)),
    objective('fresh', 30, 'New Services resolve', checks.freshServicesResolve(from, seconds(30), settle)),
  ],
  safeguards: ({ partner }) => [
    ...corednsLasts({ from, outside: partner }),
    safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
    ...shopGoesOn({ namespace }, settle),
    safeguard(
      'dns-whole',
      'veto',
      'CoreDNS serves the whole cluster',
      hold(seconds(10), checks.clusterDnsWhole(), settle),
    ),
    safeguard(
      'elsewhere',
      'veto',
      'Other names resolve',
      hold(
        seconds(30),
        all('names of other namespaces and of the partner resolve', [
          checks.dns({ from, name: partner.name, address: partner.address }),
          checks.dns({ from, name: 'kube-dns.kube-system', address: '10.96.0.10' }),
        ]),
        settle,
      ),
    ),
    safeguard(
      'same-dns',
      'veto',
      'Service kube-dns is still the same',
      checks.sameObject(resources.services, 'kube-system', 'kube-dns'),
    ),
    safeguard(
      'no-copies',
      'veto',
      'No address of a Service is written down',
      checks.notWrittenDown({ namespace, where: 'kube-system' }),
    ),
  ],

  diagnosis: () => [
    ask.object(10, 'configmap/coredns', [
      'cm/coredns',
      'configmaps/coredns',
      'kube-system/configmap/coredns',
    ]),
    ask.field(10, 'data.Corefile', ['Corefile']),
    ask.evidence(10, 'Lookups of names of the shop get NXDOMAIN at once, and other names resolve', [
      'Lookups time out',
      'CoreDNS crashes',
      'The Services have no endpoints',
    ]),
  ],
  hints: () => [
    hint(
      5,
      'Look up a name of the shop and a name of another namespace in the same pod, and compare: kube-dns.kube-system.svc.cluster.local resolves.',
    ),
    hint(10, 'CoreDNS reads its Corefile from configmap/coredns in kube-system.'),
    hint(20, async (lab) => {
      const corefile = await faults.readCorefile(lab);
      const lines = corefile
        .split('\n')
        .filter((line) => line.includes('template') || line.includes('NXDOMAIN'));
      return lines.length === 0
        ? 'No template is left in the Corefile. CoreDNS may still run with the old Corefile: kubectl -n kube-system rollout restart deployment coredns.'
        : `These lines of the Corefile answer for the shop:\n${lines.join('\n')}`;
    }),
  ],

  fixes: ({ form, partner }) => [
    fix(
      'remove-block',
      [
        'kubectl -n kube-system edit configmap coredns   # remove the template',
        'kubectl -n kube-system rollout restart deployment coredns',
      ],
      async (lab) => {
        await faults.writeCorefile(lab, withoutTemplate(await faults.readCorefile(lab), form));
      },
    ),
    fix('restore', ['put the ConfigMap back as it was (kubectl replace -f)'], async (lab) => {
      await faults.writeCorefile(
        lab,
        lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data?.['Corefile'] ?? '',
      );
    }),
    fix(
      'without-a-restart',
      ['kubectl -n kube-system edit configmap coredns   # and wait until CoreDNS has loaded it again'],
      async (lab) => {
        const data = lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data ?? {};
        await lab.kube.patch(resources.configMaps, 'kube-system', 'coredns', { data }, { type: 'merge' });
      },
    ),
    fix('other-zone', ['let the template answer for a zone that nobody uses'], async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, corefile.replace(/template .* \{/, 'template ANY ANY nobody.test {'));
    }),
    fix(
      'two-blocks',
      ['two server blocks: one for the cluster, and one for all other names'],
      async (lab) => {
        const main = `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
    }
    cache 30
    loadbalance
}
.:53 {
    errors
    health
    ready
    forward . /etc/resolv.conf
    cache 30
    reload
}
${partner.zone}:53 {
    cache 30
    forward . ${partner.server}
}
`;
        await faults.writeCorefile(lab, main);
      },
    ),
    fix(
      'networks-for-addresses',
      ['remove the template, and write the reverse zones as networks'],
      async (lab) => {
        const corefile = withoutTemplate(await faults.readCorefile(lab), form);
        await faults.writeCorefile(lab, corefile.replace('in-addr.arpa ip6.arpa {', '10.0.0.0/8 {'));
      },
    ),
    fix(
      'another-map-mounted-too',
      ['remove the template, and mount another ConfigMap for files of our own'],
      async (lab) => {
        await faults.writeCorefile(lab, withoutTemplate(await faults.readCorefile(lab), form));
        await anotherMap(lab);
      },
    ),
    ...writtenOtherwise(),
    fix('own-server-block', ['add a server block for shop.svc.cluster.local'], async (lab) => {
      const corefile = await faults.readCorefile(lab);
      const block =
        'shop.svc.cluster.local:53 {\n    errors\n    kubernetes cluster.local {\n       ttl 30\n    }\n    cache 30\n}\n';
      await faults.writeCorefile(lab, block + corefile);
    }),
  ],
  hacks: ({ form, partner }) => [
    hack('host-aliases', 'clients', async (lab) => {
      const hostAliases = await faults.hostAliases(lab, namespace, services);
      await patchPods(lab, clients, { hostAliases });
    }),
    hack('look-alikes', 'names', async (lab) => {
      const hostAliases = await faults.hostAliases(lab, namespace, services);
      for (const app of ['gateway', 'checkout', 'payments']) {
        const real = await lab.kube.get(resources.deployments, namespace, app);
        if (real === undefined) continue;
        const { template } = real.spec;
        const metadata = { name: `a-${app}`, namespace, labels: template.metadata?.labels ?? {} };
        await lab.kube.create(resources.pods, {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata,
          spec: { ...template.spec, hostAliases },
        });
      }
    }),
    ...(['AAAA', 'SRV'] as const).map((type) =>
      hack(`only-${type.toLowerCase()}`, 'starts-again', async (lab) => {
        const corefile = await faults.readCorefile(lab);
        await faults.writeCorefile(lab, corefile.replace(/template \w+ ANY/, `template IN ${type}`));
      }),
    ),
    hack('static-hosts', 'fresh', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, (await faults.hostsBlock(lab, namespace, services)) + corefile);
    }),
    hack('static-records', 'fresh', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, (await recordsBlock(lab, services)) + corefile);
    }),
    ...dnsHarmed(namespace, async (lab) => {
      await faults.writeCorefile(lab, withoutTemplate(await faults.readCorefile(lab), form));
    }),
    ...besideTheRepair(),
    hack('host-entry-beside-the-repair', 'no-copies', async (lab) => {
      const corefile = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(lab, await faults.withHostEntry(lab, corefile, namespace, 'payments'));
    }),
    hack('dns-config', 'clients', async (lab) => {
      await patchPods(lab, clients, {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: [partner.server], searches: ['shop.svc.cluster.local'] },
      });
    }),
    hack('private-dns', 'dns-whole', async (lab) => {
      await faults.select(
        lab,
        { namespace: 'kube-system', name: 'kube-dns' },
        { 'k8s-app': null, app: 'partner-dns' },
      );
    }),
    hack('addresses', 'clients', async (lab) => {
      for (const app of clients) {
        const env = await faults.addressEnv(lab, namespace, services);
        await faults.patchContainer(lab, { namespace, name: app }, { env });
      }
    }),
    hack('addresses-from-a-map', 'clients', async (lab) => {
      const env = await faults.addressEnv(lab, namespace, services);
      const data = Object.fromEntries(env.map(({ name, value }) => [name, value]));
      const metadata = { name: 'addresses', namespace };
      await lab.kube.create(resources.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
      for (const app of clients) {
        await lab.kube.patch(
          resources.deployments,
          namespace,
          app,
          [
            {
              op: 'add',
              path: '/spec/template/spec/containers/0/envFrom/-',
              value: { configMapRef: { name: metadata.name } },
            },
          ],
          { type: 'json' },
        );
      }
    }),
    hack('addresses-for-now', 'clients', async (lab) => {
      // The settings are as before; what runs has read others.
      await faults.writeCorefile(lab, withoutTemplate(await faults.readCorefile(lab), form));
      const env = await faults.addressEnv(lab, namespace, services);
      const data = Object.fromEntries(env.map(({ name, value }) => [name, value]));
      await faults.settingsForNow(lab, { namespace, name: 'checkout' }, data);
    }),
    hack('second-dns', 'dns-whole', async (lab) => {
      const labels = { 'k8s-app': 'kube-dns', copy: 'yes' };
      await secondDns(lab, labels);
      await faults.select(lab, { namespace: 'kube-system', name: 'kube-dns' }, { copy: 'yes' });
    }),
    hack('other-clients', 'names', async (lab) => {
      // Deployments of the clients' labels and program, with a DNS that works: not the clients.
      await secondDns(lab, { app: 'second-dns' });
      const clusterIP = '10.96.0.77';
      await lab.kube.create(resources.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'second-dns', namespace: 'kube-system' },
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          clusterIP,
          selector: { app: 'second-dns' },
          ports: [{ name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' }],
        },
      });
      const dnsConfig = {
        nameservers: [clusterIP],
        searches: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
        options: [{ name: 'ndots', value: '5' }],
      };
      for (const app of ['gateway', 'checkout', 'payments']) {
        const real = await lab.kube.get(resources.deployments, namespace, app);
        if (real === undefined) continue;
        const { template } = real.spec;
        const labels = { ...template.metadata?.labels, copy: 'yes' };
        await lab.kube.create(resources.deployments, {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: `a-${app}`, namespace },
          spec: {
            ...real.spec,
            selector: { matchLabels: { app, copy: 'yes' } },
            template: { metadata: { labels }, spec: { ...template.spec, dnsPolicy: 'None', dnsConfig } },
          },
        });
      }
      await lab.clock.wait(seconds(30), lab.signal);
    }),
    hack('one-server', 'dns-whole', async (lab) => {
      const data = lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data ?? {};
      await faults.writeCorefile(lab, data['Corefile'] ?? '');
      await faults.scale(lab, { namespace: 'kube-system', name: 'coredns' }, 1);
    }),
    hack('one-namespace', 'dns-whole', async (lab) => {
      const before =
        lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data?.['Corefile'] ?? '';
      await faults.writeCorefile(
        lab,
        before.replace('pods insecure', 'pods insecure\n       namespaces shop'),
      );
    }),
    hack('forwards-the-partner-only', 'dns-whole', async (lab) => {
      const before =
        lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data?.['Corefile'] ?? '';
      const forward = `forward ${partner.zone} ${partner.server}`;
      await faults.writeCorefile(lab, before.replace('forward . /etc/resolv.conf', forward));
    }),
    hack('no-addresses', 'dns-whole', async (lab) => {
      // Written from memory: the names are back, and nobody finds the name of an address any more.
      const corefile = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(
        lab,
        corefile.replace('kubernetes cluster.local in-addr.arpa ip6.arpa', 'kubernetes cluster.local'),
      );
    }),
    hack('no-more-rollouts', 'starts-again', async (lab) => {
      await faults.writeCorefile(lab, withoutTemplate(await faults.readCorefile(lab), form));
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.noMoreRollouts(lab, 'kube-system');
    }),
    hack('asks-nobody-too', 'dns-whole', async (lab) => {
      const corefile = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(lab, corefile.replace('/etc/resolv.conf', '/etc/resolv.conf 10.96.250.53'));
    }),
    // The kubelet asks on port 8080, and restarts CoreDNS every two minutes: later than anybody looks.
    hack('health-elsewhere', 'dns-whole', async (lab) => {
      const corefile = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(lab, corefile.replace('health {', 'health :8081 {'));
    }),
    // What runs has loaded the right one, and keeps it when it cannot load the next.
    hack('next-mistake', 'starts-again', async (lab) => {
      const right = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(lab, right);
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.patchCorefile(lab, right.replace('loadbalance', 'loadbalancer'));
    }),
    hack('namespace-gone', 'fresh', async (lab) => {
      await lab.kube.delete(resources.namespaces, undefined, namespace);
      await lab.clock.wait(seconds(60), lab.signal);
    }),
    hack('forward-only', 'dns-whole', async (lab) => {
      const corefile = withoutTemplate(await faults.readCorefile(lab), form);
      await faults.writeCorefile(lab, corefile.replace(/^ *cache .*\n(?: {7,}.*\n)* {4}\}\n/m, ''));
    }),
  ],

  debrief: () =>
    `A template in the Corefile answered NXDOMAIN for everything under shop.svc.cluster.local, before the kubernetes plugin was
asked: CoreDNS runs its plugins in a fixed order, not in the order of the Corefile. The shop's pods and Services were healthy. Only their
names did not resolve; names of other namespaces did. hostAliases, or addresses in the environment, would have helped only until the next
Service was created.`,
});
