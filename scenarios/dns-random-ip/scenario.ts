import {
  all,
  ask,
  between,
  checks,
  converge,
  defineScenario,
  type Fault,
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
} from 'breakfix';

const namespace = 'shop';
const system = 'kube-system';
const gateway = { namespace, app: 'gateway' };
const refunds = { namespace, app: 'refunds' };
const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];
const services = ['checkout', 'payments', 'ledger', 'refunds', 'fx'];
const coredns = { namespace: system, name: 'coredns' };
/** A lookup that takes longer was asked twice: somebody did not answer. */
const quick = seconds(2);

/** The lab's own name server for a partner's names: nothing outside is asked. */
const partner = {
  zone: 'partner.test',
  name: 'rates.partner.test',
  address: '198.51.100.7',
  server: '10.96.200.10',
};

/** Who answers too, how many of them, and what they say of which Service. */
interface Rogue {
  readonly name: string;
  readonly replicas: number;
  readonly service: string;
  readonly address: string;
}

const rogueOf = (values: { name: string; replicas: number; service: string; last: number }): Rogue => ({
  ...values,
  address: `198.18.0.${values.last}`,
});

/** The cluster's Corefile with an answer of its own. */
function withAnswer(corefile: string, rogue: Rogue, address = rogue.address): string {
  const lines = [
    'template IN A shop.svc.cluster.local {',
    String.raw`    match "^${rogue.service}\.shop\.svc\.cluster\.local\.$"`,
    `    answer "{{ .Name }} 30 IN A ${address}"`,
    '    fallthrough',
    '}',
  ];
  const block = lines.map((line) => `    ${line}\n`).join('');
  return corefile.replace(/^ *kubernetes /m, (line) => block + line);
}

const configMap = (name: string, Corefile: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: system },
  data: { Corefile },
});

/** More servers behind kube-dns: a copy of CoreDNS' Deployment with a Corefile of its own. */
const moreServers = (rogue: Rogue): Fault => ({
  name: 'dns-servers',
  describe: `${rogue.replicas} pods of deployment/${rogue.name} in kube-system, labelled like CoreDNS, answered ${rogue.address} for ${rogue.service}.`,
  inject: async (lab) => {
    const { name, replicas } = rogue;
    const real = await lab.kube.get(resources.deployments, system, 'coredns');
    if (real === undefined) throw new Error('this cluster has no deployment/coredns');
    const corefile = withAnswer(await faults.readCorefile(lab), rogue);
    await lab.kube.apply(configMap(name, corefile), { manager: 'kubectl-client-side-apply', force: true });
    const labels = { 'k8s-app': 'kube-dns', app: name };
    await lab.kube.create(resources.deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: system, labels },
      spec: {
        ...real.spec,
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels },
          spec: {
            ...real.spec.template.spec,
            volumes: [{ name: 'config-volume', configMap: { name } }],
          },
        },
      },
    });
    return async (again) => {
      await again.kube.delete(resources.deployments, system, name);
      await again.kube.delete(resources.configMaps, system, name);
    };
  },
});

const patchRogue = (lab: LabView, { name }: Rogue, body: object) =>
  lab.kube.patch(resources.deployments, system, name, body, { type: 'merge' });

const patchKubeDns = (lab: LabView, spec: object) =>
  lab.kube.patch(resources.services, system, 'kube-dns', { spec }, { type: 'merge' });

async function rogueCorefile(lab: LabView, rogue: Rogue, corefile: string): Promise<void> {
  await lab.kube.patch(
    resources.configMaps,
    system,
    rogue.name,
    { data: { Corefile: corefile } },
    { type: 'merge' },
  );
  await faults.restart(lab, { namespace: system, name: rogue.name });
}

async function everyAlias(lab: LabView): Promise<void> {
  const hostAliases = await faults.hostAliases(lab, namespace, services);
  for (const name of clients) await faults.patchPods(lab, { namespace, name }, { hostAliases });
}

export default defineScenario({
  id: 'dns-random-ip',
  incident: 'INC-2119',
  title: 'Every now and then a payment hangs',
  area: 'dns',
  difficulty: 'advanced',
  minutes: 25,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/concepts/services-networking/service/#selecting-pods' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/' },
  ],
  needs: ['ownsCluster'],
  variants: {
    name: oneOf('dns-edge', 'dns-near', 'dns-warm'),
    replicas: between(1, 2),
    service: oneOf('checkout', 'payments', 'ledger'),
    last: between(2, 250),
  },

  ticket: ({ service }) =>
    `Since this morning some payments hang and fail; the next one works. The logs show time-outs of calls to an address that nobody
knows, where ${service} should be. Restarting the shop did not help. Make every lookup right again, whoever asks.`,
  rules: ({ service }) => [
    "CoreDNS is the platform team's and right: the template of deployment/coredns, its Corefile and Service kube-dns stay as they are.",
    `Clients run their own programs, keep their DNS settings and call each other by name. No address of a Service is written into a configuration: ${service} must be found tomorrow too, wherever it is then.`,
    'What is changed must last: pods carry the labels that their Deployments give them.',
    'A lookup takes no longer than two seconds.',
  ],

  baseline: () => shop(partnerDns(partner)),
  inject: (values) => [moreServers(rogueOf(values))],
  since: minutes(8),
  symptoms: ({ service }) => [checks.answersVary({ from: gateway, name: service })],

  objectives: ({ service }) => [
    objective(
      'answers',
      60,
      `200 lookups of ${service} in a row are right`,
      hold(
        seconds(40),
        all('every lookup is answered rightly and in time', [
          checks.resolves({ from: gateway, service, withinMs: quick }),
          checks.resolves({ from: refunds, service, withinMs: quick }),
        ]),
        seconds(180),
      ),
    ),
    objective(
      'payments',
      40,
      'Every customer can pay',
      hold(seconds(40), checks.http({ from: gateway, url: 'http://127.0.0.1:8080/pay' })),
    ),
  ],
  safeguards: () => [
    safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
    safeguard(
      'fresh',
      'veto',
      'New Services resolve',
      checks.freshServicesResolve(gateway, seconds(20), seconds(60)),
    ),
    safeguard(
      'elsewhere',
      'veto',
      'Other names resolve',
      hold(
        seconds(20),
        all('names of other namespaces and of the partner resolve', [
          checks.dns({ from: gateway, name: partner.name, address: partner.address, withinMs: quick }),
          checks.dns({ from: gateway, name: 'kube-dns.kube-system', address: '10.96.0.10', withinMs: quick }),
        ]),
      ),
    ),
    safeguard(
      'coredns',
      'veto',
      'CoreDNS is as before',
      all('CoreDNS is rolled out and configured as before', [
        checks.rolloutComplete(coredns),
        checks.unchanged({
          resource: resources.deployments,
          ...coredns,
          what: 'the template',
          part: ({ spec }) => [spec.template.metadata?.labels, spec.template.spec],
        }),
        checks.unchanged({
          resource: resources.configMaps,
          ...coredns,
          what: 'the Corefile',
          part: ({ data }) => data,
        }),
      ]),
    ),
    safeguard(
      'kube-dns',
      'veto',
      'Service kube-dns is as before',
      checks.unchanged({
        resource: resources.services,
        namespace: system,
        name: 'kube-dns',
        what: 'identity and spec',
        part: ({ metadata, spec }) => [metadata.uid, spec],
      }),
    ),
    safeguard(
      'lasting',
      'veto',
      'What was changed lasts',
      // A rollout may be on its way.
      converge(minutes(1), checks.podsMatchTemplates(system)),
    ),
    safeguard(
      'no-copies',
      'veto',
      'No address is written down',
      checks.notWrittenDown({ namespace, where: system }),
    ),
  ],

  diagnosis: ({ name }) => [
    ask.object(10, `deployment/${name}`, [
      `deploy/${name}`,
      `deployments/${name}`,
      `configmap/${name}`,
      `cm/${name}`,
    ]),
    ask.field(10, 'spec.template.metadata.labels.k8s-app', [
      'spec.template.metadata.labels',
      'metadata.labels',
      'data.Corefile',
      'Corefile',
    ]),
    ask.evidence(10, 'kube-dns has more endpoints than CoreDNS has pods, and they answer differently', [
      'The Service was recreated and got another address',
      'The cache of CoreDNS holds an old answer of it',
      'The clients have different name servers in /etc/resolv.conf',
    ]),
  ],
  hints: ({ service }) => [
    hint(5, `Look ${service} up twenty times in a pod of the gateway, and count the answers.`),
    hint(
      10,
      'Two answers for one name need two servers that disagree. A Service sends to every pod that has the labels of its selector: who is behind kube-dns?',
    ),
    hint(20, async (lab) => {
      const pods = await lab.kube.list(resources.pods, {
        namespace: system,
        labelSelector: 'k8s-app=kube-dns',
      });
      const lines = pods.map(({ metadata, status }) => `${status.podIP ?? 'no address'} ${metadata.name}`);
      return `Pods that Service kube-dns selects right now:\n${lines.sort().join('\n')}`;
    }),
  ],

  fixes: (values) => {
    const rogue = rogueOf(values);
    const { name } = rogue;
    return [
      fix('delete', [`kubectl -n kube-system delete deployment ${name}`], async (lab) => {
        await lab.kube.delete(resources.deployments, system, name);
      }),
      fix('scale-down', [`kubectl -n kube-system scale deployment ${name} --replicas 0`], async (lab) => {
        await patchRogue(lab, rogue, { spec: { replicas: 0 } });
      }),
      fix(
        'take-out',
        [`kubectl -n kube-system edit deployment ${name}   # template: another label than k8s-app: kube-dns`],
        async (lab) => {
          await patchRogue(lab, rogue, { spec: { template: { metadata: { labels: { 'k8s-app': name } } } } });
        },
      ),
      fix(
        'mend',
        [
          `kubectl -n kube-system edit configmap ${name}   # remove the template`,
          `kubectl -n kube-system rollout restart deployment ${name}`,
        ],
        async (lab) => {
          await rogueCorefile(lab, rogue, await faults.readCorefile(lab));
        },
      ),
      fix('same-configuration', [`deployment ${name} reads configmap coredns as well`], async (lab) => {
        await lab.kube.patch(
          resources.deployments,
          system,
          name,
          [{ op: 'replace', path: '/spec/template/spec/volumes/0/configMap/name', value: 'coredns' }],
          { type: 'json' },
        );
      }),
    ];
  },
  hacks: (values) => {
    const rogue = rogueOf(values);
    const { name, service } = rogue;
    return [
      hack('delete-pods', 'answers', async (lab) => {
        const pods = await lab.kube.list(resources.pods, {
          namespace: system,
          labelSelector: `app=${name}`,
        });
        for (const { metadata } of pods) await lab.kube.delete(resources.pods, system, metadata.name);
      }),
      hack('restart-everything', 'answers', async (lab) => {
        await faults.restart(lab, coredns);
        await faults.restart(lab, { namespace, name: 'gateway' });
      }),
      hack('cache-for-an-hour', 'coredns', async (lab) => {
        const corefile = await faults.readCorefile(lab);
        await faults.writeCorefile(
          lab,
          corefile.replace(/^ *cache 30 \{\n(?: {7,}.*\n)* {4}\}\n/m, '    cache 3600\n'),
        );
      }),
      hack('more-of-coredns', 'answers', async (lab) => {
        await faults.scale(lab, { namespace: system, name: 'coredns' }, 6);
      }),
      hack('ask-again', 'clients', async (lab) => {
        const options = [
          { name: 'attempts', value: '5' },
          { name: 'timeout', value: '1' },
        ];
        for (const client of clients)
          await faults.patchPods(lab, { namespace, name: client }, { dnsConfig: { options } });
      }),
      hack('patience', 'answers', async (lab) => {
        await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
        for (const client of clients) await faults.restart(lab, { namespace, name: client });
      }),
      hack('host-aliases', 'clients', everyAlias),
      hack('selector-of-a-rollout', 'kube-dns', async (lab) => {
        const pods = await lab.kube.list(resources.pods, {
          namespace: system,
          labelSelector: 'k8s-app=kube-dns',
        });
        const own = pods.find(({ metadata }) => metadata.name.startsWith('coredns-'));
        const hash = own?.metadata.labels?.['pod-template-hash'] ?? '';
        await patchKubeDns(lab, { selector: { 'k8s-app': 'kube-dns', 'pod-template-hash': hash } });
      }),
      hack('always-the-same-server', 'kube-dns', async (lab) => {
        await patchKubeDns(lab, { sessionAffinity: 'ClientIP' });
      }),
      hack('server-of-the-node', 'kube-dns', async (lab) => {
        await patchKubeDns(lab, { internalTrafficPolicy: 'Local' });
      }),
      hack('closed-door', 'answers', async (lab) => {
        // Whoever asks there now waits for nothing.
        await lab.kube.apply(
          {
            apiVersion: 'networking.k8s.io/v1',
            kind: 'NetworkPolicy',
            metadata: { name: 'closed', namespace: system },
            spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress'] },
          },
          { manager: 'kubectl' },
        );
      }),
      hack('labels-of-live-pods', 'lasting', async (lab) => {
        const pods = await lab.kube.list(resources.pods, {
          namespace: system,
          labelSelector: `app=${name}`,
        });
        for (const { metadata } of pods) {
          await lab.kube.patch(
            resources.pods,
            system,
            metadata.name,
            { metadata: { labels: { 'k8s-app': null } } },
            { type: 'merge' },
          );
        }
      }),
      hack('todays-address', 'no-copies', async (lab) => {
        const corefile = await faults.readCorefile(lab);
        await rogueCorefile(
          lab,
          rogue,
          withAnswer(corefile, rogue, await faults.addressOf(lab, namespace, service)),
        );
      }),
      hack('one-less', rogue.replicas > 1 ? 'answers' : 'coredns', async (lab) => {
        // With one replica there is nothing to take away but the whole of CoreDNS.
        if (rogue.replicas > 1) await patchRogue(lab, rogue, { spec: { replicas: 1 } });
        else await faults.scale(lab, { namespace: system, name: 'coredns' }, 0);
      }),
    ];
  },

  debrief: (values) => {
    const rogue = rogueOf(values);
    return `deployment/${rogue.name} in kube-system was made from a copy of CoreDNS' own, labels included. A Service sends to every ready pod
that its selector fits, whoever made it: so ${rogue.replicas} of ${rogue.replicas + 2} servers behind kube-dns were not CoreDNS, and these
answered ${rogue.address} for ${rogue.service}. Each query goes to one of the servers at random; that is why errors came and went.
The seed has Chaos Mesh return "random IPs for specified domains". Here it is done with what every cluster has, and found in the same way:
count the answers, then count the servers (kubectl -n kube-system get endpointslices -l k8s-app=kube-dns). A longer cache makes it worse:
it keeps the wrong answer too. Chaos Mesh itself would have changed CoreDNS, for which it brings a plugin of its own.`;
  },
});
