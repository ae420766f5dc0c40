import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ClusterRef, ClusterSpec } from '../provider.ts';
import type { RegistryRef } from './registry.ts';

/** A real Kubernetes: the node image that kind starts. */
export const nodeImage = (): string => process.env['BREAKFIX_KIND_NODE_IMAGE'] ?? 'kindest/node:v1.36.3';

export interface KindRef extends ClusterRef {
  /** Name of the kind cluster. */
  readonly cluster: string;
  /** Node image. */
  readonly image: string;
  /** How many nodes it has. */
  readonly nodes: number;
  /** Releases of the shop that every node has. */
  readonly images: readonly string[];
  /** Releases that the last lab of the cluster had, and this one has not. */
  readonly stale: readonly string[];
  readonly registries: readonly RegistryRef[];
}

/** A new cluster: its name is its own, whatever lab it serves. */
export function planKind(spec: ClusterSpec): KindRef {
  return refFor(spec, `breakfix-${randomBytes(4).toString('hex')}`, []);
}

/** A new lab on the cluster of another one. @returns undefined where it has other nodes than the lab needs */
export function adoptKind(released: KindRef, spec: ClusterSpec): KindRef | undefined {
  const stale = released.images.filter((image) => !spec.images.includes(image));
  const ref = refFor(spec, released.cluster, stale);
  return ref.nodes === released.nodes && ref.image === released.image ? ref : undefined;
}

function refFor(
  { lab, folder, nodes, images, registries }: ClusterSpec,
  cluster: string,
  stale: readonly string[],
): KindRef {
  return {
    provider: 'kind',
    lab,
    folder,
    cluster,
    image: nodeImage(),
    nodes: nodes.length,
    images,
    stale,
    registries: registries.map(({ host, credentials }, index) => ({
      host,
      container: `${cluster}-registry-${index}`,
      ...(credentials === undefined ? {} : { credentials }),
    })),
  };
}

/** Where the files of a cluster are: beside the labs, since it may serve several of them. */
export const homeOf = ({ folder, cluster }: KindRef): string => join(folder, '..', '..', 'kind', cluster);
export const kubeconfigOf = (ref: KindRef): string => join(homeOf(ref), 'kubeconfig');
/** What the cluster was like when it was new. */
export const systemOf = (ref: KindRef): string => join(homeOf(ref), 'system.json');
/** The process that makes it. */
export const processOf = (ref: KindRef): string => join(homeOf(ref), 'pid');
