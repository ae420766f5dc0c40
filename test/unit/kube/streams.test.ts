import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { ClusterUnreachable, KubeError } from '../../../src/kube/client.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { connectKube } from '../../../src/kube/connect.ts';
import { MEGABYTE, fakeApi, startFake } from '../cluster/wire/fake-cluster.ts';
import type { FakeCluster } from '../cluster/wire/fake-cluster.ts';

let cluster: FakeCluster;
let kube: KubeClient & AsyncDisposable;
let seen: string[];
beforeEach(async () => {
  seen = [];
  cluster = await startFake(fakeApi(seen));
  kube = connectKube(cluster.kubeconfig);
});
afterEach(async () => {
  await kube[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

interface Silence extends AsyncDisposable {
  readonly kube: KubeClient & AsyncDisposable;
  /** The first connection that is not carried. */
  readonly accepted: Promise<Socket>;
}

/** A way to the cluster that carries so many connections; it accepts the others, and nobody answers on them. */
async function silentAfter(carried: number): Promise<Silence> {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (sockets.push(socket) <= carried)
      socket.pipe(connect(cluster.listener.port, '127.0.0.1')).pipe(socket);
    else resolve(socket.resume());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kube = connectKube(cluster.kubeconfig.replace(cluster.server, address));
  return {
    kube,
    accepted,
    [Symbol.asyncDispose]: async () => {
      await kube[Symbol.asyncDispose]();
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('exec', () => {
  test('brings both outputs and the exit code', async () => {
    expect(await kube.exec('default', 'web', { container: 'main', command: ['echo', 'a b', 'c'] })).toEqual({
      code: 0,
      stdout: 'a b c\n',
      stderr: '',
    });
    expect(await kube.exec('default', 'web', { command: ['exit', '3'] })).toEqual({
      code: 3,
      stdout: '',
      stderr: 'going down\n',
    });
  });

  test('sends standard input to its end', async () => {
    const stdin = 'zeile ü\n'.repeat(50_000);
    const { code, stdout } = await kube.exec('default', 'web', { command: ['cat'], stdin });
    expect({ code, same: stdout === stdin }).toEqual({ code: 0, same: true });
    expect(await kube.exec('default', 'web', { command: ['cat'], stdin: '' })).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  test('fails with the words of the runtime where the command does not start', async () => {
    await expect(kube.exec('default', 'web', { command: ['nope'] })).rejects.toMatchObject({
      name: 'KubeError',
      code: 500,
      reason: 'InternalError',
      message: expect.stringContaining('exec: "nope": not found'),
    });
  });

  test('fails with the Status of a refused upgrade', async () => {
    await expect(
      kube.exec('default', 'web', { container: 'missing', command: ['true'] }),
    ).rejects.toMatchObject({ code: 400, reason: 'BadRequest', message: 'container missing is not valid' });
    const error = await kube
      .exec('default', 'gone', { command: ['true'] })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  test('gives up in time, and lets go of the command', async () => {
    const late = kube.exec('default', 'web', { command: ['forever'], timeoutMs: 500 });
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    while (!seen.includes('closed')) await new Promise(setImmediate);
    const controller = new AbortController();
    const aborted = kube.exec('default', 'web', { command: ['forever'], signal: controller.signal });
    controller.abort(new Error('not any more'));
    await expect(aborted).rejects.toThrow('not any more');
    await expect(
      kube.exec('default', 'web', { command: ['forever'], signal: AbortSignal.abort(new Error('never')) }),
    ).rejects.toThrow('never');
  });

  test('gives up also while the connection opens, and lets go of it', async () => {
    await using silence = await silentAfter(0);
    const controller = new AbortController();
    const aborted = silence.kube.exec('default', 'web', { command: ['true'], signal: controller.signal });
    const closed = once(await silence.accepted, 'close');
    controller.abort(new Error('not any more'));
    await expect(aborted).rejects.toThrow('not any more');
    await closed;
  });

  test('is unreachable when the connection breaks under it', async () => {
    const broken = kube.exec('default', 'web', { command: ['forever'] }).catch((thrown: unknown) => thrown);
    while (!cluster.requests.some(({ path }) => path.endsWith('/exec'))) await new Promise(setImmediate);
    await cluster.listener.close();
    expect(await broken).toBeInstanceOf(ClusterUnreachable);
  });
});

describe('port-forward', () => {
  const exchange = (port: number, bytes: Buffer, enough = Infinity): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= enough) socket.end();
      });
      socket.on('close', () => resolve(Buffer.concat(chunks)));
      socket.on('error', reject);
    });

  test('carries every connection to the port of the pod, both ways', async () => {
    await using forward = await kube.portForward('default', 'web', 7);
    const bytes = Buffer.alloc(MEGABYTE, 'payload ');
    const answers = await Promise.all([1, 2, 3].map(() => exchange(forward.port, bytes, bytes.length)));
    expect(answers.map((answer) => answer.equals(bytes))).toEqual([true, true, true]);
  });

  test('brings a large answer down and its end', async () => {
    await using forward = await kube.portForward('default', 'web', 80);
    const answer = await exchange(forward.port, Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    expect(answer.length).toBeGreaterThan(5 * MEGABYTE);
  });

  test('a port that refuses is a connection that is reset', async () => {
    await using forward = await kube.portForward('default', 'web', 81);
    await expect(exchange(forward.port, Buffer.from('x'))).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('a connection that ends before the one to the pod is open takes that with it', async () => {
    await using silence = await silentAfter(1);
    await using forward = await silence.kube.portForward('default', 'web', 7);
    const local = connect(forward.port, '127.0.0.1');
    const closed = once(await silence.accepted, 'close');
    local.destroy();
    await closed;
  });

  test('a pod that does not exist is an error at once', async () => {
    await expect(kube.portForward('default', 'gone', 80)).rejects.toMatchObject({ code: 404 });
  });

  test('frees its port', async () => {
    const forward = await kube.portForward('default', 'web', 7);
    await forward[Symbol.asyncDispose]();
    await expect(exchange(forward.port, Buffer.from('x'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
