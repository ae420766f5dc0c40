import { NetError, type Address, type NetworkStack } from '../../../../src/cluster/network/types.ts';
import { describe, expect, test } from '@jest/globals';
import { resources } from '../../../../src/model/resources.ts';
import { answer, createWorld, get, ok, type World } from './support.ts';

const PORTS = [{ name: '', port: 8080, protocol: 'TCP' as const }];
const ready = (ip: string) => ({
  addresses: [ip],
  conditions: { ready: true, serving: true, terminating: false },
});

interface Shop extends World {
  readonly client: NetworkStack;
  readonly ips: string[];
  /** Addresses of those who have called. */
  readonly callers: string[];
}

/** Two pods that answer with their names behind a Service `web` on 10.96.0.50:80, and a client. */
function shop(spec = {}): Shop {
  const world = createWorld();
  const client = world.addPod('client').stack;
  const callers: string[] = [];
  const ips = ['one', 'two'].map((name) => {
    const { stack } = world.addPod(name, { node: name === 'one' ? 'worker' : 'control-plane' });
    stack.listen(8080, {
      kind: 'http',
      handle: (_request, from, respond) => {
        callers.push(from.ip);
        respond(ok(name));
      },
    });
    return stack.ip;
  });
  world.addService('web', {
    clusterIP: '10.96.0.50',
    ports: [{ port: 80, targetPort: 'http', protocol: 'TCP', nodePort: 30080 }],
    ...spec,
  });
  return { ...world, client, ips, callers };
}

const SERVICE = { ip: '10.96.0.50', port: 80 };

async function answers(world: Shop, count = 12, to = SERVICE): Promise<string[]> {
  const names = new Set<string>();
  for (let call = 0; call < count; call++) names.add(await get(world, world.client, to, 0.1));
  return [...names].sort();
}

describe('Services', () => {
  test('refuse at once without endpoints, spread over those that are ready', async () => {
    const world = shop();
    await world.run();
    expect(await answers(world, 1)).toEqual(['ECONNREFUSED']);
    const slice = world.addSlice('web', world.ips.map(ready), PORTS);
    await world.run();
    expect(await answers(world)).toEqual(['one', 'two']);
    world.api.put(resources.endpointSlices, {
      ...slice,
      endpoints: [ready(world.ips[0]!), { addresses: [world.ips[1]!], conditions: { ready: false } }],
    });
    await world.run();
    expect(await answers(world)).toEqual(['one']);
    world.api.delete(resources.endpointSlices, 'shop', slice.metadata.name);
    await world.run();
    expect(await answers(world, 1)).toEqual(['ECONNREFUSED']);
    world.api.delete(resources.services, 'shop', 'web');
    await world.run();
    expect(await get(world, world.client, SERVICE, 128)).toBe('ETIMEDOUT');
  });

  test('a connection that is being opened stays with the endpoint that it was given', async () => {
    const world = shop();
    world.addSlice('web', [ready(world.ips[0]!), ready('10.244.1.250')], PORTS);
    await world.run();
    const outcomes: string[] = [];
    // Long enough for two more attempts of those that have met nobody.
    for (let call = 0; call < 30; call++) outcomes.push(await get(world, world.client, SERVICE, 3.5));
    expect(new Set(outcomes)).toEqual(new Set(['one', 'pending']));
    const unanswered = outcomes.filter((outcome) => outcome === 'pending').length;
    // Half of them; an eighth, if each attempt were given another.
    expect(unanswered).toBeGreaterThan(8);
  });

  test('a slice that somebody made by hand counts; one without conditions is ready', async () => {
    const world = shop();
    world.addSlice('web', [ready(world.ips[0]!)], PORTS);
    world.addSlice('web', [{ addresses: [world.ips[1]!] }], PORTS, { name: 'by-hand' });
    await world.run();
    expect(await answers(world)).toEqual(['one', 'two']);
  });

  test('a slice with another port name, protocol or address type does not', async () => {
    const world = shop();
    world.addSlice('web', [ready(world.ips[0]!)], [{ name: 'other', port: 8080, protocol: 'TCP' }]);
    world.addSlice('web', [ready(world.ips[0]!)], [{ name: '', port: 8080, protocol: 'UDP' }], {
      name: 'udp',
    });
    await world.run();
    expect(await answers(world, 1)).toEqual(['ECONNREFUSED']);
  });

  test('endpoints that go away but still serve are the last resort', async () => {
    const world = shop();
    const going = (ip: string) => ({
      addresses: [ip],
      conditions: { ready: false, serving: true, terminating: true },
    });
    const slice = world.addSlice('web', world.ips.map(going), PORTS);
    await world.run();
    expect(await answers(world)).toEqual(['one', 'two']);
    world.api.put(resources.endpointSlices, {
      ...slice,
      endpoints: [ready(world.ips[0]!), going(world.ips[1]!)],
    });
    await world.run();
    expect(await answers(world)).toEqual(['one']);
  });

  test('session affinity keeps a client at its endpoint while that is there', async () => {
    const world = shop({ sessionAffinity: 'ClientIP' });
    const slice = world.addSlice('web', world.ips.map(ready), PORTS);
    await world.run();
    const [first] = await answers(world);
    expect(await answers(world)).toEqual([first]);
    const other = first === 'one' ? 1 : 0;
    world.api.put(resources.endpointSlices, { ...slice, endpoints: [ready(world.ips[other]!)] });
    await world.run();
    expect(await answers(world)).toEqual([other === 0 ? 'one' : 'two']);
  });

  test('node ports on every node, from pods, nodes and outside; not with a Service that is gone', async () => {
    const world = shop({ type: 'NodePort' });
    world.addSlice('web', world.ips.map(ready), PORTS);
    await world.run();
    const outside = world.network.attachHost('laptop', '172.18.0.1');
    for (const from of [outside, world.client, world.network.node('worker')]) {
      for (const ip of ['172.18.0.2', '172.18.0.3']) {
        expect(['one', 'two']).toContain(await get(world, from, { ip, port: 30080 }, 0.1));
      }
    }
    expect(['one', 'two']).toContain(
      await get(world, world.network.node('worker'), { ip: '127.0.0.1', port: 30080 }, 0.1),
    );
    expect(await get(world, world.client, { ip: '127.0.0.1', port: 30080 }, 0.1)).toBe('ECONNREFUSED');
    world.api.delete(resources.services, 'shop', 'web');
    await world.run();
    expect(await get(world, outside, { ip: '172.18.0.2', port: 30080 }, 0.1)).toBe('ECONNREFUSED');
  });

  test('internalTrafficPolicy Local takes endpoints of the own node only, and drops without one', async () => {
    const world = shop({ internalTrafficPolicy: 'Local' });
    const on = (index: number, nodeName: string) => ({ ...ready(world.ips[index]!), nodeName });
    const slice = world.addSlice('web', [on(0, 'worker'), on(1, 'control-plane')], PORTS);
    await world.run();
    expect(await answers(world)).toEqual(['one']);
    world.api.put(resources.endpointSlices, { ...slice, endpoints: [on(1, 'control-plane')] });
    await world.run();
    expect(await answers(world, 1)).toEqual(['pending']);
  });

  /** Calls an address; who answered, and as whom the server saw the caller: `two 10.244.1.2`. */
  async function seenAs(world: Shop, from: NetworkStack, to: Address): Promise<string> {
    const name = await get(world, from, to, 0.1);
    const last = world.callers.splice(0).at(-1);
    return last === undefined ? name : `${name} ${last}`;
  }

  test('externalTrafficPolicy Local: endpoints of the node that was sent to; clients keep their address', async () => {
    const world = shop({ type: 'NodePort', externalTrafficPolicy: 'Local' });
    const on = (index: number, nodeName: string) => ({ ...ready(world.ips[index]!), nodeName });
    const slice = world.addSlice('web', [on(1, 'control-plane')], PORTS);
    await world.run();
    const outside = world.network.attachHost('laptop', '172.18.0.1');
    const controlPlane = { ip: '172.18.0.2', port: 30080 };
    const worker = { ip: '172.18.0.3', port: 30080 };
    expect(await seenAs(world, outside, controlPlane)).toBe('two 172.18.0.1');
    expect(await get(world, outside, worker, 128)).toBe('ETIMEDOUT');
    // The node itself and its pods reach all endpoints there.
    expect(await seenAs(world, world.client, worker)).toBe(`two ${world.client.ip}`);
    const node = world.network.node('worker');
    expect(await seenAs(world, node, worker)).toBe('two 172.18.0.3');
    expect(await seenAs(world, node, { ip: '127.0.0.1', port: 30080 })).toBe('two 172.18.0.3');
    // On its way to another node a pod is given its node's address.
    expect(await seenAs(world, world.client, controlPlane)).toBe('two 172.18.0.3');
    world.api.put(resources.endpointSlices, { ...slice, endpoints: [on(0, 'worker')] });
    await world.run();
    expect(await seenAs(world, world.client, controlPlane)).toBe('pending');
    // Of the node's endpoints, too, those that go away are the last resort.
    const going = { ready: false, serving: true, terminating: true };
    world.api.put(resources.endpointSlices, {
      ...slice,
      endpoints: [{ ...on(0, 'worker'), conditions: going }, on(1, 'control-plane')],
    });
    await world.run();
    for (let call = 0; call < 6; call++) {
      expect(await seenAs(world, outside, worker)).toBe('one 172.18.0.1');
      expect(await seenAs(world, world.client, worker)).toBe(`two ${world.client.ip}`);
    }
  });

  test('addresses from outside go by the external policy, not by the internal one', async () => {
    const world = shop({
      type: 'LoadBalancer',
      internalTrafficPolicy: 'Local',
      externalIPs: ['172.18.0.3', '203.0.113.7'],
    });
    const balancer = '203.0.113.8';
    const service = world.api.get(resources.services, 'shop', 'web')!;
    const status = { loadBalancer: { ingress: [{ ip: balancer }] } };
    world.api.put(resources.services, { ...service, status });
    world.addSlice('web', [{ ...ready(world.ips[1]!), nodeName: 'control-plane' }], PORTS);
    await world.run();
    expect(await answers(world, 1)).toEqual(['pending']);
    const outside = world.network.attachHost('laptop', '172.18.0.1');
    for (const ip of ['203.0.113.7', balancer]) {
      expect(await seenAs(world, world.client, { ip, port: 80 })).toBe('two 172.18.0.3');
    }
    const spec = { ...service.spec, externalTrafficPolicy: 'Local' };
    world.api.put(resources.services, { ...service, spec, status });
    await world.run();
    for (const ip of ['203.0.113.7', balancer]) {
      expect(await seenAs(world, world.client, { ip, port: 80 })).toBe(`two ${world.client.ip}`);
      expect(await seenAs(world, outside, { ip, port: 80 })).toBe('two 172.18.0.1');
    }
    expect(await seenAs(world, outside, { ip: '172.18.0.3', port: 80 })).toBe('pending');
  });

  test('a pod reaches itself through its Service, and is then seen as its node', async () => {
    const world = shop();
    let seen = '';
    world.client.listen(8080, {
      kind: 'http',
      handle: (_request, from, respond) => {
        seen = from.ip;
        respond({ status: 200, headers: {}, body: 'self' });
      },
    });
    world.addSlice('web', [ready(world.client.ip)], PORTS);
    await world.run();
    expect(await answers(world, 1)).toEqual(['self']);
    expect(seen).toBe('172.18.0.3');
  });

  test("a node port that one Service gives up and another takes is the other one's, whoever changed first", async () => {
    const world = shop({ type: 'NodePort' });
    world.addSlice('web', [ready(world.ips[0]!)], PORTS);
    world.addSlice('other', [ready(world.ips[1]!)], PORTS);
    const port = { port: 80, targetPort: 8080, protocol: 'TCP' as const };
    const spec = { type: 'NodePort' as const, clusterIP: '10.96.0.51' };
    world.addService('other', { ...spec, ports: [{ ...port, nodePort: 30081 }] });
    await world.run();
    const at = { ip: '172.18.0.3', port: 30080 };
    expect(await answers(world, 1, at)).toEqual(['one']);
    // The first change is of the one that takes the port over; both fall into one sync.
    const other = world.addService('other', { ...spec, ports: [{ ...port, nodePort: 30081 }] });
    const web = world.api.get(resources.services, 'shop', 'web')!;
    const ports = [{ ...port, nodePort: 30082 }];
    world.api.put(resources.services, { ...web, spec: { ...web.spec, ports } });
    const taken = [{ ...port, nodePort: 30080 }];
    world.api.put(resources.services, { ...other, spec: { ...other.spec, ports: taken } });
    await world.run();
    expect(await answers(world, 1, at)).toEqual(['two']);
    expect(await answers(world, 1, { ...at, port: 30082 })).toEqual(['one']);
    expect(await answers(world, 1, { ...at, port: 30081 })).toEqual(['ECONNREFUSED']);
  });

  test('changes take effect at most once a second', async () => {
    const world = shop();
    world.addSlice('web', [ready(world.ips[0]!)], PORTS);
    await world.run(0.05);
    expect(await get(world, world.client, SERVICE, 0.01)).toBe('one');
    world.addSlice('web', [ready(world.ips[1]!)], PORTS);
    await world.run(0.5);
    expect(await get(world, world.client, SERVICE, 0.01)).toBe('one');
    await world.run(1);
    expect(await get(world, world.client, SERVICE, 0.01)).toBe('two');
  });

  test('headless and ExternalName Services have no address; UDP goes through a port of its own', async () => {
    const world = shop({ clusterIP: 'None' });
    world.addService('dns', {
      clusterIP: '10.96.0.10',
      ports: [{ name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' }],
    });
    const server = world.addPod('dns').stack;
    server.listen(53, {
      kind: 'dns',
      handle: (query, _from, respond) => respond({ ...query, code: 'NOERROR' }),
    });
    world.addSlice('dns', [ready(server.ip)], [{ name: 'dns', port: 53, protocol: 'UDP' }]);
    await world.run();
    const results: unknown[] = [];
    const query = { id: 1, question: { name: 'x', type: 'A' as const }, answers: [], authority: [] };
    world.client.query({ ip: '10.96.0.10', port: 53 }, 'UDP', query, (result) => results.push(result));
    world.client.query({ ip: '10.96.0.10', port: 53 }, 'TCP', query, (result) => results.push(result));
    await world.run();
    // What is no port of the Service is refused, on the way.
    expect(results).toEqual([new NetError('ECONNREFUSED', '10.96.0.10:53'), { ...query, code: 'NOERROR' }]);
  });

  test('the API server answers behind its Service', async () => {
    const world = shop();
    answer(world.network.node('control-plane'), 6443, 'apiserver');
    world.addService(
      'kubernetes',
      { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443, protocol: 'TCP' }] },
      'default',
    );
    world.addSlice('kubernetes', [ready('172.18.0.2')], [{ name: 'https', port: 6443, protocol: 'TCP' }], {
      namespace: 'default',
    });
    await world.run();
    expect(await answers(world, 1, { ip: '10.96.0.1', port: 443 })).toEqual(['apiserver']);
  });
});
