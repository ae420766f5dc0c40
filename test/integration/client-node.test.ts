/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- the client takes plain objects for its classes, as everybody writes them */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type * as ClientNode from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Alone, clusterCommand, startAloneAs } from '../helpers/cluster.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';
import { eventually } from '../helpers/processes.ts';

/** `@kubernetes/client-node` on a cluster: informers that outlive their connections, streams, server-side apply. */
jest.setTimeout(240_000);

let client: typeof ClientNode;
let user: Newcomer;
let cluster: Alone;
let wire: Wire;
beforeAll(async () => {
  client = await import('@kubernetes/client-node');
  user = newcomer();
  cluster = await startAloneAs(user, '--nodes', '2', '--headroom', '6h');
  wire = await Wire.to(Number(new URL(cluster.started.server).port));
});
afterAll(async () => {
  wire.close();
  await user.breakfix(['cluster', 'stop', '--all']);
  await user[Symbol.asyncDispose]();
});

/** A wire to the API server that can be cut. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#server = createServer((inside) => {
      const outside = connect(port, '127.0.0.1');
      for (const [socket, other] of [
        [inside, outside],
        [outside, inside],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
      inside.pipe(outside).pipe(inside);
    });
  }

  static async to(port: number): Promise<Wire> {
    const wire = new Wire(port);
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    for (const socket of [...this.#sockets]) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

function config(server = cluster.started.server): ClientNode.KubeConfig {
  const found = new client.KubeConfig();
  found.loadFromString(
    readFileSync(cluster.started.kubeconfig, 'utf8').replaceAll(cluster.started.server, server),
  );
  return found;
}

const core = (): ClientNode.CoreV1Api => config().makeApiClient(client.CoreV1Api);
const configMap = (name: string, data: Record<string, string>): ClientNode.V1ConfigMap => ({
  metadata: { name, labels: { followed: 'yes' } },
  data,
});

describe('an informer', () => {
  test('misses nothing in hours, with its connection cut, its version expired, and again', async () => {
    const api = config(wire.url).makeApiClient(client.CoreV1Api);
    const namespace = 'default';
    const labelSelector = 'followed=yes';
    const informer = client.makeInformer(
      config(wire.url),
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => api.listNamespacedConfigMap({ namespace, labelSelector }),
      labelSelector,
    );
    const seen = new Map<string, number[]>();
    let deleted = 0;
    let errors = 0;
    const note = ({ metadata }: ClientNode.V1ConfigMap): void => {
      const versions = seen.get(metadata?.name ?? '') ?? [];
      seen.set(metadata?.name ?? '', [...versions, Number(metadata?.resourceVersion)]);
    };
    informer.on('add', note);
    informer.on('update', note);
    informer.on('delete', () => deleted++);
    let isOver = false;
    informer.on('error', () => {
      errors++;
      if (!isOver) void informer.start();
    });
    await informer.start();

    for (let round = 0; round < 4; round++) {
      for (let index = 0; index < 5; index++) {
        await core().createNamespacedConfigMap({
          namespace,
          body: configMap(`r${round}-${index}`, { round: '0' }),
        });
      }
      wire.cut();
      for (let index = 0; index < 4; index++) {
        const body = configMap(`r${round}-${index}`, { round: `${index}` });
        await core().replaceNamespacedConfigMap({ namespace, name: `r${round}-${index}`, body });
      }
      await core().deleteNamespacedConfigMap({ namespace, name: `r${round}-4` });
      if (round === 2) await forget();
      await clusterCommand(user, 'advance', '1h');
    }
    const wanted = await core().listNamespacedConfigMap({ namespace, labelSelector });
    const versions = (items: readonly ClientNode.V1ConfigMap[]): string[] =>
      items.map(({ metadata }) => `${metadata?.name} ${metadata?.resourceVersion}`).sort();
    await eventually(
      () => JSON.stringify(versions(informer.list())) === JSON.stringify(versions(wanted.items)) || undefined,
      {
        withinMs: 60_000,
        describe: () => `${versions(informer.list()).join()} is not ${versions(wanted.items).join()}`,
      },
    );
    isOver = true;
    await informer.stop();
    expect(wanted.items).toHaveLength(16);
    expect(errors).toBeGreaterThan(0);
    expect(deleted).toBeGreaterThan(0);
    for (const [name, order] of seen) {
      expect([name, [...order].sort((a, b) => a - b)]).toEqual([name, order]);
    }
  });

  /** Writes more than the server keeps for watches. */
  async function forget(): Promise<void> {
    const filler = 'x'.repeat(900_000);
    for (let index = 0; index < 20; index++) {
      const body = { metadata: { name: `filler-${index}` }, data: { filler } };
      await core().createNamespacedConfigMap({ namespace: 'default', body });
    }
  }
});

describe('a thousand watches of two hundred events', () => {
  test('each sees all of them, in order', async () => {
    const WATCHES = 1_000;
    const EVENTS = 200;
    const SESSIONS = 20;
    const { user: credentials, cluster: server } = current();
    const sessions: ClientHttp2Session[] = Array.from({ length: SESSIONS }, () =>
      connectHttp2(cluster.started.server, { ca: server.ca, cert: credentials.cert, key: credentials.key }),
    );
    const created = await core().createNamespacedConfigMap({
      namespace: 'kube-public',
      body: { metadata: { name: 'busy' }, data: { count: '0' } },
    });
    const from = created.metadata?.resourceVersion ?? '';
    const path =
      '/api/v1/namespaces/kube-public/configmaps?watch=true&fieldSelector=metadata.name%3Dbusy' +
      `&resourceVersion=${from}`;
    const received: string[][] = [];
    const opened: Promise<void>[] = [];
    for (let index = 0; index < WATCHES; index++) {
      const counts: string[] = [];
      received.push(counts);
      const stream = sessions[index % SESSIONS]?.request({ ':path': path });
      if (stream === undefined) throw new Error('no session');
      opened.push(new Promise((resolve) => stream.once('response', () => resolve())));
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = JSON.parse(line) as { type: string; object: ClientNode.V1ConfigMap };
          counts.push(`${event.type} ${event.object.data?.['count']}`);
        }
      });
    }
    await Promise.all(opened);
    for (let count = 1; count <= EVENTS; count++) {
      await core().replaceNamespacedConfigMap({
        namespace: 'kube-public',
        name: 'busy',
        body: { metadata: { name: 'busy' }, data: { count: `${count}` } },
      });
    }
    await eventually(() => received.every((counts) => counts.length >= EVENTS) || undefined, {
      withinMs: 120_000,
      describe: () => `shortest: ${Math.min(...received.map((counts) => counts.length))}`,
    });
    const expected = Array.from({ length: EVENTS }, (_, index) => `MODIFIED ${index + 1}`);
    expect(received.filter((counts) => JSON.stringify(counts) !== JSON.stringify(expected))).toEqual([]);
    for (const session of sessions) session.destroy();
  }, 480_000);

  function current(): { user: { cert: string; key: string }; cluster: { ca: string } } {
    const found = config();
    const decode = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString();
    return {
      user: { cert: decode(found.getCurrentUser()?.certData), key: decode(found.getCurrentUser()?.keyData) },
      cluster: { ca: decode(found.getCurrentCluster()?.caData) },
    };
  }
});

describe('streams', () => {
  beforeAll(async () => {
    const script = 'echo started; httpd -p 8080 -h /etc; exec cat';
    await core().createNamespacedPod({
      namespace: 'default',
      body: {
        metadata: { name: 'box' },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'main', image: 'busybox:1.37', stdin: true, command: ['sh', '-c', script] }],
        },
      },
    });
    await cluster.ok('wait --for=condition=Ready pod/box --timeout=60s');
  });

  test('exec tells output, errors and the exit code apart', async () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const status = await new Promise<ClientNode.V1Status>((resolve, reject) => {
      new client.Exec(config())
        .exec(
          'default',
          'box',
          'main',
          ['sh', '-c', 'echo out; echo err >&2; exit 3'],
          stdout,
          stderr,
          null,
          false,
          resolve,
        )
        .catch(reject);
    });
    expect(status).toMatchObject({ status: 'Failure', reason: 'NonZeroExitCode' });
    stdout.end();
    stderr.end();
    expect([await text(stdout), await text(stderr)]).toEqual(['out\n', 'err\n']);
  });

  test('port-forward reaches the server in the pod', async () => {
    const forward = new client.PortForward(config());
    const server = createServer((socket) => {
      void forward.portForward('default', 'box', [8080], socket, null, socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/hostname`, { headers: { connection: 'close' } });
    expect([answer.status, await answer.text()]).toEqual([200, 'box\n']);
    server.close();
  });

  test('attach talks to what runs; logs follow it to its end', async () => {
    const log = new PassThrough();
    let logged = '';
    let isOver = false;
    log.on('end', () => (isOver = true));
    log.on('data', (chunk: Buffer) => (logged += chunk.toString()));
    await new client.Log(config()).log('default', 'box', 'main', log, { follow: true });
    await eventually(() => logged.startsWith('started\n') || undefined);
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    let echoed = '';
    stdout.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
    const socket = await new client.Attach(config()).attach(
      'default',
      'box',
      'main',
      stdout,
      null,
      stdin,
      false,
    );
    stdin.write('typed\n');
    await eventually(() => echoed.includes('typed\n') || undefined, { describe: () => `echoed: ${echoed}` });
    await eventually(() => logged === 'started\ntyped\n' || undefined, {
      describe: () => `logged: ${logged}`,
    });
    (socket as { close(): void }).close();
    await core().deleteNamespacedPod({ namespace: 'default', name: 'box' });
    await eventually(() => isOver || undefined);
  });
});

describe('server-side apply', () => {
  test('owns what it applied, conflicts, and takes over by force', async () => {
    const apply = (
      manager: string,
      data: Record<string, string>,
      force = false,
    ): Promise<ClientNode.KubernetesObject> =>
      client.KubernetesObjectApi.makeApiClient(config()).patch(
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'owned', namespace: 'default' },
          data,
        },
        undefined,
        undefined,
        manager,
        force,
        client.PatchStrategy.ServerSideApply,
      );
    await apply('one', { a: '1', b: '1' });
    await apply('two', { c: '1' });
    await expect(apply('two', { a: '2' })).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining('Apply failed with 1 conflict: conflict with \\"one\\": .data.a'),
    });
    await apply('two', { a: '2' }, true);
    await apply('one', { b: '1' });
    const owned = await core().readNamespacedConfigMap({ namespace: 'default', name: 'owned' });
    expect(owned.data).toEqual({ a: '2', b: '1' });
    expect(
      owned.metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`).sort(),
    ).toEqual(['one Apply', 'two Apply']);
  });
});
