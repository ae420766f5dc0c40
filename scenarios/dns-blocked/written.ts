import {
  both,
  clients,
  corednsAnswers,
  corednsPods,
  fromNamespaces,
  kubeDns,
  kubeSystem,
  type PolicySpec,
  shopAsks,
} from './network.ts';

export const podNetwork = '10.244.0.0/16';
const serviceNetwork = '10.96.0.0/12';
const nodeNetwork = '172.18.0.0/16';
export const byName = 'kubernetes.io/metadata.name';
/** The rule that was meant. */
export const meant = shopAsks({ namespaceSelector: kubeSystem, podSelector: corednsPods });
/** The same and one more rule. */
const besides = (rule: NonNullable<PolicySpec['egress']>[number]): PolicySpec => ({
  policyTypes: ['Egress'],
  egress: [...(meant.egress ?? []), rule],
});
export const askedBy = (namespaceSelector: object, ports?: readonly object[]): PolicySpec => ({
  podSelector: corednsPods,
  policyTypes: ['Ingress'],
  ingress: [{ from: [{ namespaceSelector }], ...(ports === undefined ? {} : { ports: [...ports] }) }],
});

/** A repair that writes one policy. */
type Written = readonly [id: string, policy: string, spec: PolicySpec, step: string];
type WrittenWrongly = readonly [id: string, caughtBy: string, policy: string, spec: PolicySpec];

export const rightInShop: readonly [Written, ...Written[]] = [
  [
    'by-labels',
    'names',
    meant,
    'allow egress from shop to pods k8s-app=kube-dns in kube-system, UDP and TCP port 53',
  ],
  [
    'by-namespace',
    'names',
    shopAsks({ namespaceSelector: kubeSystem }),
    'the same, to all pods of kube-system',
  ],
  ['in-default-deny', 'default-deny', meant, 'the same rule, in policy default-deny'],
  [
    'named-ports',
    'allow-dns',
    shopAsks({ namespaceSelector: kubeSystem, podSelector: corednsPods }, [
      { protocol: 'UDP', port: 'dns' },
      { protocol: 'TCP', port: 'dns-tcp' },
    ]),
    'the same, with the ports by name: dns and dns-tcp',
  ],
  [
    'that-label-anywhere',
    'names',
    shopAsks({ namespaceSelector: {}, podSelector: corednsPods }),
    'the same, to pods k8s-app=kube-dns of any namespace',
  ],
];

export const rightAtCoredns: readonly [Written, ...Written[]] = [
  [
    'right-key',
    'dns-clients',
    askedBy(fromNamespaces(byName), both),
    'kubectl -n kube-system edit networkpolicy dns-clients   # key: kubernetes.io/metadata.name',
  ],
  [
    'all-but-the-lobby',
    'dns-clients',
    askedBy({ matchExpressions: [{ key: byName, operator: 'NotIn', values: ['lobby'] }] }, both),
    'in the same policy, operator NotIn with the value lobby',
  ],
  [
    'second-policy',
    'dns-clients-by-name',
    corednsAnswers(fromNamespaces(byName)),
    'add another policy that allows the two namespaces by kubernetes.io/metadata.name',
  ],
  [
    'any-port',
    'dns-clients',
    askedBy(fromNamespaces(byName)),
    'allow the two namespaces, without a list of ports',
  ],
];

export const wrongInShop: readonly WrittenWrongly[] = [
  ['allow-all', 'isolated', 'allow-all', { policyTypes: ['Egress'], egress: [{}] }],
  [
    'port-53-anywhere',
    'other-port-53',
    'names',
    { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: both }] },
  ],
  ['any-namespace', 'other-port-53', 'names', shopAsks({ namespaceSelector: {} })],
  ['udp-53-anywhere', 'other-port-53', 'names', besides({ ports: [{ protocol: 'UDP', port: 53 }] })],
  [
    'udp-only',
    'tcp',
    'names',
    shopAsks({ namespaceSelector: kubeSystem, podSelector: corednsPods }, [{ protocol: 'UDP', port: 53 }]),
  ],
  // A port without protocol is a TCP port.
  [
    'tcp-only',
    'names',
    'names',
    shopAsks({ namespaceSelector: kubeSystem, podSelector: corednsPods }, [{ port: 53 }]),
  ],
  // Policies see pods: a Service's address is gone by then.
  ['service-address', 'names', 'names', shopAsks({ ipBlock: { cidr: `${kubeDns}/32` } })],
  [
    'anybody-but-the-office',
    'isolated',
    'names',
    {
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            {
              namespaceSelector: {
                matchExpressions: [{ key: byName, operator: 'NotIn', values: ['office'] }],
              },
            },
          ],
        },
      ],
    },
  ],
  [
    'port-53-but-of-the-office',
    'other-port-53',
    'names',
    shopAsks({
      namespaceSelector: { matchExpressions: [{ key: byName, operator: 'NotIn', values: ['office'] }] },
    }),
  ],
  [
    'all-of-kube-system',
    'isolated',
    'names',
    { policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: kubeSystem }] }] },
  ],
  [
    'those-who-take-payments',
    'names',
    'names',
    {
      ...meant,
      podSelector: {
        matchExpressions: [{ key: 'app', operator: 'In', values: ['gateway', 'checkout', 'payments'] }],
      },
    },
  ],
  ['gateway-only', 'names', 'names', { ...meant, podSelector: { matchLabels: { app: 'gateway' } } }],
  [
    'those-of-today',
    'shop-tomorrow',
    'names',
    { ...meant, podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: clients }] } },
  ],
  [
    'outside-too',
    'isolated',
    'names',
    besides({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [podNetwork] } }], ports: [{ port: 6443 }] }),
  ],
  [
    'any-public-name-server',
    'nobody-else',
    'names',
    besides({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [podNetwork] } }], ports: both }),
  ],
  // Who is known today is closed off, and the whole internet is not.
  [
    'the-internet',
    'nobody-else',
    'names',
    besides({ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [podNetwork, serviceNetwork, nodeNetwork] } }] }),
  ],
  [
    'name-servers-of-tomorrow',
    'nobody-else',
    'names',
    besides({
      to: [
        {
          namespaceSelector: {
            matchExpressions: [{ key: byName, operator: 'NotIn', values: ['office', 'lobby'] }],
          },
        },
      ],
      ports: both,
    }),
  ],
  // Without namespaceSelector a peer is a pod of the policy's own namespace.
  ['own-namespace', 'names', 'names', shopAsks({ podSelector: corednsPods })],
];

/** Pods of these apps are known today. */
const anybodyBut = (...values: string[]): PolicySpec => {
  const podSelector = { matchExpressions: [{ key: 'app', operator: 'NotIn' as const, values }] };
  return {
    podSelector: corednsPods,
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ namespaceSelector: {}, podSelector }], ports: both }],
  };
};

/** The rule that was meant, and whoever wants to gets at these ports. */
const withPorts = (...ports: number[]): PolicySpec => ({
  podSelector: corednsPods,
  policyTypes: ['Ingress'],
  ingress: [
    ...(askedBy(fromNamespaces(byName), both).ingress ?? []),
    { ports: ports.map((port) => ({ protocol: 'TCP', port })) },
  ],
});

export const wrongAtCoredns: readonly WrittenWrongly[] = [
  ['not-the-lobby-of-today', 'lobby-tomorrow', 'dns-clients', anybodyBut('kiosk', 'display', 'directory')],
  ['anybody-may-ask', 'kiosk', 'dns-clients', askedBy({}, both)],
  // Who asks for names of the cluster notices nothing, until CoreDNS starts again.
  [
    'coredns-asks-nobody',
    'dns-whole',
    'dns-clients',
    { ...askedBy(fromNamespaces(byName), both), policyTypes: ['Ingress', 'Egress'] },
  ],
  ['second-door', 'kiosk', 'open', { podSelector: corednsPods, policyTypes: ['Ingress'], ingress: [{}] }],
  [
    'pod-network',
    'kiosk',
    'dns-clients',
    {
      podSelector: corednsPods,
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr: podNetwork } }], ports: both }],
    },
  ],
  ['not-the-kiosk', 'kiosk', 'dns-clients', anybodyBut('kiosk')],
  // Whoever is not to have names gets at the other ports.
  ['other-ports-for-all', 'kiosk', 'dns-clients', withPorts(9153, 8080, 8181)],
  ['health-for-all', 'lobby-tomorrow', 'dns-clients', withPorts(8080, 8181)],
  ['shop-only', 'office', 'dns-clients', askedBy({ matchLabels: { [byName]: 'shop' } }, both)],
  [
    'reports-only',
    'office-tomorrow',
    'dns-clients',
    {
      podSelector: corednsPods,
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            { namespaceSelector: { matchLabels: { [byName]: 'shop' } } },
            {
              namespaceSelector: { matchLabels: { [byName]: 'office' } },
              podSelector: { matchLabels: { app: 'reports' } },
            },
          ],
          ports: both,
        },
      ],
    },
  ],
  ['udp-only', 'tcp', 'dns-clients', askedBy(fromNamespaces(byName), [{ protocol: 'UDP', port: 53 }])],
  ['tcp-only', 'names', 'dns-clients', askedBy(fromNamespaces(byName), [{ port: 53 }])],
];
