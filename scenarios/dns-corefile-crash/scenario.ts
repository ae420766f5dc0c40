import {
  corefileRules,
  all,
  anyPartner,
  ask,
  type Check,
  checks,
  converge,
  corednsLasts,
  defineScenario,
  dnsHarmed,
  fail,
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
  pass,
  resources,
  safeguard,
  seconds,
  shop,
  shopGoesOn,
  shopRules,
} from 'breakfix';

const namespace = 'shop';
const from = { namespace, app: 'gateway' };
const coredns = { namespace: 'kube-system', name: 'coredns' };
/** A ConfigMap reaches a node after up to 90 s, and a container in back-off starts again after up to five minutes. */
const settle = minutes(7);

const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];
const services = ['checkout', 'payments', 'ledger', 'refunds', 'fx'];

/** A word that CoreDNS does not know, where it stands, and what was meant. */
const mistakes = {
  promethues: { line: 'promethues :9153', right: 'prometheus :9153', instead: /^ *prometheus .*$/m },
  loadbalancer: { line: 'loadbalancer', right: 'loadbalance', instead: /^ *loadbalance$/m },
  // Nothing was there before: somebody wanted to see queries.
  logs: { line: 'logs', right: 'log', instead: /^(?= *kubernetes )/m },
} as const;

type Word = keyof typeof mistakes;

function mistaken(word: Word, corefile: string): string {
  const { line, instead } = mistakes[word];
  return corefile.replace(instead, (old) => `    ${line}${old === '' ? '\n' : ''}`);
}

async function editCorefile(lab: LabView, change: (corefile: string) => string): Promise<void> {
  await faults.patchCorefile(lab, change(await faults.readCorefile(lab)));
}

const restart = (lab: LabView) => faults.restart(lab, coredns);

const withoutLine = (word: Word) => (corefile: string) =>
  corefile.replace(`    ${mistakes[word].line}\n`, '');

const rightWord = (word: Word) => (corefile: string) =>
  corefile.replace(mistakes[word].line, mistakes[word].right);

const healthyCorefile = (lab: LabView): string =>
  lab.baseline.get(resources.configMaps, 'kube-system', 'coredns')?.data?.['Corefile'] ?? '';

/** The addresses that Services have today, written into the clients' /etc/hosts. */
async function hostAliases(lab: LabView): Promise<void> {
  const aliases = await faults.hostAliases(lab, namespace, services);
  for (const name of clients) await faults.patchPods(lab, { namespace, name }, { hostAliases: aliases });
}

/** How often the kubelet has started the pods of CoreDNS again. */
async function starts(lab: LabView): Promise<number> {
  const pods = await faults.corednsPods(lab);
  return pods
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}

const scale = (lab: LabView, replicas: number) => faults.scale(lab, coredns, replicas);

export default defineScenario({
  id: 'dns-corefile-crash',
  incident: 'INC-2101',
  title: 'Payments fail, and no name resolves',
  area: 'dns',
  difficulty: 'beginner',
  minutes: 15,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How to simulate a DNS failure in CoreDNS?' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-debugging-resolution/' },
    { url: 'https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/' },
  ],
  needs: ['ownsCluster'],
  variants: { word: oneOf('promethues', 'loadbalancer', 'logs'), partner: anyPartner() },

  ticket: ({ partner }) =>
    `Nobody can pay. The gateway answers 502 at once: it can resolve no name at all, neither of the shop nor of another
namespace nor of the partner (${partner.name}). It began when the system pods were restarted for maintenance. Nobody changed the
shop. Make names resolve again, for the shop and for everybody else.`,
  rules: () => corefileRules,
  houseRules: () => shopRules,

  baseline: ({ partner }) => shop(partnerDns(partner)),
  inject: ({ word }) => [
    faults.corefileAtStart(
      (corefile) => mistaken(word, corefile),
      `The Corefile got a line with the unknown word "${word}"; when the CoreDNS pods were restarted, none could start.`,
    ),
  ],
  since: minutes(8),
  symptoms: ({ word }) => [
    checks.crashLoops(coredns, `Unknown directive '${word}'`),
    checks.lookupFails({ from, name: 'checkout', code: 'EAI_AGAIN', withinMs: 3000 }),
    checks.http({ from, url: 'http://127.0.0.1:8080/pay', status: 502 }),
  ],

  objectives: () => [
    objective(
      'coredns',
      30,
      'CoreDNS serves the whole cluster',
      hold(seconds(30), checks.clusterDnsWhole(), settle),
    ),
    objective(
      'names',
      30,
      'Services of the shop resolve',
      hold(
        seconds(30),
        all('names of the shop resolve', [
          checks.resolves({ from, service: 'checkout' }),
          checks.resolves({ from: { namespace, app: 'checkout' }, service: 'payments' }),
          checks.resolves({ from: { namespace, app: 'payments' }, service: 'ledger' }),
        ]),
        settle,
      ),
    ),
    objective(
      'payments',
      20,
      'Customers can pay',
      hold(seconds(30), checks.http({ from, url: 'http://127.0.0.1:8080/pay' }), settle),
    ),
    objective(
      'fresh',
      20,
      'New Services resolve',
      checks.freshServicesResolve(from, seconds(30), minutes(1)),
    ),
  ],
  safeguards: ({ partner }) => [
    ...corednsLasts({ from, outside: partner }, settle),
    safeguard('clients', 'veto', 'Clients are as before', checks.clientsAsBefore(namespace, clients)),
    ...shopGoesOn({ namespace }, settle),
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

  diagnosis: ({ word }) => [
    ask.object(10, 'configmap/coredns', [
      'cm/coredns',
      'configmaps/coredns',
      'kube-system/configmap/coredns',
    ]),
    ask.field(10, 'data.Corefile', ['Corefile']),
    ask.evidence(10, `The log of a CoreDNS pod: Unknown directive '${word}'`, [
      'The last state of a CoreDNS pod: OOMKilled',
      'The log of a CoreDNS pod: Loop detected for zone "."',
      'The log of a CoreDNS pod: waiting for Kubernetes API before starting server',
    ]),
  ],
  hints: () => [
    hint(
      5,
      'Most lookups do not time out but fail at once: nobody is behind the address in /etc/resolv.conf. Who should be?',
    ),
    hint(10, 'kubectl -n kube-system get pods -l k8s-app=kube-dns, then read the log of one of them.'),
    hint(20, async (lab) => {
      const pods = await faults.corednsPods(lab);
      const [pod] = pods.filter(({ status }) => status.containerStatuses?.some(({ ready }) => !ready));
      if (pod === undefined)
        return `Right now there are ${pods.length} pods of CoreDNS, and all of them are ready.`;
      const log = await lab.kube.logs('kube-system', pod.metadata.name, { tail: 5 });
      return `Pod ${pod.metadata.name} is not ready. Its log ends with:\n${log.trim()}`;
    }),
  ],

  fixes: ({ word }) => [
    fix(
      'right-word',
      [
        `kubectl -n kube-system edit configmap coredns   # ${mistakes[word].line} → ${mistakes[word].right}`,
        'kubectl -n kube-system rollout restart deployment coredns',
      ],
      async (lab) => {
        await editCorefile(lab, rightWord(word));
        await restart(lab);
      },
    ),
    fix(
      'remove-line',
      ['remove the line from the Corefile', 'kubectl -n kube-system delete pod -l k8s-app=kube-dns'],
      async (lab) => {
        await editCorefile(lab, withoutLine(word));
        for (const { metadata } of await faults.corednsPods(lab))
          await lab.kube.delete(resources.pods, 'kube-system', metadata.name);
      },
    ),
    fix(
      'restore',
      ['put the ConfigMap back as it was (kubectl replace -f), and restart CoreDNS'],
      async (lab) => {
        await faults.writeCorefile(lab, healthyCorefile(lab));
      },
    ),
    fix('comment-out', ['put a # in front of the line, and restart CoreDNS'], async (lab) => {
      await editCorefile(lab, (corefile) =>
        corefile.replace(mistakes[word].line, `# ${mistakes[word].line}`),
      );
      await restart(lab);
    }),
    // Just after a start that failed, it takes longest until the next.
    fix(
      'edit-and-wait',
      ['correct the word, and wait: the kubelet starts the containers again by itself'],
      async (lab) => {
        const before = await starts(lab);
        const anotherOne: Check = {
          expected: 'the pods of CoreDNS have failed once more',
          look: async () => ((await starts(lab)) > before ? pass('they have') : fail('not yet')),
        };
        await converge(minutes(6), anotherOne).grade?.(lab);
        await editCorefile(lab, rightWord(word));
      },
    ),
    fix('three-replicas', ['remove the line, run three pods of CoreDNS, and restart them'], async (lab) => {
      await editCorefile(lab, withoutLine(word));
      await scale(lab, 3);
      await restart(lab);
    }),
  ],
  hacks: ({ word, partner }) => [
    hack('restart-only', 'names', async (lab) => {
      await restart(lab);
    }),
    hack('none-and-hosts', 'coredns', async (lab) => {
      await scale(lab, 0);
      await hostAliases(lab);
    }),
    hack('host-aliases', 'clients', async (lab) => {
      await editCorefile(lab, rightWord(word));
      await restart(lab);
      await hostAliases(lab);
    }),
    hack('forward-everything', 'coredns', async (lab) => {
      await faults.writeCorefile(lab, '.:53 {\n    health\n    ready\n    forward . /etc/resolv.conf\n}\n');
    }),
    hack('bare-bones', 'coredns', async (lab) => {
      const corefile = '.:53 {\n    kubernetes cluster.local\n    forward . /etc/resolv.conf\n}\n';
      await faults.writeCorefile(lab, corefile);
    }),
    hack('no-cache', 'coredns', async (lab) => {
      await faults.writeCorefile(
        lab,
        withoutLine(word)(healthyCorefile(lab)).replace(/^ *cache .*\n(?: {7,}.*\n)* {4}\}\n/m, ''),
      );
    }),
    hack('shop-only', 'elsewhere', async (lab) => {
      // The partner's block goes with the mistake.
      const corefile = healthyCorefile(lab);
      await faults.writeCorefile(lab, corefile.slice(0, corefile.indexOf(`${partner.zone}:53`)));
    }),
    hack('static-hosts', 'fresh', async (lab) => {
      const block = await faults.hostsBlock(lab, namespace, services);
      await faults.writeCorefile(lab, block + healthyCorefile(lab));
    }),
    ...dnsHarmed(namespace, (lab) => faults.writeCorefile(lab, healthyCorefile(lab))),
    hack('host-entry-beside-the-repair', 'no-copies', async (lab) => {
      await faults.writeCorefile(
        lab,
        await faults.withHostEntry(lab, healthyCorefile(lab), namespace, 'payments'),
      );
    }),
    hack('private-dns', 'coredns', async (lab) => {
      await faults.select(
        lab,
        { namespace: 'kube-system', name: 'kube-dns' },
        { 'k8s-app': null, app: 'partner-dns' },
      );
    }),
    hack('second-coredns', 'coredns', async (lab) => {
      const real = await lab.kube.get(resources.deployments, coredns.namespace, coredns.name);
      if (real === undefined) return;
      const name = 'coredns-2';
      const labels = { 'k8s-app': 'kube-dns', app: name };
      await lab.kube.create(resources.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace: 'kube-system' },
        data: { Corefile: healthyCorefile(lab) },
      });
      await lab.kube.create(resources.deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace: 'kube-system' },
        spec: {
          ...real.spec,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              ...real.spec.template.spec,
              volumes: [{ name: 'config-volume', configMap: { name } }],
            },
          },
        },
      });
    }),
    hack('one-replica', 'coredns', async (lab) => {
      await scale(lab, 1);
      await editCorefile(lab, withoutLine(word));
      await restart(lab);
    }),
    hack('no-corefile', 'names', async (lab) => {
      await faults.patchContainer(lab, coredns, { args: ['-conf', '/dev/null'] });
    }),
    hack('over-udp-only', 'coredns', async (lab) => {
      await faults.writeCorefile(lab, withoutLine(word)(healthyCorefile(lab)));
      const live = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
      const ports = (live?.spec.ports ?? []).filter(({ protocol }) => protocol === 'UDP');
      await lab.kube.patch(
        resources.services,
        'kube-system',
        'kube-dns',
        [{ op: 'replace', path: '/spec/ports', value: ports }],
        { type: 'json' },
      );
    }),
    hack('dns-config', 'clients', async (lab) => {
      for (const name of clients) {
        await faults.patchPods(
          lab,
          { namespace, name },
          { dnsPolicy: 'None', dnsConfig: { nameservers: [partner.server] } },
        );
      }
    }),
    hack('addresses', 'clients', async (lab) => {
      for (const name of clients) {
        const env = await faults.addressEnv(lab, namespace, services);
        await faults.patchContainer(lab, { namespace, name }, { env });
      }
    }),
    hack('next-mistake', 'starts-again', async (lab) => {
      // What runs has loaded the right one, and keeps it when it cannot load the next.
      await faults.writeCorefile(lab, healthyCorefile(lab));
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.patchCorefile(lab, healthyCorefile(lab).replace('reload', 'reloads'));
    }),
    hack('never-started-beside-the-repair', 'starts-again', async (lab) => {
      await faults.writeCorefile(lab, healthyCorefile(lab));
      await restart(lab);
      await scale(lab, 3);
      await lab.clock.wait(seconds(60), lab.signal);
      // Two of the three go on; the next is asked at a port that it does not have, until it is, which is never.
      await faults.patchContainer(lab, coredns, { startupProbe: { tcpSocket: { port: 'http' } } });
    }),
    hack('new-kube-dns', 'same-dns', async (lab) => {
      await editCorefile(lab, rightWord(word));
      await restart(lab);
      const live = await lab.kube.get(resources.services, 'kube-system', 'kube-dns');
      if (live === undefined) return;
      const { clusterIPs: _addresses, ...spec } = live.spec;
      await lab.kube.delete(resources.services, 'kube-system', 'kube-dns');
      await lab.kube.create(resources.services, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'kube-dns', namespace: 'kube-system', labels: live.metadata.labels ?? {} },
        spec,
      });
    }),
  ],

  debrief: ({ word }) =>
    `The Corefile had a line with "${word}", which is no directive of CoreDNS. About every 30 s a running CoreDNS checks whether its
Corefile has changed (plugin reload). If it cannot use the new one, it says so in its log ("Restart failed") and goes on with the old one, so
such a mistake can stay unnoticed for weeks. It takes effect at the next start: here all pods were restarted at once, and none came up. Then
kube-dns has no endpoints, and lookups are refused at once. If the network were blocked, they would time out.

The interview notes advise to "verify that the CoreDNS pods are running and healthy", and to edit "the Corefile within the ConfigMap". In
this failure the edit is what stops the pods. The query log of CoreDNS (plugin log) would have shown nothing here, because no query arrived.

A rollout (kubectl rollout restart), instead of deleting the pods, would have kept an old pod until a new one was ready.`,
});
