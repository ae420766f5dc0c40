import type { Baseline } from '../checks/baseline.ts';
import type { Cluster } from '../providers/provider.ts';
import { breakCluster, namespacesOf } from './break.ts';
import type { Incident } from './incident.ts';
import { canRestore, restoreShop } from './restore.ts';
import type { BrokenCluster } from './verify.ts';

/** Gives a broken cluster for every case of a proof. */
export type BrokenClusters = () => Promise<BrokenCluster>;

/** Breaks a cluster that can be copied, up to hand-over. It lives on when what is returned is disposed. */
export async function brokenOnce(
  cluster: Cluster,
  incident: Incident,
  signal: AbortSignal,
): Promise<BrokenCluster> {
  const baseline = await breakCluster(cluster, incident, quiet, signal);
  await cluster.can.goLive?.();
  return kept(cluster, baseline);
}

/** A copy of it, for one case. @throws Error where the cluster cannot be copied */
export async function copyOf({ cluster, baseline }: BrokenCluster): Promise<BrokenCluster> {
  const copy = await cluster.can.fork?.();
  if (copy === undefined) throw new Error('this cluster cannot be copied');
  return {
    cluster: copy,
    baseline,
    [Symbol.asyncDispose]: () => Promise.resolve(copy[Symbol.asyncDispose]()),
  };
}

function kept(cluster: Cluster, baseline: Baseline): BrokenCluster {
  return { cluster, baseline, [Symbol.asyncDispose]: () => Promise.resolve() };
}

const quiet = async (_phase: string, work: () => Promise<unknown>): Promise<void> => {
  await work();
};

/**
 * For a cluster that cannot be copied: the same one for case after case, broken anew. What the last case did to the shop
 * is undone where that is possible: making all of it takes longest.
 */
export function brokenAgain(cluster: Cluster, incident: Incident, signal: AbortSignal): BrokenClusters {
  const namespaces = namespacesOf(incident.plan).filter((name) => name !== 'kube-system');
  const { empty } = cluster.can;
  let last: Baseline | undefined;
  return async () => {
    const whole = last;
    last = undefined;
    // What nodes have pulled from its registries belongs to a shop, and is not put back.
    const again =
      whole !== undefined &&
      incident.plan.registries === undefined &&
      (await canRestore(cluster.kube, whole, namespaces));
    await empty?.(again ? namespaces : []);
    if (again && !(await restoreShop(cluster, whole, namespaces, signal))) await empty?.([]);
    const baseline = await breakCluster(cluster, incident, quiet, signal);
    last = baseline;
    return kept(cluster, baseline);
  };
}
