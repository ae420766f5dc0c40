import {
  clientsRule,
  all,
  anyPartner,
  ask,
  between,
  checks,
  converge,
  corednsLasts,
  defineScenario,
  faults,
  hint,
  hold,
  minutes,
  objective,
  oneOf,
  partnerDns,
  resources,
  safeguard,
  seconds,
  serversRule,
  shop,
  shopGoesOn,
  shopRules,
} from 'breakfix';
import { fixesOf, hacksOf } from './repairs.ts';
import { clients, coredns, moreServers, namespace, rogueOf, system } from './rogue.ts';

const gateway = { namespace, app: 'gateway' };
const refunds = { namespace, app: 'refunds' };
/** A server that is not restarted loads what is written for it after two minutes at most. */
const settle = seconds(180);
/** A lookup that takes longer was asked twice: somebody did not answer. */
const quick = seconds(2);

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
    partner: anyPartner(),
  },

  ticket: ({ service }) =>
    `Since this morning some payments hang and fail; the next one works. The logs show that calls to ${service} time out: they go to an
address that nobody knows. Restarting the shop did not help. Make every lookup give the right answer again, whoever asks.`,
  rules: ({ service }) => [
    'CoreDNS belongs to the platform team and is right as it is: the template of deployment/coredns, its Corefile and Service kube-dns stay as they are.',
    clientsRule,
    `No address of a Service is written into a configuration: ${service} must resolve tomorrow too, whatever its address is then.`,
    'What you change must last: pods have the labels that their Deployments give them.',
    serversRule,
    'A lookup takes at most two seconds.',
  ],
  houseRules: () => shopRules,

  baseline: ({ partner }) => shop(partnerDns(partner)),
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
        all('every lookup is answered correctly and in time', [
          checks.resolves({ from: gateway, service, withinMs: quick }),
          checks.resolves({ from: refunds, service, withinMs: quick }),
        ]),
        settle,
      ),
    ),
    objective(
      'payments',
      40,
      'Every customer can pay',
      hold(seconds(40), checks.http({ from: gateway, url: 'http://127.0.0.1:8080/pay' }), settle),
    ),
  ],
  safeguards: ({ partner }) => [
    ...corednsLasts({ from: gateway, outside: partner }),
    safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
    ...shopGoesOn({ namespace }, settle),
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
      // Many restart CoreDNS for good measure, and have it graded while its pods are on their way.
      converge(
        minutes(1),
        all('CoreDNS is rolled out and configured as before', [
          checks.rolloutComplete(coredns),
          checks.unchanged({
            resource: resources.deployments,
            ...coredns,
            what: 'the template',
            part: ({ spec }) => [spec.template.metadata?.labels, spec.template.spec],
          }),
          checks.corefileKept(),
        ]),
      ),
    ),
    safeguard(
      'kube-dns',
      'veto',
      'Service kube-dns is as before',
      checks.unchanged({
        resource: resources.services,
        namespace: system,
        name: 'kube-dns',
        what: 'uid and spec',
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
      'No address of a Service is written down',
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
    hint(5, `Look up ${service} twenty times in a pod of the gateway, and count the different answers.`),
    hint(
      10,
      'Two answers for one name need two servers that disagree. A Service sends to every pod that has the labels of its selector: who is behind kube-dns?',
    ),
    hint(20, async (lab) => {
      const pods = await faults.corednsPods(lab);
      const lines = pods.map(({ metadata, status }) => `${status.podIP ?? 'no address'} ${metadata.name}`);
      return `Pods that Service kube-dns selects right now:\n${lines.sort().join('\n')}`;
    }),
  ],

  fixes: (values) => fixesOf(rogueOf(values)),
  hacks: (values) => hacksOf(rogueOf(values)),

  debrief: (values) => {
    const rogue = rogueOf(values);
    return `deployment/${rogue.name} in kube-system was a copy of the Deployment of CoreDNS, labels included. A Service sends to every ready pod
that matches its selector, whoever created it. So only two of the ${rogue.replicas + 2} servers behind kube-dns were CoreDNS; every other one answered
${rogue.address} for ${rogue.service}. Each query goes to one of the servers at random, so errors came and went.

To find this, count the answers, and then the servers: kubectl -n kube-system get endpointslices -l k8s-app=kube-dns. A longer cache makes it
worse, because it keeps the wrong answer too.

The interview notes let Chaos Mesh return "random IPs for specified domains". Chaos Mesh brings a
DNS server of its own for that (CoreDNS with a plugin), and lets chosen pods ask it. Here the same was done with what every cluster has.`;
  },
});
