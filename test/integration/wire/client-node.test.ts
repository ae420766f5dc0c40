import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type * as ClientNode from '@kubernetes/client-node';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { readAccess } from '../../../src/kube/access.ts';
import { fakeApi, json, startFake } from '../../unit/cluster/wire/fake-cluster.ts';
import type { FakeCluster } from '../../unit/cluster/wire/fake-cluster.ts';

/** The official JavaScript client against the wire server, and as the source of a plug-in's credentials. */
let client: typeof ClientNode;
let cluster: FakeCluster;
const seen: string[] = [];

beforeAll(async () => {
  client = await import('@kubernetes/client-node');
  const api = fakeApi(seen);
  cluster = await startFake((request) =>
    request.query.includes('watch=true')
      ? {
          kind: 'stream',
          status: 200,
          headers: { 'content-type': 'application/json' },
          open: (sink) => {
            sink.write(Buffer.from('{"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}}\n'));
            sink.end();
            return () => {};
          },
        }
      : request.path === '/api/v1/namespaces/default/pods'
        ? json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'web' } }] })
        : api(request),
  );
}, 120_000);
afterAll(() => cluster.listener.close());

function config(): ClientNode.KubeConfig {
  const found = new client.KubeConfig();
  found.loadFromString(cluster.kubeconfig);
  return found;
}

describe('client-node', () => {
  test('lists', async () => {
    const pods = await config().makeApiClient(client.CoreV1Api).listNamespacedPod({ namespace: 'default' });
    expect(pods.items.map(({ metadata }) => metadata?.name)).toEqual(['web']);
  });

  test('watches', async () => {
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      void new client.Watch(config()).watch(
        '/api/v1/pods',
        {},
        (type: string, object: { metadata: { name: string } }) =>
          events.push(`${type} ${object.metadata.name}`),
        () => resolve(),
      );
    });
    expect(events).toEqual(['ADDED a']);
  });

  test('executes', async () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const output = text(stdout);
    const status = new Promise<{ status?: string }>((resolve, reject) => {
      new client.Exec(config())
        .exec('default', 'web', 'main', ['cat'], stdout, null, stdin, false, resolve)
        .catch(reject);
    });
    stdin.end('hello');
    expect(await status).toMatchObject({ status: 'Success' });
    expect(await output).toBe('hello');
  });

  test('forwards a port', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    await new client.PortForward(config()).portForward('default', 'web', [7], output, null, input);
    input.write('ping');
    const [echo] = await new Promise<Buffer[]>((resolve) =>
      output.once('data', (data: Buffer) => resolve([data])),
    );
    expect(echo?.toString()).toBe('ping');
    input.end();
  });
});

test('the kube port asks it for the token of a program', async () => {
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'printed' },
  };
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: 'echo',
    args: [JSON.stringify(credential)],
    interactiveMode: 'Never',
  };
  const kubeconfig = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://h', 'certificate-authority-data': btoa('CA') } }],
    users: [{ name: 'u', user: { exec } }],
  };
  const access = await readAccess(`${JSON.stringify(kubeconfig)}\n`);
  expect(await access.headers()).toEqual({ Authorization: 'Bearer printed' });
  expect(access.tls.ca?.toString()).toBe('CA');
});
