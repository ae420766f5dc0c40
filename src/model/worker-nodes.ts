import type { Node } from './objects.ts';

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/**
 * Names of the nodes that are there for pods, in order: those without kubeadm's label of the others.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/#node-role-kubernetes-io-control-plane
 */
export function workersOf(nodes: readonly Node[]): string[] {
  return nodes
    .filter(({ metadata }) => metadata.labels?.[CONTROL_PLANE] === undefined)
    .map(({ metadata }) => metadata.name)
    .sort();
}
