/** The release, where its image is, and the two ways in which a policy keeps it from a node. */

export const namespace = 'shop';
export const host = 'registry.shop.test:5000';
export const repository = 'shop';
export const oldTag = '1.4.2';
export const newTag = '1.5.0';

export const image = (tag: string) => `${host}/${repository}:${tag}`;

/**
 * Which of the two it is: a release that only one node has, and a policy that lets no node pull; or a policy that asks
 * the registry for every new pod, and a registry that is down.
 */
export type Cause = 'never' | 'always';
