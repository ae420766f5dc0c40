import { BlockList } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { egressOnlyTo, exceeds } from '../../../src/checks/egress.ts';
import { labView, object } from './support.ts';

const byName = 'kubernetes.io/metadata.name';
const labels = { 'k8s-app': 'kube-dns' };
const coredns = { podSelector: { matchLabels: labels } };
const ports = [{ protocol: 'UDP', port: 53 }];
const within = (operator: string, ...values: string[]) => ({
  namespaceSelector: { matchExpressions: [{ key: byName, operator, values }] },
});
const block = (cidr: string, ...except: string[]) => ({ ipBlock: { cidr, except } });
const clusterIPs = object('networking.k8s.io/v1', 'ServiceCIDR', 'kubernetes', {
  spec: { cidrs: ['10.96.0.0/16', 'fd00:10:96::/112'] },
});

/** What is seen where shop has a policy like that, for some of its pods. */
async function look(spec: object): Promise<string> {
  const lab = await labView([
    ...['shop', 'kube-system', 'office'].map((name) =>
      object('v1', 'Namespace', name, { metadata: { labels: { [byName]: name } } }),
    ),
    clusterIPs,
    object('apps/v1', 'Deployment', 'coredns@kube-system', { spec: { selector: { matchLabels: labels } } }),
    object('networking.k8s.io/v1', 'NetworkPolicy', 'open@office', {
      spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{}] },
    }),
    object('networking.k8s.io/v1', 'NetworkPolicy', 'names@shop', {
      spec: { podSelector: { matchLabels: { app: 'gateway' } }, policyTypes: ['Egress'], ...spec },
    }),
  ]);
  const called = { namespace: 'kube-system', name: 'coredns' };
  const { status, seen } = await egressOnlyTo('shop', called).look(lab);
  return status === 'pass' ? status : seen.replace('networkpolicy/names lets pods of shop call ', '');
}

describe('policies let pods call nobody else', () => {
  test.each([
    ['each other', { podSelector: {} }],
    ['the other one', { ...within('In', 'kube-system'), ...coredns }],
    ['who is in its namespace', within('In', 'kube-system', 'shop')],
    ['whoever has its labels', { namespaceSelector: {}, ...coredns }],
    ['a Service', block('10.96.0.10/32')],
    ['all Services', block('10.96.0.0/16')],
    ['no namespace that there is', { namespaceSelector: { matchLabels: { name: 'kube-system' } } }],
  ])('but %s', async (_whom, peer) => {
    expect(await look({ egress: [{ to: [peer], ports }] })).toBe('pass');
  });

  test('none at all', async () => {
    expect(await look({})).toBe('pass');
    expect(await look({ policyTypes: ['Ingress'], egress: [{}] })).toBe('pass');
  });

  test.each([
    [within('NotIn', 'lobby'), 'pods of namespace office'],
    [within('NotIn', 'lobby', 'office'), 'pods of any new namespace'],
    [
      { ...within('NotIn', 'office'), podSelector: { matchLabels: { app: 'dns' } } },
      'pods of any new namespace',
    ],
    [within('In', 'kube-system', 'partners'), 'pods of namespace partners'],
    [
      {
        namespaceSelector: {},
        podSelector: { matchExpressions: [{ key: 'k8s-app', operator: 'In', values: ['kube-dns', 'dns'] }] },
      },
      'pods of namespace office',
    ],
    [block('0.0.0.0/0', '10.244.0.0/16'), 'addresses of 0.0.0.0/0 that do not belong to Services'],
    [block('10.96.0.0/12'), 'addresses of 10.96.0.0/12 that do not belong to Services'],
    [block('8.8.8.8/32'), 'addresses of 8.8.8.8/32 that do not belong to Services'],
    [block('::/0'), 'addresses of ::/0 that do not belong to Services'],
  ])('%j', async (peer, whom) => {
    const allowed = { to: [{ ...within('In', 'kube-system'), ...coredns }], ports };
    expect(await look({ egress: [allowed, { to: [{ podSelector: {} }, peer] }] })).toBe(whom);
  });

  test('a rule without peers is about everybody', async () => {
    expect(await look({ egress: [{ ports }] })).toBe('anybody');
  });
});

describe('a range exceeds others', () => {
  const range = fc
    .tuple(fc.nat(31), fc.integer({ min: 27, max: 32 }))
    .map(([last, bits]) => `10.0.0.${last - (last % 2 ** (32 - bits))}/${bits}`);
  const blockOf = (ranges: readonly string[]): BlockList => {
    const list = new BlockList();
    for (const [network = '', bits] of ranges.map((cidr) => cidr.split('/')))
      list.addSubnet(network, Number(bits));
    return list;
  };

  test('as addresses one by one say', () => {
    fc.assert(
      fc.property(range, fc.array(range), (cidr, others) => {
        const [all, covered] = [blockOf([cidr]), blockOf(others)];
        const addresses = Array.from({ length: 32 }, (_, last) => `10.0.0.${last}`);
        expect(exceeds(cidr, others)).toBe(
          addresses.some((address) => all.check(address) && !covered.check(address)),
        );
      }),
    );
  });
});
