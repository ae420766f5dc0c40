import { describe, expect, test } from '@jest/globals';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  PodMetrics,
  ResourceList,
} from '../../../../../src/model/objects.ts';
import { resources } from '../../../../../src/model/resources.ts';
import { edit } from '../../../../../src/core/json.ts';
import { StatusError } from '../../../../../src/cluster/api.ts';
import { World, deployment, pod, podSpec } from '../../support/world.ts';

const CPU: MetricSpec = {
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
};

function autoscale(world: World, spec: Partial<HorizontalPodAutoscaler['spec']> = {}, name = 'web'): void {
  world.api.create(resources.horizontalPodAutoscalers, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'shop' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [CPU],
      ...spec,
    },
    status: { desiredReplicas: 0, currentMetrics: null },
  });
}

/** Every container of every pod of the namespace uses this. */
function uses(world: World, usage: ResourceList, options: { except?: string[] } = {}): void {
  world.podMetrics = () =>
    world
      .pods()
      .filter(({ metadata }) => options.except?.includes(metadata.name) !== true)
      .map(({ metadata, spec }): PodMetrics => ({
        apiVersion: 'metrics.k8s.io/v1beta1',
        kind: 'PodMetrics',
        metadata,
        timestamp: world.simulation.timestamp(),
        window: '15s',
        containers: spec.containers.map(({ name }) => ({ name, usage })),
      }));
}

const requesting = (requests: ResourceList): ReturnType<typeof podSpec> => {
  const spec = podSpec();
  return {
    ...spec,
    containers: spec.containers.map((container) => ({ ...container, resources: { requests } })),
  };
};

/** A Deployment of two ready pods, each with a request of 100m, past the time in which CPU use says nothing. */
async function started(
  replicas = 2,
  requests: ResourceList = { cpu: '100m', memory: '100Mi' },
): Promise<World> {
  const world = new World()
    .start('deployment', 'replicaset', 'horizontalpodautoscaling')
    .binds()
    .kubelets({ delay: 1 });
  const template = { metadata: { labels: { app: 'web' } }, spec: requesting(requests) };
  world.api.create(resources.deployments, deployment('web', { replicas, template }));
  await world.seconds(400);
  return world;
}

const get = (world: World, name = 'web'): HorizontalPodAutoscaler =>
  world.api.get(resources.horizontalPodAutoscalers, 'shop', name)!;
const replicas = (world: World): number => world.api.get(resources.deployments, 'shop', 'web')!.spec.replicas;
const conditions = (world: World, name = 'web'): string[] =>
  (get(world, name).status.conditions ?? []).map(
    ({ type, status, reason = '', message = '' }) => `${type} ${status} ${reason}: ${message}`,
  );
const events = (world: World): string[] => world.events('HorizontalPodAutoscaler');

describe('without a metrics API', () => {
  test('says so in events and conditions, every 15 s', async () => {
    const world = await started();
    autoscale(world);
    await world.seconds(14);
    expect(get(world).status.conditions).toBeUndefined();
    await world.seconds(2);
    const problem =
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from ' +
      'resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
    expect(events(world)).toEqual([
      `Warning FailedGetResourceMetric web: ${problem}`,
      'Warning FailedComputeMetricsReplicas web: invalid metrics (1 invalid out of 1), first error is: ' +
        `failed to get cpu resource metric value: ${problem}`,
    ]);
    expect(conditions(world)).toEqual([
      "AbleToScale True SucceededGetScale: the HPA controller was able to get the target's current scale",
      `ScalingActive False FailedGetResourceMetric: the HPA was unable to compute the replica count: ${problem}`,
    ]);
    expect(get(world).status).toMatchObject({
      currentReplicas: 2,
      desiredReplicas: 0,
      currentMetrics: [{ type: '' }],
    });
    await world.seconds(30);
    expect(events(world)[0]).toBe(`Warning FailedGetResourceMetric web: ${problem} x3`);
    expect(replicas(world)).toBe(2);
  });

  test('custom and external metrics have no adapter', async () => {
    const world = await started();
    const target = { type: 'AverageValue', averageValue: '10' } as const;
    const describedObject = { apiVersion: 'v1', kind: 'Service', name: 'web' };
    const selector = { matchLabels: { b: '2', a: '1' } };
    autoscale(world, {
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'requests' }, target } },
        { type: 'Object', object: { describedObject, metric: { name: 'hits' }, target } },
        {
          type: 'Object',
          object: { describedObject, metric: { name: 'hits' }, target: { type: 'Value', value: '10' } },
        },
        { type: 'External', external: { metric: { name: 'queue', selector }, target } },
        {
          type: 'External',
          external: { metric: { name: 'queue' }, target: { type: 'Value', value: '10' } },
        },
      ],
    });
    await world.seconds(16);
    const custom =
      'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';
    const external =
      'unable to fetch metrics from external metrics API: the server could not find the requested resource ' +
      '(get queue.external.metrics.k8s.io)';
    expect(events(world)).toEqual([
      `Warning FailedGetPodsMetric web: unable to get metric requests: ${custom}`,
      `Warning FailedGetObjectMetric web: unable to get metric hits: Service on shop web/${custom} x2`,
      'Warning FailedGetExternalMetric web: unable to get external metric shop/queue/&LabelSelector{MatchLabels:' +
        `map[string]string{a: 1,b: 2,},MatchExpressions:[]LabelSelectorRequirement{},}: ${external}`,
      `Warning FailedGetExternalMetric web: unable to get external metric shop/queue/nil: ${external}`,
      'Warning FailedComputeMetricsReplicas web: invalid metrics (5 invalid out of 5), first error is: ' +
        `failed to get pods metric value: unable to get metric requests: ${custom}`,
    ]);
  });

  test('an API that nobody answers for is worded as client-go words it', async () => {
    const world = await started();
    world.podMetrics = () => {
      const message = 'the server is currently unable to handle the request (get pods.metrics.k8s.io)';
      throw new StatusError({
        apiVersion: 'v1',
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        message,
        code: 503,
      });
    };
    autoscale(world);
    await world.seconds(16);
    expect(events(world)[0]).toContain(
      'resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)',
    );
  });
});

describe('scaling', () => {
  test('up by the share of the request', async () => {
    const world = await started();
    uses(world, { cpu: '85m', memory: '10Mi' });
    autoscale(world);
    await world.seconds(16);
    expect(replicas(world)).toBe(4);
    expect(events(world)).toEqual([
      'Normal SuccessfulRescale web: New size: 4; reason: cpu resource utilization (percentage of request) above target',
    ]);
    expect(conditions(world)).toEqual([
      'AbleToScale True SucceededRescale: the HPA controller was able to update the target scale to 4',
      'ScalingActive True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu ' +
        'resource utilization (percentage of request)',
      'ScalingLimited False DesiredWithinRange: the desired count is within the acceptable range',
    ]);
    expect(get(world).status).toEqual({
      lastScaleTime: '2026-01-01T00:06:55Z',
      currentReplicas: 2,
      desiredReplicas: 4,
      currentMetrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', current: { averageUtilization: 85, averageValue: '85m' } },
        },
      ],
      conditions: expect.any(Array),
    });
  });

  test('not for less than a tenth, or what `behavior` tolerates', async () => {
    const world = await started();
    uses(world, { cpu: '54m' });
    autoscale(world);
    await world.seconds(16);
    expect(replicas(world)).toBe(2);
    expect(conditions(world)[0]).toBe(
      'AbleToScale True ReadyForNewScale: recommended size matches current size',
    );
    const tolerant = await started();
    uses(tolerant, { cpu: '54m' });
    autoscale(tolerant, {
      behavior: { scaleUp: { ...rules(4, 15), tolerance: '50m' }, scaleDown: rules(4, 15) },
    });
    await tolerant.seconds(16);
    expect(replicas(tolerant)).toBe(3);
  });

  test('up no faster than to twice as many (or four), and not past the maximum', async () => {
    const world = await started();
    uses(world, { cpu: '900m' });
    autoscale(world);
    await world.seconds(16);
    expect(replicas(world)).toBe(4);
    expect(conditions(world)[2]).toBe(
      'ScalingLimited True ScaleUpLimit: the desired replica count is increasing faster than the maximum scale rate',
    );
    await world.seconds(400);
    expect(replicas(world)).toBe(10);
    expect(conditions(world)[2]).toBe(
      'ScalingLimited True TooManyReplicas: the desired replica count is more than the maximum replica count',
    );
  });

  test('down to the highest recommendation of the last five minutes', async () => {
    const world = await started(4);
    uses(world, { cpu: '50m' });
    autoscale(world, { minReplicas: 2 });
    await world.seconds(16);
    uses(world, { cpu: '1m' });
    await world.seconds(60);
    expect(replicas(world)).toBe(4);
    expect(conditions(world)[0]).toBe(
      'AbleToScale True ScaleDownStabilized: recent recommendations were higher than current one, applying the ' +
        'highest recent recommendation',
    );
    await world.seconds(260);
    expect(replicas(world)).toBe(2);
    expect(events(world)).toEqual([
      'Normal SuccessfulRescale web: New size: 2; reason: All metrics below target',
    ]);
    expect(conditions(world)[2]).toBe(
      'ScalingLimited True TooFewReplicas: the desired replica count is less than the minimum replica count',
    );
  });

  test('back into the bounds without looking at metrics; not at all from zero', async () => {
    const world = await started(4);
    autoscale(world, { maxReplicas: 3 });
    await world.seconds(16);
    expect(events(world)).toEqual([
      'Normal SuccessfulRescale web: New size: 3; reason: Current number of replicas above Spec.MaxReplicas',
    ]);
    const low = await started(1);
    autoscale(low, { minReplicas: 3 });
    await low.seconds(16);
    expect(events(low)).toEqual([
      'Normal SuccessfulRescale web: New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    ]);
    const none = await started(0);
    autoscale(none);
    await none.seconds(16);
    expect(events(none)).toEqual([]);
    expect(conditions(none)[1]).toBe(
      'ScalingActive False ScalingDisabled: scaling is disabled since the replica count of the target is zero',
    );
  });
});

function rules(
  value: number,
  periodSeconds: number,
): {
  selectPolicy: 'Max';
  stabilizationWindowSeconds: number;
  policies: { type: 'Pods'; value: number; periodSeconds: number }[];
} {
  return {
    selectPolicy: 'Max',
    stabilizationWindowSeconds: 0,
    policies: [{ type: 'Pods', value, periodSeconds }],
  };
}

describe('behavior', () => {
  test('so many pods a period, in both directions', async () => {
    const world = await started();
    uses(world, { cpu: '90m' });
    autoscale(world, { behavior: { scaleUp: rules(1, 60), scaleDown: rules(2, 60) } });
    await world.seconds(16);
    expect(replicas(world)).toBe(3);
    expect(conditions(world)[2]).toContain('ScalingLimited True ScaleUpLimit');
    await world.seconds(45);
    expect(replicas(world)).toBe(3);
    await world.seconds(15);
    expect(replicas(world)).toBe(4);
    await world.seconds(500);
    uses(world, { cpu: '1m' });
    const before = replicas(world);
    await world.seconds(16);
    expect(replicas(world)).toBe(before - 2);
    expect(conditions(world)[2]).toBe(
      'ScalingLimited True ScaleDownLimit: the desired replica count is decreasing faster than the maximum scale rate',
    );
  });

  test('a direction that is disabled', async () => {
    const world = await started();
    uses(world, { cpu: '1m' });
    autoscale(world, {
      behavior: { scaleUp: rules(4, 15), scaleDown: { ...rules(4, 15), selectPolicy: 'Disabled' } },
    });
    await world.seconds(700);
    expect(replicas(world)).toBe(2);
    expect(conditions(world)[2]).toContain('ScalingLimited True ScaleDownLimit');
  });

  test('a window before scaling up', async () => {
    const world = await started();
    uses(world, { cpu: '50m' });
    autoscale(world, {
      behavior: { scaleUp: { ...rules(4, 15), stabilizationWindowSeconds: 60 }, scaleDown: rules(4, 15) },
    });
    await world.seconds(16);
    uses(world, { cpu: '90m' });
    await world.seconds(45);
    expect(replicas(world)).toBe(2);
    expect(conditions(world)[0]).toBe(
      'AbleToScale True ScaleUpStabilized: recent recommendations were lower than current one, applying the lowest ' +
        'recent recommendation',
    );
    await world.seconds(30);
    expect(replicas(world)).toBe(4);
  });
});

describe('metrics', () => {
  test('an amount a pod, of memory, is printed as metrics-server prints it', async () => {
    const world = await started(3);
    uses(world, { cpu: '1m', memory: '10000Ki' });
    const target = { type: 'AverageValue', averageValue: '20Mi' } as const;
    autoscale(world, { metrics: [{ type: 'Resource', resource: { name: 'memory', target } }] });
    await world.seconds(16);
    expect(get(world).status.currentMetrics).toEqual([
      { type: 'Resource', resource: { name: 'memory', current: { averageValue: '10000Ki' } } },
    ]);
    expect(conditions(world)[1]).toContain('calculate a replica count from memory resource');
  });

  test('of one container', async () => {
    const world = await started();
    uses(world, { cpu: '80m' });
    const target = { type: 'Utilization', averageUtilization: 50 } as const;
    const of = (container: string): MetricSpec => ({
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container, target },
    });
    autoscale(world, { metrics: [of('app')] });
    await world.seconds(16);
    expect(events(world)[0]).toBe(
      'Normal SuccessfulRescale web: New size: 4; reason: cpu container resource utilization (percentage of request) above target',
    );
    const other = await started();
    uses(other, { cpu: '80m' });
    autoscale(other, { metrics: [of('nobody')] });
    await other.seconds(16);
    expect(events(other)[1]).toBe(
      'Warning FailedComputeMetricsReplicas web: invalid metrics (1 invalid out of 1), first error is: failed to get ' +
        'nobody container metric value: failed to get cpu utilization: did not receive metrics for targeted pods ' +
        '(pods might be unready)',
    );
  });

  test('a container without a request makes it impossible', async () => {
    const world = await started(2, { memory: '10Mi' });
    uses(world, { cpu: '80m' });
    autoscale(world);
    await world.seconds(16);
    expect(events(world)[0]).toMatch(
      /^Warning FailedGetResourceMetric web: failed to get cpu utilization: missing request for cpu in container app of Pod web-/,
    );
  });

  test('a metric that is missing keeps the workload from shrinking, not from growing', async () => {
    const world = await started();
    const pods: MetricSpec = {
      type: 'Pods',
      pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '1' } },
    };
    uses(world, { cpu: '90m' });
    autoscale(world, { metrics: [pods, CPU] });
    await world.seconds(16);
    expect(replicas(world)).toBe(4);
    expect(get(world).status.currentMetrics).toEqual([
      { type: '' },
      expect.objectContaining({ type: 'Resource' }),
    ]);
    uses(world, { cpu: '1m' });
    await world.seconds(800);
    expect(replicas(world)).toBe(4);
    expect(conditions(world)[1]).toContain('ScalingActive False FailedGetPodsMetric');
  });

  test('pods that are not ready, or without metrics, dampen', async () => {
    const world = await started(4);
    const [first = '', second = ''] = world.pods().map(({ metadata }) => metadata.name);
    // Two of four use 100 %: with the others counted as idle it is the target exactly.
    uses(world, { cpu: '100m' }, { except: [first, second] });
    autoscale(world);
    await world.seconds(16);
    expect(replicas(world)).toBe(4);
    // Two of four use nothing, the others count as using all of their request.
    uses(world, { cpu: '0' }, { except: [first, second] });
    await world.seconds(600);
    expect(replicas(world)).toBe(4);
    // Fresh pods say nothing about CPU yet.
    const fresh = await started(0);
    uses(fresh, { cpu: '100m' });
    autoscale(fresh);
    const deploy = fresh.api.get(resources.deployments, 'shop', 'web')!;
    fresh.api.update(
      resources.deployments,
      edit(deploy, (draft) => {
        draft.spec.replicas = 2;
      }),
    );
    await fresh.seconds(16);
    expect(events(fresh)[0]).toContain('did not receive metrics for targeted pods (pods might be unready)');
  });
});

describe('the target', () => {
  test('that is not there, of no kind, or cannot be scaled', async () => {
    const world = await started();
    const of = (
      kind: string,
      name: string,
      apiVersion = 'apps/v1',
    ): Partial<HorizontalPodAutoscaler['spec']> => ({
      scaleTargetRef: { apiVersion, kind, name },
    });
    autoscale(world, of('Deployment', 'wbe'), 'missing');
    autoscale(world, of('Deploymnt', 'web'), 'typo');
    autoscale(world, of('Deployment', 'web', 'a/b/c'), 'version');
    await world.seconds(16);
    expect(events(world).sort()).toEqual([
      'Warning FailedGetScale missing: deployments.apps "wbe" not found',
      'Warning FailedGetScale typo: no matches for kind "Deploymnt" in group "apps"',
      'Warning FailedGetScale version: unexpected GroupVersion string: a/b/c',
    ]);
    expect(conditions(world, 'missing')).toEqual([
      "AbleToScale False FailedGetScale: the HPA controller was unable to get the target's current scale: " +
        'deployments.apps "wbe" not found',
    ]);
  });

  test('that refuses', async () => {
    const world = await started();
    uses(world, { cpu: '90m' });
    world.api.refuse = (verb, resource) => {
      if (verb !== 'update' || resource.kind !== 'Deployment') return;
      throw new StatusError({
        apiVersion: 'v1',
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        message: 'no',
        code: 403,
      });
    };
    autoscale(world);
    await world.seconds(16);
    expect(events(world)).toEqual([
      'Warning FailedRescale web: New size: 4; reason: cpu resource utilization (percentage of request) above target; error: no',
    ]);
    expect(conditions(world)[0]).toBe(
      'AbleToScale False FailedUpdateScale: the HPA controller was unable to update the target scale: no',
    );
  });

  test('that two autoscalers want', async () => {
    const world = await started();
    uses(world, { cpu: '50m' });
    autoscale(world, {}, 'one');
    autoscale(world, {}, 'two');
    await world.seconds(31);
    expect(events(world)).toContain(
      'Warning AmbiguousSelector two: pods by selector app=web are controlled by multiple HPAs: [shop/one shop/two] x2',
    );
    expect(conditions(world, 'two')[1]).toBe(
      'ScalingActive False AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [shop/one shop/two]',
    );
    world.api.delete(resources.horizontalPodAutoscalers, 'shop', 'one');
    await world.seconds(16);
    expect(conditions(world, 'two')[1]).toContain('ScalingActive True ValidMetricFound');
  });

  test('a pod of its own that only looks like one of the target counts, too', async () => {
    const world = await started();
    world.api.create(resources.pods, pod('stray', requesting({}), { labels: { app: 'web' } }));
    uses(world, { cpu: '90m' });
    autoscale(world);
    await world.seconds(16);
    expect(events(world)[0]).toBe(
      'Warning FailedGetResourceMetric web: failed to get cpu utilization: missing request for cpu in container app of Pod stray',
    );
  });
});
