import type { PodStatus } from './objects.ts';

/**
 * Whether a pod has come to a phase that it does not leave.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
 */
export function isOver({ phase }: Pick<PodStatus, 'phase'>): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
