import type { Node } from './objects.ts';

/**
 * Whether a node is there for pods, by kubeadm's label of the others.
 * https://kubernetes.io/docs/reference/labels-annotations-taints/#node-role-kubernetes-io-control-plane
 */
export function isWorker({ metadata }: Pick<Node, 'metadata'>): boolean {
  return metadata.labels?.['node-role.kubernetes.io/control-plane'] === undefined;
}

/** Names of the nodes that are there for pods, in order. */
export function workersOf(nodes: readonly Node[]): string[] {
  return nodes
    .filter(isWorker)
    .map(({ metadata }) => metadata.name)
    .sort();
}
