import type { Pod } from '../../../model/objects.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { conditionOf, microsOf } from '../pod-state.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * The pods of a ReplicaSet in the order in which it gives them up when scaled down.
 * https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 * @param related active pods of all ReplicaSets of the same Deployment: nodes that run many of them lose theirs first
 */
export function inDeletionOrder(pods: readonly Pod[], related: readonly Pod[], now: Micros): Pod[] {
  const onNode = new Map<string, number>();
  for (const { spec } of related) {
    if (spec.nodeName !== undefined) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1);
  }
  const keys = new Map(pods.map((pod) => [pod, rank(pod, onNode.get(pod.spec.nodeName ?? '') ?? 0, now)]));
  return [...pods].sort((a, b) => {
    const [left, right] = [keys.get(a) ?? [], keys.get(b) ?? []];
    for (const [index, value] of left.entries()) {
      const other = right[index] ?? 0;
      if (value !== other) return value - other;
    }
    return a.metadata.uid < b.metadata.uid ? -1 : 1;
  });
}

/** What decides, most important first; the lowest goes first. */
function rank(pod: Pod, onSameNode: number, now: Micros): number[] {
  const ready = isPodReady(pod);
  const readySince = conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime ?? undefined;
  return [
    pod.spec.nodeName === undefined ? 0 : 1,
    { Pending: 0, Unknown: 1, Running: 2, Succeeded: 3, Failed: 3 }[pod.status.phase],
    ready ? 1 : 0,
    Number(pod.metadata.annotations?.[DELETION_COST] ?? 0),
    -onSameNode,
    ready && readySince !== undefined ? age(readySince, now) : 0,
    -Math.max(0, ...(pod.status.containerStatuses ?? []).map((container) => container.restartCount)),
    age(pod.metadata.creationTimestamp, now),
  ];
}

/** Ages that differ by less than a factor of two count as the same, so that not always the newest pod goes. */
function age(since: string, now: Micros): number {
  const nanoseconds = (now - microsOf(since)) * 1000;
  return nanoseconds <= 0 ? 0 : nanoseconds.toString(2).length - 1;
}
