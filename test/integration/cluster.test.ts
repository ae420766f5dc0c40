import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Alone, type AloneDocument, clusterCommand, startAloneAs } from '../helpers/cluster.ts';
import { type Newcomer, newcomer } from '../helpers/lab.ts';
import { type Ended, eventually, run } from '../helpers/processes.ts';

/** `breakfix cluster` as its users run it: a program, and kubectl. */
jest.setTimeout(240_000);

const BOX = { name: 'box', image: 'busybox:1.37', command: ['sleep', '100000'] };

let user: Newcomer;
beforeEach(() => {
  user = newcomer();
});
afterEach(async () => {
  await user.breakfix(['cluster', 'stop', '--all']);
  expect(user.labProcesses()).toEqual([]);
  await user[Symbol.asyncDispose]();
});

const errorOf = (ended: Ended): Record<string, string> =>
  (JSON.parse(ended.stdout) as { error: Record<string, string> }).error;

async function kill(cluster: Alone): Promise<void> {
  const { pid } = cluster;
  process.kill(pid, 'SIGKILL');
  await eventually(() => (user.labProcesses().includes(pid) ? undefined : true));
}

describe('start', () => {
  test('standard output is a line for eval, after which kubectl has a ready cluster like kind’s', async () => {
    const ended = await user.breakfix(['cluster', 'start', '--nodes', '3', '--name', 'dev']);
    expect(ended.stdout).toMatch(/^export KUBECONFIG=\S+\/clusters\/dev\/kubeconfig\n$/);
    expect(ended.stderr).toMatch(
      /^cluster dev is ready after [\d.]+ s: Kubernetes 1\.36, 3 nodes, seed \d+, https:/,
    );
    const script = `eval '${ended.stdout}'; kubectl get nodes; kubectl get pods -A; kubectl get storageclass`;
    const { stdout } = await run('sh', ['-c', script], { env: user.env });
    for (const node of ['dev-control-plane', 'dev-worker', 'dev-worker2'])
      expect(stdout).toMatch(new RegExp(`^${node} +Ready +(control-plane|<none>) +\\d+s +v1\\.36\\.3$`, 'm'));
    expect(stdout.match(/^(kube-system|local-path-storage) .* 1\/1 +Running +0 /gm)).toHaveLength(10);
    expect(stdout).toMatch(/^standard \(default\) +rancher.io\/local-path/m);
  });

  test('what a kind node would have loaded runs: busybox, the shop', async () => {
    const cluster = await startAloneAs(user);
    expect(cluster.started.nodes).toEqual(['breakfix-control-plane']);
    await cluster.ok('run box --image=busybox:1.37 -- sleep 1000');
    await cluster.ok('run shop --image=shop.test/shop:1.4.2 -- catalog');
    await cluster.ok('wait --for=condition=Ready pod/box --timeout=60s');
    expect(await cluster.ok('exec box -- hostname')).toBe('box\n');
    const image = 'jsonpath={.status.containerStatuses[0].imageID}';
    // There, but empty, before the image has been pulled.
    await eventually(
      async () =>
        (await cluster.ok(['get', 'pod', 'shop', '-o', image])).includes('shop.test/shop@sha256:') ||
        undefined,
    );
  });

  test('the port, seed and number of nodes that were asked for; each of several clusters has its own', async () => {
    const port = await freePort();
    const first = await startAloneAs(user, '--name', 'one', '--port', String(port), '--seed', '7');
    const second = await startAloneAs(user, '--name', 'two', '--seed', '7');
    expect([first.started.server, first.started.seed]).toEqual([`https://127.0.0.1:${port}`, '7']);
    const coredns = 'get pods -n kube-system -l k8s-app=kube-dns -o name';
    expect(await first.ok(coredns)).toBe(await second.ok(coredns));
    await first.ok('create namespace mine');
    expect((await second.kubectl('get namespace mine')).stderr).toContain('namespaces "mine" not found');
    const listed = (await clusterCommand(user, 'list')) as AloneDocument[];
    expect(listed.map(({ name, state }) => [name, state])).toEqual([
      ['one', 'running'],
      ['two', 'running'],
    ]);
    expect(errorOf(await user.breakfix(['cluster', 'advance', '1m', '--json']))).toMatchObject({
      code: 'CLUSTER_UNKNOWN',
      message: 'there are 2 clusters: one, two',
      fix: 'name one: --name one',
    });
    await clusterCommand(user, 'faults', 'add', 'registry-down', 'registry.k8s.io', '--name', 'two');
    expect(await clusterCommand(user, 'faults', '--name', 'one')).toMatchObject({ faults: [] });
    expect(await clusterCommand(user, 'faults', '--name', 'two')).toMatchObject({
      faults: [{ text: 'registry-down registry.k8s.io' }],
    });
    await clusterCommand(user, 'stop', '--name', 'one');
    expect(existsSync(first.folder)).toBe(false);
    expect((await first.kubectl('get nodes')).code).toBe(1);
    await second.ok('get nodes');
  });

  test.each([
    [['--nodes', '0'], 'NODES_OUT_OF_RANGE'],
    [['--name', '../x'], 'CLUSTER_NAME_INVALID'],
  ])('%j is refused, and nothing is left of it', async (flags, code) => {
    const ended = await user.breakfix(['cluster', 'start', '--json', ...flags]);
    expect([ended.code, errorOf(ended)['code']]).toEqual([2, code]);
    expect(await clusterCommand(user, 'list')).toEqual([]);
  });

  test('a name that is taken, a port that is taken', async () => {
    await startAloneAs(user);
    const again = await user.breakfix(['cluster', 'start', '--json']);
    expect([again.code, errorOf(again)['code']]).toEqual([2, 'CLUSTER_EXISTS']);
    await using taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const other = await user.breakfix([
      'cluster',
      'start',
      '--json',
      '--name',
      'other',
      '--port',
      String(port),
    ]);
    expect([other.code, errorOf(other)['message']]).toEqual([
      3,
      `the port ${port} of cluster other is taken by another program, so it cannot be where kubectl looks for it`,
    ]);
    expect(((await clusterCommand(user, 'list')) as AloneDocument[]).map(({ name }) => name)).toEqual([
      'breakfix',
    ]);
  });
});

describe('advance', () => {
  test('what would happen in that time happens; with headroom it stays in the past, without it warns of the future', async () => {
    const cluster = await startAloneAs(user, '--headroom', '2h');
    expect(cluster.started.behindMs).toBeGreaterThan(7_190_000);
    await cluster.ok(['create', 'job', 'long', '--image=busybox:1.37', '--', 'sleep', '3000']);
    await cluster.ok('wait --for=jsonpath={.status.active}=1 job/long --timeout=60s');
    const ended = await user.breakfix(['cluster', 'advance', '1h']);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    expect(ended.stdout).toMatch(/^it is \S+Z in cluster breakfix: 1h behind the wall\n$/);
    expect(await cluster.ok('get job long -o jsonpath={.status.succeeded}')).toBe('1');
    const ahead = await user.breakfix(['cluster', 'advance', '1h30m']);
    expect(ahead.stderr).toContain('clients will see the future');
    expect(await clusterCommand(user, 'advance', '1s')).toMatchObject({ name: 'breakfix', ahead: true });
  });
});

describe('a process that was killed', () => {
  test('comes back where kubectl knows it, with everything that was done and its clock where it was', async () => {
    const cluster = await startAloneAs(user, '--headroom', '2h');
    await cluster.ok('create namespace mine');
    await clusterCommand(user, 'advance', '10m');
    const kubeconfig = readFileSync(cluster.started.kubeconfig, 'utf8');
    await kill(cluster);
    expect((await cluster.kubectl('get nodes')).code).toBe(1);
    expect(await clusterCommand(user, 'list')).toMatchObject([{ name: 'breakfix', state: 'stopped' }]);
    const other = await user.breakfix(['cluster', 'start', '--nodes', '3', '--json']);
    expect(errorOf(other)['message']).toContain('it would come back as it was');
    const back = await startAloneAs(user);
    expect(back.started.server).toBe(cluster.started.server);
    expect(readFileSync(cluster.started.kubeconfig, 'utf8')).toBe(kubeconfig);
    await cluster.ok('get namespace mine');
    expect(back.started.behindMs).toBeGreaterThan(6_590_000);
    expect(back.started.behindMs).toBeLessThan(6_610_000);
  });
});

describe('reset', () => {
  test('the same cluster anew, for the same kubeconfig, on the same port; also after its process was killed', async () => {
    const cluster = await startAloneAs(user, '--nodes', '2', '--seed', '7', '--headroom', '1h');
    const names = await cluster.ok('get pods -A -o name');
    await cluster.ok('create namespace mine');
    await clusterCommand(user, 'faults', 'add', 'kubelet-down', 'breakfix-worker');
    await clusterCommand(user, 'advance', '2h');
    const { behindMs, ...again } = (await clusterCommand(user, 'reset')) as AloneDocument;
    expect(again).toMatchObject({ server: cluster.started.server, seed: '7', nodes: cluster.started.nodes });
    expect(behindMs).toBeGreaterThan(3_590_000);
    expect((await cluster.kubectl('get namespace mine')).stderr).toContain('not found');
    expect(await cluster.ok('get pods -A -o name')).toBe(names);
    expect(await clusterCommand(user, 'faults')).toMatchObject({ faults: [] });
    await cluster.ok('create namespace mine');
    await kill(cluster);
    await clusterCommand(user, 'reset');
    expect((await cluster.kubectl('get namespace mine')).stderr).toContain('not found');
  });

  test('a log that cannot be replayed: the error says what to do, and that works', async () => {
    const cluster = await startAloneAs(user);
    await cluster.ok('create namespace mine');
    await kill(cluster);
    const log = join(cluster.folder, 'inputs.jsonl');
    writeFileSync(log, readFileSync(log, 'utf8').replace(/"revision":\d+/g, '"revision":1'));
    const ended = await user.breakfix(['cluster', 'start', '--json']);
    expect([ended.code, errorOf(ended)['code']]).toEqual([4, 'LAB_LOG_UNREADABLE']);
    expect(errorOf(ended)['fix']).toContain('breakfix cluster reset --name breakfix');
    await clusterCommand(user, 'reset');
    await cluster.ok('get nodes');
  });
});

describe('faults', () => {
  test('a lost node is NotReady and its pods are unreachable; it outlives a kill and ends by itself', async () => {
    const cluster = await startAloneAs(user, '--nodes', '3', '--headroom', '2h');
    const spec = (name: string, node: string): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: { nodeName: node, containers: [BOX] },
      });
    await cluster.ok('create -f -', { stdin: spec('far', 'breakfix-worker') });
    await cluster.ok('create -f -', { stdin: spec('near', 'breakfix-worker2') });
    await cluster.ok('wait --for=condition=Ready pod --all --timeout=60s');
    const ip = await cluster.ok('get pod far -o jsonpath={.status.podIP}');
    const added = await user.breakfix([
      'cluster',
      'faults',
      'add',
      'node-lost',
      'breakfix-worker',
      '--for',
      '10m',
    ]);
    expect(added.stdout).toBe('node-lost breakfix-worker, for 10m\n');
    const refused = await cluster.kubectl(['exec', 'near', '--', 'nc', '-w', '5', ip, '80']);
    expect(refused.stderr).toContain(`nc: can't connect to remote host (${ip}): No route to host`);
    await clusterCommand(user, 'advance', '1m');
    expect(await cluster.ok('get nodes')).toMatch(/^breakfix-worker +NotReady /m);
    await kill(cluster);
    const listed = await user.breakfix(['cluster', 'faults']);
    expect(listed.stdout).toMatch(/^ {2}node-lost breakfix-worker {2}for 1m\d*s?, ends in 8m\d+s$/m);
    await clusterCommand(user, 'advance', '10m');
    expect(await clusterCommand(user, 'faults')).toMatchObject({ faults: [] });
    expect(await cluster.ok('get nodes')).toMatch(/^breakfix-worker +Ready /m);
  });

  test('latency on what one pod asks, and packets that are lost, until they are removed', async () => {
    const cluster = await startAloneAs(user);
    const pod = (name: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [BOX] } });
    for (const name of ['one', 'two']) await cluster.ok('create -f -', { stdin: pod(name) });
    await cluster.ok('wait --for=condition=Ready pod --all --timeout=60s');
    const ip = await cluster.ok('get pod two -o jsonpath={.status.podIP}');
    const ping = async (): Promise<string> =>
      (await cluster.kubectl(['exec', 'one', '--', 'ping', '-c', '1', ip])).stdout;
    await clusterCommand(user, 'faults', 'add', 'latency', '50ms', '--from', 'default/one');
    expect(await ping()).toMatch(/time=50\.\d+ ms/);
    await clusterCommand(user, 'faults', 'add', 'packet-loss', '100%', '--protocol', 'icmp');
    expect(await ping()).toContain('100% packet loss');
    expect(await clusterCommand(user, 'faults', 'remove', 'packet-loss')).toEqual({
      name: 'breakfix',
      removed: ['packet-loss 100% --protocol icmp'],
    });
    expect(await ping()).toMatch(/time=50\.\d+ ms/);
    await clusterCommand(user, 'faults', 'remove', '--all');
    expect(await ping()).toMatch(/time=0\.\d+ ms/);
  });

  test('what cannot be is refused', async () => {
    await startAloneAs(user);
    const refused = async (...words: string[]): Promise<unknown> => {
      const ended = await user.breakfix(['cluster', ...words, '--json']);
      return [ended.code, errorOf(ended)['code']];
    };
    expect(await refused('faults', 'add', 'node-lost', 'breakfix-control-plane')).toEqual([
      2,
      'FAULT_INVALID',
    ]);
    expect(await refused('faults', 'remove')).toEqual([2, 'FAULT_INVALID']);
    expect(await refused('faults', 'remove', 'latency')).toEqual([2, 'FAULT_UNKNOWN']);
    expect(await refused('advance', 'soon')).toEqual([2, 'DURATION_INVALID']);
  });
});

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as { port: number }).port;
}
