import { afterEach, describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../src/cluster/apiserver/types.ts';
import type { StreamSink } from '../../../src/cluster/node-api.ts';
import { ClusterUnreachable } from '../../../src/kube/client.ts';
import { connectKube } from '../../../src/kube/connect.ts';
import { resources } from '../../../src/model/resources.ts';
import { json, refusal, startFake } from '../cluster/wire/fake-cluster.ts';
import type { FakeCluster } from '../cluster/wire/fake-cluster.ts';

interface FakePod {
  readonly name: string;
  readonly version: string;
  readonly uid?: string;
}

const object = ({ name, version, uid = name }: FakePod): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid, resourceVersion: version },
});
const pod = (name: string, version: string, uid?: string): FakePod => ({
  name,
  version,
  ...(uid === undefined ? {} : { uid }),
});

/** A server whose lists and watches a test scripts: each watch is one element, called with its sink. */
class Script {
  readonly lists: { revision: string; pods: FakePod[] }[] = [];
  readonly watches: ((sink: StreamSink) => void)[] = [];
  readonly asked: string[] = [];
  stopped = 0;

  handle = (request: ApiRequest): ApiResponse => {
    const query = new URLSearchParams(request.query);
    if (query.get('watch') === null) {
      const { revision, pods } = this.lists.shift()!;
      this.asked.push('list');
      return json({ metadata: { resourceVersion: revision }, items: pods.map(object) });
    }
    this.asked.push(`watch ${query.get('resourceVersion')}`);
    const play = this.watches.shift();
    if (play === undefined) return json(refusal(403, 'Forbidden', 'script is over').status, 403);
    return {
      kind: 'stream',
      status: 200,
      headers: { 'content-type': 'application/json' },
      open: (sink) => {
        play(sink);
        return () => this.stopped++;
      },
    };
  };
}

const line = (type: string, body: object): Buffer =>
  Buffer.from(`${JSON.stringify({ type, object: body })}\n`);
const stack: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of stack.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Followed {
  readonly events: string[];
  readonly cluster: FakeCluster;
  readonly controller: AbortController;
  readonly ended: Promise<unknown>;
  /** Resolves when an event with this text has come. */
  readonly until: (text: string) => Promise<void>;
}

async function follow(script: Script, onEvent: (text: string) => void = () => {}): Promise<Followed> {
  const cluster = await startFake(script.handle);
  const kube = connectKube(cluster.kubeconfig);
  stack.push(cluster, kube);
  const controller = new AbortController();
  const events: string[] = [];
  let check = (): void => {};
  const ended = kube
    .watch(
      resources.pods,
      { namespace: 'shop', labelSelector: 'app=web' },
      ({ type, object: { metadata } }) => {
        events.push(`${type} ${metadata.name} ${metadata.resourceVersion}`);
        onEvent(events.at(-1)!);
        check();
      },
      controller.signal,
    )
    .catch((error: unknown) => error);
  const until = (text: string): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (events.includes(text)) resolve();
      };
      check();
    });
  return { events, cluster, controller, ended, until };
}

describe('watch', () => {
  test('shows what is there, then every change, and resolves when it is aborted', async () => {
    const script = new Script();
    script.lists.push({ revision: '10', pods: [pod('a', '3')] });
    script.watches.push((sink) => {
      const bytes = Buffer.concat([
        line('ADDED', object(pod('b', '11'))),
        line('MODIFIED', object(pod('a', '12'))),
        line('DELETED', object(pod('b', '13'))),
      ]);
      // Cut in the middle of lines.
      for (let at = 0; at < bytes.length; at += 40) sink.write(bytes.subarray(at, at + 40));
    });
    const { events, cluster, controller, ended, until } = await follow(script);
    await until('DELETED b 13');
    controller.abort();
    expect(await ended).toBeUndefined();
    expect(events).toEqual(['ADDED a 3', 'ADDED b 11', 'MODIFIED a 12', 'DELETED b 13']);
    expect(cluster.requests[1]!.query).toBe(
      'watch=true&allowWatchBookmarks=true&resourceVersion=10&labelSelector=app%3Dweb',
    );
  });

  test('goes on from the last revision, also one that a bookmark told, when the stream ends', async () => {
    const script = new Script();
    script.lists.push({ revision: '10', pods: [] });
    script.watches.push(
      (sink) => {
        sink.write(line('ADDED', object(pod('a', '11'))));
        sink.end();
      },
      (sink) => {
        sink.write(line('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '40' } }));
        sink.end();
      },
      (sink) => sink.write(line('MODIFIED', object(pod('a', '41')))),
    );
    const { events, controller, ended, until } = await follow(script);
    await until('MODIFIED a 41');
    controller.abort();
    await ended;
    expect(script.asked).toEqual(['list', 'watch 10', 'watch 11', 'watch 40']);
    expect(events).toEqual(['ADDED a 11', 'MODIFIED a 41']);
  });

  test('compares a new list with what it knows when its revision has expired', async () => {
    const script = new Script();
    script.lists.push(
      {
        revision: '10',
        pods: [pod('same', '1'), pod('changed', '2'), pod('gone', '3'), pod('new-uid', '4')],
      },
      {
        revision: '90',
        pods: [pod('same', '1'), pod('changed', '50'), pod('new-uid', '60', 'other'), pod('late', '70')],
      },
    );
    script.watches.push(
      (sink) => sink.write(line('ERROR', refusal(410, 'Expired', 'too old resource version').status)),
      (sink) => sink.write(line('ADDED', object(pod('last', '91')))),
    );
    const { events, controller, ended, until } = await follow(script);
    await until('ADDED last 91');
    controller.abort();
    await ended;
    expect(script.asked).toEqual(['list', 'watch 10', 'list', 'watch 90']);
    expect(events.slice(4)).toEqual([
      'DELETED gone 3',
      'DELETED new-uid 4',
      'MODIFIED changed 50',
      'ADDED new-uid 60',
      'ADDED late 70',
      'ADDED last 91',
    ]);
  });

  test('ends with the error that the server tells', async () => {
    const script = new Script();
    script.lists.push({ revision: '10', pods: [] });
    const { ended } = await follow(script);
    expect(await ended).toMatchObject({ name: 'KubeError', code: 403, message: 'script is over' });
    const broken = new Script();
    broken.lists.push({ revision: '10', pods: [] });
    broken.watches.push((sink) => sink.write(line('ERROR', refusal(500, 'InternalError', 'etcd').status)));
    expect(await (await follow(broken)).ended).toMatchObject({ code: 500, message: 'etcd' });
  });

  test('ends with what its handler throws, and closes the stream', async () => {
    const script = new Script();
    script.lists.push({ revision: '10', pods: [] });
    script.watches.push((sink) => sink.write(line('ADDED', object(pod('a', '11')))));
    const { ended, cluster } = await follow(script, () => {
      throw new Error('enough');
    });
    expect(await ended).toMatchObject({ message: 'enough' });
    await cluster[Symbol.asyncDispose]();
    expect(script.stopped).toBe(1);
  });

  test('is unreachable when the server goes away and stays away', async () => {
    const script = new Script();
    script.lists.push({ revision: '10', pods: [pod('a', '1')] });
    let opened = (): void => {};
    const open = new Promise<void>((resolve) => (opened = resolve));
    script.watches.push(() => opened());
    const { ended, cluster } = await follow(script);
    await open;
    await cluster[Symbol.asyncDispose]();
    expect(await ended).toBeInstanceOf(ClusterUnreachable);
  });

  test('that is aborted from the start asks nothing more', async () => {
    const script = new Script();
    script.lists.push({ revision: '1', pods: [] });
    const cluster = await startFake(script.handle);
    const kube = connectKube(cluster.kubeconfig);
    stack.push(cluster, kube);
    await kube.watch(resources.pods, {}, () => {}, AbortSignal.abort());
    expect(script.asked).not.toContain('watch 1');
  });
});
