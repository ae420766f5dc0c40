import { describe, expect, test } from '@jest/globals';
import { NetError, type NetworkStack } from '../../../../src/cluster/network/types.ts';
import { answer, createWorld, get, type World } from './support.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Sends a datagram and tells what has come back after two seconds. */
async function exchange(
  world: World,
  from: NetworkStack,
  ip: string,
  port: number,
  said = 'hi',
): Promise<string> {
  let outcome = 'nothing';
  from.datagram({ ip, port }, new TextEncoder().encode(said), (result) => {
    outcome = result instanceof NetError ? result.code : text(result);
  });
  await world.run(2);
  return outcome;
}

function echo(stack: NetworkStack, port: number, name: string): void {
  stack.listen(port, {
    kind: 'datagram',
    handle: (bytes, from, respond) => {
      respond(new TextEncoder().encode(`${name} heard ${text(bytes)} of ${from.ip}`));
    },
  });
}

describe('datagrams', () => {
  test('reach what listens; a closed port refuses, an address of nobody keeps silent', async () => {
    const world = createWorld();
    const client = world.addPod('client').stack;
    const server = world.addPod('server').stack;
    echo(server, 53, 'server');
    expect(await exchange(world, client, server.ip, 53)).toBe(`server heard hi of ${client.ip}`);
    expect(await exchange(world, client, server.ip, 54)).toBe('ECONNREFUSED');
    expect(await exchange(world, client, '10.244.9.9', 53)).toBe('nothing');
  });

  test('one port can be taken over TCP and over UDP, but not twice over the same', () => {
    const { stack } = createWorld().addPod('server');
    echo(stack, 80, 'udp');
    answer(stack, 80, 'tcp');
    expect(stack.listening().map(({ protocol, port }) => `${protocol} ${port}`)).toEqual([
      'udp 80',
      'tcp 80',
    ]);
    expect(() => echo(stack, 80, 'again')).toThrow(NetError);
    expect(() => answer(stack, 80, 'again')).toThrow(NetError);
  });

  test('a name server drops what is no question, a server over TCP takes none', async () => {
    const world = createWorld();
    const client = world.addPod('client').stack;
    const server = world.addPod('server').stack;
    server.listen(53, { kind: 'dns', handle: () => {} });
    answer(server, 80, 'tcp');
    expect(await exchange(world, client, server.ip, 53)).toBe('nothing');
    expect(await exchange(world, client, server.ip, 80)).toBe('ECONNREFUSED');
  });
});

describe('servers over TLS', () => {
  test('show their certificate; without TLS they say so, and TLS to others is a protocol error', async () => {
    const world = createWorld();
    const client = world.addPod('client').stack;
    const server = world.addPod('server').stack;
    server.listen(443, {
      kind: 'http',
      certificate: 'CERTIFICATE',
      handle: (_request, _from, respond) => respond({ status: 200, headers: {}, body: 'secret' }),
    });
    answer(server, 80, 'open');
    const request = { method: 'GET', path: '/', headers: { host: 'x' }, body: '' };
    const seen: unknown[] = [];
    const ask = async (port: number, secure: boolean): Promise<void> => {
      client.http({ ip: server.ip, port }, { ...request, ...(secure && { secure }) }, (result) => {
        seen.push(result instanceof NetError ? result.code : result);
      });
      await world.run(1);
    };
    await ask(443, true);
    await ask(443, false);
    await ask(80, true);
    expect(seen).toEqual([
      { status: 200, headers: {}, body: 'secret', certificate: 'CERTIFICATE' },
      expect.objectContaining({ status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' }),
      'EPROTO',
    ]);
  });
});

describe('host ports', () => {
  const port = (hostPort: number, containerPort: number, hostIP?: string) => ({
    hostPort,
    containerPort,
    protocol: 'TCP' as const,
    ...(hostIP !== undefined && { hostIP }),
  });

  test('lead from the node to the pod, for the address and the protocol that they name', async () => {
    const world = createWorld();
    const node = world.network.node('worker');
    const client = world.addPod('client', { node: 'control-plane' }).stack;
    for (const [name, hostIP] of [
      ['local', '127.0.0.1'],
      ['outer', '172.18.0.3'],
    ] as const) {
      const { stack } = world.addPod(name, { ports: [port(5000, 8080, hostIP)] });
      answer(stack, 8080, name);
    }
    await world.run();
    expect(await get(world, node, { ip: '127.0.0.1', port: 5000 })).toBe('local');
    expect(await get(world, node, { ip: '172.18.0.3', port: 5000 })).toBe('outer');
    expect(await get(world, client, { ip: '172.18.0.3', port: 5000 })).toBe('outer');
    expect(await get(world, client, { ip: '172.18.0.2', port: 5000 })).toBe('ECONNREFUSED');
    expect(await exchange(world, client, '172.18.0.3', 5000)).toBe('ECONNREFUSED');
  });

  test('end with the pod', async () => {
    const world = createWorld();
    const client = world.addPod('client').stack;
    const { pod, stack } = world.addPod('web', { ports: [port(5000, 8080)] });
    answer(stack, 8080, 'web');
    await world.run();
    expect(await get(world, client, { ip: '172.18.0.3', port: 5000 })).toBe('web');
    world.network.detachPod(pod.metadata.uid);
    expect(await get(world, client, { ip: '172.18.0.3', port: 5000 })).toBe('ECONNREFUSED');
  });
});
