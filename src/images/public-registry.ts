/** The host of the public registry that clusters which are no labs can pull from. */
export const PUBLIC_REGISTRY = 'registry.k8s.io';
