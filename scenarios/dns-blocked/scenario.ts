import {
  clientsRule,
  askingRule,
  all,
  ask,
  checks,
  converge,
  dataKept,
  defineScenario,
  hint,
  hold,
  inTurn,
  kubeDnsRule,
  minutes,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  shopRules,
  shopStartsAgain,
} from 'breakfix';
import {
  addresses,
  clients,
  cutOff,
  apiServer,
  cuts,
  kubeDns,
  namespace,
  others,
  otherWorkloads,
  policies,
} from './network.ts';
import { fixesOf, hacksOf } from './repairs.ts';

const labelsKept = all('labels of namespaces and of pods are as before', [
  ...['shop', 'office', 'lobby', 'kube-system'].map((name) =>
    checks.unchanged({
      resource: resources.namespaces,
      name,
      what: 'labels',
      part: ({ metadata }) => metadata.labels,
    }),
  ),
  ...[
    ...clients.map((name) => [namespace, name] as const),
    ['office', 'reports'] as const,
    ['office', 'resolver'] as const,
    ['lobby', 'kiosk'] as const,
    ['lobby', 'display'] as const,
    ['kube-system', 'coredns'] as const,
  ].map(([where, name]) =>
    checks.unchanged({
      resource: resources.deployments,
      namespace: where,
      name,
      what: 'labels of the pods',
      part: ({ spec }) => spec.template.metadata?.labels,
    }),
  ),
  // Of those that run too: a policy goes by these, and they are gone with the pod.
  ...['shop', 'office', 'lobby', 'kube-system'].map((where) =>
    checks.podsMatchTemplates(where, { exactly: true }),
  ),
]);

const inShop = (app: string) => ({ namespace, app });
const gateway = inShop('gateway');
/** Another team: has nothing to do with the shop, and looks names up like everybody. */
const reports = { namespace: 'office', app: 'reports' };
/** They stand in a hall where anybody may touch them: no cluster DNS for them. */
const kiosk = { namespace: 'lobby', app: 'kiosk' };
const display = { namespace: 'lobby', app: 'display' };

/** Somebody of the shop does not reach what the kiosk does. */
const closedTo = (app: string, target: checks.ReachTarget) =>
  checks.isolates({ allowed: kiosk, forbidden: inShop(app), target });

export default defineScenario({
  id: 'dns-blocked',
  incident: 'INC-2108',
  title: 'Payments fail: every DNS lookup times out',
  area: 'dns',
  difficulty: 'advanced',
  minutes: 30,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/' },
  ],
  needs: ['ownsCluster', 'networkPolicy'],
  variants: { cut: oneOf('gone', 'label', 'ingress') },

  ticket: ({ cut }) =>
    `Since the security team worked on the network tonight, nobody can pay. DNS lookups of the shop get no answer${
      cuts[cut].everybody ? ', and the office (namespace office) reports the same' : ''
    }. CoreDNS runs and is ready. Make names resolve
again for shop and office, and leave the network as closed as the security team wants it.`,
  rules: () => [
    'Pods of namespace shop, whatever their labels, may call each other, and may ask CoreDNS over UDP and TCP.',
    'They may call nobody else: not the office, not the lobby, not the name servers of these two (resolver and directory, port 53), not what else runs in kube-system (inventory), not the API server, not the nodes, not what is created in another namespace tomorrow, and no address outside the cluster.',
    'All others can still reach whom they reached before: the lobby and the office reach each other, and both reach what runs in kube-system beside CoreDNS.',
    'Pods of the namespaces shop and office, also those that are created tomorrow, resolve names.',
    'Namespace lobby is open to the public: its pods (kiosk, display, and whatever is created there tomorrow) must not reach CoreDNS on any port.',
    'Labels of namespaces and pods stay as they are, also on pods that already run: other people rely on them.',
    clientsRule,
    'Pods come and go: no NetworkPolicy tells them apart by the addresses that they have today.',
    'CoreDNS serves the whole cluster, and it is configured as before. Behind Service kube-dns are at least two pods of deployment/coredns, and nothing else.',
    kubeDnsRule,
    askingRule,
  ],
  houseRules: () => shopRules,

  baseline: () =>
    shop({
      extra: [...others, ...policies],
      extraWorkloads: otherWorkloads,
    }),
  inject: ({ cut }) => [cutOff(cut)],
  since: minutes(8),
  symptoms: () => [
    checks.lookupFails({ from: gateway, name: 'checkout', code: 'EAI_AGAIN', afterMs: 4000 }),
    checks.clusterDnsWhole(),
  ],

  objectives: () => [
    objective(
      'names',
      40,
      'Services of the shop resolve',
      hold(
        seconds(30),
        all('names of the shop and of other namespaces resolve', [
          checks.resolves({ from: gateway, service: 'checkout' }),
          ...['payments', 'refunds', 'notifier'].map((app) =>
            checks.resolves({ from: inShop(app), service: 'ledger' }),
          ),
          checks.dns({
            from: { namespace, app: 'checkout' },
            name: 'reports.office',
            address: addresses.reports,
          }),
        ]),
      ),
    ),
    objective(
      'tcp',
      20,
      'CoreDNS answers over TCP too',
      hold(
        seconds(15),
        all(
          'clients connect to kube-dns over TCP',
          clients.map((app) => checks.tcp({ from: inShop(app), host: kubeDns, port: 53 })),
        ),
      ),
    ),
    objective(
      'payments',
      20,
      'Customers pay, and get their money back',
      hold(seconds(30), checks.customersServed(namespace)),
    ),
    objective(
      'fresh',
      20,
      'New Services resolve',
      checks.freshServicesResolve(gateway, seconds(30), seconds(60)),
    ),
  ],
  safeguards: () => [
    safeguard(
      'office',
      'veto',
      'The office resolves names, and reaches whom it calls',
      hold(
        seconds(10),
        all('names resolve in the office, and it reaches what runs in kube-system', [
          checks.resolves({ from: reports, service: 'resolver' }),
          checks.tcp({ from: reports, host: kubeDns, port: 53 }),
          checks.tcp({ from: reports, host: addresses.inventory, port: 80 }),
        ]),
      ),
    ),
    safeguard(
      'office-tomorrow',
      'veto',
      'New pods of the office resolve names',
      checks.servesEverybody(gateway, 'office'),
    ),
    safeguard(
      'shop-tomorrow',
      'veto',
      'New pods of the shop resolve names, and reach nobody else',
      checks.servesEverybody(gateway, namespace, [`${addresses.kiosk}:80`, `${addresses.inventory}:80`]),
    ),
    safeguard(
      'lobby-tomorrow',
      'veto',
      'New pods of the lobby do not reach CoreDNS',
      checks.servesNobodyOf(gateway, 'lobby'),
    ),
    safeguard(
      'isolated',
      'veto',
      'The shop reaches nobody else',
      hold(
        seconds(10),
        all('the kiosk reaches the others, the shop does not', [
          ...clients.map((app) => closedTo(app, { tcp: `${addresses.reports}:80` })),
          ...['gateway', 'payments'].flatMap((app) => [
            checks.isolates({
              allowed: reports,
              forbidden: inShop(app),
              target: { tcp: `${addresses.kiosk}:80` },
            }),
            closedTo(app, { tcp: `${addresses.inventory}:80` }),
            closedTo(app, { tcp: `${apiServer}:443` }),
          ]),
        ]),
      ),
    ),
    safeguard(
      'other-port-53',
      'veto',
      'The shop reaches no other name server',
      hold(
        seconds(10),
        all('the kiosk reaches the name servers of office and lobby, the shop does not', [
          ...clients.map((app) => closedTo(app, { tcp: `${addresses.resolver}:53` })),
          closedTo('payments', { ask: addresses.resolver }),
          closedTo('gateway', { tcp: `${addresses.directory}:53` }),
          closedTo('payments', { ask: addresses.directory }),
        ]),
      ),
    ),
    safeguard(
      'nobody-else',
      'veto',
      'No policy lets the shop call new namespaces or addresses outside',
      checks.egressOnlyTo(namespace, { namespace: 'kube-system', name: 'coredns' }),
    ),
    safeguard(
      'kiosk',
      'veto',
      'The lobby does not reach CoreDNS',
      hold(
        seconds(10),
        all(
          'the shop reaches CoreDNS, the lobby does not',
          [kiosk, display].flatMap((forbidden) => [
            checks.isolates({ allowed: gateway, forbidden, target: { ask: kubeDns } }),
            checks.isolates({ allowed: gateway, forbidden, target: { tcp: `${kubeDns}:53` } }),
            // Nobody has to reach the metrics.
            checks.isolates({ forbidden, target: { tcp: `${kubeDns}:9153` } }),
          ]),
        ),
      ),
    ),
    safeguard(
      'by-labels',
      'veto',
      "Policies apply to tomorrow's pods too",
      checks.policiesFollowPods(['shop', 'kube-system']),
    ),
    safeguard('labels', 'veto', 'Labels are as before', converge(minutes(1), labelsKept)),
    safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
    shopStartsAgain({ namespace }),
    dataKept(namespace),
    safeguard(
      'dns-whole',
      'veto',
      'CoreDNS serves the whole cluster',
      inTurn('CoreDNS serves the whole cluster, and its next rollout can begin', [
        hold(seconds(10), checks.clusterDnsWhole()),
        checks.dnsRollsOut(),
      ]),
    ),
    safeguard(
      'corefile',
      'veto',
      'CoreDNS is configured as before',
      all('the Corefile and the pods of CoreDNS are as before', [
        checks.corefileKept(),
        // What runs may go on with what was before, while a rollout is paused or stuck.
        checks.unchanged({
          resource: resources.deployments,
          namespace: 'kube-system',
          name: 'coredns',
          what: 'the pod template',
          part: ({ spec }) => spec.template.spec,
        }),
      ]),
    ),
  ],

  diagnosis: ({ cut }) => [
    ask.object(10, cuts[cut].object, [
      cuts[cut].object.replace('networkpolicy/', 'netpol/'),
      cuts[cut].object.replace('networkpolicy/', 'networkpolicies/'),
    ]),
    ask.field(10, cuts[cut].field, cuts[cut].fieldAliases),
    ask.evidence(10, cuts[cut].evidence, [
      'Lookups are refused at once: kube-dns has no endpoints',
      'Lookups are answered with NXDOMAIN',
      'The log of CoreDNS shows that its upstream times out',
    ]),
  ],
  hints: () => [
    hint(
      5,
      'A lookup that is refused fails at once. One that fails after ten seconds was never answered: something drops it on its way.',
    ),
    hint(
      10,
      'A connection must be allowed on both sides: egress of the pod that calls, and ingress of the pod that is called. Try: kubectl get networkpolicy -A',
    ),
    hint(20, async (lab) => {
      const found = await lab.kube.list(resources.networkPolicies);
      const lines = found.map(({ metadata, spec }) => {
        const rules = {
          ...(spec.ingress && { ingress: spec.ingress }),
          ...(spec.egress && { egress: spec.egress }),
        };
        return `${metadata.namespace ?? ''}/${metadata.name} ${spec.policyTypes.join('+')}: ${JSON.stringify(rules)}`;
      });
      return lines.length === 0
        ? 'Right now the cluster has no NetworkPolicy: if something is still dropped, no policy does it. But nothing is closed either.'
        : `These policies apply right now. Compare their selectors with the labels of pods and namespaces:\n${lines.join('\n')}`;
    }),
  ],

  fixes: ({ cut }) => fixesOf(cut),
  hacks: ({ cut }) => hacksOf(cut),

  debrief: ({ cut }) =>
    `${cuts[cut].describe} CoreDNS stayed ready all the time: its probes come from the node, and policies always let those through. What
showed the cause was how lookups failed: they were never answered, and gave up after two tries of five seconds. A Service without
endpoints refuses at once.

The interview notes call this failure "blocking network traffic to the CoreDNS pod using network policies". It has
two ends: the egress of the pod that asks, and the ingress of CoreDNS.

Policies only add up, so the repair is to allow the missing connection:
by labels of namespace and pod, and over both protocols, because an answer that does not fit into UDP is asked for again over TCP. The
address of a Service in an ipBlock does not help here: policies see the pod behind the Service, not the Service's address. Every namespace has the label
kubernetes.io/metadata.name; the label "name" is there only if somebody sets it.`,
});
