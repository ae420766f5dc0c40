import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { Container, Pod, PodSpec, StorageClass } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { startScheduler } from '../../../../src/cluster/scheduler/scheduler.ts';
import { refusedByPolicy } from '../support/fake-api.ts';
import { World, node, pod, podSpec } from '../support/world.ts';

const started = (...nodes: Parameters<typeof node>[]): World => {
  const world = new World();
  for (const parameters of nodes) world.api.create(resources.nodes, node(...parameters));
  startScheduler({ simulation: world.simulation, api: world.api });
  return world;
};
const workers = (count: number): Parameters<typeof node>[] =>
  Array.from({ length: count }, (_, index) => [`worker${index + 1}`]);
const get = (world: World, name: string): Pod => world.api.get(resources.pods, 'shop', name)!;
const asking = (requests: Record<string, string>): Partial<PodSpec> => ({
  containers: [{ ...(podSpec().containers[0] as Container), resources: { requests } }],
});
const message = (world: World, name: string): string =>
  get(world, name).status.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
const HELPLESS = (count: number): string =>
  `no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;

describe('scheduler', () => {
  test('binds a pod and tells so', async () => {
    const world = started(['worker']);
    world.api.create(resources.pods, pod('web'));
    await world.seconds(1);
    expect(get(world, 'web').spec.nodeName).toBe('worker');
    expect(world.events()).toEqual(['Normal Scheduled web: Successfully assigned shop/web to worker']);
    const [event] = world.api.list(resources.events);
    expect(event).toMatchObject({
      source: { component: 'default-scheduler' },
      reportingComponent: 'default-scheduler',
      reportingInstance: '',
      eventTime: null,
      count: 1,
    });
  });

  test('says why no node will do', async () => {
    const world = started(
      ['worker1'],
      ['worker2'],
      ['control-plane', { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }],
    );
    world.api.create(resources.pods, pod('big', asking({ cpu: '3' })));
    world.api.create(resources.pods, pod('big2', asking({ cpu: '3' })));
    await world.seconds(1);
    world.api.create(resources.pods, pod('big3', asking({ cpu: '3' })));
    world.api.create(resources.pods, pod('huge', asking({ cpu: '500', memory: '1Ti' })));
    world.api.create(resources.pods, pod('gpu', asking({ 'example.com/gpu': '1' })));
    world.api.create(resources.pods, pod('ssd', { nodeSelector: { disk: 'ssd' } }));
    await world.seconds(1);
    expect(message(world, 'big3')).toBe(
      '0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
    );
    expect(message(world, 'huge')).toBe(
      `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory. ${HELPLESS(3)}`,
    );
    expect(message(world, 'gpu')).toBe(
      `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient example.com/gpu. ${HELPLESS(3)}`,
    );
    expect(message(world, 'ssd')).toBe(
      `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 node(s) didn't match Pod's node affinity/selector. ${HELPLESS(3)}`,
    );
    expect(get(world, 'huge').status.conditions).toEqual([
      {
        type: 'PodScheduled',
        status: 'False',
        reason: 'Unschedulable',
        message: message(world, 'huge'),
        lastProbeTime: null,
        lastTransitionTime: '2026-01-01T00:00:01Z',
        observedGeneration: 1,
      },
    ]);
    expect(world.events()).toContain(`Warning FailedScheduling huge: ${message(world, 'huge')}`);
  });

  test('without nodes there is one sentence', async () => {
    const world = started();
    world.api.create(resources.pods, pod('web'));
    await world.seconds(1);
    expect(message(world, 'web')).toBe('no nodes available to schedule pods');
    world.api.create(resources.nodes, node('worker'));
    await world.seconds(1);
    expect(get(world, 'web').spec.nodeName).toBe('worker');
  });

  test('claims that are missing or unbound end in the words of another plugin', async () => {
    const world = started(['worker']);
    const claim = (name: string, storageClassName: string): void => {
      world.api.create(resources.persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: 'shop' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
          volumeMode: 'Filesystem',
          storageClassName,
        },
      });
    };
    claim('unbound', '');
    const using = (claimName: string): Partial<PodSpec> => ({
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    });
    world.api.create(resources.pods, pod('a', using('data')));
    world.api.create(resources.pods, pod('b', using('unbound')));
    await world.seconds(1);
    expect(message(world, 'a')).toBe(
      '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
    );
    expect(message(world, 'b')).toBe(
      '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found',
    );
    const waiting: Omit<StorageClass, 'metadata'> = {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      provisioner: 'rancher.io/local-path',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    };
    world.api.create(resources.storageClasses, { ...waiting, metadata: { name: 'standard' } });
    claim('data', 'standard');
    await world.seconds(1);
    // The node is chosen, and the pod waits for its volume.
    const chosen = world.api.get(resources.persistentVolumeClaims, 'shop', 'data')!;
    expect(chosen.metadata.annotations).toEqual({ 'volume.kubernetes.io/selected-node': 'worker' });
    expect(get(world, 'a').spec.nodeName).toBeUndefined();
    world.api.update(
      resources.persistentVolumeClaims,
      edit(chosen, (draft) => {
        draft.spec.volumeName = 'pv';
        draft.metadata.annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
      }),
    );
    await world.seconds(1);
    expect(get(world, 'a').spec.nodeName).toBe('worker');
  });

  test('pods of a DaemonSet name their node', async () => {
    const world = started(...workers(3));
    const to = (name: string): Partial<PodSpec> => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
          },
        },
      },
    });
    world.api.create(resources.pods, pod('a', to('worker2')));
    world.api.create(resources.pods, pod('b', { ...to('worker3'), ...asking({ cpu: '100' }) }));
    await world.seconds(1);
    expect(get(world, 'a').spec.nodeName).toBe('worker2');
    expect(message(world, 'b')).toBe(
      `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${HELPLESS(3)}`,
    );
  });

  test('spreads the pods of a workload', async () => {
    const world = started(...workers(3));
    world.api.create(resources.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { type: 'ClusterIP', sessionAffinity: 'None', selector: { app: 'web' } },
    });
    for (let index = 0; index < 6; index++) {
      world.api.create(resources.pods, pod(`web-${index}`, {}, { labels: { app: 'web' } }));
    }
    await world.seconds(1);
    const nodes = world.pods().map(({ spec }) => spec.nodeName);
    for (const name of ['worker1', 'worker2', 'worker3']) {
      expect(nodes.filter((other) => other === name)).toHaveLength(2);
    }
  });

  test('affinity, anti-affinity and topology spread', async () => {
    const world = started(...workers(2));
    const term = (app: string) => ({
      labelSelector: { matchLabels: { app } },
      topologyKey: 'kubernetes.io/hostname',
    });
    const apart: Partial<PodSpec> = {
      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('db')] } },
    };
    for (const name of ['db-0', 'db-1', 'db-2']) {
      world.api.create(resources.pods, pod(name, apart, { labels: { app: 'db' } }));
    }
    world.api.create(
      resources.pods,
      pod('friend', {
        affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('nobody')] } },
      }),
    );
    await world.seconds(1);
    expect(new Set([get(world, 'db-0').spec.nodeName, get(world, 'db-1').spec.nodeName]).size).toBe(2);
    expect(message(world, 'db-2')).toBe(
      "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    );
    expect(message(world, 'friend')).toBe(
      `0/2 nodes are available: 2 node(s) didn't match pod affinity rules. ${HELPLESS(2)}`,
    );
    const spread = (topologyKey: string): Partial<PodSpec> => ({
      nodeSelector: { 'kubernetes.io/hostname': 'worker1' },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 's' } },
        },
      ],
    });
    world.api.create(resources.pods, pod('zone', spread('zone'), { labels: { app: 's' } }));
    await world.seconds(1);
    expect(message(world, 'zone')).toBe(
      `0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match pod topology spread constraints (missing required label). ${HELPLESS(2)}`,
    );
  });

  test('waits while a policy keeps the pod whose place it would take, and tries again', async () => {
    const world = started(['worker']).kubelets();
    world.api.create(resources.pods, pod('low', { ...asking({ cpu: '3' }), priority: 0 }));
    await world.seconds(3);
    world.api.refuse = (verb, _resource, { metadata }) => {
      if (verb === 'delete' && metadata.name === 'low') throw refusedByPolicy();
    };
    world.api.create(resources.pods, pod('high', { ...asking({ cpu: '3' }), priority: 1000 }));
    await world.seconds(5);
    expect(get(world, 'high').status.nominatedNodeName).toBeUndefined();
    expect(get(world, 'low').metadata.deletionTimestamp).toBeUndefined();
    expect(world.events().some((event) => event.includes('Preempted'))).toBe(false);
    world.api.refuse = () => {};
    await world.seconds(20);
    expect(get(world, 'high').spec.nodeName).toBe('worker');
  });

  test('takes the place of less important pods', async () => {
    const world = started(['worker']).kubelets();
    world.api.create(resources.pods, pod('low', { ...asking({ cpu: '3' }), priority: 0 }));
    world.api.create(resources.pods, pod('tiny', { ...asking({ cpu: '500m' }), priority: 0 }));
    await world.seconds(3);
    world.api.create(resources.pods, pod('high', { ...asking({ cpu: '3' }), priority: 1000 }));
    await world.seconds(0.05);
    const high = get(world, 'high');
    expect(high.status.nominatedNodeName).toBe('worker');
    expect(message(world, 'high')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
    expect(get(world, 'low').metadata.deletionTimestamp).toBeDefined();
    expect(
      get(world, 'low').status.conditions?.find(({ type }) => type === 'DisruptionTarget'),
    ).toMatchObject({
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    });
    expect(world.events()).toContain(
      `Normal Preempted low: Preempted by pod ${high.metadata.uid} on node worker`,
    );
    await world.seconds(1);
    expect(get(world, 'high').spec.nodeName).toBe('worker');
    expect(get(world, 'tiny').metadata.deletionTimestamp).toBeUndefined();
  });

  test('a pod that must not preempt waits', async () => {
    const world = started(['worker']);
    world.api.create(resources.pods, pod('low', asking({ cpu: '3' })));
    await world.seconds(1);
    world.api.create(
      resources.pods,
      pod('polite', { ...asking({ cpu: '3' }), priority: 10, preemptionPolicy: 'Never' }),
    );
    await world.seconds(1);
    expect(message(world, 'polite')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  test('important pods come first, whenever they came', async () => {
    const world = started();
    for (const [name, priority] of [
      ['a', 0],
      ['b', 100],
      ['c', 50],
    ] as const) {
      world.api.create(resources.pods, pod(name, { priority }));
    }
    world.api.create(resources.nodes, node('worker'));
    const order: string[] = [];
    world.api.watch(resources.pods, ({ type, object }) => {
      if (type === 'MODIFIED' && object.spec.nodeName !== undefined) order.push(object.metadata.name);
    });
    await world.seconds(1);
    expect(order).toEqual(['b', 'c', 'a']);
  });

  test('leaves gated pods and those of other schedulers alone', async () => {
    const world = started(['worker']);
    world.api.create(resources.pods, pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    world.api.create(resources.pods, pod('other', { schedulerName: 'mine' }));
    await world.seconds(1);
    expect(world.events()).toEqual([]);
    world.api.update(
      resources.pods,
      edit(get(world, 'gated'), (draft) => {
        delete draft.spec.schedulingGates;
      }),
    );
    await world.seconds(1);
    expect(get(world, 'gated').spec.nodeName).toBe('worker');
    expect(get(world, 'other').spec.nodeName).toBeUndefined();
  });

  test('tries again when something helps, or after five minutes', async () => {
    const world = started(['worker', { unschedulable: true }]);
    world.api.create(resources.pods, pod('web'));
    await world.seconds(60);
    expect(message(world, 'web')).toBe(
      `0/1 nodes are available: 1 node(s) were unschedulable. ${HELPLESS(1)}`,
    );
    expect(world.events()).toHaveLength(1);
    await world.seconds(245);
    expect(world.events()[0]).toMatch(/ x2$/);
    world.api.update(
      resources.nodes,
      edit(world.api.get(resources.nodes, undefined, 'worker')!, (draft) => {
        delete draft.spec.unschedulable;
      }),
    );
    await world.seconds(1);
    expect(get(world, 'web').spec.nodeName).toBe('worker');
  });

  test('host ports and the number of pods are limits', async () => {
    const world = started(['worker']);
    const port = (hostPort: number): Partial<PodSpec> => ({
      containers: [
        {
          ...(podSpec().containers[0] as Container),
          ports: [{ containerPort: 80, hostPort, protocol: 'TCP' }],
        },
      ],
    });
    world.api.create(resources.pods, pod('a', port(80)));
    await world.seconds(1);
    world.api.create(resources.pods, pod('b', port(80)));
    world.api.create(resources.pods, pod('c', port(81)));
    await world.seconds(1);
    expect(message(world, 'b')).toBe(
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.",
    );
    expect(get(world, 'c').spec.nodeName).toBe('worker');
  });
});
