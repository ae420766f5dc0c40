import fc from 'fast-check';
import type { Facts } from '../facts.ts';
import type { Weighted } from './arbitraries.ts';
import { resources } from '../../../src/model/resources.ts';
import { type Edit, partsOf, type Reference, referenceOf } from './edit.ts';

/** Edits of Services, endpoints and NetworkPolicies. */
export function networkEdits(facts: Facts): Weighted {
  const { services, policies } = facts;
  const own = ownServices(facts);
  const service = fc.constantFrom(...(own.length === 0 ? services : own), ...services.slice(0, 1));
  return [
    { weight: 4, arbitrary: fc.tuple(service, serviceSpecs).map(([of, spec]) => merged(of, spec)) },
    { weight: 2, arbitrary: service.map((of) => handMade(of)) },
    { weight: 2, arbitrary: newPolicies(facts) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(...networkLeftovers(facts)).map((of): Edit => ({ edit: 'delete', of })),
    },
    ...(policies.length === 0
      ? []
      : [
          {
            weight: 5,
            arbitrary: fc
              .tuple(fc.constantFrom(...policies), policySpecs)
              .map(([of, spec]) => merged(of, spec)),
          },
          { weight: 1, arbitrary: fc.constantFrom(...policies).map((of): Edit => ({ edit: 'delete', of })) },
        ]),
  ];
}

/** Those that lead to the workload, and that of the DNS. */
export function ownServices({ workload, services }: Facts): Reference[] {
  const { name } = partsOf(workload);
  return services.filter((of) => of.endsWith(`/${name}`) || of.endsWith('/kube-dns'));
}

const merged = (of: Reference, spec: object): Edit => ({ edit: 'patch', of, type: 'merge', body: { spec } });

const serviceSpecs: fc.Arbitrary<object> = fc.constantFrom<object>(
  { selector: { app: 'payments' } },
  { selector: { app: 'gateway' } },
  { selector: { tier: 'front' } },
  { selector: { 'app.kubernetes.io/part-of': 'shop' } },
  { selector: null },
  { publishNotReadyAddresses: true },
  { publishNotReadyAddresses: false },
  { ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
  { ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }] },
  { ports: [{ name: 'http', port: 80, targetPort: 9090, protocol: 'TCP' }] },
  { ports: [{ name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' }] },
  { type: 'NodePort' },
  { type: 'ExternalName', externalName: 'payments.shop.svc.cluster.local' },
  { sessionAffinity: 'ClientIP' },
  { internalTrafficPolicy: 'Local' },
);

/** What {@link handMade} and {@link newPolicies} leave behind. */
export function networkLeftovers(facts: Facts): Reference[] {
  const { namespace = '' } = partsOf(facts.workload);
  return [
    ...facts.services.map((of) => {
      const { namespace: where = '', name } = partsOf(of);
      return referenceOf(resources.endpointSlices, { namespace: where, name: manualSliceOf(name) });
    }),
    ...policySpecsOf(facts).map(([policy]) =>
      referenceOf(resources.networkPolicies, { namespace, name: policyName(policy) }),
    ),
  ];
}

const manualSliceOf = (service: string): string => `${service}-manual`;
const policyName = (policy: string): string => `more-${policy}`;

/** A slice that nobody keeps up to date. */
function handMade(of: Reference): Edit {
  const { namespace = '', name } = partsOf(of);
  return {
    edit: 'create',
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: manualSliceOf(name), namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.244.1.250'], conditions: { ready: true } }],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
  };
}

const DNS = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];
const system = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } };
const coredns = { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };

/** What may become of a policy that is there. */
const policySpecs: fc.Arbitrary<object> = fc.constantFrom<object>(
  { egress: [{}] },
  { egress: [] },
  { egress: null },
  { ingress: [{}] },
  { ingress: [] },
  { egress: [{ to: [{ ...system, ...coredns }], ports: DNS }] },
  { egress: [{ to: [system], ports: DNS }] },
  { egress: [{ to: [{ ...system, ...coredns }], ports: DNS.slice(0, 1) }] },
  { egress: [{ ports: DNS }] },
  { egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: DNS }] },
  { egress: [{ to: [{ podSelector: {} }] }, { to: [{ ...system, ...coredns }], ports: DNS }] },
  { ingress: [{ from: [{ namespaceSelector: {} }], ports: DNS }] },
  {
    ingress: [
      {
        from: ['shop', 'office'].map((name) => ({
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        })),
        ports: DNS,
      },
    ],
  },
  { podSelector: { matchLabels: { app: 'nobody' } } },
  { podSelector: {} },
);

/** Policies that add up with those that are there, by name. */
function policySpecsOf({ selector }: Facts): readonly (readonly [string, object])[] {
  const self = { podSelector: selector };
  const callers = (apps: readonly string[]): object[] =>
    apps.map((app) => ({ podSelector: { matchLabels: { app } } }));
  return [
    ['closed', { podSelector: {}, policyTypes: ['Ingress'] }],
    ['own-closed', { ...self, policyTypes: ['Ingress'] }],
    ['only-gateway', { ...self, policyTypes: ['Ingress'], ingress: [{ from: callers(['gateway']) }] }],
    ['shop-only', { ...self, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] }],
    ['mute', { podSelector: {}, policyTypes: ['Egress'] }],
    [
      'names',
      { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ...system, ...coredns }], ports: DNS }] },
    ],
    ['open', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] }],
  ];
}

function newPolicies(facts: Facts): fc.Arbitrary<Edit> {
  const { namespace = '' } = partsOf(facts.workload);
  return fc.constantFrom(...policySpecsOf(facts)).map(([policy, spec]): Edit => ({
    edit: 'create',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: policyName(policy), namespace },
      spec,
    },
  }));
}
