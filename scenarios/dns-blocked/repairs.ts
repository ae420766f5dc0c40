import { type Fix, faults, fix, type Hack, hack, type LabView, type Pod, resources } from 'breakfix';
import {
  both,
  clients,
  corednsPods,
  type CutName,
  cuts,
  drop,
  fromNamespaces,
  kubeSystem,
  namespace,
  put,
  shopAsks,
} from './network.ts';
import {
  askedBy,
  byName,
  meant,
  podNetwork,
  rightAtCoredns,
  rightInShop,
  wrongAtCoredns,
  wrongInShop,
} from './written.ts';

const services = ['checkout', 'payments', 'ledger', 'refunds', 'fx'];
const coredns = { namespace: 'kube-system', name: 'coredns' };
/** The namespace whose policies the learner has to mend. */
const placeOf = (cut: CutName): string => (cuts[cut].everybody ? 'kube-system' : 'shop');

export function fixesOf(cut: CutName): Fix[] {
  const right = cuts[cut].everybody ? rightAtCoredns : rightInShop;
  const written = right.map(([id, policy, spec, step]) =>
    fix(id, [step], (lab) => put(lab, policy, placeOf(cut), spec)),
  );
  const [[, policy, spec, step]] = right;
  // Many restart CoreDNS for good measure, and have it graded while its pods are on their way.
  const restarted = fix(
    'restarted-too',
    [step, 'kubectl -n kube-system rollout restart deployment coredns'],
    async (lab) => {
      await put(lab, policy, placeOf(cut), spec);
      await faults.restart(lab, coredns);
    },
  );
  return [...written, restarted];
}

export function hacksOf(cut: CutName): Hack[] {
  const wrong = cuts[cut].everybody ? wrongAtCoredns : wrongInShop;
  const written = wrong.map(([id, caughtBy, policy, spec]) =>
    hack(id, caughtBy, (lab) => put(lab, policy, placeOf(cut), spec)),
  );
  return [...written, ...(cuts[cut].everybody ? hacksAtCoredns : hacksInShop), ...hacksAnywhere];
}

const relabelCoredns = (lab: LabView, labels: Readonly<Record<string, string>>) =>
  lab.kube.patch(
    resources.deployments,
    coredns.namespace,
    coredns.name,
    { spec: { template: { metadata: { labels } } } },
    { type: 'merge' },
  );

const labelled = (lab: LabView, namespace: string, labels: Readonly<Record<string, string>>) =>
  lab.kube.patch(resources.namespaces, undefined, namespace, { metadata: { labels } }, { type: 'merge' });

/** Pods that run; of kube-system those of CoreDNS. */
async function podsIn(lab: LabView, where: string): Promise<readonly Pod[]> {
  const pods = await lab.kube.list(resources.pods, { namespace: where });
  return pods.filter(
    ({ metadata }) => where !== 'kube-system' || metadata.labels?.['k8s-app'] === 'kube-dns',
  );
}

const podAddresses = async (lab: LabView, where: string): Promise<string[]> =>
  (await podsIn(lab, where)).flatMap(({ status }) => status.podIP ?? []);

/** The block of two addresses with this one in it. */
const pairOf = (ip: string): string => ip.replace(/\d+$/, (last) => `${Number(last) & ~1}/31`);

/** Of pods that run, not of those that come after them. */
async function labelPods(
  lab: LabView,
  where: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  for (const { metadata } of await podsIn(lab, where))
    await lab.kube.patch(resources.pods, where, metadata.name, { metadata: { labels } }, { type: 'merge' });
}

const hacksInShop: readonly Hack[] = [
  hack('allow-all-and-close-the-office', 'isolated', async (lab) => {
    await put(lab, 'allow-all', 'shop', { policyTypes: ['Egress'], egress: [{}] });
    const lobby = { matchLabels: { [byName]: 'lobby' } };
    await put(lab, 'closed', 'office', {
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: lobby }] }],
    });
  }),
  hack('kube-system-closed-beside-the-repair', 'isolated', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await put(lab, 'closed', 'kube-system', { policyTypes: ['Ingress'] });
  }),
  hack('unreadable-setting-beside-the-repair', 'shop-starts-again', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: 'soon' });
  }),
  hack('no-more-rollouts-of-the-shop', 'shop-starts-again', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await faults.noMoreRollouts(lab, namespace);
  }),
  hack('no-more-coredns-beside-the-repair', 'dns-whole', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await faults.noMoreRollouts(lab, 'kube-system');
  }),
  hack('kept-by-a-finalizer', 'by-labels', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await faults.onItsWayOut(lab, resources.networkPolicies, { namespace, name: 'names' });
  }),
  hack('unanswered-webhook-beside-the-repair', 'shop-starts-again', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    await faults.unansweredWebhook(lab, namespace);
  }),
  hack('next-coredns-beside-the-repair', 'corefile', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    const paused = { spec: { paused: true } };
    await lab.kube.patch(resources.deployments, 'kube-system', 'coredns', paused, { type: 'merge' });
    await faults.patchContainer(lab, coredns, { args: ['-conf', '/etc/coredns/Corfile'] });
  }),
  hack('todays-addresses', 'by-labels', async (lab) => {
    const to = (await podAddresses(lab, 'kube-system')).map((ip) => ({ ipBlock: { cidr: `${ip}/32` } }));
    await put(lab, 'names', 'shop', { policyTypes: ['Egress'], egress: [{ to, ports: both }] });
  }),
  hack('todays-addresses-in-pairs', 'by-labels', async (lab) => {
    const ips = await podAddresses(lab, 'kube-system');
    const to = ips.map((ip) => ({ ipBlock: { cidr: pairOf(ip) } }));
    await put(lab, 'names', 'shop', { policyTypes: ['Egress'], egress: [{ to, ports: both }] });
  }),
  hack('anybody-but-todays-addresses', 'by-labels', async (lab) => {
    const others = [...(await podAddresses(lab, 'office')), ...(await podAddresses(lab, 'lobby'))];
    const to = [{ ipBlock: { cidr: podNetwork, except: others.map((ip) => `${ip}/32`) } }];
    await put(lab, 'names', 'shop', { policyTypes: ['Egress'], egress: [{ to, ports: both }] });
  }),
  hack('a-door-for-refunds', 'isolated', async (lab) => {
    await put(lab, 'names', 'shop', meant);
    const podSelector = { matchLabels: { app: 'refunds' } };
    await put(lab, 'refunds', 'shop', { podSelector, policyTypes: ['Egress'], egress: [{}] });
  }),
  // Who has none of these labels is closed in by no policy any more.
  hack('closed-for-those-of-today', 'shop-tomorrow', async (lab) => {
    const matchExpressions = [{ key: 'app', operator: 'In' as const, values: [...clients, 'fx', 'ledger'] }];
    const podSelector = { matchExpressions };
    await put(lab, 'names', 'shop', meant);
    for (const { metadata, spec } of await lab.kube.list(resources.networkPolicies, { namespace }))
      await put(lab, metadata.name, namespace, { ...spec, podSelector });
  }),
  hack('label-kube-system', 'labels', async (lab) => {
    await labelled(lab, 'kube-system', { name: 'kube-system' });
    await put(
      lab,
      'names',
      'shop',
      shopAsks({ namespaceSelector: { matchLabels: { name: 'kube-system' } } }),
    );
  }),
  hack('label-pods-that-run', 'labels', async (lab) => {
    await labelPods(lab, 'kube-system', { dns: 'cluster' });
    const podSelector = { matchLabels: { dns: 'cluster' } };
    await put(lab, 'names', 'shop', shopAsks({ namespaceSelector: kubeSystem, podSelector }));
  }),
  hack('delete-default-deny', 'isolated', async (lab) => {
    for (const name of ['default-deny', 'within-the-shop', 'names']) await drop(lab, name, 'shop');
  }),
  hack('no-more-resolver', 'other-port-53', async (lab) => {
    await put(lab, 'names', 'shop', shopAsks({ namespaceSelector: {} }));
    await lab.kube.delete(resources.deployments, 'office', 'resolver');
  }),
  hack('relabelled-coredns', 'labels', async (lab) => {
    const podSelector = { matchLabels: { dns: 'cluster' } };
    await put(lab, 'names', 'shop', shopAsks({ namespaceSelector: kubeSystem, podSelector }));
    await relabelCoredns(lab, { dns: 'cluster' });
  }),
];

const hacksAtCoredns: readonly Hack[] = [
  hack('delete-the-policy', 'kiosk', async (lab) => {
    await drop(lab, 'dns-clients', 'kube-system');
  }),
  hack('label-the-namespaces', 'labels', async (lab) => {
    for (const name of ['shop', 'office']) await labelled(lab, name, { name });
  }),
  hack('todays-addresses', 'by-labels', async (lab) => {
    const ips = [...(await podAddresses(lab, 'shop')), ...(await podAddresses(lab, 'office'))];
    await put(lab, 'dns-clients', 'kube-system', {
      podSelector: corednsPods,
      policyTypes: ['Ingress'],
      ingress: [{ from: ips.map((ip) => ({ ipBlock: { cidr: `${ip}/32` } })), ports: both }],
    });
  }),
  hack('anybody-but-todays-addresses', 'by-labels', async (lab) => {
    const except = (await podAddresses(lab, 'lobby')).map((ip) => `${ip}/32`);
    await put(lab, 'dns-clients', 'kube-system', {
      podSelector: corednsPods,
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr: podNetwork, except } }], ports: both }],
    });
  }),
  hack('label-clients-that-run', 'labels', async (lab) => {
    for (const name of ['shop', 'office']) await labelPods(lab, name, { dns: 'allowed' });
    await put(lab, 'dns-clients', 'kube-system', {
      podSelector: corednsPods,
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { dns: 'allowed' } } }], ports: both },
      ],
    });
  }),
  // Out of the policy's reach, and still in the Service's.
  hack('relabelled-coredns', 'labels', async (lab) => {
    const podSelector = { matchLabels: { 'k8s-app': 'kube-dns', closed: 'yes' } };
    await put(lab, 'dns-clients', 'kube-system', { ...askedBy(fromNamespaces('name'), both), podSelector });
    await relabelCoredns(lab, { closed: 'no' });
  }),
  hack('the-other-end', 'names', async (lab) => {
    await put(lab, 'open', 'shop', { policyTypes: ['Egress'], egress: [{ ports: both }] });
  }),
];

const hacksAnywhere: readonly Hack[] = [
  hack('delete-all-policies', 'isolated', async (lab) => {
    for (const { metadata } of await lab.kube.list(resources.networkPolicies)) {
      await drop(lab, metadata.name, metadata.namespace ?? '');
    }
  }),
  hack('host-aliases', 'clients', async (lab) => {
    const hostAliases = await faults.hostAliases(lab, namespace, services);
    for (const name of clients) await faults.patchPods(lab, { namespace, name }, { hostAliases });
  }),
  hack('addresses', 'clients', async (lab) => {
    for (const name of clients) {
      const env = await faults.addressEnv(lab, namespace, services);
      await faults.patchContainer(lab, { namespace, name }, { env });
    }
  }),
  hack('longer-time-outs', 'names', async (lab) => {
    const dnsConfig = { options: [{ name: 'timeout', value: '30' }] };
    for (const name of clients) await faults.patchPods(lab, { namespace, name }, { dnsConfig });
  }),
  hack('host-network', 'clients', async (lab) => {
    const spec = { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' };
    for (const name of clients) await faults.patchPods(lab, { namespace, name }, spec);
  }),
  hack('restart-coredns', 'names', async (lab) => {
    await faults.restart(lab, coredns);
  }),
];
