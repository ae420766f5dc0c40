import type { Container, Pod } from '../../../model/objects.ts';
import { podRequests } from '../../../model/pod-requests.ts';
import { MINUTE, SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { conditionOf, microsOf } from '../pod-state.ts';
import { ScalingError } from './scaling-error.ts';
import { milliOf } from './resource-metrics.ts';
import type { Sample } from './resource-metrics.ts';

/** kube-controller-manager's --horizontal-pod-autoscaler-cpu-initialization-period. */
const CPU_INITIALISATION: Micros = 5 * MINUTE;
/** --horizontal-pod-autoscaler-initial-readiness-delay. */
const INITIAL_READINESS_DELAY: Micros = 30 * SECOND;

/** The pods of a workload by what their metrics are worth; names. */
export interface PodGroups {
  readonly ready: number;
  /** Pending, or with CPU use that only starting up explains. */
  readonly unready: ReadonlySet<string>;
  /** Without metrics. */
  readonly missing: ReadonlySet<string>;
  /** On their way out. */
  readonly ignored: ReadonlySet<string>;
}

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details */
export function groupPods(
  pods: readonly Pod[],
  samples: ReadonlyMap<string, Sample>,
  resource: string,
  now: Micros,
): PodGroups {
  const unready = new Set<string>();
  const missing = new Set<string>();
  const ignored = new Set<string>();
  let ready = 0;
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata;
    const sample = samples.get(name);
    if (deletionTimestamp !== undefined || pod.status.phase === 'Failed') ignored.add(name);
    else if (pod.status.phase === 'Pending') unready.add(name);
    else if (sample === undefined) missing.add(name);
    else if (resource === 'cpu' && isStarting(pod, sample, now)) unready.add(name);
    else ready++;
  }
  return { ready, unready, missing, ignored };
}

function isStarting({ status }: Pod, sample: Sample, now: Micros): boolean {
  const condition = conditionOf(status.conditions, 'Ready');
  if (condition === undefined || status.startTime === undefined) return true;
  const startedAt = microsOf(status.startTime);
  const since = condition.lastTransitionTime ?? undefined;
  // A time that nobody gave is before all others.
  const changedAt = since === undefined ? 0 : microsOf(since);
  const isUnready = condition.status === 'False';
  if (startedAt + CPU_INITIALISATION > now) return isUnready || sample.at < changedAt + sample.window;
  return isUnready && startedAt + INITIAL_READINESS_DELAY > changedAt;
}

/**
 * What each pod requests of a resource, in thousandths, by name.
 * @param container only this one; empty: the whole pod
 * @throws ScalingError where one requests nothing
 */
export function requestsOf(pods: readonly Pod[], container: string, resource: string): Map<string, number> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, container, resource)]));
}

function requestOf(pod: Pod, wanted: string, resource: string): number {
  const { name } = pod.metadata;
  if (wanted === '' && Object.keys(pod.spec.resources?.requests ?? {}).length > 0) {
    const request = podRequests(pod.spec).get(resource);
    if (request === undefined)
      throw new ScalingError(`missing pod-level request for ${resource} in Pod ${name}`);
    return resource === 'cpu' ? request : request * 1000;
  }
  const containers = runningContainers(pod).filter((container) => wanted === '' || container.name === wanted);
  if (wanted !== '' && containers.length === 0) {
    throw new ScalingError(`container ${wanted} not found in Pod ${name}`);
  }
  let sum = 0;
  for (const container of containers) {
    const request = milliOf(container.resources.requests, resource);
    if (request === undefined) {
      throw new ScalingError(`missing request for ${resource} in container ${container.name} of Pod ${name}`);
    }
    sum += request;
  }
  return sum;
}

function runningContainers({ spec }: Pod): Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars];
}
