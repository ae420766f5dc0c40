/**
 * The address of a lab's registry on the node network, by its place in the cluster's specification. It stays clear
 * of the nodes, which are numbered from the bottom.
 */
export function registryAddress(index: number): string {
  return `172.18.0.${200 + index}`;
}
