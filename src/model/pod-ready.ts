import type { Pod } from './objects.ts';

/** Whether a pod takes requests. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions */
export function isPodReady({ status }: Pod): boolean {
  return status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
}
