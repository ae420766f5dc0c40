import type { Baseline } from '../checks/baseline.ts';
import { converge, observe } from '../checks/check.ts';
import type { Cluster, PutBack } from '../providers/provider.ts';
import { breakCluster, namespacesOf, symptomsOf, viewOf } from './break.ts';
import type { Incident } from './incident.ts';
import { BrokenShop } from './restore.ts';
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

/** A cluster as it was handed over, broken. */
interface HandedOver {
  readonly baseline: Baseline;
  readonly shop: BrokenShop;
  readonly system: PutBack;
}

/** What was broken shows again within this time, in milliseconds, or is broken anew. */
const SHOWS_WITHIN = 90_000;

/**
 * For a cluster that cannot be copied: the same one for case after case. What the last case did is undone, so that it is
 * as it was handed over; where that is not possible it is emptied and broken anew, which takes longer.
 */
export function brokenAgain(cluster: Cluster, incident: Incident, signal: AbortSignal): BrokenClusters {
  const namespaces = namespacesOf(incident.plan).filter((name) => name !== 'kube-system');
  // What nodes have pulled from its registries belongs to a lab, and is not put back.
  const canPutBack = incident.plan.registries === undefined;
  const capture = async (baseline: Baseline): Promise<HandedOver | undefined> => {
    const system = canPutBack ? await cluster.can.remember?.() : undefined;
    return system && { baseline, system, shop: await BrokenShop.capture(cluster, namespaces) };
  };
  const putBack = async ({ baseline, shop, system }: HandedOver): Promise<boolean> => {
    if (!(await shop.isAllThere()) || !(await system(namespaces, signal)) || !(await shop.putBack(signal)))
      return false;
    const view = viewOf(cluster, baseline, incident, signal);
    const shows = converge(SHOWS_WITHIN, symptomsOf(incident), { often: true });
    return (await observe(view, () => shows.grade?.(view) ?? shows.look(view))).status === 'pass';
  };
  let last: HandedOver | undefined;
  const anew = async (): Promise<Baseline> => {
    await cluster.can.empty?.(signal);
    return breakCluster(cluster, incident, quiet, signal);
  };
  return async () => {
    const before = last;
    last = undefined;
    const isBack = before !== undefined && (await putBack(before));
    const baseline = isBack ? before.baseline : await anew();
    last = await capture(baseline);
    return kept(cluster, baseline);
  };
}
