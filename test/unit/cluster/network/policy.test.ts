import { beforeEach, describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { NetworkPolicy } from '../../../../src/model/objects.ts';
import type { NetworkStack } from '../../../../src/cluster/network/types.ts';
import { answer, createWorld, get, type World } from './support.ts';

let world: World;
const stacks: Record<string, NetworkStack> = {};

beforeEach(async () => {
  world = createWorld();
  world.addNamespace('shop', { team: 'payments' });
  world.addNamespace('other', { team: 'strangers' });
  const add = (name: string, namespace: string, node: string): void => {
    const { stack } = world.addPod(name, {
      namespace,
      node,
      labels: { app: name },
      ports: [{ name: 'web', containerPort: 80, protocol: 'TCP' }],
    });
    for (const port of [80, 81, 90]) answer(stack, port, name);
    stacks[name] = stack;
  };
  add('web', 'shop', 'worker');
  add('client', 'shop', 'control-plane');
  add('stranger', 'other', 'worker');
  await world.run();
});

async function reaches(from: string, to: string, port = 80): Promise<boolean> {
  const outcome = await get(world, stacks[from]!, { ip: stacks[to]!.ip, port }, 0.5);
  expect(['pending', to]).toContain(outcome);
  return outcome === to;
}

async function apply(
  spec: Partial<NetworkPolicy['spec']>,
  name = 'policy',
  namespace = 'shop',
): Promise<void> {
  world.addPolicy(name, spec, namespace);
  await world.run();
}

const WEB = { matchLabels: { app: 'web' } };

describe('NetworkPolicy', () => {
  test('without a policy everything goes', async () => {
    expect(await reaches('stranger', 'web')).toBe(true);
  });

  test('deny all drops: no answer, not a refusal; what is not selected stays open', async () => {
    await apply({ podSelector: WEB });
    expect(await reaches('client', 'web')).toBe(false);
    expect(await reaches('client', 'stranger')).toBe(true);
    expect(await get(world, stacks['client']!, { ip: stacks['web']!.ip, port: 80 }, 128)).toBe('ETIMEDOUT');
    let pinged: unknown = 'pending';
    stacks['client']!.ping(stacks['web']!.ip, (result) => (pinged = result));
    await world.run();
    expect(pinged).toBeUndefined();
  });

  test('replies of a connection that went out are let in', async () => {
    await apply({ podSelector: WEB });
    expect(await reaches('web', 'client')).toBe(true);
  });

  test('the node of a pod always reaches it, other nodes and outside do not; the pod reaches itself', async () => {
    await apply({ podSelector: WEB, policyTypes: ['Ingress', 'Egress'] });
    const to = { ip: stacks['web']!.ip, port: 80 };
    expect(await get(world, world.network.node('worker'), to, 0.5)).toBe('web');
    expect(await get(world, world.network.node('control-plane'), to, 0.5)).toBe('pending');
    expect(await get(world, world.network.attachHost('x', '172.18.0.9'), to, 0.5)).toBe('pending');
    expect(await get(world, stacks['web']!, to, 0.5)).toBe('web');
    answer(world.network.node('worker'), 80, 'node');
    expect(await get(world, stacks['web']!, { ip: '172.18.0.3', port: 80 }, 0.5)).toBe('node');
  });

  test('peers: pods of the namespace, namespaces, both together', async () => {
    await apply({
      podSelector: WEB,
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }],
    });
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([true, false]);
    await apply({
      podSelector: WEB,
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'strangers' } } }] }],
    });
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([false, true]);
    await apply({
      podSelector: WEB,
      ingress: [
        {
          from: [
            {
              namespaceSelector: { matchLabels: { team: 'strangers' } },
              podSelector: { matchLabels: { app: 'client' } },
            },
          ],
        },
      ],
    });
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([false, false]);
    await apply({ podSelector: WEB, ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }] }] });
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([true, true]);
  });

  test('policies add up', async () => {
    await apply({ podSelector: {} }, 'deny');
    await apply({ podSelector: WEB, ingress: [{}] }, 'allow');
    expect([await reaches('stranger', 'web'), await reaches('stranger', 'client')]).toEqual([true, false]);
  });

  test('ports: number, range, name, protocol', async () => {
    const allowed = async (port: { port?: number | string; endPort?: number; protocol?: 'TCP' | 'UDP' }) => {
      await apply({ podSelector: WEB, ingress: [{ ports: [port] }] });
      const result: number[] = [];
      for (const number of [80, 81, 90]) if (await reaches('client', 'web', number)) result.push(number);
      return result;
    };
    expect(await allowed({ port: 81, protocol: 'TCP' })).toEqual([81]);
    expect(await allowed({ port: 80, endPort: 81 })).toEqual([80, 81]);
    expect(await allowed({ port: 'web' })).toEqual([80]);
    expect(await allowed({ port: 'nope' })).toEqual([]);
    expect(await allowed({ protocol: 'TCP' })).toEqual([80, 81, 90]);
    expect(await allowed({ port: 80, protocol: 'UDP' })).toEqual([]);
  });

  test('ipBlock with except', async () => {
    const from = (cidr: string, except: string[]) =>
      apply({ podSelector: WEB, ingress: [{ from: [{ ipBlock: { cidr, except } }] }] });
    await from('0.0.0.0/0', []);
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([true, true]);
    await from('10.244.0.0/16', ['10.244.1.0/24']);
    expect([await reaches('client', 'web'), await reaches('stranger', 'web')]).toEqual([true, false]);
    await from('::/0', []);
    expect(await reaches('client', 'web')).toBe(false);
  });

  test('egress is checked against the endpoint behind a Service', async () => {
    world.addService('web', {
      clusterIP: '10.96.0.50',
      ports: [{ port: 8000, targetPort: 80, protocol: 'TCP' }],
    });
    world.addSlice(
      'web',
      [{ addresses: [stacks['web']!.ip], conditions: { ready: true } }],
      [{ name: '', port: 80, protocol: 'TCP' }],
    );
    const through = () => get(world, stacks['client']!, { ip: '10.96.0.50', port: 8000 }, 0.5);
    const egress = (rule: NonNullable<NetworkPolicy['spec']['egress']>[number]) =>
      apply({ podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'], egress: [rule] });
    await egress({ to: [{ podSelector: WEB }], ports: [{ port: 80 }] });
    expect(await through()).toBe('web');
    expect(await reaches('client', 'stranger')).toBe(false);
    await egress({ ports: [{ port: 8000 }] });
    expect(await through()).toBe('pending');
    await egress({ to: [{ ipBlock: { cidr: '10.96.0.0/16' } }] });
    expect(await through()).toBe('pending');
  });

  test('labels of pods and namespaces, and deleted policies, count at once', async () => {
    await apply({
      podSelector: WEB,
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { trusted: 'yes' } } }] }],
    });
    expect(await reaches('stranger', 'web')).toBe(false);
    const relabel = (name: string, labels: Record<string, string>) =>
      world.api.put(
        resources.namespaces,
        edit(
          world.api.get(resources.namespaces, undefined, name)!,
          (draft) => void (draft.metadata.labels = labels),
        ),
      );
    relabel('other', { trusted: 'yes' });
    await world.run();
    expect(await reaches('stranger', 'web')).toBe(true);
    relabel('other', {});
    await world.run();
    expect(await reaches('stranger', 'web')).toBe(false);
    world.api.put(
      resources.pods,
      edit(
        world.api.get(resources.pods, 'shop', 'web')!,
        (draft) => void (draft.metadata.labels = { app: 'new' }),
      ),
    );
    await world.run();
    expect(await reaches('stranger', 'web')).toBe(true);
    await apply({ podSelector: {} });
    expect(await reaches('stranger', 'web')).toBe(false);
    world.api.delete(resources.networkPolicies, 'shop', 'policy');
    await world.run();
    expect(await reaches('stranger', 'web')).toBe(true);
  });
});
