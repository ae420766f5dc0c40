import type { Container, PodSpec } from './objects.ts';

/**
 * All containers that a pod starts by itself, in their order: those that run before the others and, among them, those that
 * run beside them. https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
 */
export const containersOf = ({
  containers,
  initContainers = [],
}: Pick<PodSpec, 'containers' | 'initContainers'>): Container[] => [...initContainers, ...containers];
