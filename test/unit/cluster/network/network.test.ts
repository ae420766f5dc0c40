import { describe, expect, test } from '@jest/globals';
import {
  AddressPool,
  contains,
  formatIp,
  parseCidr,
  parseIp,
} from '../../../../src/cluster/network/addresses.ts';
import type { DnsMessage } from '../../../../src/cluster/network/dns-message.ts';
import { NetError, type ConnectionHandler } from '../../../../src/cluster/network/types.ts';
import { answer, createWorld, get, GET, ok } from './support.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);

/** A handler that writes down what happens to it. */
function recorder(log: string[]): ConnectionHandler {
  return {
    open: () => log.push('open'),
    data: (data) => log.push(text(data)),
    end: () => log.push('end'),
    error: (error) => log.push(error.code),
  };
}

describe('addresses', () => {
  test('texts and numbers', () => {
    expect(parseIp('10.0.0.255')).toBe(0x0a0000ff);
    expect(formatIp(0xac120002)).toBe('172.18.0.2');
    for (const bad of ['10.0.0', '10.0.0.256', 'a.b.c.d', '', '10.0.0.1.2'])
      expect(parseIp(bad)).toBeUndefined();
  });

  test('ranges', () => {
    expect(contains(parseCidr('10.244.1.7/24'), '10.244.1.255')).toBe(true);
    expect(contains(parseCidr('10.244.1.0/24'), '10.244.2.0')).toBe(false);
    expect(contains(parseCidr('0.0.0.0/0'), '255.255.255.255')).toBe(true);
    expect(contains(parseCidr('10.0.0.1/32'), '10.0.0.2')).toBe(false);
    expect(() => parseCidr('10.0.0.0/33')).toThrow(RangeError);
  });

  test('a freed address comes back last', () => {
    const pool = new AddressPool('10.0.0.0/29');
    const all = Array.from({ length: 5 }, () => pool.allocate());
    expect(all).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(pool.allocate()).toBeUndefined();
    pool.release('10.0.0.4');
    pool.release('10.0.0.2');
    expect([pool.allocate(), pool.allocate()]).toEqual(['10.0.0.2', '10.0.0.4']);
  });
});

describe('HTTP', () => {
  test('reaches a pod on the same node, on another, the node itself and the pod itself', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const c = world.addPod('c', { node: 'control-plane' }).stack;
    expect([a.ip, b.ip, c.ip]).toEqual(['10.244.1.2', '10.244.1.3', '10.244.0.2']);
    answer(a, 80, 'a');
    answer(c, 80, 'c');
    answer(world.network.node('worker'), 10250, 'kubelet');
    expect(await get(world, b, { ip: a.ip, port: 80 })).toBe('a');
    expect(await get(world, b, { ip: c.ip, port: 80 })).toBe('c');
    expect(await get(world, b, { ip: '172.18.0.3', port: 10250 })).toBe('kubelet');
    expect(await get(world, a, { ip: '127.0.0.1', port: 80 })).toBe('a');
    expect(await get(world, a, { ip: a.ip, port: 80 })).toBe('a');
  });

  test('a listener on 127.0.0.1 is for the pod alone', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    a.listen(
      80,
      { kind: 'http', handle: (_r, _f, respond) => respond(ok('a')) },
      { ip: '127.0.0.1', pid: 7 },
    );
    expect(await get(world, a, { ip: '127.0.0.1', port: 80 })).toBe('a');
    expect(await get(world, a, { ip: a.ip, port: 80 })).toBe('ECONNREFUSED');
    expect(await get(world, b, { ip: a.ip, port: 80 })).toBe('ECONNREFUSED');
    expect(a.listening()).toEqual([{ protocol: 'tcp', ip: '127.0.0.1', port: 80, pid: 7 }]);
  });

  test('refused where nothing listens, dropped where nobody is, no route on the node network', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const gone = world.addPod('gone');
    world.network.detachPod(gone.pod.metadata.uid);
    expect(await get(world, a, { ip: '172.18.0.2', port: 81 }, 0.01)).toBe('ECONNREFUSED');
    expect(await get(world, a, { ip: gone.stack.ip, port: 80 }, 126)).toBe('pending');
    expect(await get(world, a, { ip: gone.stack.ip, port: 80 }, 128)).toBe('ETIMEDOUT');
    expect(await get(world, a, { ip: '10.96.1.1', port: 80 }, 128)).toBe('ETIMEDOUT');
    expect(await get(world, a, { ip: '172.18.0.99', port: 80 }, 2.9)).toBe('pending');
    expect(await get(world, a, { ip: '172.18.0.99', port: 80 }, 3.1)).toBe('EHOSTUNREACH');
  });

  test('a connection attempt goes on while the other side comes up', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    let outcome: unknown;
    a.http({ ip: '10.244.1.3', port: 80 }, GET, (result) => (outcome = result));
    await world.run(2);
    answer(world.addPod('b').stack, 80, 'late');
    await world.run(0.5);
    expect(outcome).toBeUndefined();
    await world.run(1);
    expect(outcome).toEqual(ok('late'));
  });

  test('a port is taken once', () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const first = answer(a, 80, '1');
    expect(() => answer(a, 80, '2')).toThrow(new NetError('EADDRINUSE', 'address already in use :::80'));
    first.close();
    expect(answer(a, 80, '2').port).toBe(80);
    expect(answer(a, 0, '3').port).toBeGreaterThanOrEqual(32768);
  });

  test('a server that dies resets what it has not answered; one that drains answers', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const responders: (() => void)[] = [];
    const listen = (port: number) =>
      b.listen(port, {
        kind: 'http',
        handle: (_r, _f, respond) => responders.push(() => respond(ok('done'))),
      });
    const results: string[] = [];
    const call = (port: number): void => {
      a.http({ ip: b.ip, port }, GET, (result) => {
        results.push(result instanceof NetError ? result.code : result.body);
      });
    };
    const dying = listen(80);
    const draining = listen(81);
    call(80);
    await world.run(1);
    dying.close();
    await world.run(1);
    call(81);
    await world.run(1);
    draining.close({ drain: true });
    for (const respond of responders) respond();
    call(81);
    await world.run(1);
    expect(results).toEqual(['ECONNRESET', 'done', 'ECONNREFUSED']);
  });

  test('a pod that is taken down resets its connections and forgets its calls', async () => {
    const world = createWorld();
    const { pod, stack: a } = world.addPod('a');
    const b = world.addPod('b').stack;
    const log: string[] = [];
    b.listen(80, { kind: 'stream', handle: () => recorder(log) });
    b.listen(81, { kind: 'http', handle: () => {} });
    a.connect(
      { ip: b.ip, port: 80 },
      { data: () => {}, end: () => {}, error: () => log.push('client error') },
    );
    a.http({ ip: b.ip, port: 81 }, GET, () => log.push('client done'));
    await world.run(1);
    world.network.detachPod(pod.metadata.uid);
    await world.run(200);
    expect(log).toEqual(['open', 'ECONNRESET']);
  });

  test('a listener learns that its client went before the answer: hung up, or taken down', async () => {
    const world = createWorld();
    const { pod, stack: a } = world.addPod('a');
    const b = world.addPod('b').stack;
    const log: string[] = [];
    const responders = new Map<string, () => void>();
    b.listen(80, {
      kind: 'http',
      handle: ({ path }, _from, respond, whenGone) => {
        responders.set(path, () => respond(ok('')));
        whenGone(() => log.push(path));
      },
    });
    const call = (path: string) => a.http({ ip: b.ip, port: 80 }, { ...GET, path }, () => {});
    const hangUp = call('/hangs-up');
    const late = call('/answered');
    call('/taken-down');
    await world.run(1);
    responders.get('/answered')?.();
    await world.run(1);
    hangUp();
    late();
    await world.run(1);
    expect(log).toEqual(['/hangs-up']);
    world.network.detachPod(pod.metadata.uid);
    await world.run(1);
    expect(log).toEqual(['/hangs-up', '/taken-down']);
  });

  test('nothing is called back after a cancel', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    let calls = 0;
    b.listen(80, { kind: 'http', handle: (_r, _f, respond) => respond(ok('')) });
    a.http({ ip: b.ip, port: 80 }, GET, () => calls++)();
    a.http({ ip: b.ip, port: 99 }, GET, () => calls++)();
    await world.run(200);
    expect(calls).toBe(0);
  });

  test('the same seed gives the same events', async () => {
    const digests = await Promise.all(
      [1, 2].map(async () => {
        const world = createWorld();
        const a = world.addPod('a').stack;
        const b = world.addPod('b').stack;
        answer(b, 80, 'b');
        for (let count = 0; count < 20; count++) await get(world, a, { ip: b.ip, port: 80 }, 1);
        return world.simulation.digest;
      }),
    );
    expect(digests[0]).toBe(digests[1]);
  });
});

describe('connections', () => {
  test('carry bytes in order, half-close and end', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const log: string[] = [];
    b.listen(9000, {
      kind: 'stream',
      handle: (connection, from) => {
        log.push(`from ${from.ip}`);
        return {
          data: (data) => connection.write(bytes(`echo ${text(data)}`)),
          end: () => {
            connection.write(bytes('bye'));
            connection.end();
          },
          error: () => log.push('server error'),
        };
      },
    });
    const connection = a.connect({ ip: b.ip, port: 9000 }, recorder(log));
    connection.write(bytes('1'));
    connection.write(bytes('2'));
    connection.end();
    connection.write(bytes('after the end'));
    await world.run(1);
    expect(log).toEqual([`from ${a.ip}`, 'open', 'echo 1', 'echo 2', 'bye', 'end']);
  });

  test('refused and reset', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const log: string[] = [];
    a.connect({ ip: b.ip, port: 9000 }, recorder(log));
    b.listen(9001, {
      kind: 'stream',
      handle: (connection) => ({ data: () => connection.destroy(), end: () => {}, error: () => {} }),
    });
    await world.run(1);
    a.connect({ ip: b.ip, port: 9001 }, recorder(log)).write(bytes('x'));
    await world.run(1);
    expect(log).toEqual(['ECONNREFUSED', 'open', 'ECONNRESET']);
  });

  test('bytes to an HTTP listener, and HTTP to a listener of bytes', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    b.listen(80, {
      kind: 'http',
      handle: (request, _from, respond) => respond(ok(`${request.method} ${request.path} ${request.body}`)),
    });
    b.listen(81, {
      kind: 'stream',
      handle: (connection) => ({
        data: (data) => {
          expect(text(data)).toBe('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
          connection.write(bytes('HTTP/1.0 503 Nope\r\nX-A: 1\r\n\r\nto the'));
          connection.write(bytes(' end'));
          connection.end();
        },
        end: () => {},
        error: () => {},
      }),
    });
    b.listen(82, {
      kind: 'stream',
      handle: (connection) => ({ data: () => connection.end(), end: () => {}, error: () => {} }),
    });
    const log: string[] = [];
    const connection = a.connect({ ip: b.ip, port: 80 }, recorder(log));
    connection.write(
      bytes('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'),
    );
    connection.write(bytes('\r\nhiGET /3 HTTP/1.0\r\n\r\nGET /4 HTTP/1.0\r\n\r\n'));
    await world.run(1);
    const answerTo = (body: string, option: string): string =>
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: ${option}\r\n\r\n${body}`;
    expect(log).toEqual([
      'open',
      answerTo('GET /1 ', 'keep-alive'),
      answerTo('POST /2 hi', 'keep-alive'),
      answerTo('GET /3 ', 'close'),
      'end',
    ]);
    const results: unknown[] = [];
    a.http({ ip: b.ip, port: 81 }, GET, (result) => results.push(result));
    await world.run(1);
    a.http({ ip: b.ip, port: 82 }, GET, (result) => results.push(result));
    await world.run(1);
    expect(results).toEqual([
      { status: 503, headers: { 'x-a': '1' }, body: 'to the end' },
      new NetError('ECONNRESET', `${b.ip}:82`),
    ]);
  });

  test('nonsense gets a 400 and a closed connection', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    answer(a, 80, 'x');
    const log: string[] = [];
    a.connect({ ip: '127.0.0.1', port: 80 }, recorder(log)).write(bytes('hello\r\n\r\n'));
    await world.run(1);
    expect(log).toEqual(['open', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'end']);
  });
});

describe('DNS and ping', () => {
  const query: DnsMessage = { id: 1, question: { name: 'a.test', type: 'A' }, answers: [], authority: [] };

  test('over UDP and TCP, refused by a pod without a server, silent from nobody', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    b.listen(53, {
      kind: 'dns',
      handle: (message, from, respond) => {
        respond({ ...message, code: 'NOERROR', truncated: from.protocol === 'UDP' });
      },
    });
    const results: unknown[] = [];
    const done = (result: DnsMessage | NetError): void => {
      results.push(result instanceof NetError ? result.code : result.truncated);
    };
    a.query({ ip: b.ip, port: 53 }, 'UDP', query, done);
    await world.run(1);
    a.query({ ip: b.ip, port: 53 }, 'TCP', query, done);
    await world.run(1);
    a.query({ ip: b.ip, port: 54 }, 'UDP', query, done);
    await world.run(1);
    a.query({ ip: '10.244.1.77', port: 53 }, 'UDP', query, done);
    await world.run(600);
    expect(results).toEqual([true, false, 'ECONNREFUSED']);
    expect(b.listening().map(({ protocol }) => protocol)).toEqual(['tcp', 'udp']);
  });

  test('a TCP connection to a DNS server opens and closes', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    a.listen(53, { kind: 'dns', handle: () => {} });
    const log: string[] = [];
    a.connect({ ip: a.ip, port: 53 }, recorder(log)).end();
    await world.run(1);
    expect(log).toEqual(['open', 'end']);
  });

  test('ping', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const results: unknown[] = [];
    a.ping(b.ip, (roundTrip) => results.push(roundTrip));
    a.ping('10.244.1.99', (roundTrip) => results.push(roundTrip));
    await world.run(2);
    expect(results).toEqual([120, undefined]);
  });
});

describe('faults', () => {
  test('delay, loss of everything and of some', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    answer(b, 80, 'b');
    const to = { ip: b.ip, port: 80 };
    const delay = world.network.setFault({ to: b.ip, port: 80 }, { delayMs: 800 });
    expect(await get(world, a, to, 1.5)).toBe('pending');
    expect(await get(world, a, to, 1.7)).toBe('b');
    delay();
    expect(await get(world, a, to, 0.01)).toBe('b');

    const loss = world.network.setFault({ to: '10.244.1.0/24' }, { loss: 1 });
    expect(await get(world, a, to, 128)).toBe('ETIMEDOUT');
    loss();

    const some = world.network.setFault({ to: b.ip, from: (owner) => owner.kind === 'pod' }, { loss: 0.3 });
    const times: number[] = [];
    for (let count = 0; count < 40; count++) {
      const start = world.simulation.now;
      a.http(to, GET, () => times.push(world.simulation.now - start));
      await world.run(130);
    }
    expect(times.length).toBe(40);
    expect(times.some((time) => time > 150_000)).toBe(true);
    expect(times.some((time) => time < 1000)).toBe(true);
    expect(await get(world, world.network.node('worker'), to, 0.01)).toBe('b');
    some();
  });

  test('a break in the middle of a connection holds bytes up, in order', async () => {
    const world = createWorld();
    const a = world.addPod('a').stack;
    const b = world.addPod('b').stack;
    const log: string[] = [];
    b.listen(9000, { kind: 'stream', handle: () => recorder(log) });
    const connection = a.connect({ ip: b.ip, port: 9000 }, recorder([]));
    await world.run(1);
    const heal = world.network.setFault({ to: b.ip }, { loss: 1 });
    connection.write(bytes('1'));
    connection.write(bytes('2'));
    await world.run(2);
    expect(log).toEqual(['open']);
    heal();
    await world.run(3);
    expect(log).toEqual(['open', '1', '2']);
  });

  test('a node that is cut off: neither reaches the other, each reaches itself, and it mends', async () => {
    const world = createWorld();
    const far = world.addPod('far', { node: 'control-plane' }).stack;
    const lost = world.addPod('lost').stack;
    const neighbour = world.addPod('neighbour').stack;
    answer(far, 80, 'far');
    answer(lost, 80, 'lost');
    answer(world.network.node('worker'), 80, 'node');
    const log: string[] = [];
    lost.listen(9000, { kind: 'stream', handle: () => recorder(log) });
    const open = far.connect({ ip: lost.ip, port: 9000 }, recorder([]));
    await world.run(1);
    const mend = world.network.cutOff('worker');
    open.write(bytes('1'));
    expect(await get(world, far, { ip: lost.ip, port: 80 }, 2.9)).toBe('pending');
    expect(await get(world, far, { ip: lost.ip, port: 80 }, 3.1)).toBe('EHOSTUNREACH');
    expect(await get(world, far, { ip: '172.18.0.3', port: 80 }, 3.1)).toBe('EHOSTUNREACH');
    expect(await get(world, lost, { ip: far.ip, port: 80 }, 3.1)).toBe('EHOSTUNREACH');
    expect(await get(world, neighbour, { ip: lost.ip, port: 80 }, 0.1)).toBe('lost');
    expect(log).toEqual(['open']);
    mend();
    expect(await get(world, far, { ip: lost.ip, port: 80 }, 0.1)).toBe('lost');
    await world.run(30);
    expect(log).toEqual(['open', '1']);
  });

  test('of a node: what leaves it or comes to it, nothing else; never what stays on the loopback', async () => {
    const world = createWorld();
    const far = world.addPod('far', { node: 'control-plane' }).stack;
    const [a, b] = [world.addPod('a').stack, world.addPod('b').stack];
    answer(b, 80, 'b');
    const to = { ip: b.ip, port: 80 };
    const mend = world.network.setFault({ node: 'worker' }, { delayMs: 500 });
    expect(await get(world, far, to, 0.4)).toBe('pending');
    expect(await get(world, a, to, 0.1)).toBe('b');
    mend();
    world.network.setFault({}, { loss: 1 });
    expect(await get(world, a, to, 100)).toBe('pending');
    expect(await get(world, b, to, 0.1)).toBe('b');
    expect(await get(world, b, { ip: '127.0.0.1', port: 80 }, 0.1)).toBe('b');
  });
});
