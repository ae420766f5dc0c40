import {
  anyPartner,
  ask,
  checks,
  converge,
  corednsLasts,
  corednsRules,
  countedPartnerDns,
  defineScenario,
  faults,
  hint,
  hold,
  minutes,
  not,
  objective,
  oneOf,
  resources,
  safeguard,
  shopGoesOn,
  shopRules,
  seconds,
  shop,
} from 'breakfix';
import { broken, clients, type Form, namespace, partnerOf, system } from './corefile.ts';
import { fixesOf, hacksOf } from './repairs.ts';

const gateway = { namespace, app: 'gateway' };
const fx = { namespace, app: 'fx' };
const settle = seconds(180);
/** Milliseconds; an answer from a cache takes two or three. */
const quick = 400;
const perHundred = 10;

const quickLookups = (partner: { name: string; address: string }, p99Ms: number) =>
  checks.quickLookups({ from: fx, name: `${partner.name}.`, address: partner.address, p99Ms });

const mostPay = checks.mostlyAnswered({
  from: gateway,
  url: 'http://127.0.0.1:8080/pay',
  count: 100,
  everyMs: 200,
  timeoutMs: seconds(5),
  atLeast: 95,
});

const described = (form: Form, zone: string): string => {
  switch (form) {
    case 'gone':
      return `The line with the cache was gone from the Corefile's server block for ${zone}.`;
    case 'disabled':
      return `The cache of the Corefile's server block for ${zone} was told not to keep answers (disable success).`;
    case 'zone':
      return `The cache of the Corefile's server block for ${zone} was meant for cluster.local only, which is never asked for there.`;
  }
};

export default defineScenario({
  id: 'dns-slow',
  incident: 'INC-2131',
  title: 'Payments have become slow, and some fail',
  area: 'dns',
  difficulty: 'intermediate',
  minutes: 20,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    {
      url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/#configuration-of-stub-domain-and-upstream-nameserver-using-coredns',
    },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/' },
    { url: 'https://coredns.io/plugins/cache/' },
  ],
  needs: ['ownsCluster'],
  variants: {
    form: oneOf('gone', 'disabled', 'zone'),
    partner: anyPartner(),
    delayMs: oneOf(700, 800, 900),
  },

  ticket: ({ partner }) =>
    `Every payment takes almost a second longer than yesterday, and some fail: checkout has no answer from fx in time. Nobody deployed
anything, pods are ready and idle. fx has its rates from ${partner.name}. Our partner there says that their name server has always taken
its time, but that we ask it far more than we used to. Make payments quick and reliable again.`,
  rules: ({ partner: { name, zone } }) => [
    `Of 100 lookups of any name of ${zone} in a pod of fx at most ${perHundred} reach the partner's name server, and 99 of 100 lookups of ${name}, made 20 times a second, take at most ${quick} ms.`,
    `The partner moves its addresses at short notice: what its name server said, also that there is no such record, is not given any more after two minutes.`,
    "Namespace partner is the partner's, its name server included: it stays as it is.",
    'A Service of any namespace that is deleted and made again is found at its new address within 30 seconds.',
    'Clients run their own programs, keep their DNS settings and the names that they call. No address is written into a configuration, and no name of a Service into that of CoreDNS.',
    ...corednsRules(),
  ],
  houseRules: () => shopRules,

  baseline: (values) => {
    const partner = partnerOf(values);
    return shop({
      ...countedPartnerDns(partner),
      env: { fx: { RATES_URL: `http://${partner.name}.` } },
      settings: { CALL_TIMEOUT_MS: String(values.delayMs + 200) },
    });
  },
  inject: (values) => [
    faults.corefileChange(
      (corefile) => broken(corefile, partnerOf(values), values.form),
      described(values.form, values.partner.zone),
    ),
  ],
  since: minutes(8),
  symptoms: (values) => {
    const partner = partnerOf(values);
    return [
      checks.dns({ from: fx, name: `${partner.name}.`, address: partner.address }),
      not(
        'lookups are not answered by a cache',
        checks.askedSeldom({ from: fx, of: partner, perHundred: 50 }),
      ),
      not(`lookups take ${values.delayMs} ms and more`, quickLookups(partner, values.delayMs - 1)),
      not('not all customers can pay', mostPay),
    ];
  },

  objectives: (values) => {
    const partner = partnerOf(values);
    return [
      objective(
        'upstream',
        40,
        'The partner is asked seldom',
        hold(seconds(20), checks.askedSeldom({ from: fx, of: partner, perHundred }), settle),
      ),
      objective(
        'quick',
        30,
        `99 of 100 lookups of ${partner.name} are quick`,
        // A window right after a reload has the misses of empty caches in it: there is time for one more.
        hold(seconds(30), quickLookups(partner, quick), settle + seconds(60)),
      ),
      objective('payments', 30, 'Customers can pay', converge(settle, mostPay)),
    ];
  },
  safeguards: (values) => {
    const partner = partnerOf(values);
    return [
      ...corednsLasts({ from: gateway, outside: partner }),
      safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
      ...shopGoesOn({ namespace }, settle),
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
        checks.sameObject(resources.services, system, 'kube-dns'),
      ),
      safeguard('partner', 'veto', "The partner's namespace is as before", checks.namespaceKept('partner')),
      safeguard(
        'no-copies',
        'veto',
        'Nothing is written down',
        checks.notWrittenDown({
          namespace,
          where: system,
          others: { [partner.name]: partner.address },
          names: true,
        }),
      ),
      safeguard(
        'partner-moves',
        'veto',
        'The partner may move',
        checks.onceLoaded(
          checks.keptNoLonger({ from: fx, of: partner, maxMs: minutes(2), settleMs: settle }),
        ),
      ),
      safeguard(
        'follows',
        'veto',
        'Services may move',
        checks.onceLoaded(
          checks.followsRecreation(gateway, { withinMs: seconds(30), windowMs: seconds(20) }),
        ),
      ),
    ];
  },

  diagnosis: ({ partner: { zone } }) => [
    ask.object(10, 'configmap/coredns', [
      'cm/coredns',
      'configmaps/coredns',
      'kube-system/configmap/coredns',
    ]),
    ask.field(10, 'data.Corefile', ['Corefile']),
    ask.evidence(10, `Every lookup of a name of ${zone} takes as long as the first`, [
      'CoreDNS has too few pods for so many lookups',
      'fx needs more CPU than it may have',
      `The name server of ${zone} became slower today`,
    ]),
  ],
  hints: (values) => {
    const { name, server, zone } = values.partner;
    return [
      hint(5, `Look ${name} up in a pod of fx, twice in a row, and take the time of both.`),
      hint(
        10,
        'The second lookup should not have to ask anybody. Which server block of the Corefile is the name answered by, and what does that block keep?',
      ),
      hint(20, async (lab) => {
        const corefile = await faults.readCorefile(lab);
        const block = new RegExp(
          `^[^\\n]*\\{\\n(?:[ \\t].*\\n)*?.*\\b${server.replaceAll('.', '\\.')}\\b[^]*?^\\}`,
          'm',
        ).exec(corefile);
        return block === null
          ? `No server block of the Corefile forwards to ${server} any more.`
          : `This server block of the Corefile answers for ${zone}:\n${block[0]}`;
      }),
    ];
  },

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ delayMs }) =>
    `With nobody to remember them, all answers came from the partner's name server, which takes ${delayMs} ms and at times
a quarter of a second more. A payment needs one such lookup; where it took longer than checkout waits (CALL_TIMEOUT_MS), the payment
failed. Nothing was slower than before: the cache had hidden it. Each server block has plugins of its own, so the cache of the main block does
nothing for a stub domain. How many questions leave the cluster can be read from CoreDNS' metrics (coredns_cache_hits_total,
coredns_proxy_request_duration_seconds).
The interview notes have Gremlin inject latency, and ask to "monitor metrics like DNS query latency": here the latency was there all along, and the
metric that gives it away is the number of questions. Longer time-outs make customers wait; a cache for a day makes the next move an outage.`,
});
