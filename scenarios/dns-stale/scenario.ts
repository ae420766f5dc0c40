import {
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
    describe: `${describe} Then service/${service} was deleted and made again, and got another address.`,
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
  title: 'Payments wait for somebody who is not there',
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
    `Payments fail: ${callerOf(service)} waits for ${service} until its time is over. The pods of ${service} are ready, and answer whoever asks them
directly. Restarting them did not help. The last change to the shop was a deployment of ${service} that went well, as they all did.
Make payments work again, and see to it that the next such deployment does not end like this.`,
  rules: ({ partner: { zone } }) => [
    'A Service of any namespace that is deleted and made again is found at its new address within 60 seconds, also by clients that went on asking meanwhile.',
    `Answers for names outside stay cached: of 100 lookups of a name of ${zone} at most 10 reach its name server.`,
    "Namespace partner is the partner's, its name server included: it stays as it is.",
    'Clients run their own programs, keep their DNS settings and call each other by name. No address of a Service is written into a configuration, and no name of one into that of CoreDNS.',
    ...corednsRules(),
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
      `${service} is found where it is`,
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
      'The next Service that is made again is found too',
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
        'Nothing is written down',
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
      `Look ${service} up in a pod of ${callerOf(service)}, and compare with: kubectl -n shop get service ${service}. How old are the shop's Services?`,
    ),
    hint(
      10,
      'Somebody remembers an answer. An answer says itself how long it may be kept (ttl of the kubernetes plugin); the cache plugin says what it makes of that, at most and at least.',
    ),
    hint(20, async (lab) => {
      const lines = (await faults.readCorefile(lab))
        .split('\n')
        .filter((line) => /^\S.*\{|^\s+(ttl|cache|success|denial|disable|serve_stale)\b/.test(line));
      if (lines.length === 0)
        return 'Right now kube-system has no Corefile: CoreDNS goes on with what it has read.';
      return `These lines of the Corefile say how long answers are kept, in seconds:\n${lines.join('\n')}`;
    }),
  ],

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ service }) =>
    `When service/${service} was made again it got another address, as Services do, and CoreDNS went on with the old one,
which no Service had any more: packets to it are answered by nobody, so callers waited until their time was over. The pods and the Service were whole all the time. A restart of CoreDNS empties its cache and hides it until the next deployment.
How long an answer is kept comes from two places: the kubernetes plugin writes a TTL into it (5 s, 30 s in kubeadm's Corefile, 3600 s
at most), and cache keeps it that long, but never longer than its own TTL nor shorter than its MINTTL. kubeadm does not cache
cluster.local at all: the kubernetes plugin has everything in memory anyway.
The interview notes simulate this by "setting a very low or zero TTL". That cannot make answers outdated: a TTL of zero is never kept. It takes a
long one. What a low TTL does instead is to load whoever is asked.`,
});

function described(form: string, ttl: number): string {
  switch (form) {
    case 'ttl':
      return `The kubernetes plugin gave its answers a TTL of ${ttl} s, and cache kept them for as long, names of the cluster included.`;
    case 'minimum':
      return `The cache plugin kept every good answer for at least ${ttl} s, whatever its TTL, names of the cluster included.`;
    default:
      return `A server block of its own for cluster.local had a TTL of ${ttl} s and a cache that kept answers for as long.`;
  }
}
