import { describe, expect, test } from '@jest/globals';
import { isolates, policiesFollowPods, type ReachTarget } from '../../../src/checks/reach.ts';
import { labView, object, workload } from './support.ts';

const allowed = { namespace: 'lobby', app: 'kiosk' };
const forbidden = { namespace: 'shop', app: 'gateway' };

/** @param index how many clients are before it: each is three objects */
const client = (path: string, index: number) => {
  const [name = ''] = path.split('@');
  const running = { phase: 'Running', containerStatuses: [{ name, state: { running: {} } }] };
  return workload(path, { containers: [{ name, image: 'shop' }] }, [running], { app: name }, index * 3 + 1);
};

/** @param reached whether the client of a namespace gets through */
async function look(
  target: ReachTarget,
  reached: Readonly<Record<string, boolean>>,
  check = isolates({ allowed, forbidden, target }),
) {
  const asked: string[] = [];
  const lab = await labView(
    Object.keys(reached).flatMap((namespace, index) =>
      client(namespace === 'shop' ? 'gateway@shop' : 'kiosk@lobby', index),
    ),
    {
      exec: (namespace, _pod, { command }) => {
        asked.push(command.slice(3).join(' '));
        const through = reached[namespace] === true;
        const report = { attempts: 1, failed: through ? 0 : 1, last: through ? 'connected' : 'timed out' };
        return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
      },
    },
    ['shop', 'lobby'],
  );
  return { seen: await check.look(lab), asked };
}

describe('kept from a target that others reach', () => {
  test('the one is served, the other is not', async () => {
    const { seen, asked } = await look({ tcp: '10.96.0.7:80' }, { lobby: true, shop: false });
    expect(seen).toEqual({ status: 'pass', seen: 'gateway: timed out' });
    expect(asked).toEqual(['tcp 10.96.0.7:80 --timeout 2000ms', 'tcp 10.96.0.7:80 --timeout 2000ms']);
  });

  test('both are served', async () => {
    const { seen, asked } = await look({ ask: '10.96.0.10' }, { lobby: true, shop: true });
    expect(seen).toEqual({ status: 'fail', seen: 'gateway reaches 10.96.0.10:53 (UDP)' });
    expect(asked[0]).toBe('ask 10.96.0.10 --timeout 2000ms');
  });

  test('nobody is served: that keeps nobody away', async () => {
    const { seen } = await look({ tcp: '10.96.0.7:80' }, { lobby: false, shop: false });
    expect(seen).toEqual({ status: 'fail', seen: 'kiosk does not reach 10.96.0.7:80: timed out' });
  });

  test('nobody has to be served', async () => {
    const metrics = isolates({ forbidden, target: { tcp: '10.96.0.10:9153' } });
    const seen = async (through: boolean) => (await look({ tcp: '' }, { shop: through }, metrics)).seen;
    expect(await seen(false)).toEqual({ status: 'pass', seen: 'gateway: timed out' });
    expect(await seen(true)).toEqual({ status: 'fail', seen: 'gateway reaches 10.96.0.10:9153' });
  });

  test('one of the two does not run', async () => {
    expect((await look({ tcp: '10.96.0.7:80' }, { lobby: true })).seen.status).toBe('fail');
    expect((await look({ tcp: '10.96.0.7:80' }, { shop: false })).seen.status).toBe('fail');
  });
});

describe('policies that follow pods', () => {
  const pod = (name: string, podIP: string, hostNetwork = false) =>
    object('v1', 'Pod', `${name}@kube-system`, { spec: { hostNetwork }, status: { podIP } });
  const look = async (namespace: string, spec: object, metadata: object = {}) =>
    policiesFollowPods(['shop', 'kube-system']).look(
      await labView([
        pod('coredns', '10.244.0.2'),
        pod('inventory', '10.244.1.2'),
        pod('kube-proxy', '172.18.0.2', true),
        object('v1', 'Pod', 'waiting@shop', { spec: {}, status: {} }),
        object('networking.k8s.io/v1', 'NetworkPolicy', `names@${namespace}`, { metadata, spec }),
      ]),
    );
  const block = (cidr: string, ...except: string[]) => [{ ipBlock: { cidr, except } }];

  test.each([
    ['shop', { egress: [{ to: block('10.244.0.2/32') }] }, 'fail'],
    ['kube-system', { ingress: [{}, { from: [{ podSelector: {} }, ...block('10.244.0.2/32')] }] }, 'fail'],
    ['office', { egress: [{ to: block('10.244.0.2/32') }] }, 'pass'],
    ['shop', { egress: [{ to: block('10.244.0.2/31') }] }, 'fail'],
    ['shop', { egress: [{ to: block('10.244.1.0/24') }] }, 'fail'],
    ['shop', { egress: [{ to: block('0.0.0.0/0', '10.244.1.2/32') }] }, 'fail'],
    // All pods alike, or none of them.
    ['shop', { egress: [{ to: block('10.244.0.0/16') }] }, 'pass'],
    ['shop', { egress: [{ to: block('0.0.0.0/0', '10.0.0.0/8') }] }, 'pass'],
    ['shop', { egress: [{ to: block('::/0') }] }, 'pass'],
    ['shop', { egress: [{ to: block('10.244.0.3/32') }, {}] }, 'pass'],
    // The address of a node stays.
    ['shop', { egress: [{ to: block('172.18.0.2/32') }] }, 'pass'],
  ])('in %s: %j', async (namespace, spec, status) => {
    expect((await look(namespace, spec)).status).toBe(status);
  });

  test('one is on its way out', async () => {
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/kept'] };
    expect(await look('kube-system', { ingress: [{}] }, metadata)).toEqual({
      status: 'fail',
      seen: 'networkpolicy/names is being deleted',
    });
  });

  test('says which', async () => {
    expect((await look('shop', { egress: [{ to: block('10.244.0.2/32') }] })).seen).toBe(
      'networkpolicy/names tells pods apart by the addresses that they have today',
    );
  });
});
