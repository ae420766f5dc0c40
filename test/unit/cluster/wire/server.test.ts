import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { StreamSink } from '../../../../src/cluster/node-api.ts';
import { createAuthority } from '../../../../src/cluster/wire/certificates.ts';
import { startServer } from '../../../../src/cluster/wire/server.ts';
import { MEGABYTE, admin, authority, json, refusal, startFake } from './fake-cluster.ts';
import type { FakeCluster, FakeHandler } from './fake-cluster.ts';

const clusters: FakeCluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.listener.close();
});

async function start(handle: FakeHandler = () => json({ ok: true })): Promise<FakeCluster> {
  const cluster = await startFake(handle);
  clusters.push(cluster);
  return cluster;
}

const trust = { ca: authority.certificate };
const asAdmin = { ...trust, cert: admin.certificate, key: admin.key };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  readonly tls?: object;
}

function http1(cluster: FakeCluster, question: Question = {}): Promise<Answer> {
  const { method = 'GET', path = '/', headers = {}, body, tls = asAdmin } = question;
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: cluster.listener.port,
      method,
      path,
      headers,
      agent: false,
      ...tls,
    };
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function session(cluster: FakeCluster, tls: object = asAdmin): ClientHttp2Session {
  const client = connectHttp2(cluster.server, tls);
  client.on('error', () => {});
  return client;
}

async function http2(cluster: FakeCluster, question: Question = {}): Promise<Answer> {
  const { method = 'GET', path = '/', headers = {}, body, tls = asAdmin } = question;
  const client = session(cluster, tls);
  const stream = client.request({ ':method': method, ':path': path, ...headers });
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [Record<string, unknown>];
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'end');
  client.close();
  return { status: Number(answer[':status']), headers: answer, body: Buffer.concat(chunks).toString() };
}

describe.each([
  ['HTTP/1.1', http1],
  ['HTTP/2', http2],
])('over %s', (_name, ask) => {
  test('a request arrives with path, query, body and the headers that the API server reads', async () => {
    const cluster = await start();
    const answer = await ask(cluster, {
      method: 'POST',
      path: '/api/v1/pods?a=1&b=%20?',
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: 'Bearer t',
        'impersonate-user': 'jane',
        'x-other': 'no',
        cookie: 'no',
      },
      body: Buffer.from('{"a":"ü"}'),
    });
    expect(answer).toMatchObject({ status: 200, body: '{"ok":true}' });
    expect(cluster.requests).toEqual([
      {
        method: 'POST',
        path: '/api/v1/pods',
        query: 'a=1&b=%20?',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          authorization: 'Bearer t',
          'impersonate-user': 'jane',
        },
        body: Buffer.from('{"a":"ü"}'),
        certificate: {
          commonName: 'kubernetes-admin',
          organizations: ['kubeadm:cluster-admins'],
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ]);
  });

  test('a client without a certificate is served as nobody, one with a stranger’s needs something else', async () => {
    const cluster = await start();
    const stranger = createAuthority({ commonName: 'kubernetes', now: new Date() });
    const forged = stranger.issueClient({
      now: new Date(),
      commonName: 'a',
      organizations: ['system:masters'],
    });
    await ask(cluster, { tls: trust });
    const tls = { ...trust, cert: forged.certificate, key: forged.key };
    const refused = await ask(cluster, { tls });
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.body)).toMatchObject({ reason: 'Unauthorized', message: 'Unauthorized' });
    await ask(cluster, { tls, headers: { authorization: 'Bearer t' } });
    expect(cluster.requests.map(({ certificate }) => certificate)).toEqual([undefined, undefined]);
  });

  test('a certificate that has expired, or that belongs to a server, is refused', async () => {
    const cluster = await start();
    const old = authority.issueClient({ now: new Date('2020-01-01'), commonName: 'old' });
    const server = authority.issueServer({ now: new Date() });
    for (const { certificate, key } of [old, server]) {
      expect(await ask(cluster, { tls: { ...trust, cert: certificate, key } })).toMatchObject({
        status: 401,
      });
    }
    expect(cluster.requests).toEqual([]);
  });

  test('a body of 3 MiB is taken, a byte more is refused as kube-apiserver does', async () => {
    const cluster = await start(({ body }) => json({ length: body.byteLength }));
    const whole = await ask(cluster, { method: 'POST', body: Buffer.alloc(3 * MEGABYTE) });
    expect(JSON.parse(whole.body)).toEqual({ length: 3 * MEGABYTE });
    const large = await ask(cluster, { method: 'POST', body: Buffer.alloc(3 * MEGABYTE + 1) });
    expect(large.status).toBe(413);
    expect(JSON.parse(large.body)).toMatchObject({
      kind: 'Status',
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    });
    expect(cluster.requests).toHaveLength(1);
  });

  test('HEAD and 304 have no body', async () => {
    const cluster = await start(({ path }) => json({ long: 'x'.repeat(100) }, path === '/same' ? 304 : 200));
    expect(await ask(cluster, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(await ask(cluster, { path: '/same' })).toMatchObject({ status: 304, body: '' });
  });

  test('a failure inside is a Status', async () => {
    const cluster = await start(({ path }) => {
      throw path === '/refused' ? refusal(403, 'Forbidden', 'no') : new Error('broken');
    });
    const failed = await ask(cluster);
    expect(failed.status).toBe(500);
    expect(JSON.parse(failed.body)).toMatchObject({ message: 'Internal error occurred: broken' });
    expect(JSON.parse((await ask(cluster, { path: '/refused' })).body)).toMatchObject({
      code: 403,
      message: 'no',
    });
  });

  test('a stream comes as it is written and ends', async () => {
    const cluster = await start(() =>
      stream((sink) => {
        for (const text of ['one\n', 'two\n']) sink.write(Buffer.from(text));
        sink.end();
      }),
    );
    expect(await ask(cluster)).toMatchObject({ status: 200, body: 'one\ntwo\n' });
  });

  test('a stream that is refused at its start is an answer of its own', async () => {
    const cluster = await start(() =>
      stream(() => {
        throw refusal(400, 'BadRequest', 'is waiting to start');
      }),
    );
    const answer = await ask(cluster);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ message: 'is waiting to start' });
  });

  test('a watch ends after its timeoutSeconds of wall time', async () => {
    let stopped = 0;
    const cluster = await start(() =>
      stream(
        () => {},
        () => stopped++,
      ),
    );
    expect(await ask(cluster, { path: '/api/v1/pods?watch=1&timeoutSeconds=0.02' })).toMatchObject({
      status: 200,
      body: '',
    });
    await until(() => stopped === 1);
  });

  test('exec without an upgrade is refused', async () => {
    let started = false;
    const cluster = await start(() => ({
      kind: 'exec',
      options: { command: ['sh'], stdin: false, tty: false },
      start: () => {
        started = true;
        throw new Error('not to be called');
      },
    }));
    const answer = await ask(cluster);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({
      reason: 'BadRequest',
      message: 'Upgrade request required',
    });
    expect(started).toBe(false);
  });
});

function stream(open: (sink: StreamSink) => void, stop: () => void = () => {}): ApiResponse {
  return {
    kind: 'stream',
    status: 200,
    headers: { 'content-type': 'application/json' },
    open: (sink) => {
      open(sink);
      return stop;
    },
  };
}

/** Lets the event loop turn until something is so; jest's own time limit ends what never comes. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

describe('streams', () => {
  test('the header of a silent watch is sent at once', async () => {
    const cluster = await start(() => stream(() => {}));
    const client = session(cluster);
    const [headers] = (await once(client.request({ ':path': '/?watch=1' }), 'response')) as [
      Record<string, unknown>,
    ];
    expect(headers[':status']).toBe(200);
    client.destroy();
  });

  test('are stopped when the client cancels one or goes away', async () => {
    let stopped = 0;
    const cluster = await start(() =>
      stream(
        () => {},
        () => stopped++,
      ),
    );
    const client = session(cluster);
    const streams: ClientHttp2Stream[] = [1, 2, 3].map(() => client.request({ ':path': '/?watch=1' }));
    for (const one of streams) one.on('error', () => {});
    await Promise.all(streams.map((one) => once(one, 'response')));
    streams[0]!.close(constants.NGHTTP2_CANCEL);
    await until(() => stopped === 1);
    client.destroy();
    await until(() => stopped === 3);
  });

  test('a watcher that does not read is dropped, others go on', async () => {
    const sinks: StreamSink[] = [];
    let stopped = 0;
    const cluster = await start(() =>
      stream(
        (sink) => sinks.push(sink),
        () => stopped++,
      ),
    );
    const [slow, good] = [session(cluster), session(cluster)].map((client) =>
      client.request({ ':path': '/?watch=1' }),
    );
    slow!.on('error', () => {});
    await Promise.all([once(slow!, 'response'), once(good!, 'response')]);
    slow!.pause();
    let received = 0;
    good!.on('data', (chunk: Buffer) => (received += chunk.length));
    const event = Buffer.alloc(MEGABYTE, 'x');
    let written = 0;
    while (stopped === 0 && written < 100) {
      for (const sink of sinks) sink.write(event);
      written++;
      await until(() => received === written * MEGABYTE);
    }
    expect(stopped).toBe(1);
    expect(written).toBeGreaterThanOrEqual(16);
    expect(written).toBeLessThan(30);
    sinks[1]!.end();
    sinks[1]!.write(event);
    await once(good!, 'end');
    for (const one of [slow!, good!]) one.session?.destroy();
  });
});

describe('the listener', () => {
  test('survives nonsense: plain text, a broken handshake, a client that hangs up', async () => {
    const cluster = await start();
    const { port } = cluster.listener;
    const plain = connectTcp(port, '127.0.0.1', () => plain.write('GET / HTTP/1.1\r\n\r\n'));
    plain.on('error', () => {});
    await once(plain, 'close');
    const nonsense = connectTls({ port, host: '127.0.0.1', ...trust, ALPNProtocols: ['h2'] }, () =>
      nonsense.end('this is not HTTP/2 at all, by any means whatsoever'),
    );
    nonsense.on('error', () => {});
    nonsense.resume();
    await once(nonsense, 'close');
    const cut = connectTls({ port, host: '127.0.0.1', ...trust }, () => {
      cut.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf');
      cut.destroy();
    });
    await once(cut, 'close');
    expect((await http1(cluster)).status).toBe(200);
  });

  test('counts TLS connections', async () => {
    const cluster = await start();
    await http1(cluster);
    await http2(cluster);
    expect(cluster.listener.connections).toBe(2);
  });

  test('close ends everything that is open, and frees the port', async () => {
    const stops: string[] = [];
    const cluster = await start(({ path }) =>
      stream(
        () => {},
        () => stops.push(path),
      ),
    );
    const client = session(cluster);
    const watch = client.request({ ':path': '/h2?watch=1' });
    watch.on('error', () => {});
    await once(watch, 'response');
    const options = {
      port: cluster.listener.port,
      host: '127.0.0.1',
      path: '/h1?watch=1',
      agent: false,
      ...asAdmin,
    };
    const old = httpsRequest(options, (response) => response.on('error', () => {}));
    old.on('error', () => {});
    old.end();
    await once(old, 'response');
    const silent = connectTcp(cluster.listener.port, '127.0.0.1');
    silent.on('error', () => {});
    await once(silent, 'connect');
    await cluster.listener.close();
    await until(() => stops.length === 2);
    const again = await startServer({
      ...authority.issueServer({ now: new Date() }),
      ca: authority.certificate,
      handler: { handle: () => Promise.resolve(json({})) },
      port: cluster.listener.port,
    });
    expect(again.port).toBe(cluster.listener.port);
    await again.close();
  });

  test('a port that is taken is an error', async () => {
    const cluster = await start();
    const second = startServer({
      ...authority.issueServer({ now: new Date() }),
      ca: authority.certificate,
      handler: { handle: () => Promise.resolve(json({})) },
      port: cluster.listener.port,
    });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

test('who asks for an upgrade before the answer to an earlier request has come loses the connection', async () => {
  const never = Promise.withResolvers<ApiResponse>();
  const cluster = await start(({ path }) => (path === '/slow' ? never.promise : json({ ok: true })));
  const socket = connectTls({
    ...asAdmin,
    host: '127.0.0.1',
    port: cluster.listener.port,
    ALPNProtocols: ['http/1.1'],
  });
  socket.on('error', () => {});
  socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.write('GET /version HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  await once(socket, 'close');
  expect(cluster.requests.map(({ path }) => path)).toEqual(['/slow', '/version']);
});
