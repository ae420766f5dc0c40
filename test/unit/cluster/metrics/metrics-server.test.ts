import { describe, expect, test } from '@jest/globals';
import { WholeCluster } from '../support/whole-cluster.ts';
import type {
  ApiService,
  Deployment,
  Event,
  HorizontalPodAutoscaler,
  NodeMetrics,
  Pod,
  PodMetrics,
} from '../../../../src/model/objects.ts';
import type { DiscoveryDocument } from '../../../../src/cluster/apiserver/resource-registry.ts';

const MANIFEST = 'manifests/metrics-server/metrics-server.yaml';
const API_SERVICE = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';
const METRICS = '/apis/metrics.k8s.io/v1beta1';
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

const discovered = (cluster: WholeCluster): DiscoveryDocument['items'][number] | undefined =>
  (cluster.send('GET', '/apis', undefined, { accept: DISCOVERY }).body as DiscoveryDocument).items.at(-1);

const availability = (cluster: WholeCluster): string => {
  const [condition] = cluster.get<ApiService>(API_SERVICE).status?.conditions ?? [];
  return `${condition?.status} ${condition?.reason}: ${condition?.message}`;
};

const serverPod = (cluster: WholeCluster): Pod =>
  cluster.list<Pod>('/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dmetrics-server')[0]!;

interface Table {
  columnDefinitions: { name: string }[];
  rows: { cells: unknown[] }[];
}
const table = (cluster: WholeCluster, url: string): Table =>
  cluster.send('GET', url, undefined, { accept: TABLE }).body as Table;

const busy = (name: string, script: string, more: object = {}): Parameters<WholeCluster['create']>[0] => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } } as never,
  spec: { containers: [{ name: 'main', image: 'busybox:1.37', command: ['sh', '-c', script], ...more }] },
});

async function installed(...pods: Parameters<WholeCluster['create']>[0][]): Promise<WholeCluster> {
  const cluster = new WholeCluster();
  await cluster.seconds(20);
  for (const pod of pods) cluster.create(pod);
  cluster.createAll(MANIFEST);
  await cluster.until(90, () => (availability(cluster).startsWith('True') ? true : undefined));
  return cluster;
}

describe('without metrics-server', () => {
  test('there is no metrics.k8s.io', () => {
    const cluster = new WholeCluster();
    expect(cluster.send('GET', `${METRICS}/nodes`).status).toBe(404);
    expect(cluster.send('GET', '/apis/metrics.k8s.io').status).toBe(404);
    const { groups } = cluster.get<{ groups: { name: string }[] }>('/apis');
    expect(groups.map(({ name }) => name)).not.toContain('metrics.k8s.io');
  });
});

describe('metrics-server', () => {
  test('is available when it has scraped twice, and served in discovery', async () => {
    const cluster = new WholeCluster();
    await cluster.seconds(20);
    cluster.createAll(MANIFEST);
    await cluster.seconds(1);
    expect(availability(cluster)).toBe(
      'False MissingEndpoints: endpointslices for service/metrics-server in "kube-system" have no addresses with ' +
        'port name "https"',
    );
    expect(cluster.send('GET', `${METRICS}/nodes`)).toMatchObject({
      status: 503,
      text: 'service unavailable\n',
    });
    const stale = discovered(cluster);
    expect(stale).toEqual({
      metadata: { name: 'metrics.k8s.io' },
      versions: [{ version: 'v1beta1', freshness: 'Stale' }],
    });
    await cluster.until(90, () => (availability(cluster).startsWith('True') ? true : undefined));
    expect(availability(cluster)).toBe('True Passed: all checks passed');
    const pod = serverPod(cluster);
    const started = Date.parse(pod.status.containerStatuses?.[0]?.state.running?.startedAt ?? '');
    const ready = pod.status.conditions?.find(({ type }) => type === 'Ready');
    // Its first probe comes after 20 s.
    expect(Date.parse(ready?.lastTransitionTime ?? '') - started).toBeGreaterThanOrEqual(20_000);
    expect(cluster.get<{ resources: object[] }>(METRICS).resources).toMatchObject([
      { name: 'nodes', kind: 'NodeMetrics', namespaced: false, verbs: ['get', 'list'] },
      { name: 'pods', kind: 'PodMetrics', namespaced: true, verbs: ['get', 'list'] },
    ]);
    const current = discovered(cluster);
    expect(current?.versions).toMatchObject([
      { freshness: 'Current', resources: [{ resource: 'nodes' }, {}] },
    ]);
  });

  test('tells what pods use, a scrape late', async () => {
    const cluster = await installed(
      busy('spins', 'while :; do :; done', { resources: { limits: { cpu: '25m' } } }),
    );
    await cluster.seconds(30);
    const spins = cluster.get<PodMetrics>(`${METRICS}/namespaces/default/pods/spins`);
    expect(spins).toMatchObject({
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: { name: 'spins', namespace: 'default', labels: { app: 'spins' } },
      window: expect.stringMatching(/^1\d(\.\d+)?s$/),
      containers: [
        {
          name: 'main',
          usage: { cpu: expect.stringMatching(/^2[45]\d{6}n$/), memory: expect.stringMatching(/Ki$/) },
        },
      ],
    });
    cluster.create(busy('late', 'sleep 1000'));
    await cluster.seconds(3);
    expect(cluster.send('GET', `${METRICS}/namespaces/default/pods/late`)).toMatchObject({
      status: 404,
      body: { message: 'podmetrics.metrics.k8s.io "default/late" not found', reason: 'NotFound' },
    });
    expect(cluster.send('GET', `${METRICS}/namespaces/default/pods/nobody`).body.message).toBe(
      'pods "nobody" not found',
    );
    await cluster.seconds(31);
    expect(cluster.list<PodMetrics>(`${METRICS}/namespaces/default/pods`)).toHaveLength(2);
    const selected = cluster.list<PodMetrics>(`${METRICS}/pods?labelSelector=app%3Dlate`);
    expect(selected.map(({ metadata }) => metadata.name)).toEqual(['late']);
    expect(selected[0]?.containers[0]?.usage['cpu']).toMatch(/^(0|\d{1,7}n)$/);
    const { columnDefinitions, rows } = table(cluster, `${METRICS}/namespaces/default/pods`);
    expect(columnDefinitions.map(({ name }) => name)).toEqual(['Name', 'cpu', 'memory', 'Window']);
    expect(rows[1]?.cells[0]).toBe('spins');
  });

  test('and nodes: their containers and their own system', async () => {
    const cluster = await installed(
      busy('spins', 'while :; do :; done', { resources: { limits: { cpu: '60m' } } }),
    );
    await cluster.seconds(30);
    const nodes = cluster.list<NodeMetrics>(`${METRICS}/nodes`);
    const cores = Object.fromEntries(
      nodes.map(({ metadata, usage }) => [metadata.name, Number.parseInt(String(usage['cpu']), 10) / 1e9]),
    );
    expect(cores['worker']).toBeGreaterThan(0.1);
    expect(cores['worker']).toBeLessThan(0.13);
    expect(cores['control-plane']).toBeLessThan(0.06);
  });

  test('that goes away takes its API with it', async () => {
    const cluster = await installed();
    const deployment = '/apis/apps/v1/namespaces/kube-system/deployments/metrics-server';
    const scaled = cluster.send(
      'PATCH',
      `${deployment}/scale`,
      { spec: { replicas: 0 } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );
    expect(scaled.status).toBe(200);
    await cluster.seconds(5);
    expect(availability(cluster)).toMatch(/^False MissingEndpoints: /);
    expect(cluster.send('GET', `${METRICS}/pods`)).toMatchObject({
      status: 503,
      text: 'service unavailable\n',
    });
    expect(cluster.send('GET', METRICS).status).toBe(503);
    cluster.send('DELETE', '/api/v1/namespaces/kube-system/services/metrics-server');
    await cluster.seconds(1);
    expect(availability(cluster)).toBe(
      'False ServiceNotFound: service/metrics-server in "kube-system" is not present',
    );
    cluster.send('DELETE', API_SERVICE);
    expect(cluster.send('GET', `${METRICS}/pods`).status).toBe(404);
  });

  test('that may not trust the kubelets never gets ready', async () => {
    const cluster = new WholeCluster();
    await cluster.seconds(20);
    cluster.createAll(MANIFEST);
    const deployment = '/apis/apps/v1/namespaces/kube-system/deployments/metrics-server';
    const patch = [
      { op: 'replace', path: '/spec/template/spec/containers/0/args', value: ['--metric-resolution=15s'] },
    ];
    cluster.send('PATCH', deployment, patch, { 'content-type': 'application/json-patch+json' });
    await cluster.seconds(120);
    const pod = serverPod(cluster);
    expect(pod.status.containerStatuses?.[0]).toMatchObject({ ready: false, restartCount: 0 });
    const log = cluster.send('GET', `/api/v1/namespaces/kube-system/pods/${pod.metadata.name}/log`).text;
    expect(log).toContain(
      `"Failed to scrape node" err="Get \\"https://172.18.0.3:10250/metrics/resource\\": tls: failed to verify certificate: ` +
        `x509: cannot validate certificate for 172.18.0.3 because it doesn't contain any IP SANs" node="worker"`,
    );
    const events = cluster.list<Event>('/api/v1/namespaces/kube-system/events');
    expect(events.map(({ message }) => message)).toContain(
      'Readiness probe failed: HTTP probe failed with statuscode: 500',
    );
  });

  test('lets an autoscaler work, from the use of real programs', async () => {
    const cluster = new WholeCluster();
    await cluster.seconds(20);
    cluster.createAll(MANIFEST);
    const container = {
      name: 'main',
      image: 'busybox:1.37',
      command: ['sh', '-c', 'while :; do :; done'],
      resources: { requests: { cpu: '20m' }, limits: { cpu: '40m' } },
    };
    cluster.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' } as never,
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } },
      },
    });
    cluster.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'default' } as never,
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 3 },
    });
    const autoscaler = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web';
    await cluster.until(200, () =>
      cluster.get<HorizontalPodAutoscaler>(autoscaler).status.desiredReplicas === 3 ? true : undefined,
    );
    const event = cluster
      .list<Event>('/api/v1/namespaces/default/events')
      .find(({ reason }) => reason === 'SuccessfulRescale');
    expect(event?.message).toBe(
      'New size: 3; reason: cpu resource utilization (percentage of request) above target',
    );
    const deployment = cluster.get<Deployment>('/apis/apps/v1/namespaces/default/deployments/web');
    expect(deployment.spec.replicas).toBe(3);
    expect(
      deployment.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource]),
    ).toContainEqual(['kube-controller-manager', 'scale']);
    await cluster.seconds(60);
    const cells = table(cluster, autoscaler).rows[0]?.cells;
    expect(cells?.slice(0, 6)).toEqual([
      'web',
      'Deployment/web',
      expect.stringMatching(/^cpu: (19\d|200)%\/80%$/),
      '1',
      3,
      3,
    ]);
  });
});
