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
      return `The cache of the Corefile's server block for ${zone} was limited to cluster.local, and nobody asks that block for such names.`;
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
    `Every payment takes almost a second longer than yesterday, and some fail: checkout gets no answer from fx in time. Nobody deployed
anything; pods are ready and idle. fx gets its rates from ${partner.name}. The partner says that their name server has always been
slow, but that we ask it far more often than before. Make payments quick and reliable again.`,
  rules: ({ partner: { name, zone } }) => [
    `Of 100 lookups of any name of ${zone} in a pod of fx, also for a record that the name does not have (AAAA), at most ${perHundred} reach the partner's name server.`,
    `Of 100 lookups of ${name}, at 20 a second, 99 take at most ${quick} ms.`,
    'The partner changes its addresses at short notice: an answer of its name server may be given for two minutes at most, also the answer that there is no such record.',
    'Namespace partner belongs to the partner: it stays as it is, with the name server in it.',
    'A Service of any namespace that is deleted and created again resolves to its new address within 30 seconds.',
    'Clients in the shop run their own programs, keep their DNS settings and call the same names as before.',
    'No address is written into a configuration, and no name of a Service into the configuration of CoreDNS.',
    ...corednsRules,
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
        "The partner's name server is rarely asked",
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
        'No address and no name of a Service is written down',
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
        'The partner may change its addresses',
        checks.onceLoaded(
          checks.keptNoLonger({ from: fx, of: partner, maxMs: minutes(2), settleMs: settle }),
        ),
      ),
      safeguard(
        'follows',
        'veto',
        'Services may get new addresses',
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
      'fx needs more CPU than its limit allows',
      `The name server of ${zone} became slower today`,
    ]),
  ],
  hints: (values) => {
    const { name, server, zone } = values.partner;
    return [
      hint(5, `Look up ${name} in a pod of fx twice in a row, and measure how long each lookup takes.`),
      hint(
        10,
        'The second lookup should not have to ask anybody. Which server block of the Corefile answers for the name, and what does that block keep?',
      ),
      hint(20, async (lab) => {
        const corefile = await faults.readCorefile(lab);
        const block = new RegExp(
          `^[^\\n]*\\{\\n(?:[ \\t].*\\n)*?.*\\b${server.replaceAll('.', '\\.')}\\b[^]*?^\\}`,
          'm',
        ).exec(corefile);
        return block === null
          ? `Right now no server block of the Corefile forwards to ${server}.`
          : `This server block of the Corefile answers for ${zone}:\n${block[0]}`;
      }),
    ];
  },

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ delayMs }) =>
    `No cache kept the answers, so all of them came from the partner's name server, which takes ${delayMs} ms and at times
a quarter of a second more. A payment needs one such lookup. If it took longer than checkout waits (CALL_TIMEOUT_MS), the payment
failed. The name server was as slow as ever; before, the cache had hidden it. Each server block has its own plugins, so the cache of the main
block does nothing for a stub domain. The metrics of CoreDNS show how many queries leave the cluster (coredns_cache_hits_total,
coredns_proxy_request_duration_seconds).

The interview notes let Gremlin inject latency, and ask to "monitor metrics like DNS query latency". Here the latency was there all along, and the
metric that shows the failure is the number of queries. Longer time-outs would make customers wait. A cache that keeps answers for a day would turn the
partner's next change of address into an outage.`,
});
