import { describe, expect, test } from '@jest/globals';
import { canRollOut, endpointsServe, podsOf, rolloutComplete } from '../../../src/checks/workloads.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';
import { labView, object, type TestView, workload } from './support.ts';

const of = { namespace: 'shop', name: 'refunds' };
const labels = { app: 'refunds' };
const ready = (podIP: string) => ({ podIP, conditions: [{ type: 'Ready', status: 'True' }] });
const service = (spec: object = {}, metadata: object = {}) =>
  object('v1', 'Service', 'refunds@shop', {
    metadata,
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }], ...spec },
  });
const container = {
  name: 'refunds',
  ports: [{ name: 'http', containerPort: 8080 }],
  env: [{ name: 'PORT', value: '8081' }],
};
const helper = { name: 'helper', ports: [{ name: 'other', containerPort: 9090 }] };
const slice = (name: string, addresses: readonly string[], by?: string) =>
  object('discovery.k8s.io/v1', 'EndpointSlice', `${name}@shop`, {
    metadata: {
      labels: {
        'kubernetes.io/service-name': 'refunds',
        ...(by === undefined ? {} : { 'endpointslice.kubernetes.io/managed-by': by }),
      },
    },
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ port: 8080 }],
  });
const kept = slice('refunds-x', ['10.244.1.2', '10.244.1.3'], 'endpointslice-controller.k8s.io');

const shop = (): Promise<TestView> =>
  labView([
    ...workload(
      'refunds@shop',
      { containers: [helper, container] },
      [ready('10.244.1.2'), ready('10.244.1.3')],
      labels,
    ),
    service(),
    kept,
  ]);

describe('endpointsServe', () => {
  test('passes where a Service leads to all pods', async () => {
    expect(await endpointsServe(of).look(await shop())).toEqual({
      status: 'pass',
      seen: 'it leads to 2 ready pods',
    });
  });

  test.each([8080, 8081])(
    'passes where callers get to port %d, where its program may listen',
    async (targetPort) => {
      const view = await shop();
      await view.put(
        service({
          ports: [
            { name: 'metrics', port: 81, targetPort: 9090 },
            { port: 80, targetPort },
          ],
        }),
      );
      expect(await endpointsServe(of).look(view)).toMatchObject({ status: 'pass' });
    },
  );

  test('does not count pods that are over', async () => {
    const view = await shop();
    const evicted = { ...workload('refunds@shop', {}, [{ phase: 'Failed' }], labels).at(-1) };
    await view.put({ ...evicted, metadata: { ...evicted.metadata, name: 'refunds-evicted' } } as Manifest);
    const deployment = await view.kube.get(resources.deployments, 'shop', 'refunds');
    if (deployment === undefined) throw new Error('no deployment');
    expect((await podsOf(view, deployment)).current).toHaveLength(2);
  });

  test.each([
    [
      'its slices are all that is left of a selector',
      [service({ selector: undefined })],
      'service/refunds has no selector, so it would not lead to new pods',
    ],
    [
      'it is being deleted',
      [service({}, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] })],
      'service/refunds is being deleted',
    ],
    [
      'it is only another name',
      [service({ type: 'ExternalName', externalName: 'payments.shop.svc.cluster.local' })],
      'service/refunds is only another name for payments.shop.svc.cluster.local (type ExternalName)',
    ],
    [
      'it selects what a new pod would not have',
      [service({ selector: { ...labels, only: 'these' } })],
      'service/refunds would not lead to new pods: its selector does not match their labels',
    ],
    [
      'the right addresses are in a slice that nobody keeps',
      [slice('by-hand', ['10.244.1.2'])],
      'endpointslice/by-hand was written by hand, so new pods are not added to it',
    ],
    [
      'callers get to another container of its pods',
      [service({ ports: [{ port: 80, targetPort: 'other' }] })],
      'service/refunds leads to port other, which is not a port of container refunds',
    ],
    [
      'callers get to a port that no container names',
      [service({ ports: [{ port: 80, targetPort: 9090 }] })],
      'service/refunds leads to port 9090, which is not a port of container refunds',
    ],
    [
      'there is an address that is of no pod',
      [slice('refunds-y', ['10.244.1.250'], 'endpointslice-controller.k8s.io')],
      'it leads to 1 addresses that belong to no ready pod of the newest template',
    ],
    [
      'one is missing',
      [slice('refunds-x', ['10.244.1.2'], 'endpointslice-controller.k8s.io')],
      'it leads to 1 ready pods; there were 2 before',
    ],
  ])('fails where %s', async (_what, changed, seen) => {
    const view = await shop();
    await view.put(...changed);
    expect(await endpointsServe(of).look(view)).toEqual({ status: 'fail', seen });
  });
});

describe('rolloutComplete', () => {
  const whole = async (image: string): Promise<TestView> => {
    const objects = workload(
      'refunds@shop',
      { containers: [{ ...container, image: 'shop:1' }] },
      [{}],
      labels,
    );
    const [deployment, ...rest] = objects;
    const pod = rest.at(-1);
    const status = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    return labView([
      { ...deployment, status } as unknown as Manifest,
      ...rest.slice(0, -1),
      { ...pod, spec: { containers: [{ ...container, image }] } } as unknown as Manifest,
    ]);
  };

  test('with pods that are what the template makes', async () => {
    expect(await rolloutComplete(of).look(await whole('shop:1'))).toMatchObject({ status: 'pass' });
  });

  test('but not with one that was given another image, which the next one will not have', async () => {
    expect(await rolloutComplete(of).look(await whole('shop:2'))).toEqual({
      status: 'fail',
      seen: expect.stringMatching(/^pod\/refunds-\S+ has another image than its template$/),
    });
  });
});

describe('canRollOut', () => {
  const node = (name: string, spec: object = {}) => object('v1', 'Node', name, { spec });
  const taints = [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }];
  const nodes = [node('one', { taints }), node('two'), node('three'), node('four', { unschedulable: true })];
  const alone = (of: object, keys: object = {}) => ({
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: of }, topologyKey: 'kubernetes.io/hostname', ...keys },
      ],
    },
  });
  const rolling = (maxUnavailable: number | string, maxSurge: number | string) => ({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable, maxSurge },
  });
  const seen = async (affinity: object, strategy: object, replicas = 2, more: object = {}) => {
    const template = { metadata: { labels }, spec: { containers: [container], affinity, ...more } };
    const spec = { replicas, selector: { matchLabels: labels }, template, strategy };
    const deployment = object('apps/v1', 'Deployment', 'refunds@shop', { spec, status: {} });
    return canRollOut(of).look(await labView([deployment, ...nodes]));
  };

  test('fails where every node has a pod, takes no second one, and none may end first', async () => {
    expect(await seen(alone(labels), rolling(0, 1))).toEqual({
      status: 'fail',
      seen: 'no old pod may end first (maxUnavailable), and each of the 2 nodes already has a pod',
    });
  });

  test('fails where pods take ports of their nodes, of which all have one; who bears a taint has a node more', async () => {
    const ports = [{ containerPort: 53, protocol: 'UDP' }];
    const host = { hostNetwork: true, containers: [{ ...container, ports }] };
    expect(await seen({}, rolling(0, 1), 2, host)).toMatchObject({ status: 'fail' });
    expect(await seen({}, rolling(1, 1), 2, host)).toMatchObject({ status: 'pass' });
    const tolerations = [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }];
    expect(await seen({}, rolling(0, 1), 2, { ...host, tolerations })).toMatchObject({ status: 'pass' });
    expect(await seen({}, rolling(0, 1), 3, { ...host, tolerations })).toMatchObject({ status: 'fail' });
    const hostPort = { containers: [{ ...container, ports: [{ ...ports[0], hostPort: 53 }] }] };
    expect(await seen({}, rolling(0, 1), 2, hostPort)).toMatchObject({ status: 'fail' });
  });

  test.each([{ matchLabelKeys: ['app'] }, { mismatchLabelKeys: ['pod-template-hash'] }])(
    'fails where pods of the next rollout are kept apart, too: %j',
    async (keys) => {
      expect(await seen(alone(labels, keys), rolling(0, 1))).toMatchObject({ status: 'fail' });
    },
  );

  test('pods that wait for a node are among those that may be away', async () => {
    expect(await seen(alone(labels), rolling(1, 1), 3)).toMatchObject({ status: 'fail' });
    expect(await seen(alone(labels), rolling(2, 1), 3)).toMatchObject({ status: 'pass' });
  });

  test('a part of a pod that may be away is none', async () => {
    expect(await seen(alone(labels), rolling('25%', '25%'))).toMatchObject({ status: 'fail' });
    expect(await seen(alone(labels), rolling('50%', '25%'))).toMatchObject({ status: 'pass' });
  });

  test.each([
    ['a pod may end first', alone(labels), rolling(1, 0), 2],
    ['all pods end first', alone(labels), { type: 'Recreate' }, 2],
    ['nothing may be more and nothing less, so that one may be away', alone(labels), rolling('25%', '0%'), 2],
    ['a node has none', alone(labels), rolling(0, 1), 1],
    ['pods may share a node', {}, rolling(0, 1), 2],
    ['others are kept away only', alone({ app: 'fx' }), rolling(0, 1), 2],
    ['its own rollout only', alone(labels, { matchLabelKeys: ['pod-template-hash'] }), rolling(0, 1), 2],
    ['who has another value only', alone(labels, { mismatchLabelKeys: ['app'] }), rolling(0, 1), 2],
  ])('passes where %s', async (_, affinity, strategy, replicas) => {
    expect(await seen(affinity, strategy, replicas)).toMatchObject({ status: 'pass' });
  });
});
