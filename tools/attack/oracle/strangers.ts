import { compilePolicies, type PolicyEnd } from '../../../src/cluster/network/policy.ts';
import type { Labels, Namespace, NetworkPolicy, Pod } from '../../../src/model/objects.ts';
import { resources } from '../../../src/model/resources.ts';
import { podsOf, SHOP, SYSTEM } from './ask.ts';
import type { Complaint, OracleView } from './view.ts';

const BY_NAME = 'kubernetes.io/metadata.name';
/** Public name servers, somebody's office, what a cloud tells its machines. */
const OUTSIDE = [
  '1.1.1.1',
  '8.8.8.8',
  '9.9.9.9',
  '203.0.113.9',
  '192.168.7.7',
  '10.8.0.9',
  '169.254.169.254',
];
/** What programs of strangers listen on. */
const PORTS = [53, 80, 443, 853, 6443, 8080];

/** A pod that nobody has made. */
const invented = (namespace: string, labels: Labels): Pod =>
  ({
    metadata: { name: 'invented', uid: `${namespace} ${JSON.stringify(labels)}`, namespace, labels },
    spec: { containers: [{ ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] }] },
  }) as unknown as Pod;

/** The calls of somebody on some ports. */
const called = (to: PolicyEnd, ports: readonly number[]) =>
  ports.flatMap((port) => (['TCP', 'UDP'] as const).map((protocol) => ({ to, port, protocol })));

/**
 * Policies keep no pod of CoreDNS from asking the API server for Services, and others for names outside. No connection is tried:
 * those that run are connected already, and a policy comes between the embedded cluster's CoreDNS and its API at no time
 * (docs/fidelity.md).
 */
export async function dnsCallsAnybody(view: OracleView): Promise<Complaint> {
  const policies = await view.kube.list<NetworkPolicy>(resources.networkPolicies, { namespace: SYSTEM });
  if (policies.length === 0) return undefined;
  const [pod] = await podsOf(view, 'coredns', SYSTEM);
  if (pod === undefined) return 'there is no CoreDNS';
  const labelSelector = 'component=kube-apiserver';
  const [server] = await view.kube.list<Pod>(resources.pods, { namespace: SYSTEM, labelSelector });
  const set = compilePolicies(policies, new Map());
  const asked = [
    { to: { ip: server?.status.podIP ?? '' }, port: 6443, protocol: 'TCP' as const },
    ...OUTSIDE.flatMap((ip) => called({ ip }, [53])),
  ];
  const cut = asked.find(
    ({ to, port, protocol }) => !set.allows({ from: { ip: '10.244.9.8', pod }, to, protocol, port }),
  );
  return cut && `CoreDNS may not call port ${cut.port} (${cut.protocol}) of ${cut.to.ip}`;
}

/** Policies of the shop let none of its pods, whatever their labels, call who has nothing to do with it: no connection is tried. */
export async function callsNoStranger(view: OracleView): Promise<Complaint> {
  const policies = await view.kube.list<NetworkPolicy>(resources.networkPolicies, { namespace: SHOP });
  const named = [...JSON.stringify(policies).matchAll(/"([a-z0-9-]+)"/g)].map(([, text = '']) => text);
  const namespaces = new Map<string, Namespace>(
    (await view.kube.list<Namespace>(resources.namespaces)).map((found) => [found.metadata.name, found]),
  );
  for (const name of ['made-tomorrow', ...named])
    if (!namespaces.has(name))
      namespaces.set(name, { metadata: { name, labels: { [BY_NAME]: name } } } as unknown as Namespace);

  const strangers: PolicyEnd[] = [
    ...OUTSIDE.map((ip) => ({ ip })),
    ...[...namespaces.keys()]
      .filter((name) => ![SHOP, SYSTEM].includes(name))
      .flatMap((name) =>
        [{}, { app: 'stranger' }, { 'k8s-app': 'stranger' }].map((own) => invented(name, own)),
      )
      .map((pod) => ({ ip: '10.244.9.9', pod })),
  ];
  const own = [{}, ...policies.map(({ spec }) => spec.podSelector.matchLabels ?? {})];
  const set = compilePolicies(policies, namespaces);
  const asked = strangers.flatMap((to) => called(to, PORTS));
  for (const from of own.map((labels) => ({ ip: '10.244.9.8', pod: invented(SHOP, labels) })))
    for (const { to, port, protocol } of asked)
      if (set.allows({ from, to, protocol, port }))
        return `port ${port} (${protocol}) of ${to.pod?.metadata.namespace ?? to.ip} is open`;
  return undefined;
}
