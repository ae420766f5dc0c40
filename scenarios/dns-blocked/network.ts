import { type Fault, type LabView, type Manifest, type NetworkPolicy, resources, SHOP_IMAGE } from 'breakfix';

export const namespace = 'shop';
export const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];

export const kubeDns = '10.96.0.10';
/** Of Service kubernetes: behind it is a node, not a pod. */
export const apiServer = '10.96.0.1';
/** Fixed, so that a check can name them where names do not resolve. */
export const addresses = {
  reports: '10.96.201.10',
  resolver: '10.96.201.53',
  kiosk: '10.96.201.20',
  directory: '10.96.201.54',
  inventory: '10.96.201.30',
};

const meta = (name: string, where: string) => ({ name, namespace: where, labels: { app: name } });

/** A program of the shop's image that calls nobody. */
function bystander(name: string, where: string): Manifest {
  return deployment(name, where, {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000 },
    containers: [
      {
        name,
        image: SHOP_IMAGE,
        imagePullPolicy: 'IfNotPresent',
        env: [{ name: 'ROLE', value: 'fx' }],
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 2 },
        resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } },
      },
    ],
  });
}

function deployment(name: string, where: string, spec: object): Manifest {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(name, where),
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function service(name: keyof typeof addresses, where: string, ports: readonly object[]): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta(name, where),
    spec: { clusterIP: addresses[name], selector: { app: name }, ports },
  };
}

/** A name server of somebody's own, on port 53 as the cluster's: not for the shop. */
const nameServer = (name: 'resolver' | 'directory', where: string): readonly Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta(name, where),
    data: {
      Corefile: `${where}.test:53 {\n    errors\n    hosts {\n        198.51.100.9 files.${where}.test\n    }\n}\n`,
    },
  },
  deployment(name, where, {
    containers: [
      {
        name: 'coredns',
        image: 'registry.k8s.io/coredns/coredns:v1.14.2',
        imagePullPolicy: 'IfNotPresent',
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        ],
        readinessProbe: { tcpSocket: { port: 'dns-tcp' }, periodSeconds: 2 },
        resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'config', mountPath: '/etc/coredns' }],
      },
    ],
    volumes: [{ name: 'config', configMap: { name } }],
  }),
  service(name, where, [
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns-tcp' },
  ]),
];

const http = [{ name: 'http', port: 80, targetPort: 'http' }];

/** Who is in the cluster beside the shop. */
export const others: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'office' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lobby' } },
  bystander('reports', 'office'),
  service('reports', 'office', http),
  ...nameServer('resolver', 'office'),
  bystander('kiosk', 'lobby'),
  service('kiosk', 'lobby', http),
  bystander('display', 'lobby'),
  ...nameServer('directory', 'lobby'),
  bystander('inventory', 'kube-system'),
  service('inventory', 'kube-system', http),
];
export const otherWorkloads = [
  'reports@office',
  'resolver@office',
  'kiosk@lobby',
  'display@lobby',
  'directory@lobby',
  'inventory@kube-system',
].map((path) => `deployment/${path}`);

export type PolicySpec = Partial<NetworkPolicy['spec']>;

function policy(name: string, where: string, spec: PolicySpec): Manifest {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: where },
    spec: { podSelector: {}, ...spec },
  };
}

export const both = [
  { protocol: 'UDP' as const, port: 53 },
  { protocol: 'TCP' as const, port: 53 },
];
export const kubeSystem = { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } };
export const corednsPods = { matchLabels: { 'k8s-app': 'kube-dns' } };
export const fromNamespaces = (key: string) => ({
  matchExpressions: [{ key, operator: 'In' as const, values: ['shop', 'office'] }],
});

/** The shop may ask CoreDNS; `peer` names it. */
export const shopAsks = (peer: object, ports: readonly object[] = both): PolicySpec => ({
  policyTypes: ['Egress'],
  egress: [{ to: [peer], ports: [...ports] }],
});
/** CoreDNS may be asked; `namespaceSelector` says by whom. */
export const corednsAnswers = (namespaceSelector: object): PolicySpec => ({
  podSelector: corednsPods,
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ namespaceSelector }], ports: both }],
});

export const policies: readonly Manifest[] = [
  policy('default-deny', 'shop', { policyTypes: ['Egress'] }),
  policy('within-the-shop', 'shop', { policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
  policy('names', 'shop', shopAsks({ namespaceSelector: kubeSystem, podSelector: corednsPods })),
  policy('dns-clients', 'kube-system', corednsAnswers(fromNamespaces('kubernetes.io/metadata.name'))),
];

export const put = async (lab: LabView, name: string, where: string, spec: PolicySpec): Promise<void> => {
  await lab.kube.apply(policy(name, where, spec), { manager: 'kubectl', force: true });
};

export const drop = (lab: LabView, name: string, where: string) =>
  lab.kube.delete(resources.networkPolicies, where, name);

interface Cut {
  readonly describe: string;
  readonly object: string;
  readonly field: string;
  readonly fieldAliases: readonly string[];
  readonly evidence: string;
  /** Whether other namespaces are cut off as well. */
  readonly everybody: boolean;
  readonly make: (lab: LabView) => Promise<unknown>;
}

export const cuts = {
  gone: {
    describe:
      'The NetworkPolicy of shop that allowed DNS lookups was deleted. Only default-deny and the policy for calls within the shop were left.',
    object: 'networkpolicy/default-deny',
    field: 'spec.egress',
    fieldAliases: ['spec.policyTypes', 'egress'],
    evidence:
      'Lookups from shop time out, those from office are answered, and no policy of shop allows port 53 to kube-system',
    everybody: false,
    make: (lab: LabView) => drop(lab, 'names', 'shop'),
  },
  label: {
    describe:
      'networkpolicy/names in shop was changed to select pods with the label k8s-app: coredns. The pods of CoreDNS have k8s-app: kube-dns.',
    object: 'networkpolicy/names',
    field: 'spec.egress.to.podSelector',
    fieldAliases: [
      'spec.egress.to.podSelector.matchLabels',
      'spec.egress.to.podSelector.matchLabels.k8s-app',
      'spec.egress.to',
      'spec.egress',
    ],
    evidence:
      'Lookups from shop time out, those from office are answered, and networkpolicy/names selects no pod',
    everybody: false,
    make: (lab: LabView) =>
      put(
        lab,
        'names',
        'shop',
        shopAsks({ namespaceSelector: kubeSystem, podSelector: { matchLabels: { 'k8s-app': 'coredns' } } }),
      ),
  },
  ingress: {
    describe:
      'networkpolicy/dns-clients in kube-system was changed to select namespaces by the label "name", which no namespace has.',
    object: 'networkpolicy/dns-clients',
    field: 'spec.ingress.from.namespaceSelector',
    fieldAliases: [
      'spec.ingress.from.namespaceSelector.matchExpressions',
      'spec.ingress.from.namespaceSelector.matchExpressions.key',
      'spec.ingress.from',
      'spec.ingress',
    ],
    evidence:
      'Lookups time out in every namespace although CoreDNS is ready, and the policy of CoreDNS selects no namespace',
    everybody: true,
    make: (lab: LabView) => put(lab, 'dns-clients', 'kube-system', corednsAnswers(fromNamespaces('name'))),
  },
} satisfies Record<string, Cut>;

export type CutName = keyof typeof cuts;

export const cutOff = (cut: CutName): Fault => ({
  name: 'network-policy',
  describe: cuts[cut].describe,
  inject: async (lab) => {
    await cuts[cut].make(lab);
    return async (again) => {
      await again.kube.applyAll(policies, { manager: 'kubectl', force: true });
    };
  },
});
