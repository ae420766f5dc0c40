import type { HorizontalPodAutoscaler, MetricStatus, Pod, Scale } from '../../../model/objects.ts';
import { parseQuantity } from '../../../model/quantity.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { AutoscalerStatus } from './autoscaler-status.ts';
import type { Tolerances } from './replica-calculator.ts';
import { ScalingError } from './scaling-error.ts';
import { DOWN_STABILIZED, DOWNSCALE_WINDOW_SECONDS, ScalingHistory, limit } from './scaling-history.ts';
import type { Behavior } from './scaling-history.ts';
import { SelectorError, Selectors } from './selectors.ts';
import { targetOf } from './targets.ts';
import type { Target } from './targets.ts';
import { wantedReplicas } from './wanted-replicas.ts';
import type { Wanted } from './wanted-replicas.ts';

/** kube-controller-manager's --horizontal-pod-autoscaler-sync-period. */
const SYNC_PERIOD: Micros = 15 * SECOND;
/** --horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;

/** One autoscaler on its way through a sync. */
interface Work {
  readonly key: string;
  readonly autoscaler: HorizontalPodAutoscaler;
  readonly status: AutoscalerStatus;
}

/** What is to be done to a workload, and why. */
interface Rescale extends Target {
  readonly desired: number;
  readonly reason: string;
  readonly statuses: MetricStatus[] | null;
}

/**
 * Scales workloads by what their pods use.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export function createHorizontalController(context: ControllerContext): Controller {
  const { api, events, simulation, watches, podMetrics } = context;
  const queue = new WorkQueue(simulation, 'horizontalpodautoscaling', sync);
  const histories = new Map<string, ScalingHistory>();
  const selectors = new Selectors(api);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const autoscaler = api.get(resources.horizontalPodAutoscalers, namespace, name);
    if (autoscaler === undefined) {
      histories.delete(key);
      return;
    }
    const status = new AutoscalerStatus(autoscaler.status, simulation.timestamp());
    reconcile({ key, autoscaler, status });
    writeStatus(autoscaler, status);
    queue.after(key, SYNC_PERIOD);
  }

  function reconcile(work: Work): void {
    const { autoscaler, status, key } = work;
    const target = findTarget(work);
    if (target === undefined) return;
    const current = target.scale.spec.replicas ?? 0;
    if (!histories.has(key)) histories.set(key, new ScalingHistory(current, simulation.now));
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
    if (current === 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      status.condition('ScalingActive', 'False', 'ScalingDisabled', message);
      status.replicas(0, 0, null);
      return;
    }
    if (current > max) {
      const reason = 'Current number of replicas above Spec.MaxReplicas';
      rescale(work, { ...target, desired: max, reason, statuses: null });
      return;
    }
    if (current < min) {
      const reason = 'Current number of replicas below Spec.MinReplicas';
      rescale(work, { ...target, desired: min, reason, statuses: null });
      return;
    }
    const wanted = evaluate(work, target.scale);
    if (wanted?.replicas === undefined) return;
    const { replicas, metric, statuses } = wanted;
    const desired = normalise(work, current, replicas);
    if (desired === current) status.replicas(current, current, statuses);
    else rescale(work, { ...target, desired, reason: reasonFor(replicas, metric, current), statuses });
  }

  /** The workload; undefined where it cannot be had, which has then been told. */
  function findTarget({ autoscaler, status }: Work): Target | undefined {
    try {
      const target = targetOf(context, autoscaler);
      const message = "the HPA controller was able to get the target's current scale";
      status.condition('AbleToScale', 'True', 'SucceededGetScale', message);
      return target;
    } catch (error) {
      if (!(error instanceof StatusError) && !(error instanceof ScalingError)) throw error;
      events.event(autoscaler, 'Warning', 'FailedGetScale', error.message);
      const message = `the HPA controller was unable to get the target's current scale: ${error.message}`;
      status.condition('AbleToScale', 'False', 'FailedGetScale', message);
      return undefined;
    }
  }

  /** What the metrics want; undefined, or without replicas, where that is unknown, which has then been told. */
  function evaluate({ autoscaler, status }: Work, scale: Scale): Wanted | undefined {
    const { replicas: current = 0 } = scale.spec;
    const { selector = '' } = scale.status;
    const fail = (problem: string, statuses: MetricStatus[] | null): void => {
      status.replicas(current, undefined, statuses);
      events.event(autoscaler, 'Warning', 'FailedComputeMetricsReplicas', problem);
    };
    let pods: readonly Pod[];
    try {
      pods = selectors.podsOf(autoscaler, selector);
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      events.event(autoscaler, 'Warning', error.eventReason, error.message);
      status.condition('ScalingActive', 'False', error.condition.reason, error.condition.message);
      fail(error.message, null);
      return undefined;
    }
    const tolerances = tolerancesOf(autoscaler);
    const situation = { now: simulation.now, currentReplicas: current, tolerances, pods };
    const { metrics = [] } = autoscaler.spec;
    const wanted = wantedReplicas({ autoscaler, selector, situation, podMetrics }, metrics);
    for (const { reason, problem } of wanted.failed) events.event(autoscaler, 'Warning', reason, problem);
    const [first] = wanted.failed;
    if (wanted.replicas === undefined) {
      const message = `the HPA was unable to compute the replica count: ${first?.problem ?? ''}`;
      status.condition('ScalingActive', 'False', first?.reason ?? '', message);
      fail(wanted.error, wanted.statuses);
    } else {
      const message = `the HPA was able to successfully calculate a replica count from ${wanted.metric}`;
      status.condition('ScalingActive', 'True', 'ValidMetricFound', message);
    }
    return wanted;
  }

  /** From what the metrics want to what is allowed now. */
  function normalise({ key, autoscaler, status }: Work, current: number, wanted: number): number {
    const history = histories.get(key) ?? new ScalingHistory(current, simulation.now);
    const behavior = behaviorOf(autoscaler);
    const { now } = simulation;
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
    const wish = { current, desired: wanted, min, max };
    const stabilized =
      behavior === undefined
        ? { replicas: history.stabilize(wanted, now), ...DOWN_STABILIZED }
        : history.stabilizeWith(behavior, wish, now);
    if (stabilized.replicas !== wanted) {
      status.condition('AbleToScale', 'True', stabilized.reason, stabilized.message);
    } else {
      const message = 'recommended size matches current size';
      status.condition('AbleToScale', 'True', 'ReadyForNewScale', message);
    }
    const settled = { ...wish, desired: stabilized.replicas };
    const limited = behavior === undefined ? limit(settled) : history.limitWith(behavior, settled, now);
    const isLimited = limited.replicas !== stabilized.replicas;
    status.condition('ScalingLimited', isLimited ? 'True' : 'False', limited.reason, limited.message);
    return limited.replicas;
  }

  function rescale({ key, autoscaler, status }: Work, to: Rescale): void {
    const { scale, resource, desired, reason, statuses } = to;
    const current = scale.spec.replicas ?? 0;
    try {
      api.updateScale(resource, { ...scale, spec: { ...scale.spec, replicas: desired } });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const text = `New size: ${desired}; reason: ${reason}; error: ${error.message}`;
      events.event(autoscaler, 'Warning', 'FailedRescale', text);
      const message = `the HPA controller was unable to update the target scale: ${error.message}`;
      status.condition('AbleToScale', 'False', 'FailedUpdateScale', message);
      status.replicas(current, undefined, statuses);
      return;
    }
    const message = `the HPA controller was able to update the target scale to ${desired}`;
    status.condition('AbleToScale', 'True', 'SucceededRescale', message);
    events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
    const behavior = behaviorOf(autoscaler);
    if (behavior !== undefined) histories.get(key)?.scaled(behavior, current, desired, simulation.now);
    status.replicas(current, desired, statuses);
    status.rescaled();
  }

  function writeStatus(autoscaler: HorizontalPodAutoscaler, status: AutoscalerStatus): void {
    if (!status.isChanged) return;
    try {
      api.updateStatus(resources.horizontalPodAutoscalers, { ...autoscaler, status: status.value });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      events.event(autoscaler, 'Warning', 'FailedUpdateStatus', error.message);
    }
  }

  return {
    name: 'horizontal-pod-autoscaler-controller',
    start: () => {
      watches.on(resources.horizontalPodAutoscalers, ({ type, object }) => {
        const key = keyOf(object);
        if (type === 'DELETED') {
          selectors.remove(key);
          return;
        }
        selectors.add(key);
        // Also a new one waits: whatever happens, it is looked at once a period.
        queue.after(key, SYNC_PERIOD);
      });
    },
  };
}

/** Empty where only earlier recommendations call for the change. */
function reasonFor(wanted: number, metric: string, current: number): string {
  if (wanted === current) return '';
  return wanted > current ? `${metric} above target` : 'All metrics below target';
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler): Tolerances {
  const of = (tolerance: string | number | undefined): number =>
    tolerance === undefined ? TOLERANCE : Number(parseQuantity(tolerance).nanos) / 1e9;
  return { up: of(spec.behavior?.scaleUp?.tolerance), down: of(spec.behavior?.scaleDown?.tolerance) };
}

/** The rules of both directions, as the API server has filled them in. */
function behaviorOf({ spec }: HorizontalPodAutoscaler): Behavior | undefined {
  if (spec.behavior === undefined) return undefined;
  const { scaleUp = {}, scaleDown = {} } = spec.behavior;
  return {
    up: { selectPolicy: 'Max', policies: [], stabilizationWindowSeconds: 0, ...scaleUp },
    down: {
      selectPolicy: 'Max',
      policies: [],
      stabilizationWindowSeconds: DOWNSCALE_WINDOW_SECONDS,
      ...scaleDown,
    },
  };
}
