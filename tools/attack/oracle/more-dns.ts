import { equal } from '../../../src/core/json.ts';
import type { AnyObject, ConfigMap, Deployment, Pod } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { partnerOf } from '../partner.ts';
import { customersServed, refundsServed, risesAgain, shopRisesAgain } from './again.ts';
import {
  CALLERS,
  deploymentOf,
  fetches,
  isComplete,
  look,
  podsOf,
  run,
  runningPods,
  SHOP,
  type ShopRequest,
  SYSTEM,
} from './ask.ts';
import { clientsUnchanged } from './clients.ts';
import {
  corednsRisesAgain,
  corednsWhole,
  customersPay,
  newConnections,
  newNames,
  otherNames,
  resolves,
  shopNames,
} from './dns.ts';
import { foundAlive } from './lives.ts';
import { callsNoStranger } from './strangers.ts';
import { type Complaint, type Oracle, type OracleView, question, word } from './view.ts';
import { nothingWrittenDown } from './written-down.ts';

const CLIENTS = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];

/** Spec and data of an object of kube-system are what they were. */
function untouched(about: string, kind: 'configMaps' | 'services', name: string) {
  return question(about, async (view) => {
    const content = (object: AnyObject | undefined): unknown =>
      object === undefined ? undefined : [object.metadata.uid, object['data'], object['spec']];
    const resource: Resource = kind === 'configMaps' ? resources.configMaps : resources.services;
    const before = view.healthy.get(resource, SYSTEM, name) as AnyObject | undefined;
    const now = (await view.kube.get(resource, SYSTEM, name)) as AnyObject | undefined;
    return equal(content(before), content(now)) ? undefined : `${name} is not what it was`;
  });
}

/** The data of the Corefile, whichever object it is in now. */
const corefileUntouched = question('CoreDNS is configured as before', async (view) => {
  const before = view.healthy.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  const now = await view.kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  return equal(before?.data, now?.data) ? undefined : 'the Corefile is not what it was';
});

/** A Service that a client calls, and the request for which it does. */
function callOf(client: string): readonly [called: string, request: ShopRequest] {
  for (const request of Object.keys(CALLERS) as ShopRequest[])
    for (const [called, caller] of Object.entries(CALLERS[request]))
      if (caller === client) return [called, request];
  throw new Error(`${client} calls nobody`);
}

async function findsEverybody(view: OracleView): Promise<Complaint> {
  const client = word(view, 'client');
  const partner = partnerOf(view);
  const [called] = callOf(client);
  const service = await view.kube.get(resources.services, SHOP, called);
  return (
    (await resolves(view, client, called, service?.spec.clusterIP ?? 'gone')) ??
    (await resolves(view, client, 'kube-dns.kube-system', '10.96.0.10', { seconds: 5 })) ??
    (await resolves(view, client, 'kube-dns.kube-system.svc', '10.96.0.10', { seconds: 5 })) ??
    (await resolves(view, client, partner.name, partner.address, { seconds: 5 }))
  );
}

/** A name server in the pods is at an address that stays. */
async function serverStays(view: OracleView): Promise<Complaint> {
  const client = word(view, 'client');
  const all = await view.kube.list<Pod>(resources.pods);
  for (const pod of await runningPods(view, client)) {
    const { ok, text } = await run(view, pod, client, ['cat', '/etc/resolv.conf']);
    if (!ok) return `${pod.metadata.name} cannot be asked: ${text}`;
    const servers = [...text.matchAll(/^nameserver (\S+)/gm)].map(([, server]) => server);
    if (all.some(({ status }) => servers.includes(status.podIP))) return 'it asks a pod';
  }
  return undefined;
}

/** Nobody but the client of the ticket has other pods, or more of them, or fewer. */
async function othersStay(view: OracleView): Promise<Complaint> {
  const shop = [...CLIENTS, 'fx'].filter((name) => name !== word(view, 'client'));
  for (const [namespace, name] of [
    ...shop.map((name) => [SHOP, name] as const),
    [SYSTEM, 'coredns'] as const,
  ]) {
    const before = view.healthy.get<Deployment>(resources.deployments, namespace, name)?.spec;
    const now = (await deploymentOf(view, name, namespace))?.spec;
    if (before?.replicas !== now?.replicas) return `${name} has another number of pods`;
    if (!equal(before?.template.spec, now?.template.spec)) return `${name} has other pods`;
  }
  return undefined;
}

export const dnsPolicy: Oracle = {
  settle: 90_000,
  afterwards: [
    risesAgain((view) => word(view, 'client'), SHOP, [
      question('it finds everybody', findsEverybody),
      question('it is found alive', (view) => foundAlive(view, word(view, 'client'))),
    ]),
    shopRisesAgain([customersServed]),
    risesAgain(() => 'coredns', SYSTEM, [corednsWhole, question('it finds everybody', findsEverybody)], 2),
  ],
  questions: [
    question('its pods are ready', (view) => isComplete(view, word(view, 'client'))),
    question('it finds everybody', findsEverybody),
    question('it calls by name', (view) =>
      clientsUnchanged(view, [word(view, 'client')], { servers: false }),
    ),
    question('its name server stays', serverStays),
    question('others are as before', (view) =>
      clientsUnchanged(
        view,
        CLIENTS.filter((name) => name !== word(view, 'client')),
      ),
    ),
    question('others stay as they are', othersStay),
    corednsWhole,
    corefileUntouched,
    untouched('kube-dns is as before', 'services', 'kube-dns'),
    question('requests that need it succeed', async (view) => {
      const [gateway] = await runningPods(view, 'gateway');
      if (gateway === undefined) return 'no gateway runs';
      const [, request] = callOf(word(view, 'client'));
      const wrong = await fetches(view, gateway, `http://127.0.0.1:8080${request}`, { times: 15 });
      return wrong ?? newConnections(view, request);
    }),
    question('new Services resolve', (view) => newNames([word(view, 'client')]).ask(view)),
  ],
};

/** Many lookups in a row, in every pod that may ask. */
async function alwaysRight(view: OracleView): Promise<Complaint> {
  const name = word(view, 'service');
  const service = await view.kube.get(resources.services, SHOP, name);
  const address = service?.spec.clusterIP;
  if (address === undefined) return `service/${name} is gone`;
  for (const app of ['gateway', 'checkout', 'payments', 'refunds']) {
    const pods = await runningPods(view, app);
    if (pods.length === 0) return `no pod of ${app} runs`;
    for (const pod of pods) {
      const looks = await look(view, pod, app, [
        'dns',
        name,
        ...['--count', '80', '--every', '50ms', '--within', '2s'],
      ]);
      if (typeof looks === 'string') return looks;
      const { outcomes, failed } = looks;
      if (failed > 0 || Object.keys(outcomes).join() !== address)
        return `${pod.metadata.name} gets ${Object.keys(outcomes).join(' or ')} for ${name}`;
    }
  }
  return undefined;
}

/** Pods of the system carry what their Deployments say, or it is gone with the pod. */
async function lasts(view: OracleView): Promise<Complaint> {
  for (const { metadata, spec } of await view.kube.list<Deployment>(resources.deployments, {
    namespace: SYSTEM,
  })) {
    for (const pod of await podsOf(view, metadata.name, SYSTEM)) {
      const other = Object.entries(spec.template.metadata?.labels ?? {}).find(
        ([label, value]) => pod.metadata.labels?.[label] !== value,
      );
      if (other !== undefined) return `${pod.metadata.name} lacks ${other.join('=')}`;
    }
  }
  return undefined;
}

const corednsAsBefore = question('CoreDNS is as before', async (view) => {
  const before = view.healthy.get<Deployment>(resources.deployments, SYSTEM, 'coredns')?.spec.template;
  const now = (await deploymentOf(view, 'coredns', SYSTEM))?.spec.template;
  const same = equal(before?.spec, now?.spec) && equal(before?.metadata?.labels, now?.metadata?.labels);
  return same ? isComplete(view, 'coredns', SYSTEM) : 'its template is not what it was';
});

export const dnsRandomIp: Oracle = {
  settle: 190_000,
  afterwards: [
    risesAgain(() => 'coredns', SYSTEM, [question('every lookup is right', alwaysRight)]),
    shopRisesAgain([customersServed]),
  ],
  questions: [
    question('every lookup is right', alwaysRight),
    otherNames,
    corednsAsBefore,
    corefileUntouched,
    untouched('kube-dns is as before', 'services', 'kube-dns'),
    question('clients are as before', (view) => clientsUnchanged(view, CLIENTS)),
    question('it lasts', lasts),
    question('nothing is written down', (view) => nothingWrittenDown(view)),
    customersPay,
    refundsServed,
    newNames(['gateway']),
  ],
};

const OFFICE = 'office';
const LOBBY = 'lobby';
const KUBE_DNS = '10.96.0.10';
const places = {
  reports: '10.96.201.10',
  resolver: '10.96.201.53',
  kiosk: '10.96.201.20',
  directory: '10.96.201.54',
  inventory: '10.96.201.30',
} as const;
/** Where the shop must not get. */
const closed = [
  `tcp ${places.reports}:80`,
  `tcp ${places.kiosk}:80`,
  `tcp ${places.inventory}:80`,
  ...[places.resolver, places.directory].flatMap((address) => [`tcp ${address}:53`, `ask ${address}`]),
];

async function somePod(view: OracleView, app: string, namespace: string): Promise<Pod | undefined> {
  return (await runningPods(view, app, namespace))[0];
}

/** Whether a pod reaches something: by TCP, or with a question over UDP. */
async function reaches(view: OracleView, pod: Pod, app: string, target: string): Promise<boolean | string> {
  const [kind = '', address = ''] = target.split(' ');
  const looks = await look(view, pod, app, [kind, address, '--timeout', '2s', '--count', '2']);
  return typeof looks === 'string' ? looks : looks.succeeded > 0;
}

/** @param who app and namespace @param should whether it is to reach the target */
function access(app: string, namespace: string, target: string, should: boolean) {
  const about = `${app} ${should ? 'reaches' : 'does not reach'} ${target}`;
  return question(about, async (view) => {
    const pod = await somePod(view, app, namespace);
    if (pod === undefined) return `no pod of ${app} runs`;
    const does = await reaches(view, pod, app, target);
    if (typeof does === 'string') return does;
    return does === should ? undefined : does ? 'it does' : 'it does not';
  });
}

/** Who stands in the lobby does not get at what CoreDNS tells of itself either: health, readiness, metrics. */
async function reachesNoServer(view: OracleView, app: string): Promise<Complaint> {
  const pod = await somePod(view, app, LOBBY);
  if (pod === undefined) return `no pod of ${app} runs`;
  for (const { status } of await runningPods(view, 'coredns', SYSTEM))
    for (const port of [53, 8080, 8181, 9153]) {
      const does = await reaches(view, pod, app, `tcp ${status.podIP}:${port}`);
      if (does !== false) return does === true ? `it reaches port ${port}` : does;
    }
  return undefined;
}

/** Labels that policies go by: of templates, and of what runs. No edit changes those of namespaces. */
async function labelsKept(view: OracleView): Promise<Complaint> {
  for (const [namespace, name] of [
    ...CLIENTS.map((client) => [SHOP, client] as const),
    [OFFICE, 'reports'],
    [OFFICE, 'resolver'],
    [LOBBY, 'kiosk'],
    [LOBBY, 'display'],
    [SYSTEM, 'coredns'],
  ] as const) {
    const before = view.healthy.get<Deployment>(resources.deployments, namespace, name);
    const labels = before?.spec.template.metadata?.labels ?? {};
    const now = await deploymentOf(view, name, namespace);
    if (!equal(labels, now?.spec.template.metadata?.labels ?? {})) return `${name} has other labels`;
    for (const { metadata } of await podsOf(view, name, namespace)) {
      const { 'pod-template-hash': _hash, ...own } = metadata.labels ?? {};
      if (!equal(labels, own)) return `${metadata.name} has labels of its own`;
    }
  }
  return undefined;
}

/** No policy knows a pod by the address that it happens to have. */
async function noPodWrittenDown(view: OracleView): Promise<Complaint> {
  const pods = await view.kube.list<Pod>(resources.pods);
  const alone = pods.flatMap(({ status }) => (status.podIP === undefined ? [] : [`${status.podIP}/32`]));
  for (const { metadata, spec } of await view.kube.list(resources.networkPolicies)) {
    const found = alone.find((address) => JSON.stringify(spec).includes(`"${address}"`));
    if (found !== undefined) return `${metadata.name} knows ${found} by heart`;
  }
  return undefined;
}

export const dnsBlocked: Oracle = {
  settle: 60_000,
  afterwards: [corednsRisesAgain, shopRisesAgain([customersServed])],
  questions: [
    corednsWhole,
    corefileUntouched,
    corednsAsBefore,
    question('labels are as before', labelsKept),
    question('clients are as before', (view) => clientsUnchanged(view, CLIENTS)),
    shopNames,
    question('names of others resolve', (view) =>
      resolves(view, 'checkout', 'reports.office', places.reports),
    ),
    access('gateway', SHOP, `tcp ${KUBE_DNS}:53`, true),
    access('payments', SHOP, `tcp ${KUBE_DNS}:53`, true),
    access('refunds', SHOP, `ask ${KUBE_DNS}`, true),
    access('reports', OFFICE, `ask ${KUBE_DNS}`, true),
    access('reports', OFFICE, `tcp ${KUBE_DNS}:53`, true),
    access('kiosk', LOBBY, `tcp ${places.reports}:80`, true),
    access('kiosk', LOBBY, `ask ${places.resolver}`, true),
    access('kiosk', LOBBY, `ask ${places.directory}`, true),
    access('kiosk', LOBBY, `tcp ${places.inventory}:80`, true),
    access('reports', OFFICE, `tcp ${places.kiosk}:80`, true),
    access('reports', OFFICE, `tcp ${places.inventory}:80`, true),
    ...CLIENTS.flatMap((app) => closed.map((target) => access(app, SHOP, target, false))),
    ...['kiosk', 'display'].flatMap((app) => [
      access(app, LOBBY, `ask ${KUBE_DNS}`, false),
      access(app, LOBBY, `tcp ${KUBE_DNS}:53`, false),
      question(`${app} reaches no CoreDNS`, (view) => reachesNoServer(view, app)),
    ]),
    question('policies know no pod by its address', noPodWrittenDown),
    question('the shop calls no stranger', callsNoStranger),
    customersPay,
    refundsServed,
    newNames(['gateway']),
  ],
};
