import { edit } from '../../../../src/core/json.ts';
import type {
  Deployment,
  Event,
  NewObject,
  Node,
  Pod,
  PodSpec,
  StatefulSet,
} from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { StatusError } from '../../../../src/cluster/api.ts';
import type { Api } from '../../../../src/cluster/api.ts';
import type { PodMetricsSource } from '../../../../src/cluster/controllers/autoscaling/resource-metrics.ts';
import type { AccessReview } from '../../../../src/cluster/controllers/controller.ts';
import { createSigner } from '../../../../src/cluster/certificates/signer.ts';
import { startControllers } from '../../../../src/cluster/controllers/index.ts';
import type { ControllerName } from '../../../../src/cluster/controllers/index.ts';
import { MILLISECOND, SECOND, Simulation } from '../../../../src/cluster/simulation/simulation.ts';
import { FakeApi } from './fake-api.ts';

/** 2026-01-01T00:00:00Z */
export const EPOCH = 1_767_225_600_000_000;

/** A simulation, an API and some controllers. */
export class World<A extends Api = FakeApi> {
  readonly simulation = new Simulation({ seed: 'test', epoch: EPOCH });
  readonly api: A;

  /** What metrics.k8s.io answers; a cluster without it until a test says otherwise. */
  podMetrics: PodMetricsSource = () => {
    throw new StatusError({
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      message: 'the server could not find the requested resource (get pods.metrics.k8s.io)',
      reason: 'NotFound',
      code: 404,
    });
  };

  /** Nobody may do anything until a test says otherwise. */
  isAllowed: AccessReview = () => false;

  constructor(makeApi?: (simulation: Simulation) => A) {
    this.api = makeApi === undefined ? (new FakeApi(this.simulation) as Api as A) : makeApi(this.simulation);
  }

  start(...names: ControllerName[]): this {
    startControllers({
      simulation: this.simulation,
      apiFor: () => this.api,
      resources: () => Object.values(resources),
      rootCertificate: 'PEM',
      secretToken: ({ namespace, serviceAccount, secret }) =>
        `token of ${namespace}/${serviceAccount} in ${secret}`,
      certificateSigner: createSigner('test', EPOCH / SECOND),
      podMetrics: (namespace, selector) => this.podMetrics(namespace, selector),
      isAllowed: (user, attributes) => this.isAllowed(user, attributes),
      ...(names.length === 0 ? {} : { only: names }),
    });
    return this;
  }

  async seconds(count: number): Promise<void> {
    await this.simulation.advanceTo(this.simulation.now + Math.round(count * SECOND));
  }

  /** Stands in for kubelets: pods with a node become Running and Ready after `delay`, deleted ones go. */
  kubelets(options: { delay?: number; ready?: (pod: Pod) => boolean } = {}): this {
    const { simulation, api } = this;
    let address = 1;
    api.watch(resources.pods, ({ type, object }) => {
      const { namespace, name, uid } = object.metadata;
      if (type === 'DELETED' || object.spec.nodeName === undefined) return;
      if (object.metadata.deletionTimestamp !== undefined) {
        simulation.after(100 * MILLISECOND, 'kubelet', () => {
          const pod = api.get(resources.pods, namespace, name);
          if (pod?.metadata.uid === uid) {
            api.delete(resources.pods, namespace, name, { gracePeriodSeconds: 0 });
          }
        });
        return;
      }
      if (object.status.podIP !== undefined) return;
      simulation.after((options.delay ?? 1) * SECOND, 'kubelet', () => {
        const pod = api.get(resources.pods, namespace, name);
        if (pod?.metadata.uid !== uid || pod.status.podIP !== undefined) return;
        const isReady = options.ready?.(pod) ?? true;
        setPodStatus(api, pod, simulation.timestamp(), isReady, `10.244.0.${address++}`);
      });
    });
    return this;
  }

  /** Stands in for the scheduler: every pod goes to `node`. */
  binds(node = 'worker'): this {
    this.api.watch(resources.pods, ({ type, object }) => {
      if (type !== 'ADDED' || object.spec.nodeName !== undefined) return;
      if (this.api.get(resources.pods, object.metadata.namespace, object.metadata.name) === undefined) return;
      this.api.bind(object.metadata.namespace ?? '', object.metadata.name, node);
    });
    return this;
  }

  /** `Type Reason object: message` (and `xN`) of every event, in order of their first occurrence. */
  events(kind?: string): string[] {
    return this.api
      .list(resources.events)
      .filter((event) => kind === undefined || event.involvedObject.kind === kind)
      .sort((a, b) => Number(a.metadata.uid > b.metadata.uid) || 0)
      .sort((a, b) => eventInstant(a) - eventInstant(b))
      .map(
        (event) =>
          `${event.type} ${event.reason} ${event.involvedObject.name ?? ''}: ${event.message}${(event.count ?? 1) > 1 ? ` x${event.count ?? 1}` : ''}`,
      );
  }

  pods(namespace = 'shop'): readonly Pod[] {
    return this.api.list(resources.pods, { namespace });
  }
}

function eventInstant(event: Event): number {
  return Number(BigInt(`0x${event.metadata.name.split('.').at(-1) ?? '0'}`) / 1000n);
}

export function setPodStatus(api: Api, pod: Pod, timestamp: string, isReady: boolean, ip: string): Pod {
  return api.updateStatus(
    resources.pods,
    edit(pod, (draft) => {
      draft.status.phase = 'Running';
      draft.status.startTime ??= timestamp;
      draft.status.podIP = ip;
      draft.status.podIPs = [{ ip }];
      draft.status.conditions = [
        ...(draft.status.conditions ?? []).filter(({ type }) => type !== 'Ready'),
        { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: timestamp },
      ];
    }),
  );
}

export function podSpec(overrides: Partial<PodSpec> = {}): PodSpec {
  return {
    containers: [
      {
        name: 'app',
        image: 'nginx:1.29',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    ...overrides,
  };
}

export function deployment(name: string, spec: Partial<Deployment['spec']> = {}): NewObject<Deployment> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec() },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...spec,
    },
  };
}

export function statefulSet(name: string, spec: Partial<StatefulSet['spec']> = {}): NewObject<StatefulSet> {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas: 2,
      serviceName: name,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec() },
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      ...spec,
    },
  };
}

export function pod(
  name: string,
  spec: Partial<PodSpec> = {},
  metadata: Partial<Pod['metadata']> = {},
): NewObject<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: podSpec(spec),
  };
}

export function node(name: string, overrides: Partial<Node['spec']> = {}): NewObject<Node> {
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: overrides,
    status: {
      capacity: allocatable,
      allocatable,
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [],
      nodeInfo: {},
    },
  };
}
