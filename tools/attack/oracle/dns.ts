import { equal } from '../../../src/core/json.ts';
import { KubeError } from '../../../src/kube/client.ts';
import type { ConfigMap, Deployment, NewObject, Service } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { partnerOf } from '../partner.ts';
import { customersServed, refundsServed, risesAgain, shopRisesAgain } from './again.ts';
import {
  addressesOf,
  CALLERS,
  deploymentOf,
  fetches,
  isReady,
  look,
  podsOf,
  runningPods,
  sameService,
  SHOP,
  type ShopRequest,
  SYSTEM,
} from './ask.ts';
import { clientsUnchanged } from './clients.ts';
import { dnsCallsAnybody } from './strangers.ts';
import { type Complaint, type Oracle, type OracleView, question } from './view.ts';
import { nothingWrittenDown } from './written-down.ts';

const CLIENTS = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];

/** Every pod of a client looks a name up for a while and gets this address and no other. */
export async function resolves(
  view: OracleView,
  app: string,
  name: string,
  address: string,
  { seconds = 6, every = '1s' }: { readonly seconds?: number; readonly every?: string } = {},
): Promise<Complaint> {
  const pods = await runningPods(view, app);
  if (pods.length === 0) return `no pod of ${app} runs`;
  const wrong = await Promise.all(
    pods.map(async (pod): Promise<Complaint> => {
      const looks = await look(view, pod, app, ['dns', name, '--for', `${seconds}s`, '--every', every]);
      if (typeof looks === 'string') return looks;
      const seen = Object.keys(looks.outcomes);
      return seen.length === 1 && sameAddresses(seen[0] ?? '', address)
        ? undefined
        : `${pod.metadata.name} gets ${seen.join(' or ')} for ${name}`;
    }),
  );
  return wrong.find((complaint) => complaint !== undefined);
}

/** Several addresses come in any order. */
function sameAddresses(a: string, b: string): boolean {
  const sorted = (text: string): string => text.split(' ').sort().join(' ');
  return sorted(a) === sorted(b);
}

/** Every pod of a client finds a Service of the shop where it is now. */
export async function serviceResolves(view: OracleView, app: string, service: string): Promise<Complaint> {
  const found = await view.kube.get(resources.services, SHOP, service);
  const address = found?.spec.clusterIP;
  return address === undefined ? `service/${service} is gone` : resolves(view, app, service, address);
}

async function inTurn(asks: readonly (() => Promise<Complaint>)[]): Promise<Complaint> {
  for (const ask of asks) {
    const wrong = await ask();
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

export const shopNames = question('names of the shop resolve', (view) =>
  inTurn([
    () => serviceResolves(view, 'gateway', 'checkout'),
    () => serviceResolves(view, 'gateway', 'refunds'),
    () => serviceResolves(view, 'checkout', 'payments'),
    () => serviceResolves(view, 'payments', 'ledger'),
    () => serviceResolves(view, 'refunds', 'ledger'),
  ]),
);

export const otherNames = question('names of others resolve', (view) =>
  inTurn([
    () => resolves(view, 'gateway', partnerOf(view).name, partnerOf(view).address),
    () => resolves(view, 'gateway', 'kube-dns.kube-system', '10.96.0.10'),
    () => resolves(view, 'checkout', 'kubernetes.default.svc.cluster.local', '10.96.0.1'),
  ]),
);

export const customersPay = question('customers can pay', async (view) => {
  const [gateway] = await runningPods(view, 'gateway');
  if (gateway === undefined) return 'no gateway runs';
  const wrong = await fetches(view, gateway, 'http://127.0.0.1:8080/pay', { times: 12 });
  return wrong ?? newConnections(view);
});

/** Who keeps a connection does not see an endpoint that is dead. */
export async function newConnections(view: OracleView, request: ShopRequest = '/pay'): Promise<Complaint> {
  for (const [called, caller] of Object.entries(CALLERS[request])) {
    const [pod] = await runningPods(view, caller);
    if (pod === undefined) return `no ${caller} runs`;
    // One of three endpoints stays unseen by chance once in 16,000 times.
    const wrong = await fetches(view, pod, `http://${called}/version`, { times: 24, everySeconds: 0 });
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** A Service that leads to an app of the shop. */
export const freshService = (name: string, app: string, clusterIP?: string): NewObject<Service> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: SHOP },
  spec: {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    selector: { app },
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
    ...(clusterIP === undefined ? {} : { clusterIP }),
  },
});

/** What is made now is found now, with an address and without. */
export const newNames = (apps: readonly string[]) =>
  question('new Services resolve', async (view) => {
    const names = ['tomorrow', 'tomorrow-headless'] as const;
    try {
      const plain = await view.kube.create(resources.services, freshService(names[0], 'gateway'));
      await view.kube.create(resources.services, freshService(names[1], 'gateway', 'None'));
      const targets = (await podsOf(view, 'gateway')).filter(isReady).map(({ status }) => status.podIP ?? '');
      await view.wait(15_000);
      for (const app of apps) {
        const wrong =
          (await resolves(view, app, names[0], plain.spec.clusterIP ?? '')) ??
          (await resolves(view, app, names[1], targets.join(' ')));
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    } catch (error) {
      if (error instanceof KubeError && error.isRefusal) return `no new Service: ${error.message}`;
      throw error;
    } finally {
      for (const name of names) await view.kube.delete(resources.services, SHOP, name);
    }
  });

/** What CoreDNS reads when it starts next. */
async function corefileOf(view: OracleView): Promise<string> {
  const deployment = await deploymentOf(view, 'coredns', SYSTEM);
  const volume = deployment?.spec.template.spec.volumes?.find(({ configMap }) => configMap !== undefined);
  const map = await view.kube.get<ConfigMap>(
    resources.configMaps,
    SYSTEM,
    volume?.configMap?.name ?? 'coredns',
  );
  return map?.data?.['Corefile'] ?? '';
}

/** The inside of the blocks of some zones, line by line and without comments. */
function insideOf(corefile: string, zones: RegExp): string[] {
  const found: string[] = [];
  let depth = 0;
  let inside = false;
  for (const line of corefile.split('\n').map((text) => text.replace(/#.*/, ''))) {
    if (depth === 0) inside = zones.test(line);
    else if (inside) found.push(line.trim());
    depth += (line.match(/\{/g)?.length ?? 0) - (line.match(/\}/g)?.length ?? 0);
  }
  return found;
}

/** Blocks that answer for everybody in the cluster. */
const MAIN = /(^|[\s,])(\.|cluster\.local)(:53)?[\s,{]/;
/** Those that answer for all names. */
const ALL_NAMES = /(^|[\s,])\.(:53)?[\s,{]/;

/** Who is asked for names outside, a word each. */
const askedOutside = (corefile: string): string[] =>
  insideOf(corefile, ALL_NAMES).flatMap(
    (line) => /^forward\s+\.\s+([^{]*)/.exec(line)?.[1]?.trim().split(/\s+/) ?? [],
  );

/** What the kubelet asks CoreDNS, without the times, which are anybody's to choose. */
function askedByKubelet({ spec }: Deployment): unknown {
  const { livenessProbe, readinessProbe } = spec.template.spec.containers[0] ?? {};
  return [livenessProbe, readinessProbe].map((probe) => [
    probe?.httpGet,
    probe?.tcpSocket,
    probe?.exec,
    probe?.grpc,
  ]);
}

/** What the kubelet writes into CoreDNS' own /etc/resolv.conf. */
function ownResolver({ spec }: Deployment): unknown {
  const { dnsPolicy, dnsConfig, hostNetwork } = spec.template.spec;
  return [
    hostNetwork === true && dnsPolicy === 'ClusterFirst' ? 'Default' : dnsPolicy,
    dnsConfig?.nameservers ?? [],
  ];
}

async function templateChanged(view: OracleView): Promise<Complaint> {
  const now = await deploymentOf(view, 'coredns', SYSTEM);
  const before = view.healthy.get(resources.deployments, SYSTEM, 'coredns');
  if (!equal(now && askedByKubelet(now), before && askedByKubelet(before)))
    return 'CoreDNS is asked otherwise whether it lives, or whether it is ready';
  return equal(now && ownResolver(now), before && ownResolver(before))
    ? undefined
    : 'CoreDNS has another /etc/resolv.conf, and asks whom it names';
}

/** CoreDNS as the rules of the tickets want it: at least two pods and nobody else, with these plugins. */
export const corednsWhole = question('CoreDNS serves everybody', async (view) => {
  const other = await sameService(view, 'kube-dns', SYSTEM);
  if (other !== undefined) return other;
  const service = await view.kube.get(resources.services, SYSTEM, 'kube-dns');
  // Pods of a node without a CoreDNS of its own would have none.
  if (service?.spec.internalTrafficPolicy === 'Local')
    return 'kube-dns serves each node by its own pods only';
  // During a rollout those do not answer yet.
  if (service?.spec.publishNotReadyAddresses === true) return 'kube-dns leads to pods that are not ready';
  const own = (await podsOf(view, 'coredns', SYSTEM)).filter(isReady).map(({ status }) => status.podIP ?? '');
  const led = [...new Set(await addressesOf(view, 'kube-dns', SYSTEM))];
  if (led.some((address) => !own.includes(address))) return 'kube-dns leads elsewhere too';
  if (led.length < 2) return `kube-dns leads to ${led.length} pods`;
  const changed = (await templateChanged(view)) ?? (await dnsCallsAnybody(view));
  if (changed !== undefined) return changed;
  const corefile = await corefileOf(view);
  const lines = insideOf(corefile, MAIN);
  const missing = ['kubernetes', 'forward .', 'cache', 'health', 'ready'].filter(
    (plugin) => !lines.some((line) => line === plugin || line.startsWith(`${plugin} `)),
  );
  if (missing.length > 0) return `the Corefile has no ${missing.join(', ')}`;
  const healthy = view.healthy.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns')?.data?.['Corefile'];
  const known = askedOutside(healthy ?? '');
  const stranger = askedOutside(corefile).find((server) => !known.includes(server));
  if (stranger !== undefined) return `${stranger} is asked for names outside`;
  return lines.some((line) => line.startsWith('namespaces '))
    ? 'the Corefile is for some namespaces only'
    : addressesHaveNames(view);
});

/** Who has an address finds the name that it belongs to, from the API's Service. */
async function addressesHaveNames(view: OracleView): Promise<Complaint> {
  const [gateway] = await runningPods(view, 'gateway');
  if (gateway === undefined) return 'no gateway runs';
  const asked = ['--name', '1.0.96.10.in-addr.arpa', '--type', 'PTR', '--for', '2s', '--every', '500ms'];
  const looks = await look(view, gateway, 'gateway', ['ask', '10.96.0.10', ...asked]);
  if (typeof looks === 'string') return looks;
  const other = Object.keys(looks.outcomes).find((name) => name !== 'kubernetes.default.svc.cluster.local');
  return other === undefined ? undefined : `10.96.0.1 is called ${other}`;
}

/** CoreDNS after its next rollout. */
export const corednsRisesAgain = risesAgain(() => 'coredns', SYSTEM, [corednsWhole, shopNames], 2);

export const dnsNxdomain: Oracle = {
  settle: 160_000,
  afterwards: [corednsRisesAgain, shopRisesAgain([customersServed])],
  questions: [
    corednsWhole,
    question('clients are as before', (view) => clientsUnchanged(view, CLIENTS)),
    shopNames,
    otherNames,
    question('nothing is written down', (view) => nothingWrittenDown(view)),
    customersPay,
    refundsServed,
    newNames(['gateway', 'payments']),
  ],
};

export const dnsCorefileCrash: Oracle = { ...dnsNxdomain, settle: 420_000 };
