import fc from 'fast-check';
import { resources } from '../../../src/model/resources.ts';
import type { Facts } from '../facts.ts';
import { drawnPartner } from '../partner.ts';
import type { Weighted } from './arbitraries.ts';
import { cacheChanges } from './dns-cache.ts';
import { type CorefileChange, deploymentOf, type Edit, type Reference, referenceOf } from './edit.ts';

const system = { namespace: 'kube-system' };
/** The cluster's name server, and what it is told. */
export const coredns = deploymentOf(system.namespace, 'coredns');
export const corefile = referenceOf(resources.configMaps, { ...system, name: 'coredns' });
const kubeDns = referenceOf(resources.services, { ...system, name: 'kube-dns' });

/** Edits of the cluster's name server and of how clients ask it. */
export function dnsEdits(facts: Facts): Weighted {
  const fault = faultLines(facts);
  const cache = cacheChanges(facts);
  const kept = [...cache.right, ...cache.others, ...cache.others];
  const change = (what: CorefileChange): Edit => ({ edit: 'corefile', of: corefile, change: what });
  return [
    { weight: 6, arbitrary: changes(facts).map(change) },
    ...(fault.length === 0
      ? []
      : [{ weight: 8, arbitrary: fc.constantFrom(...fault).map((without) => change({ without })) }]),
    ...(kept.length === 0
      ? []
      : [
          { weight: 12, arbitrary: fc.constantFrom(...kept).map(change) },
          { weight: 2, arbitrary: partnerEdits },
        ]),
    { weight: 4, arbitrary: fc.constant<Edit>({ edit: 'restart', of: coredns }) },
    {
      weight: 2,
      arbitrary: fc
        .boolean()
        .map((all): Edit => ({ edit: 'pods', of: coredns, act: { act: 'delete', all } })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom(0, 1, 2, 3).map((replicas): Edit => ({
        edit: 'patch',
        of: coredns,
        type: 'merge',
        body: { spec: { replicas } },
      })),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom<object>(
          { selector: { 'k8s-app': 'kube-dns', app: 'partner-dns' } },
          { selector: { 'k8s-app': 'other' } },
          { selector: { 'k8s-app': 'kube-dns', app: null } },
          { sessionAffinity: 'ClientIP' },
        )
        .map((spec): Edit => ({ edit: 'patch', of: kubeDns, type: 'merge', body: { spec } })),
    },
    { weight: 3, arbitrary: clientSettings(facts) },
  ];
}

const partner = { namespace: 'partner', name: 'partner-dns' };

/** Edits of what belongs to somebody else. */
const partnerEdits = fc.constantFrom<Edit>(
  {
    edit: 'patch',
    of: referenceOf(resources.services, partner),
    type: 'merge',
    body: { spec: { sessionAffinity: 'ClientIP' } },
  },
  {
    edit: 'patch',
    of: deploymentOf(partner.namespace, partner.name),
    type: 'merge',
    body: { spec: { replicas: 2 } },
  },
  {
    edit: 'create',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'open', namespace: partner.namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
    },
  },
  { edit: 'restart', of: deploymentOf(partner.namespace, partner.name) },
);

/** First words of the lines that the fault has put into the Corefile. */
function faultLines(facts: Facts): string[] {
  const words = facts.corefile.split(/\s+/);
  return ['template', 'promethues', 'loadbalancer', 'logs'].filter((word) => words.includes(word));
}

function changes({ addresses, values }: Facts): fc.Arbitrary<CorefileChange> {
  // Where there is no partner, nobody misses one.
  const { zone, name } = drawnPartner(values) ?? { zone: 'partner.test', name: 'rates.partner.test' };
  const hosts = Object.entries(addresses).map(
    ([service, ip]) => `    ${ip} ${service}.shop.svc.cluster.local`,
  );
  return fc.constantFrom<CorefileChange>(
    { before: 'kubernetes', lines: ['log'] },
    { before: 'kubernetes', lines: ['hosts {', ...hosts, '    fallthrough', '}'] },
    { before: 'kubernetes', lines: ['hosts {', ...hosts, '}'] },
    { before: 'kubernetes', lines: [`rewrite name ${zone} ${name}`] },
    { before: 'kubernetes', lines: ['nonsense'] },
    { before: 'kubernetes', lines: ['template ANY AAAA {', '    rcode NOERROR', '}'] },
    { without: 'cache' },
    { without: 'forward' },
    { without: 'ready' },
    { without: 'health' },
    { without: 'loop' },
    { without: 'reload' },
    { without: 'loadbalance' },
    { without: 'prometheus' },
    { without: 'kubernetes' },
    { without: zone },
    { replace: 'ttl 30', by: 'ttl 5' },
    { replace: 'cache 30', by: 'cache 300' },
    { replace: 'pods insecure', by: 'pods insecure\n       namespaces shop' },
    { replace: 'pods insecure', by: 'pods disabled' },
    { replace: 'forward . /etc/resolv.conf', by: 'forward . 198.51.100.1' },
    { replace: 'kubernetes cluster.local', by: 'kubernetes cluster.test' },
    { replace: 'template', by: '# template' },
  );
}

const clients = ['gateway', 'checkout', 'payments', 'refunds', 'notifier'];

function clientSettings({ addresses }: Facts): fc.Arbitrary<Edit> {
  const hostAliases = Object.entries(addresses).map(([service, ip]) => ({ ip, hostnames: [service] }));
  const searches = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
  const nameservers = [addresses['kube-dns'] ?? '10.96.0.10'];
  return fc
    .tuple(
      fc.constantFrom(...clients).map((name): Reference => deploymentOf('shop', name)),
      fc.constantFrom<object>(
        { hostAliases },
        { hostAliases: null },
        { dnsPolicy: 'Default', dnsConfig: null },
        { dnsPolicy: 'ClusterFirst', dnsConfig: null },
        { dnsPolicy: 'None', dnsConfig: { nameservers, searches, options: [{ name: 'ndots', value: '5' }] } },
        { dnsConfig: { options: [{ name: 'timeout', value: '1' }] } },
      ),
    )
    .map(([of, spec]): Edit => ({
      edit: 'patch',
      of,
      type: 'strategic',
      body: { spec: { template: { spec } } },
    }));
}
