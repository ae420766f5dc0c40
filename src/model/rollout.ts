import { scaledValue } from './int-or-percent.ts';
import type { Deployment } from './objects.ts';

/** On a ReplicaSet: how many pods its Deployment wanted when the controller looked at it last. */
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';

/**
 * Whether a Deployment's newest template is observed and all its pods, and no others, have it and are available.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#complete-deployment
 */
export function isRolledOut({ metadata, spec, status }: Deployment): boolean {
  const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  return (
    observedGeneration >= (metadata.generation ?? 0) &&
    [updatedReplicas, availableReplicas, replicas].every((count) => count === spec.replicas)
  );
}

/** How many pods a rolling update may add and take away; never both 0. */
function fences(deployment: Deployment): { surge: number; unavailable: number } {
  const { strategy, replicas } = deployment.spec;
  if (strategy.type !== 'RollingUpdate') return { surge: 0, unavailable: 0 };
  const rolling = strategy.rollingUpdate ?? { maxSurge: '25%', maxUnavailable: '25%' };
  const surge = scaledValue(rolling.maxSurge, replicas, 'up');
  const unavailable = scaledValue(rolling.maxUnavailable, replicas, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** How many pods more than wanted a rolling update may have at a time. */
export function maxSurge(deployment: Deployment): number {
  return fences(deployment).surge;
}

/** How many of the wanted pods a rolling update may be without at a time. */
export function maxUnavailable(deployment: Deployment): number {
  return Math.min(fences(deployment).unavailable, deployment.spec.replicas);
}
