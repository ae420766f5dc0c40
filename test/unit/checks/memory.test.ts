import { describe, expect, test } from '@jest/globals';
import type { LabView, Observation } from '../../../src/checks/check.ts';
import { memoryStaysBelow } from '../../../src/checks/memory.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { ManualClock } from '../support/manual-clock.ts';

const namespace = 'shop';
const owner = (uid: string) => [{ uid, kind: 'ReplicaSet', controller: true }];

/** What the processes behind the Service do. */
interface World {
  readonly pods?: number;
  /** How many of them the Service leads to. */
  readonly served?: number;
  /** Bytes of the peak of a process that has served so many requests. */
  readonly peak?: (served: number) => number;
  /** Whether a process answers its n-th request. */
  readonly answers?: (request: number) => boolean;
  /** A container is restarted on the way. */
  readonly restarts?: boolean;
  readonly metrics?: string;
  readonly exec?: KubeClient['exec'];
  readonly gone?: boolean;
}

/** Grades 250 quotes and 2 reports to every process; at most 100 MiB. */
async function graded(world: World): Promise<{ seen: Observation; urls: readonly string[] }> {
  const { pods = 2, served = pods, peak = () => 1, answers = () => true } = world;
  const requests = new Map<string, number>();
  const urls: string[] = [];
  const deployment = { metadata: { uid: 'd', name: 'checkout', namespace }, spec: { template: {} } };
  const set = { metadata: { uid: 's', ownerReferences: [{ uid: 'd' }] }, spec: { template: {} } };
  const pod = (index: number) => ({
    metadata: { uid: `p${index}`, name: `checkout-${index}`, ownerReferences: owner('s') },
    status: { containerStatuses: [{ restartCount: world.restarts === true && requests.size > 0 ? 1 : 0 }] },
  });
  const witness = {
    metadata: { name: 'gateway-1', ownerReferences: owner('g') },
    spec: { containers: [{ name: 'gateway' }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'gateway', state: { running: {} } }] },
  };
  const slice = {
    endpoints: Array.from({ length: served }, (_, index) => ({
      addresses: [`10.0.0.${index}`],
      conditions: { ready: true },
    })),
    ports: [{ port: 8080 }],
  };
  const list = ((resource: Resource, options: { labelSelector?: string }) => {
    if (resource === resources.replicaSets) return Promise.resolve([set]);
    if (resource === resources.endpointSlices) return Promise.resolve([slice]);
    const own = Array.from({ length: pods }, (_, index) => pod(index));
    return Promise.resolve(options.labelSelector === 'app=gateway' ? [witness] : own);
  }) as unknown as KubeClient['list'];
  const exec: KubeClient['exec'] = (_namespace, _pod, { command }) => {
    const [, , what, ...args] = command;
    const url = args.find((arg) => arg.startsWith('http://')) ?? '';
    const { host } = new URL(url);
    const sent = requests.get(host) ?? 0;
    if (what === 'get') {
      const stdout = world.metrics ?? `cache_bytes 7\nprocess_peak_memory_bytes ${peak(sent)}\n`;
      return Promise.resolve({ code: 0, stdout, stderr: '' });
    }
    const count = Number(args[args.indexOf('--count') + 1]);
    urls.push(`${count} × ${url}`);
    let attempts = 0;
    let failed = 0;
    while (attempts < count && failed === 0) if (!answers(sent + ++attempts)) failed++;
    requests.set(host, sent + attempts);
    const report = { attempts, failed, succeeded: attempts - failed, outcomes: {}, last: 'socket hang up' };
    return Promise.resolve({ code: 0, stdout: JSON.stringify(report), stderr: '' });
  };
  const get = (() =>
    Promise.resolve(world.gone === true ? undefined : deployment)) as unknown as KubeClient['get'];
  const lab = {
    kube: { get, list, exec: world.exec ?? exec },
    clock: new ManualClock(),
    baseline: { get: () => undefined },
    signal: new AbortController().signal,
  } as unknown as LabView;
  const check = memoryStaysBelow(
    { namespace, name: 'checkout' },
    {
      from: { namespace, app: 'gateway' },
      limit: '100Mi',
      loads: [
        { path: '/quote', count: 250 },
        { path: '/report?rows=9', contains: '"rows":9', count: 2 },
      ],
    },
  );
  const seen = await check.grade?.(lab);
  if (seen === undefined) throw new Error('it has no grade');
  return { seen, urls };
}

const MiB = 1024 * 1024;

describe('memoryStaysBelow', () => {
  test('sends every process the same load, in steps', async () => {
    const { seen, urls } = await graded({ peak: () => 100 * MiB });
    expect(seen).toMatchObject({ status: 'pass', seen: 'at most 100Mi of memory' });
    const each = (ip: string): string[] => [
      `100 × http://${ip}:8080/quote`,
      `100 × http://${ip}:8080/quote`,
      `50 × http://${ip}:8080/quote`,
      `2 × http://${ip}:8080/report?rows=9`,
    ];
    expect(urls).toEqual([...each('10.0.0.0'), ...each('10.0.0.1')]);
  });

  test('ends as soon as a process has taken too much: a leak does not eat the node', async () => {
    const { seen, urls } = await graded({ peak: (served) => served * MiB + 1 });
    expect(seen).toMatchObject({
      status: 'fail',
      seen: 'a process had taken 100Mi of memory after 100 × /quote',
    });
    expect(urls).toHaveLength(1);
  });

  test('a process that grows in its last requests only is found too', async () => {
    const { seen } = await graded({ peak: (served) => (served > 250 ? 200 * MiB : MiB) });
    expect(seen).toMatchObject({
      status: 'fail',
      seen: 'a process had taken 200Mi of memory after 2 × /report?rows=9',
    });
  });

  test('every request must be answered', async () => {
    const { seen } = await graded({ answers: (request) => request !== 123 });
    expect(seen).toMatchObject({ status: 'fail', seen: '/quote: request 123 got socket hang up' });
  });

  test('in one life: a restart on the way fails', async () => {
    const { seen } = await graded({ restarts: true });
    expect(seen).toEqual({ status: 'fail', seen: 'under load 2 pods had a container restarted' });
  });

  test.each([
    ['no pod at all', { pods: 0 }, 'service/checkout leads to 0 of 0 pods'],
    ['pods that nobody is led to', { pods: 3, served: 2 }, 'service/checkout leads to 2 of 3 pods'],
    ['no deployment', { gone: true }, 'deployment/checkout does not exist'],
    [
      'a program that is not the shop',
      { metrics: 'hello\n' },
      'the program at 10.0.0.0:8080 is not the program of the shop',
    ],
  ])('%s proves nothing', async (_what, world, seen) => {
    expect((await graded(world)).seen).toMatchObject({ status: 'fail', seen });
  });

  test('a client that is not to be asked is a fail, a cluster that breaks is not', async () => {
    const refused: KubeClient['exec'] = () => Promise.reject(new KubeError(404, 'pod not found'));
    expect((await graded({ exec: refused })).seen.status).toBe('fail');
    const broken: KubeClient['exec'] = () => Promise.reject(new Error('connection lost'));
    await expect(graded({ exec: broken })).rejects.toThrow('connection lost');
  });
});
