import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { admin, authority, fakeApi, startFake } from './fake-cluster.ts';
import type { ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { FakeCluster } from './fake-cluster.ts';

let cluster: FakeCluster;
let seen: string[];
beforeEach(async () => {
  seen = [];
  cluster = await startFake(fakeApi(seen));
});
afterEach(() => cluster.listener.close());

const tls = { ca: authority.certificate, cert: admin.certificate, key: admin.key };

function open(path: string, protocols: string[]): WebSocket {
  const url = `${cluster.server.replace('https', 'wss')}/api/v1/namespaces/default/pods/${path}`;
  return new WebSocket(url, protocols, tls);
}

/** Everything that comes until the server closes, and the code it closes with. */
async function collect(socket: WebSocket): Promise<{ messages: (Buffer | string)[]; code: number }> {
  const messages: (Buffer | string)[] = [];
  socket.on('message', (data: Buffer, binary) => messages.push(binary ? data : data.toString()));
  const [code] = (await once(socket, 'close')) as [number];
  return { messages, code };
}

const on = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);

async function refused(socket: WebSocket): Promise<{ status: number | undefined; body: unknown }> {
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

describe('exec over channels', () => {
  test('v5: an empty message first, output, the end, then a normal close', async () => {
    const socket = open('web/exec?command=exit&command=3&stdout=1&stderr=1', ['v5.channel.k8s.io']);
    const { messages, code } = await collect(socket);
    expect(socket.protocol).toBe('v5.channel.k8s.io');
    expect(messages.slice(0, 2)).toEqual([on(1, ''), on(2, 'going down\n')]);
    expect(JSON.parse(messages[2]!.toString().slice(1))).toMatchObject({ reason: 'NonZeroExitCode' });
    expect(code).toBe(1000);
  });

  test('v5: closing channel 0 ends standard input', async () => {
    const socket = open('web/exec?command=cat&stdin=1&stdout=1', ['v5.channel.k8s.io']);
    await once(socket, 'open');
    socket.send(on(0, 'some'));
    socket.send(Buffer.from([255, 0]));
    const { messages } = await collect(socket);
    expect(messages).toEqual([on(1, ''), on(1, 'some'), on(3, '{"metadata":{},"status":"Success"}')]);
  });

  test('the first protocol that the client offers and the server knows is taken', async () => {
    const socket = open('web/exec?command=echo&command=a&stdout=1', [
      'v9.channel.k8s.io',
      'v4.channel.k8s.io',
      'v5.channel.k8s.io',
    ]);
    const { messages } = await collect(socket);
    expect(socket.protocol).toBe('v4.channel.k8s.io');
    expect(messages.at(-1)).toEqual(on(3, '{"status":"Success"}'));
  });

  test('base64: digits for channels, text messages', async () => {
    const socket = open('web/exec?command=cat&stdin=1&stdout=1', ['v4.base64.channel.k8s.io']);
    const [first, echoed] = await new Promise<string[]>((resolve) => {
      const messages: string[] = [];
      socket.on('open', () => socket.send(`0${btoa('hello')}`));
      socket.on('message', (data: Buffer, binary) => {
        messages.push(binary ? 'binary' : data.toString());
        if (messages.length === 2) resolve(messages);
      });
    });
    expect([first, echoed]).toEqual(['1', `1${btoa('hello')}`]);
    socket.close();
  });

  test('the oldest protocol tells a failure as text and success as nothing', async () => {
    const failed = await collect(open('web/exec?command=exit&command=3', ['channel.k8s.io']));
    expect(failed.messages.at(-1)).toEqual(
      on(3, 'command terminated with non-zero exit code: error executing command [exit 3], exit code 3'),
    );
    const fine = await collect(open('web/exec?command=echo&command=a', ['channel.k8s.io']));
    expect(fine.messages).toEqual([on(1, ''), on(1, 'a\n')]);
  });

  test('sizes of the terminal; what is no size is ignored', async () => {
    const socket = open('web/exec?command=sizes&tty=1', ['v5.channel.k8s.io']);
    await once(socket, 'open');
    for (const text of ['nonsense', '{"Width":"x"}', '{"Width":80,"Height":24}']) socket.send(on(4, text));
    const { messages } = await collect(socket);
    expect(messages[1]).toEqual(on(1, '80x24\r\n'));
  });

  test('a client that goes away leaves the process', async () => {
    const socket = open('web/exec?command=forever&stdout=1', ['v5.channel.k8s.io']);
    await once(socket, 'message');
    socket.terminate();
    while (!seen.includes('closed')) await new Promise(setImmediate);
  });

  test('after the end of the process nothing is told to it', async () => {
    await collect(open('web/exec?command=echo', ['v5.channel.k8s.io']));
    expect(seen).toEqual([]);
  });

  test('refusals are plain answers: the API server’s, the kubelet’s, the protocol’s', async () => {
    const gone = await refused(open('gone/exec?command=true', ['v5.channel.k8s.io']));
    expect(gone).toMatchObject({ status: 404, body: { kind: 'Status', reason: 'NotFound' } });
    const missing = await refused(open('web/exec?command=true&container=missing', ['v5.channel.k8s.io']));
    expect(missing).toMatchObject({ status: 400, body: { message: 'container missing is not valid' } });
    const unknown = await refused(open('web/exec?command=true', ['v9.channel.k8s.io']));
    expect(unknown).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('client supports [v9.channel.k8s.io], server accepts [v5') },
    });
  });
});

describe('port-forward over channels', () => {
  const ports = (text: string): string => `web/portforward?${text}`;

  test('every channel begins with its port; two ports have four', async () => {
    const socket = open(ports('ports=7&ports=80'), ['v4.channel.k8s.io']);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await once(socket, 'open');
    socket.send(on(0, 'ping'));
    while (messages.length < 5) await new Promise(setImmediate);
    expect(messages).toEqual([
      Buffer.from([0, 7, 0]),
      Buffer.from([1, 7, 0]),
      Buffer.from([2, 80, 0]),
      Buffer.from([3, 80, 0]),
      on(0, 'ping'),
    ]);
    socket.terminate();
    while (!seen.includes('destroyed')) await new Promise(setImmediate);
  });

  test('a refused connection is told on the error channel in containerd’s words', async () => {
    const { messages, code } = await collect(open(ports('ports=8081'), ['v4.channel.k8s.io']));
    expect(messages[0]).toEqual(Buffer.from([0, 0x91, 0x1f]));
    expect(messages[2]!.toString()).toMatch(
      /^.error forwarding port 8081 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace "\/var\/run\/netns\/cni-[0-9a-f-]{36}": failed to connect to localhost:8081 inside namespace "[0-9a-f]{64}", IPv4: dial tcp4 127\.0\.0\.1:8081: connect: connection refused IPv6 dial tcp6 \[::1\]:8081: connect: connection refused $/,
    );
    expect(code).toBe(1000);
  });

  test('a connection that is reset says so', async () => {
    const socket = open(ports('ports=6'), ['v4.channel.k8s.io']);
    socket.on('open', () => socket.send(on(0, 'x')));
    const { messages } = await collect(socket);
    expect(messages[3]!.toString()).toMatch(
      /read tcp4 127\.0\.0\.1:\d+->127\.0\.0\.1:6: read: connection reset by peer$/,
    );
  });

  test('without a port, or with one that is none, it is refused', async () => {
    expect(await refused(open(ports(''), ['v4.channel.k8s.io']))).toMatchObject({ status: 400 });
    expect(await refused(open(ports('ports=99999'), ['v4.channel.k8s.io']))).toMatchObject({ status: 400 });
  });

  test('a tunnel that carries no SPDY is given up', async () => {
    const { hostname, port } = new URL(cluster.server);
    const key = Buffer.from('0123456789abcdef').toString('base64');
    const request = httpsRequest({
      hostname,
      port,
      path: '/api/v1/namespaces/default/pods/web/portforward',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': key,
        'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
      },
      ...tls,
    });
    request.end();
    const [response, socket] = (await once(request, 'upgrade')) as [IncomingMessage, NodeJS.Socket];
    expect(response.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io');
    // One masked binary message of 8 bytes that begin like a control frame of SPDY/2.
    socket.write(Buffer.from([0x82, 0x88, 0, 0, 0, 0, 0x80, 2, 0, 1, 0, 0, 0, 0]));
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close');
  });
});

describe('other upgrades', () => {
  test('SPDY without a protocol in common is refused', async () => {
    const { hostname, port } = new URL(cluster.server);
    const request = httpsRequest({
      hostname,
      port,
      method: 'POST',
      path: '/api/v1/namespaces/default/pods/web/exec?command=true',
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'SPDY/3.1',
        'X-Stream-Protocol-Version': 'v1.channel.k8s.io',
      },
      ...tls,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(403);
    response.resume();
  });

  test('an upgrade of an ordinary request is an ordinary answer', async () => {
    const { hostname, port } = new URL(cluster.server);
    const request = httpsRequest({
      hostname,
      port,
      path: '/version',
      headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
      ...tls,
    });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
    await once(response, 'end');
  });
});

describe('answers without an end', () => {
  const logs = (body: string): ApiResponse => ({
    kind: 'complete',
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from(body),
  });

  test('a log comes as bytes, or as base64 where the client asks for that', async () => {
    await using fake = await startFake(() => logs('hello\n'));
    const url = `${fake.server.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/log`;
    const plain = await collect(new WebSocket(url, ['binary.k8s.io'], tls));
    expect(plain).toEqual({ messages: [Buffer.from('hello\n')], code: 1000 });
    const encoded = await collect(new WebSocket(url, ['base64.binary.k8s.io'], tls));
    expect(encoded.messages).toEqual([Buffer.from('hello\n').toString('base64')]);
    expect((await collect(new WebSocket(url, tls))).messages).toEqual([Buffer.from('hello\n')]);
  });

  test('every event of a watch is a message; a client that goes ends it', async () => {
    const ended = Promise.withResolvers<string>();
    await using fake = await startFake(() => ({
      kind: 'stream',
      status: 200,
      headers: { 'content-type': 'application/json' },
      open: (sink) => {
        sink.write(Buffer.from('{"type":"ADDED"}\n'));
        sink.write(Buffer.from('{"type":"DELETED"}\n'));
        return () => ended.resolve('ended');
      },
    }));
    const socket = new WebSocket(`${fake.server.replace('https', 'wss')}/api/v1/pods?watch=1`, tls);
    const messages: string[] = [];
    socket.on('message', (data: Buffer, binary) => {
      messages.push(`${binary ? 'binary' : 'text'} ${data.toString()}`);
      if (messages.length === 2) socket.close();
    });
    await once(socket, 'close');
    expect(messages).toEqual(['text {"type":"ADDED"}\n', 'text {"type":"DELETED"}\n']);
    expect(await ended.promise).toBe('ended');
  });

  test('a refusal stays a plain answer', async () => {
    await using fake = await startFake(() => ({ ...logs('{"kind":"Status"}'), status: 404 }) as ApiResponse);
    const url = `${fake.server.replace('https', 'wss')}/api/v1/namespaces/default/pods/web/log`;
    expect(await refused(new WebSocket(url, tls))).toEqual({ status: 404, body: { kind: 'Status' } });
  });
});
