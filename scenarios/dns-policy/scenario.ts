import {
  all,
  anyPartner,
  ask,
  checks,
  converge,
  defineScenario,
  dnsHarmed,
  everybodyFindsNames,
  faults,
  fix,
  hack,
  hint,
  hold,
  inTurn,
  type LabView,
  minutes,
  not,
  objective,
  oneOf,
  partnerDns,
  resources,
  safeguard,
  seconds,
  shop,
  shopGoesOn,
  shopRules,
  templateHint,
} from 'breakfix';

const namespace = 'shop';
const gateway = { namespace, app: 'gateway' };

const kubeDns = '10.96.0.10';
/** Milliseconds; a lookup that takes a second was asked again, of another server. */
const quick = 900;

/** Who has it: whom it calls, and the request of a customer that needs it. */
const stories = {
  checkout: { calls: 'payments', path: '/pay' },
  payments: { calls: 'ledger', path: '/pay' },
  refunds: { calls: 'ledger', path: '/refund' },
} as const;

type Client = keyof typeof stories;
/** A ClusterIP that no Service has. */
const dead = '10.96.250.53';
const searches: string[] = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
const ndots = [{ name: 'ndots', value: '5' }];

const forms = {
  default: {
    settings: { dnsPolicy: 'Default' },
    field: 'spec.template.spec.dnsPolicy',
    aliases: ['dnsPolicy'],
    was: "dnsPolicy Default, which makes a pod ask its node's name server. That server knows no Services",
    evidence: "/etc/resolv.conf in the pod names the node's server, and no search list of the cluster",
  },
  dead: {
    settings: {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: [dead] as string[], searches, options: ndots },
    },
    field: 'spec.template.spec.dnsConfig.nameservers',
    aliases: ['dnsConfig.nameservers', 'spec.template.spec.dnsConfig', 'dnsConfig', 'dnsPolicy'],
    was: `dnsPolicy None and the name server ${dead}, an address that no Service has: nobody ever answers`,
    evidence: `/etc/resolv.conf in the pod names ${dead}, where nobody answers`,
  },
} as const;

/** Everybody else. */
const others = (client: Client): string[] =>
  ['gateway', 'checkout', 'payments', 'refunds', 'notifier'].filter((name) => name !== client);

/** A Deployment that is nobody's to change; it may be restarted. */
const asBefore = (one: { namespace: string; name: string }) =>
  checks.unchanged({
    resource: resources.deployments,
    ...one,
    what: 'replicas and template',
    part: ({ spec }) => [spec.replicas, spec.template.metadata?.labels, spec.template.spec],
  });

const of = (client: Client) => ({ namespace, name: client });

const resolvesThere = (client: Client, withinMs?: number) =>
  checks.resolves({
    from: { namespace, app: client },
    service: stories[client].calls,
    ...(withinMs === undefined ? {} : { withinMs }),
  });

const pays = (client: Client) =>
  checks.http({ from: gateway, url: `http://127.0.0.1:8080${stories[client].path}` });

/** The repair that most people make. */
async function mended(lab: LabView, client: Client): Promise<void> {
  await faults.patchPods(lab, of(client), { dnsPolicy: 'ClusterFirst', dnsConfig: null });
}

/** Leaves nothing of the dnsConfig that was there. */
const settings = (lab: LabView, client: Client, dnsPolicy: string, dnsConfig: object) =>
  lab.kube.patch(
    resources.deployments,
    namespace,
    client,
    [
      { op: 'add', path: '/spec/template/spec/dnsPolicy', value: dnsPolicy },
      { op: 'add', path: '/spec/template/spec/dnsConfig', value: dnsConfig },
    ],
    { type: 'json' },
  );

const dnsPorts = [
  { name: 'dns', port: 53, protocol: 'UDP' as const },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' as const },
];

/** Another Service in front of CoreDNS, which the client asks instead of kube-dns. */
async function ownService(lab: LabView, client: Client, selector?: Readonly<Record<string, string>>) {
  const { spec } = await lab.kube.create(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'names', namespace: 'kube-system' },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ...(selector && { selector }),
      ports: dnsPorts.map((port) => ({ ...port, targetPort: port.port })),
    },
  });
  const nameservers = [spec.clusterIP];
  await settings(lab, client, 'None', { nameservers, searches, options: ndots });
}

export default defineScenario({
  id: 'dns-policy',
  incident: 'INC-2113',
  title: 'Orders fail in one service since its last change',
  area: 'dns',
  difficulty: 'beginner',
  minutes: 15,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/' },
  ],
  needs: ['ownsCluster'],
  variants: {
    client: oneOf('payments', 'refunds', 'checkout'),
    setting: oneOf('default', 'dead'),
    partner: anyPartner(),
  },

  ticket: ({ client, partner }) =>
    `Since its last change ${client} fails every request: it cannot resolve ${stories[client].calls}. All other services resolve
the names that they call. ${client} must resolve names again as they do: Services by their short names, names of other namespaces
(kube-dns.kube-system, and kube-dns.kube-system.svc), and the partner's name (${partner.name}).`,
  rules: ({ client }) => [
    `${client} is the service to change. The other services, CoreDNS and Service kube-dns are fine and stay as they are.`,
    `Every lookup in ${client} is answered in less than a second.`,
    `${client} runs its own program and calls Services by their names: hostAliases, hostNetwork and the addresses in its environment stay as they are.`,
    'Pods come and go, those of CoreDNS too. A name server needs an address that stays and still leads to it tomorrow, never the address of a pod.',
    'Services that are created tomorrow must resolve too.',
    `A pod of ${client} that is created tomorrow must come up, and no pod of today runs with settings that are no longer in the cluster.`,
  ],
  houseRules: () => shopRules,

  baseline: ({ partner }) => shop(partnerDns(partner)),
  inject: ({ client, setting }) => [
    faults.dnsSettings(
      of(client),
      forms[setting].settings,
      `The pods of deployment/${client} were given ${forms[setting].was}.`,
    ),
  ],
  since: minutes(10),
  symptoms: ({ client }) => [
    all(`${client} does not resolve ${stories[client].calls}, and the gateway does`, [
      not('it is not found', resolvesThere(client)),
      checks.resolves({ from: gateway, service: stories[client].calls }),
    ]),
    not(`customers are refused`, pays(client)),
  ],

  objectives: ({ client, partner }) => [
    objective(
      'names',
      40,
      `${client} resolves names`,
      hold(
        seconds(30),
        all(`names of the cluster and of the partner resolve in ${client}`, [
          resolvesThere(client, quick),
          ...(
            [
              ['kube-dns.kube-system', kubeDns],
              [partner.name, partner.address],
            ] as const
          ).map(([name, address]) =>
            checks.dns({ from: { namespace, app: client }, name, address, withinMs: quick }),
          ),
          // Who has fewer ndots asks outside first: how long that takes is not the cluster's doing.
          checks.dns({
            from: { namespace, app: client },
            name: 'kube-dns.kube-system.svc',
            address: kubeDns,
          }),
        ]),
      ),
    ),
    objective('requests', 30, `Requests that need ${client} succeed`, hold(seconds(30), pays(client))),
    objective(
      'fresh',
      30,
      `${client} resolves new Services`,
      checks.freshServicesResolve({ namespace, app: client }, seconds(30), seconds(60)),
    ),
  ],
  safeguards: ({ client }) => [
    safeguard('starts-again', 'veto', `A new pod of ${client} comes up`, checks.startsAgain(of(client))),
    ...shopGoesOn(of(client)),
    everybodyFindsNames({ namespace, app: client }),
    safeguard(
      'rollout',
      'veto',
      `${client} is rolled out`,
      converge(minutes(1), checks.rolloutComplete(of(client))),
    ),
    safeguard(
      'by-name',
      'veto',
      `${client} calls others by name`,
      checks.addressesAsBefore(namespace, [client]),
    ),
    safeguard(
      'server',
      'veto',
      `${client} asks a name server that stays`,
      checks.nameServersStay(of(client)),
    ),
    safeguard(
      'others',
      'veto',
      'The other services are as before',
      all('the other services and CoreDNS are as before', [
        checks.clientsAsBefore(namespace, others(client)),
        ...[...others(client), 'fx'].map((name) => asBefore({ namespace, name })),
        asBefore({ namespace: 'kube-system', name: 'coredns' }),
      ]),
    ),
    safeguard(
      'dns-whole',
      'veto',
      'CoreDNS serves the whole cluster',
      inTurn('CoreDNS serves the whole cluster, and its next rollout can begin', [
        hold(seconds(10), checks.clusterDnsWhole()),
        checks.dnsRollsOut(),
      ]),
    ),
    safeguard('corefile', 'veto', 'CoreDNS is configured as before', checks.corefileKept()),
    safeguard(
      'same-dns',
      'veto',
      'Service kube-dns is as before',
      checks.unchanged({
        resource: resources.services,
        namespace: 'kube-system',
        name: 'kube-dns',
        what: 'uid and spec',
        part: ({ metadata, spec }) => [metadata.uid, spec],
      }),
    ),
  ],

  diagnosis: ({ client, setting }) => [
    ask.object(10, `deployment/${client}`, [
      `deploy/${client}`,
      `deployments/${client}`,
      `shop/deployment/${client}`,
    ]),
    ask.field(10, forms[setting].field, forms[setting].aliases),
    ask.evidence(10, forms[setting].evidence, [
      'CoreDNS restarts again and again',
      'kube-dns has no endpoints',
      'The Service that is looked up has no endpoints',
    ]),
  ],
  hints: ({ client }) => [
    hint(5, `Look up the same name in a pod of ${client} and in a pod of the gateway, and compare.`),
    hint(10, 'Which name server and which search list does /etc/resolv.conf have in each of the two?'),
    templateHint(20, of(client), ({ spec }) => {
      const servers = spec.dnsConfig?.nameservers?.join(', ') ?? 'none';
      return `Right now the template of ${client} has dnsPolicy ${spec.dnsPolicy}, and these name servers in its dnsConfig: ${servers}. The address of Service kube-dns is ${kubeDns}.`;
    }),
  ],

  fixes: ({ client }) => [
    fix(
      'cluster-first',
      [`kubectl -n shop edit deployment ${client}   # dnsPolicy: ClusterFirst, and no dnsConfig`],
      async (lab) => {
        await mended(lab, client);
      },
    ),
    fix('policy-only', ['dnsPolicy: ClusterFirst, and dnsConfig stays'], async (lab) => {
      await faults.patchPods(lab, of(client), { dnsPolicy: 'ClusterFirst' });
    }),
    fix('unset', ['remove dnsPolicy and dnsConfig: ClusterFirst is the default'], async (lab) => {
      await faults.patchPods(lab, of(client), { dnsPolicy: null, dnsConfig: null });
    }),
    fix('rollback', [`kubectl -n shop rollout undo deployment ${client}`], async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, client);
      await lab.kube.patch(
        resources.deployments,
        namespace,
        client,
        [{ op: 'replace', path: '/spec/template/spec', value: before?.spec.template.spec }],
        { type: 'json', fieldManager: 'kubectl-rollout' },
      );
    }),
    fix(
      'own-config',
      [`dnsPolicy: None, and a dnsConfig with ${kubeDns}, the cluster's search list and ndots:5`],
      async (lab) => {
        await settings(lab, client, 'None', { nameservers: [kubeDns], searches, options: ndots });
      },
    ),
    fix(
      'own-service',
      [
        'another Service in kube-system, with the selector and the ports of kube-dns',
        'dnsPolicy: None, and a dnsConfig with its address',
      ],
      (lab) => ownService(lab, client, { 'k8s-app': 'kube-dns' }),
    ),
    fix('fewer-dots', ['ClusterFirst, and a dnsConfig with ndots:2'], async (lab) => {
      await settings(lab, client, 'ClusterFirst', { options: [{ name: 'ndots', value: '2' }] });
    }),
    fix(
      'made-again',
      ['delete the Deployment, and create it again as it was (kubectl replace --force)'],
      async (lab) => {
        const before = lab.baseline.get(resources.deployments, namespace, client);
        if (before === undefined) return;
        await lab.kube.delete(resources.deployments, namespace, client);
        await lab.kube.create(resources.deployments, {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: client, namespace, labels: before.metadata.labels ?? {} },
          spec: before.spec,
        });
      },
    ),
  ],
  hacks: ({ client, partner }) => [
    hack('restart-only', 'names', async (lab) => {
      await faults.restart(lab, of(client));
    }),
    hack('host-aliases', 'by-name', async (lab) => {
      const called = stories[client].calls;
      const hostAliases = await faults.hostAliases(lab, namespace, [called]);
      await faults.patchPods(lab, of(client), { hostAliases });
    }),
    hack('aliases-kept', 'by-name', async (lab) => {
      const called = stories[client].calls;
      const hostAliases = await faults.hostAliases(lab, namespace, [called]);
      await faults.patchPods(lab, of(client), { hostAliases, dnsPolicy: 'ClusterFirst', dnsConfig: null });
    }),
    hack('address-in-env', 'by-name', async (lab) => {
      const called = stories[client].calls;
      const env = await faults.addressEnv(lab, namespace, [called]);
      await faults.patchContainer(lab, of(client), { env });
    }),
    hack('full-names', 'names', async (lab) => {
      // The cluster's server without its search list: only whole names resolve.
      const called = stories[client].calls;
      await settings(lab, client, 'None', { nameservers: [kubeDns] });
      const env = [{ name: `${called.toUpperCase()}_URL`, value: `http://${called}.shop.svc.cluster.local` }];
      await faults.patchContainer(lab, of(client), { env });
    }),
    hack('second-server', 'requests', async (lab) => {
      // The wrong server is still asked first.
      const spec = (await lab.kube.get(resources.deployments, namespace, client))?.spec.template.spec;
      const nameservers = [...(spec?.dnsConfig?.nameservers ?? []), kubeDns];
      await faults.patchPods(lab, of(client), { dnsConfig: { nameservers, searches } });
    }),
    hack('no-svc-names', 'names', async (lab) => {
      // The ticket's names resolve, and others do not.
      const some = searches.filter((domain) => domain !== 'cluster.local');
      await settings(lab, client, 'None', { nameservers: [kubeDns], searches: some, options: ndots });
    }),
    hack('dead-server-in-turn', 'names', async (lab) => {
      const options = [...ndots, { name: 'rotate' }];
      await settings(lab, client, 'None', { nameservers: [kubeDns, dead], searches, options });
    }),
    hack('dead-server-first', 'names', async (lab) => {
      // Each lookup waits for nobody first.
      const options = [...ndots, { name: 'timeout', value: '1' }];
      await settings(lab, client, 'None', { nameservers: [dead, kubeDns], searches, options });
    }),
    hack('more-of-coredns-beside-the-repair', 'others', async (lab) => {
      await mended(lab, client);
      await faults.scale(lab, { namespace: 'kube-system', name: 'coredns' }, 4);
    }),
    ...dnsHarmed(namespace, (lab) => mended(lab, client)),
    hack('no-more-rollouts', 'starts-again', async (lab) => {
      await mended(lab, client);
      await lab.clock.wait(seconds(30), lab.signal);
      await faults.noMoreRollouts(lab, namespace);
    }),
    hack('pod-address', 'server', async (lab) => {
      const nameservers = (await faults.corednsPods(lab)).flatMap(({ status }) => status.podIP ?? []);
      await settings(lab, client, 'None', { nameservers, searches, options: ndots });
    }),
    // Both lead nowhere after the next rollout of CoreDNS.
    hack('endpoints-by-hand', 'server', async (lab) => {
      await ownService(lab, client);
      const addresses = (await faults.corednsPods(lab)).flatMap(({ status }) => status.podIP ?? []);
      await faults.endpointsByHand(lab, { namespace: 'kube-system', name: 'names' }, addresses, dnsPorts);
    }),
    hack('todays-release-of-coredns', 'server', async (lab) => {
      const [pod] = await faults.corednsPods(lab);
      await ownService(lab, client, pod?.metadata.labels);
    }),
    hack('partner-server', 'names', async (lab) => {
      await settings(lab, client, 'None', { nameservers: [partner.server], searches });
    }),
    hack('host-network', 'by-name', async (lab) => {
      await faults.patchPods(lab, of(client), {
        dnsPolicy: 'ClusterFirstWithHostNet',
        dnsConfig: null,
        hostNetwork: true,
      });
    }),
    hack('search-list-only', 'names', async (lab) => {
      await faults.patchPods(lab, of(client), { dnsConfig: { searches } });
    }),
    hack('look-alike', 'names', async (lab) => {
      const real = await lab.kube.get(resources.deployments, namespace, client);
      if (real === undefined) return;
      const { template } = real.spec;
      await lab.kube.create(resources.pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `a-${client}`, namespace, labels: template.metadata?.labels ?? {} },
        spec: { ...template.spec, dnsPolicy: 'ClusterFirst', dnsConfig: {} },
      });
    }),
    hack('corefile', 'names', async (lab) => {
      const corefile = await faults.readCorefile(lab);
      await faults.writeCorefile(lab, corefile.replace('cache 30 {', 'cache 60 {'));
    }),
    hack('dns-moved', 'same-dns', async (lab) => {
      // Another Service in front of CoreDNS would do; moving everybody's is too much.
      await mended(lab, client);
      await lab.kube.patch(
        resources.services,
        'kube-system',
        'kube-dns',
        { spec: { sessionAffinity: 'ClientIP' } },
        { type: 'merge' },
      );
    }),
    hack('scaled-away', 'names', async (lab) => {
      await faults.scale(lab, { namespace, name: client }, 0);
    }),
    hack('half-rolled-out', 'rollout', async (lab) => {
      await mended(lab, client);
      await faults.scale(lab, { namespace, name: client }, 1);
    }),
  ],

  debrief: ({ client, setting }) =>
    `With its last change deployment/${client} was given ${forms[setting].was}. CoreDNS and the Services were healthy: only these
pods asked another name server. One step of the interview notes finds it: "verify that the DNS settings in the pods and the nodes are correct
and consistent". Compare /etc/resolv.conf in two pods. Their step "flush the DNS cache on the client machines" would not have helped: these pods have no DNS cache.

dnsPolicy Default is not the default: a pod without dnsPolicy gets ClusterFirst. Name servers in dnsConfig come after those of the
policy. The C library usually asks the second one only if the first does not answer, and "no such name" is an answer.`,
});
