import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { KubeClient } from '../../../../src/kube/client.ts';
import { connectKube, kubeOver } from '../../../../src/kube/connect.ts';
import { resources } from '../../../../src/model/resources.ts';
import { InProcessTransport } from '../../../../src/providers/embedded/in-process-transport.ts';
import { calls, outcome } from '../../support/kube-calls.ts';
import { fakeApi, type FakeCluster, startFake } from '../../cluster/wire/fake-cluster.ts';

type Kube = KubeClient & AsyncDisposable;

let api: (request: ApiRequest) => ApiResponse | Promise<ApiResponse>;
let asked: ApiRequest[];
let cluster: FakeCluster;
let inProcess: Kube;
let overHttps: Kube;
beforeEach(async () => {
  api = fakeApi();
  asked = [];
  cluster = await startFake((request) => api(request));
  overHttps = connectKube(cluster.kubeconfig);
  const handle = async (request: ApiRequest): Promise<ApiResponse> => {
    asked.push(request);
    return await api(request);
  };
  inProcess = kubeOver(new InProcessTransport({ handle }, cluster.kubeconfig));
});
afterEach(async () => {
  await inProcess[Symbol.asyncDispose]();
  await overHttps[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

describe('what a client sees is the same as over HTTPS', () => {
  test.each(Object.keys(calls))('%s', async (name) => {
    const call = calls[name] ?? (() => Promise.reject(new Error(name)));
    const expected = await outcome(call(overHttps));
    expect(await outcome(call(inProcess))).toEqual(expected);
  });
});

test('the API server is asked with the same user, path, headers and body', async () => {
  for (const kube of [overHttps, inProcess]) {
    await outcome(
      kube.patch(
        resources.pods,
        'default',
        'web',
        { a: 'ü' },
        { type: 'merge', fieldManager: 'kubectl-label' },
      ),
    );
  }
  const plain = ({ body, certificate, ...rest }: ApiRequest): unknown => ({
    ...rest,
    body: Buffer.from(body).toString(),
    user: certificate?.commonName,
  });
  expect(asked.map(plain)).toEqual(cluster.requests.map(plain));
  expect(asked[0]?.certificate?.organizations).toContain('kubeadm:cluster-admins');
});

test('a command that takes too long is given up', async () => {
  const seen: string[] = [];
  api = fakeApi(seen);
  const given = new AbortController();
  const running = inProcess.exec('default', 'web', { command: ['forever'], signal: given.signal });
  setImmediate(() => given.abort(new Error('enough')));
  await expect(running).rejects.toThrow('enough');
  expect(seen).toEqual(['closed']);
});

describe('a watch', () => {
  const object = (name: string, revision: string): object => ({
    metadata: { name, namespace: 'default', uid: name, resourceVersion: revision },
  });
  let write: (text: string) => void;
  let closed: number;
  beforeEach(() => {
    closed = 0;
    api = ({ query }) =>
      query.includes('watch=true')
        ? {
            kind: 'stream',
            status: 200,
            headers: {},
            open: (sink) => {
              write = (text) => sink.write(Buffer.from(text));
              write(`${JSON.stringify({ type: 'ADDED', object: object('b', '2') })}\n{"type":"MODI`);
              return () => closed++;
            },
          }
        : {
            kind: 'complete',
            status: 200,
            headers: {},
            body: Buffer.from(
              JSON.stringify({ metadata: { resourceVersion: '1' }, items: [object('a', '1')] }),
            ),
          };
  });

  test('brings what is there and every change, however the bytes are cut, until it is aborted', async () => {
    const ended = new AbortController();
    const seen: string[] = [];
    await inProcess.watch(
      resources.pods,
      { namespace: 'default' },
      ({ type, object: { metadata } }) => {
        seen.push(`${type} ${metadata.name}`);
        if (metadata.name === 'b' && type === 'ADDED') {
          write(`FIED","object":${JSON.stringify(object('b', '3'))}}\n`);
        } else if (type === 'MODIFIED') ended.abort();
      },
      ended.signal,
    );
    expect(seen).toEqual(['ADDED a', 'ADDED b', 'MODIFIED b']);
    expect(closed).toBe(1);
  });
});
