import type { Deployment } from './objects.ts';

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
