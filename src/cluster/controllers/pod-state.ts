import type { Condition, Pod } from '../../model/objects.ts';
import { isOver } from '../../model/pod-phase.ts';
import { isPodReady } from '../../model/pod-ready.ts';
import { SECOND } from '../simulation/simulation.ts';
import type { Micros } from '../simulation/simulation.ts';

export function conditionOf(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** The instant that a Kubernetes timestamp names. */
export function microsOf(time: string): Micros {
  return Date.parse(time) * 1000;
}

/** Whether the pod has been ready for `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: Micros): boolean {
  return isPodReady(pod) && availableIn(pod, minReadySeconds, now) <= 0;
}

/** How long a ready pod has to stay so until it counts as available; 0 or less when it does already. */
export function availableIn(pod: Pod, minReadySeconds: number, now: Micros): Micros {
  if (minReadySeconds === 0) return 0;
  const since = conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime ?? undefined;
  if (since === undefined) return minReadySeconds * SECOND;
  return microsOf(since) + minReadySeconds * SECOND - now;
}

/** Succeeded or Failed: its containers will not run again. */
export function isPodFinished(pod: Pod): boolean {
  return isOver(pod.status);
}

/** Counts as a replica: neither finished nor being deleted. */
export function isPodActive(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Being deleted, but not finished yet. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined;
}
