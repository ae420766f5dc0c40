import {
  clientsRule,
  anyPartner,
  all,
  ask,
  callerOf,
  checks,
  converge,
  corednsLasts,
  corednsRules,
  countedPartnerDns,
  defineScenario,
  type Fault,
  faults,
  hint,
  hold,
  minutes,
  not,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  shopGoesOn,
  shopRules,
} from 'breakfix';
import { broken, clients, coredns, namespace, partnerOf } from './corefile.ts';
import { fixesOf, hacksOf } from './repairs.ts';

const gateway = { namespace, app: 'gateway' };
const fx = { namespace, app: 'fx' };
const settle = seconds(180);
const pays = checks.http({ from: gateway, url: 'http://127.0.0.1:8080/pay' });

/** CoreDNS is told to keep answers; it keeps one; and then the Service gets another address. */
const keptAnswer = (service: string, change: (corefile: string) => string, describe: string): Fault => {
  const told = faults.corefileChange(change, describe);
  const resolves = checks.resolves({ from: { namespace, app: callerOf(service) }, service });
  return {
    name: 'kept-answer',
    describe: `${describe} Then service/${service} was deleted and created again, and got another address.`,
    inject: async (lab) => {
      const revert = await told.inject(lab);
      // The old servers are gone, and each of the new ones has been asked.
      await converge(settle, checks.rolloutComplete(coredns)).grade?.(lab);
      await hold(seconds(5), resolves, settle).grade?.(lab);
      await faults.recreateService(lab, { namespace, name: service });
      return revert;
    },
  };
};

export default defineScenario({
  id: 'dns-stale',
  incident: 'INC-2124',
  title: 'Payments wait for an answer that never comes',
  area: 'dns',
  difficulty: 'advanced',
  minutes: 25,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/' },
    { url: 'https://coredns.io/plugins/cache/' },
    { url: 'https://coredns.io/plugins/kubernetes/' },
  ],
  needs: ['ownsCluster'],
  variants: {
    form: oneOf('ttl', 'minimum', 'block'),
    ttl: oneOf(3000, 3300, 3600),
    service: oneOf('checkout', 'payments', 'fx'),
    partner: anyPartner(),
    delayMs: oneOf(0, 400, 800),
  },

  ticket: ({ service }) =>
    `Payments fail: calls from ${callerOf(service)} to ${service} time out. The pods of ${service} are ready, and answer whoever asks them
directly. Restarting them did not help. The last change to the shop was a deployment of ${service}, which went well, as all of them did.
Make payments work again, and make sure that the next such deployment does not end like this.`,
  rules: ({ partner: { zone } }) => [
    'A Service of any namespace that is deleted and created again resolves to its new address within 60 seconds, also for clients that kept asking in the meantime.',
    `Answers for names outside the cluster stay cached: of 100 lookups of a name of ${zone}, also for a record that the name does not have (AAAA), at most 10 reach its name server.`,
    'Namespace partner belongs to the partner: it stays as it is, with the name server in it.',
    clientsRule,
    'No address of a Service is written into a configuration, and no name of a Service into the configuration of CoreDNS.',
    ...corednsRules,
  ],
  houseRules: () => shopRules,

  baseline: (values) => {
    const partner = partnerOf(values);
    const overlay = countedPartnerDns(partner);
    return shop({ ...overlay, env: { fx: { RATES_URL: `http://${partner.name}.` } } });
  },
  inject: ({ form, ttl, service }) => [
    keptAnswer(service, (corefile) => broken(corefile, form, ttl), described(form, ttl)),
  ],
  since: minutes(8),
  symptoms: ({ service }) => [
    checks.rolloutComplete({ namespace, name: service }),
    not(
      `${callerOf(service)} is sent to an address that is not that of ${service}`,
      checks.resolves({ from: { namespace, app: callerOf(service) }, service }),
    ),
    not('customers cannot pay', pays),
  ],

  objectives: ({ service }) => [
    objective(
      'address',
      30,
      `${service} resolves to the address that it has`,
      hold(
        seconds(30),
        all(`clients resolve ${service} to its address`, [
          checks.resolves({ from: { namespace, app: callerOf(service) }, service }),
          checks.resolves({ from: { namespace, app: 'refunds' }, service }),
        ]),
        settle,
      ),
    ),
    objective('payments', 20, 'Customers can pay', hold(seconds(30), pays, settle)),
    objective(
      'follows',
      50,
      'The next Service that is created again resolves too',
      checks.onceLoaded(checks.followsRecreation(gateway, { withinMs: seconds(60), windowMs: seconds(30) })),
    ),
  ],
  safeguards: (values) => {
    const partner = partnerOf(values);
    return [
      ...corednsLasts({ from: gateway, outside: partner }),
      safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
      // The fault has made one again.
      ...shopGoesOn({ namespace }, settle, { services: false }),
      safeguard(
        'dns-whole',
        'veto',
        'CoreDNS serves the whole cluster',
        hold(seconds(10), checks.clusterDnsWhole(), settle),
      ),
      safeguard(
        'same-dns',
        'veto',
        'Service kube-dns is still the same',
        checks.sameObject(resources.services, 'kube-system', 'kube-dns'),
      ),
      safeguard('partner', 'veto', "The partner's namespace is as before", checks.namespaceKept('partner')),
      safeguard(
        'no-copies',
        'veto',
        'No address and no name of a Service is written down',
        checks.notWrittenDown({ namespace, where: 'kube-system', names: true }),
      ),
      safeguard(
        'outside',
        'veto',
        'Names outside resolve, and stay cached',
        hold(seconds(20), checks.askedSeldom({ from: fx, of: partner, perHundred: 10 }), settle),
      ),
      safeguard(
        'elsewhere',
        'veto',
        'Names of other namespaces resolve',
        hold(seconds(10), checks.dns({ from: gateway, name: 'kube-dns.kube-system', address: '10.96.0.10' })),
      ),
    ];
  },

  diagnosis: ({ service }) => [
    ask.object(10, 'configmap/coredns', [
      'cm/coredns',
      'configmaps/coredns',
      'kube-system/configmap/coredns',
    ]),
    ask.field(10, 'data.Corefile', ['Corefile']),
    ask.evidence(10, `${service} resolves to an address that no Service has`, [
      `Service ${service} has no endpoints`,
      `Lookups of ${service} time out`,
      `A network policy keeps ${callerOf(service)} from ${service}`,
    ]),
  ],
  hints: ({ service }) => [
    hint(
      5,
      `Look up ${service} in a pod of ${callerOf(service)}, and compare the address with: kubectl -n shop get service ${service}. How old are the shop's Services?`,
    ),
    hint(
      10,
      'Something keeps an answer. Each answer says how long it may be kept (ttl of the kubernetes plugin). The cache plugin has limits of its own for that: at most and at least.',
    ),
    hint(20, async (lab) => {
      const lines = (await faults.readCorefile(lab))
        .split('\n')
        .filter((line) => /^\S.*\{|^\s+(ttl|cache|success|denial|disable|serve_stale)\b/.test(line));
      if (lines.length === 0)
        return 'Right now there is no Corefile in kube-system: CoreDNS goes on with the one that it has read.';
      return `These lines of the Corefile say how long answers are kept, in seconds:\n${lines.join('\n')}`;
    }),
  ],

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ service }) =>
    `When service/${service} was deleted and created again, it got another address, as Services do. CoreDNS still gave the old one,
which no Service had any more. Nobody answers packets to such an address, so callers waited until they timed out. The pods and the Service were
healthy all the time. A restart of CoreDNS empties its cache, and so hides the failure until the next such deployment.

Two settings decide how long an answer is kept. The kubernetes plugin writes a TTL into it (5 s where nothing is set, 30 s in kubeadm's Corefile,
3600 s at most). The cache plugin keeps the answer that long, but never longer than its own TTL, and never shorter than its MINTTL (5 s where nothing is
set). kubeadm's Corefile does not cache cluster.local at all: the kubernetes plugin has everything in memory anyway.

The interview notes simulate this by "setting a very low or zero TTL". That does not make answers outdated: even an answer with a TTL of zero is kept only
for MINTTL. It takes a long TTL. What a low TTL does is to send more queries to the server.`,
});

function described(form: string, ttl: number): string {
  switch (form) {
    case 'ttl':
      return `The kubernetes plugin gave its answers a TTL of ${ttl} s, and the cache plugin kept them that long, also for names of the cluster.`;
    case 'minimum':
      return `The cache plugin kept every positive answer for at least ${ttl} s, whatever its TTL, also for names of the cluster.`;
    default:
      return `A separate server block for cluster.local had a TTL of ${ttl} s, and a cache that kept answers that long.`;
  }
}
