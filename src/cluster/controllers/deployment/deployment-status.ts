import type { Condition, Deployment, ReplicaSet } from '../../../model/objects.ts';
import { maxUnavailable } from '../../../model/rollout.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { conditionOf, microsOf } from '../pod-state.ts';
import { allOf, specReplicas, statusReplicas } from './replica-sets.ts';
import type { OwnReplicaSets } from './replica-sets.ts';

type Status = Deployment['status'];

/** `progressDeadlineSeconds` with this value means that there is no deadline. */
const NO_DEADLINE = 2 ** 31 - 1;

export function hasProgressDeadline(deployment: Deployment): boolean {
  return deployment.spec.progressDeadlineSeconds !== NO_DEADLINE;
}

export function newCondition(
  timestamp: string,
  type: 'Available' | 'Progressing' | 'ReplicaFailure',
  status: Condition['status'],
  reason: string,
  message: string,
): Condition {
  return { type, status, lastUpdateTime: timestamp, lastTransitionTime: timestamp, reason, message };
}

/** Replaces the condition of that type, unless it says the same (status and reason) already. */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  condition: Condition,
): Condition[] {
  const known = conditionOf(conditions, condition.type);
  if (known?.status === condition.status && known.reason === condition.reason) return [...(conditions ?? [])];
  return replaceCondition(conditions, condition);
}

function replaceCondition(conditions: readonly Condition[] | undefined, condition: Condition): Condition[] {
  const known = conditionOf(conditions, condition.type);
  const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
  return [
    ...withoutCondition(conditions, condition.type),
    since === undefined ? condition : { ...condition, lastTransitionTime: since },
  ];
}

function withoutCondition(conditions: readonly Condition[] | undefined, type: string): Condition[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

/** The counts, and whether enough pods are available. */
export function calculateStatus(deployment: Deployment, sets: OwnReplicaSets, timestamp: string): Status {
  const all = allOf(sets);
  const available = statusReplicas(all, 'availableReplicas');
  const counts = {
    replicas: statusReplicas(all, 'replicas'),
    updatedReplicas: sets.current === undefined ? 0 : sets.current.status.replicas,
    readyReplicas: statusReplicas(all, 'readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, specReplicas(all) - available),
  };
  const { generation } = deployment.metadata;
  const { collisionCount } = deployment.status;
  const hasMinimum = available >= deployment.spec.replicas - maxUnavailable(deployment);
  const availability = hasMinimum
    ? newCondition(
        timestamp,
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
      )
    : newCondition(
        timestamp,
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
      );
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: statusReplicas(all, 'terminatingReplicas'),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: setCondition(deployment.status.conditions, availability),
  };
}

/** The status during a rollout: {@link calculateStatus} with the Progressing and ReplicaFailure conditions. */
export function rolloutStatus(
  deployment: Deployment,
  sets: OwnReplicaSets,
  now: Micros,
  timestamp: string,
): Status {
  const status = calculateStatus(deployment, sets, timestamp);
  const known = conditionOf(deployment.status.conditions, 'Progressing');
  const isDone =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && known?.reason === 'NewReplicaSetAvailable';
  let conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) conditions = withoutCondition(conditions, 'Progressing');
  else if (!isDone) conditions = withProgress(deployment, status, sets.current, now, timestamp);
  const failure = replicaFailure(sets);
  conditions =
    failure === undefined
      ? withoutCondition(conditions, 'ReplicaFailure')
      : setCondition(conditions, failure);
  return { ...status, conditions };
}

function withProgress(
  deployment: Deployment,
  status: Status,
  current: ReplicaSet | undefined,
  now: Micros,
  timestamp: string,
): Condition[] {
  const conditions = status.conditions ?? [];
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return setCondition(
      conditions,
      newCondition(timestamp, 'Progressing', 'True', 'NewReplicaSetAvailable', message),
    );
  }
  if (hasProgressed(deployment.status, status)) {
    const message = `${subject} is progressing.`;
    return replaceCondition(
      conditions,
      newCondition(timestamp, 'Progressing', 'True', 'ReplicaSetUpdated', message),
    );
  }
  if (hasTimedOut(deployment, status, now)) {
    const message = `${subject} has timed out progressing.`;
    return setCondition(
      conditions,
      newCondition(timestamp, 'Progressing', 'False', 'ProgressDeadlineExceeded', message),
    );
  }
  return conditions;
}

/** Every pod is new, and available. */
export function isComplete(deployment: Deployment, status: Status): boolean {
  const wanted = deployment.spec.replicas;
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(before: Status, after: Status): boolean {
  const old = (status: Status): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(deployment: Deployment, status: Status, now: Micros): boolean {
  const progress = conditionOf(status.conditions, 'Progressing');
  if (progress?.lastUpdateTime === undefined || progress.reason === 'NewReplicaSetAvailable') return false;
  if (progress.reason === 'ProgressDeadlineExceeded') return true;
  return microsOf(progress.lastUpdateTime) + deployment.spec.progressDeadlineSeconds * SECOND < now;
}

/** After what time a rollout that shows no progress is to be looked at again; undefined when it need not be. */
export function stuckCheckIn(deployment: Deployment, status: Status, now: Micros): Micros | undefined {
  const progress = conditionOf(deployment.status.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || progress?.lastUpdateTime === undefined) return undefined;
  if (progress.reason === 'ProgressDeadlineExceeded' || isComplete(deployment, status)) return undefined;
  // A second more, because timestamps are cut to seconds.
  const deadline = microsOf(progress.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds + 1) * SECOND;
  return Math.max(deadline - now, SECOND);
}

/** A ReplicaSet's failure, the new one's first, as a condition of the Deployment. */
function replicaFailure(sets: OwnReplicaSets): Condition | undefined {
  const newestFirst = sets.current === undefined ? sets.old : [sets.current, ...sets.old];
  for (const set of newestFirst) {
    const failure = conditionOf(set.status.conditions, 'ReplicaFailure');
    const since = failure?.lastTransitionTime ?? undefined;
    if (failure === undefined || since === undefined) continue;
    const { status, reason = '', message = '' } = failure;
    return newCondition(since, 'ReplicaFailure', status, reason, message);
  }
  return undefined;
}
