import type { Manifest } from '../kube/client.ts';
import type { ShopOverlay } from './shop.ts';

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

const IMAGE = 'registry.k8s.io/coredns/coredns:v1.14.2';
const NAMESPACE = 'partner';

/**
 * The lab's own upstream DNS: CoreDNS once more, in a namespace of its own, behind a stub domain in the cluster's
 * Corefile. "External" names then need no internet.
 * https://kubernetes.io/docs/tasks/administer-cluster/dns-custom-nameservers/#configuration-of-stub-domain-and-upstream-nameserver-using-coredns
 */
export function partnerDns(partner: Partner): ShopOverlay {
  return { extra: manifests(partner), extraWorkloads: [`deployment/partner-dns@${NAMESPACE}`] };
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

function manifests({ zone, name, address, server }: Partner): Manifest[] {
  const labels = { app: 'partner-dns' };
  const metadata = { name: 'partner-dns', namespace: NAMESPACE, labels };
  const stub = `${zone}:53 {\n    errors\n    cache 30\n    forward . ${server}\n}\n`;
  const zoneFile = `${zone}:5353 {\n    errors\n    hosts {\n        ${address} ${name}\n    }\n}\n`;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: zoneFile } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec() },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        clusterIP: server,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, targetPort: 5353, protocol: 'TCP' },
        ],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'coredns', namespace: 'kube-system' },
      data: { Corefile: CLUSTER_COREFILE + stub },
    },
  ];
}

function podSpec(): Record<string, unknown> {
  return {
    containers: [
      {
        name: 'coredns',
        image: IMAGE,
        imagePullPolicy: 'IfNotPresent',
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', containerPort: 5353, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 5353, protocol: 'TCP' },
        ],
        readinessProbe: { tcpSocket: { port: 'dns-tcp' }, periodSeconds: 2 },
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'partner-dns' } }],
  };
}
