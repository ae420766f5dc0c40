import { fitsNodeAffinity } from '../../../model/node-affinity.ts';
import type { Pod, TopologySpreadConstraint } from '../../../model/objects.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { NodeInfo } from '../cluster-state.ts';
import { rejection, unresolvable } from '../filter.ts';
import type { Filter } from '../filter.ts';

const REASON = "node(s) didn't match pod topology spread constraints";

/** https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export const podTopologySpread: Filter = (pod, node, { nodes }) => {
  const hard = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  if (hard.length === 0) return undefined;
  const eligible = nodes.filter(
    (other) =>
      fitsNodeAffinity(pod.spec, other.node) &&
      hard.every(({ topologyKey }) => domain(topologyKey, other) !== undefined),
  );
  for (const constraint of hard) {
    const own = domain(constraint.topologyKey, node);
    if (own === undefined) return unresolvable(`${REASON} (missing required label)`);
    const counts = podsPerDomain(constraint, pod, eligible);
    const isSelf = matchesSelector(constraint.labelSelector, pod.metadata.labels);
    const tooFew = counts.size < (constraint.minDomains ?? 1);
    const least = tooFew ? 0 : Math.min(...counts.values());
    if ((counts.get(own) ?? 0) + (isSelf ? 1 : 0) - least > constraint.maxSkew) return rejection(REASON);
  }
  return undefined;
};

/** The number of matching pods in every domain of the constraint that one of the nodes is in. */
export function podsPerDomain(
  constraint: Pick<TopologySpreadConstraint, 'topologyKey' | 'labelSelector'>,
  pod: Pod,
  nodes: readonly NodeInfo[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const name = domain(constraint.topologyKey, node);
    if (name === undefined) continue;
    const matching = node.pods.filter(
      ({ metadata }) =>
        metadata.namespace === pod.metadata.namespace &&
        metadata.deletionTimestamp === undefined &&
        matchesSelector(constraint.labelSelector, metadata.labels),
    );
    counts.set(name, (counts.get(name) ?? 0) + matching.length);
  }
  return counts;
}

function domain(key: string, { node }: NodeInfo): string | undefined {
  return node.metadata.labels?.[key];
}
