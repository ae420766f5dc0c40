import type { Manifest } from '../kube/client.ts';
import { SHOP_IMAGE, type ShopOverlay } from './shop.ts';
import type { Variant } from './variants.ts';

/** A name outside the cluster that clients use, answered by a name server of the lab's own. */
export interface Partner {
  /** A zone that exists nowhere else, e.g. `partner.test`. */
  readonly zone: string;
  readonly name: string;
  /** What the name resolves to. */
  readonly address: string;
  /** ClusterIP of the lab's name server. */
  readonly server: string;
}

/** A partner whose name server takes its time, and counts what it is asked. */
export interface CountedPartner extends Partner {
  /** What every other name of the zone resolves to. */
  readonly others: string;
  /** Milliseconds before each answer; up to `jitterMs` more, at random. */
  readonly delayMs: number;
  readonly jitterMs: number;
}

/** Below what a Service gets that asks for no address of its own: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/ */
const SERVERS = '10.96.0';
/** Nobody's, as https://www.rfc-editor.org/rfc/rfc5737 says. */
const ADDRESSES = '198.51.100';
const ZONES = ['partner.test', 'rates.test', 'bank.test'] as const;
const HOSTS = ['api', 'quotes', 'feed'] as const;

/**
 * Another partner from seed to seed, with other names and addresses: the Corefile of a neighbour's lab is no answer, since
 * it does not know this one.
 */
export function anyPartner(): Variant<Partner> {
  return {
    draw: (random) => {
      const zone = random.pick(ZONES);
      const last = random.between(20, 250);
      return {
        zone,
        name: `${random.pick(HOSTS)}.${zone}`,
        address: `${ADDRESSES}.${last}`,
        server: `${SERVERS}.${last}`,
      };
    },
    describe: `a host of one of ${ZONES.join(', ')}, with an address of ${ADDRESSES}.0/24 and a server of ${SERVERS}.0/24`,
  };
}

const IMAGE = 'registry.k8s.io/coredns/coredns:v1.14.2';
const NAMESPACE = 'partner';

/**
 * The lab's own upstream DNS: CoreDNS once more, in a namespace of its own, behind a stub domain in the cluster's
 * Corefile. "External" names then need no internet.
 * https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/#configuration-of-stub-domain-and-upstream-nameserver-using-coredns
 */
export function partnerDns(partner: Partner): ShopOverlay {
  const zoneFile = `${partner.zone}:5353 {\n    errors\n    hosts {\n        ${partner.address} ${partner.name}\n    }\n}\n`;
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: zoneFile } };
  return {
    extra: [...manifests(partner, corednsPod(), DNS_PORTS, [config]), clusterCorefile(partner)],
    extraWorkloads,
  };
}

/**
 * The lab's own upstream DNS as the shop plays it: slow if told so, with any number of names, and with a count of the
 * questions for each at `http://<server>/asked?name=`. Whose answers CoreDNS keeps can be told by that.
 */
export function countedPartnerDns(partner: CountedPartner): ShopOverlay {
  return {
    extra: [...manifests(partner, shopPod(partner), [...DNS_PORTS, HTTP_PORT]), clusterCorefile(partner)],
    extraWorkloads,
  };
}

/** As kubeadm writes it. */
const CLUSTER_COREFILE = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;

const labels = { app: 'partner-dns' };
const metadata = { name: 'partner-dns', namespace: NAMESPACE, labels };
const extraWorkloads = [`deployment/${metadata.name}@${NAMESPACE}`];

const DNS_PORTS = [
  { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, targetPort: 5353, protocol: 'TCP' },
];
const HTTP_PORT = { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' };

function manifests(
  { server }: Partner,
  spec: Readonly<Record<string, unknown>>,
  ports: readonly object[],
  more: readonly Manifest[] = [],
): Manifest[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...more,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: server, selector: labels, ports } },
  ];
}

/** The cluster's Corefile with a stub domain for the partner. */
function clusterCorefile({ zone, server }: Partner): Manifest {
  const stub = `${zone}:53 {\n    errors\n    cache 30\n    forward . ${server}\n}\n`;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'coredns', namespace: 'kube-system' },
    data: { Corefile: CLUSTER_COREFILE + stub },
  };
}

/** What both kinds of server have: DNS on 5353, which no process needs to be root for. */
const CONTAINER = {
  imagePullPolicy: 'IfNotPresent',
  ports: [
    { name: 'dns', containerPort: 5353, protocol: 'UDP' },
    { name: 'dns-tcp', containerPort: 5353, protocol: 'TCP' },
  ],
  readinessProbe: { tcpSocket: { port: 'dns-tcp' }, periodSeconds: 2 },
  resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
};

function corednsPod(): Record<string, unknown> {
  const container = {
    name: 'coredns',
    image: IMAGE,
    args: ['-conf', '/etc/coredns/Corefile'],
    ...CONTAINER,
    volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
  };
  return { containers: [container], volumes: [{ name: 'config', configMap: { name: metadata.name } }] };
}

function shopPod({
  zone,
  name,
  address,
  others,
  delayMs,
  jitterMs,
}: CountedPartner): Record<string, unknown> {
  const variables = {
    ROLE: 'nameserver',
    DNS_ZONE: zone,
    DNS_RECORDS: `${name}=${address} *.${zone}=${others}`,
    DNS_DELAY_MS: String(delayMs),
    DNS_JITTER_MS: String(jitterMs),
  };
  const env = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
  return { containers: [{ name: metadata.name, image: SHOP_IMAGE, env, ...CONTAINER }] };
}
