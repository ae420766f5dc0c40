import { matchesNodeSelectorTerm } from '../../model/node-affinity.ts';
import type { LabelSelector, Pod, PodAffinityTerm } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { matchesSelector } from '../../model/selector.ts';
import { toleratesAny } from '../../model/taints.ts';
import { NodeInfo, nominalRequestsOf, requestsOf } from './cluster-state.ts';
import type { FilterContext } from './filter.ts';
import { countNear, isNear } from './filters/inter-pod-affinity.ts';
import { podsPerDomain } from './filters/topology-spread.ts';

const BEST = 100;
const MEBIBYTE = 1024 * 1024;

/** Raw points of every node, in the order of the nodes. */
type Score = (pod: Pod, nodes: readonly NodeInfo[], context: FilterContext) => readonly number[];

interface Scorer {
  readonly weight: number;
  readonly score: Score;
  /** How raw points become 0 to 100. */
  readonly normalize: (points: readonly number[]) => readonly number[];
}

const asTheyAre = (points: readonly number[]): readonly number[] => points;

function relativeToHighest(points: readonly number[]): readonly number[] {
  const highest = Math.max(...points);
  return highest === 0 ? points : points.map((value) => Math.floor((BEST * value) / highest));
}

function lowestIsBest(points: readonly number[]): readonly number[] {
  return relativeToHighest(points).map((value) => BEST - value);
}

function betweenExtremes(points: readonly number[]): readonly number[] {
  const [low, high] = [Math.min(...points), Math.max(...points)];
  return points.map((value) => (high === low ? 0 : Math.floor((BEST * (value - low)) / (high - low))));
}

/** kube-scheduler's default plugins and weights. https://kubernetes.io/docs/reference/scheduling/config/ */
const scorers: readonly Scorer[] = [
  { weight: 3, score: intolerableTaints, normalize: lowestIsBest },
  { weight: 2, score: preferredNodeAffinity, normalize: relativeToHighest },
  { weight: 2, score: topologySpread, normalize: lowestIsBest },
  { weight: 2, score: preferredPodAffinity, normalize: betweenExtremes },
  { weight: 1, score: leastAllocated, normalize: asTheyAre },
  { weight: 1, score: balancedAllocation, normalize: asTheyAre },
  { weight: 1, score: imageLocality, normalize: asTheyAre },
];

/** The weighted sum of all scores for every node, in the order of the nodes. */
export function totalScores(pod: Pod, nodes: readonly NodeInfo[], context: FilterContext): readonly number[] {
  const totals = nodes.map(() => 0);
  for (const { weight, score, normalize } of scorers) {
    for (const [index, points] of normalize(score(pod, nodes, context)).entries()) {
      totals[index] = (totals[index] ?? 0) + weight * points;
    }
  }
  return totals;
}

function intolerableTaints(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  return nodes.map(
    ({ node }) =>
      (node.spec.taints ?? []).filter(
        (taint) => taint.effect === 'PreferNoSchedule' && !toleratesAny(pod.spec.tolerations, taint),
      ).length,
  );
}

function preferredNodeAffinity(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return nodes.map(({ node }) =>
    terms.reduce(
      (sum, { weight, preference }) => sum + (matchesNodeSelectorTerm(preference, node) ? weight : 0),
      0,
    ),
  );
}

/** Soft constraints of the pod or, where it has none at all, those that every pod of a workload gets. */
function topologySpread(pod: Pod, nodes: readonly NodeInfo[], context: FilterContext): number[] {
  const own = pod.spec.topologySpreadConstraints ?? [];
  const constraints =
    own.length > 0
      ? own.filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
      : defaultConstraints(pod, context);
  const counts = constraints.map((constraint) => ({
    constraint,
    perDomain: podsPerDomain(constraint, pod, context.nodes),
  }));
  return nodes.map(({ node }) =>
    counts.reduce((sum, { constraint: { topologyKey }, perDomain }) => {
      const domain = node.metadata.labels?.[topologyKey];
      return sum + (domain === undefined ? 0 : (perDomain.get(domain) ?? 0));
    }, 0),
  );
}

function defaultConstraints(
  pod: Pod,
  { api }: FilterContext,
): { topologyKey: string; labelSelector: LabelSelector }[] {
  const labelSelector = workloadSelector(pod, api);
  if (labelSelector === undefined) return [];
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    topologyKey,
    labelSelector,
  }));
}

/** What selects the pod's siblings: its Services and its ReplicaSet or StatefulSet together. */
function workloadSelector(pod: Pod, api: FilterContext['api']): LabelSelector | undefined {
  const { namespace, labels, ownerReferences = [] } = pod.metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  const workload =
    owner?.kind === 'ReplicaSet'
      ? api.get(resources.replicaSets, namespace, owner.name)
      : owner?.kind === 'StatefulSet'
        ? api.get(resources.statefulSets, namespace, owner.name)
        : undefined;
  const services = api
    .list(resources.services, { namespace: namespace ?? '' })
    .filter(
      ({ spec: { selector } }) =>
        selector !== undefined && matchesSelector({ matchLabels: selector }, labels),
    );
  if (workload === undefined && services.length === 0) return undefined;
  const matchLabels = Object.assign(
    {},
    ...services.map(({ spec }) => spec.selector ?? {}),
    workload?.spec.selector.matchLabels ?? {},
  ) as Record<string, string>;
  return { matchLabels, matchExpressions: workload?.spec.selector.matchExpressions ?? [] };
}

function preferredPodAffinity(pod: Pod, nodes: readonly NodeInfo[], context: FilterContext): number[] {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const wanted = podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const unwanted = podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  // Affinity is mutual: what the pods that run already would like counts, too.
  const others = context.nodes.flatMap((other) =>
    other.pods
      .filter(({ spec }) => spec.affinity !== undefined)
      .flatMap((existing) => likes(existing).map((like) => ({ ...like, existing, other }))),
  );
  const near = (node: NodeInfo, { weight, podAffinityTerm }: (typeof wanted)[number]): number =>
    weight * countNear(podAffinityTerm, pod, node, context);
  return nodes.map((node) => {
    const trial: FilterContext = {
      ...context,
      nodes: others.length === 0 ? [] : [new NodeInfo(node.node, [pod])],
    };
    return (
      wanted.reduce((sum, term) => sum + near(node, term), 0) -
      unwanted.reduce((sum, term) => sum + near(node, term), 0) +
      others.reduce(
        (sum, { term, weight, existing, other }) => sum + (isNear(term, existing, other, trial) ? weight : 0),
        0,
      )
    );
  });
}

/** What a pod would like, or cannot do without, to have near it, with its weight. */
function likes({ spec }: Pod): { readonly term: PodAffinityTerm; readonly weight: number }[] {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  return [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm: term }) => ({ term, weight }),
    ),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ weight, podAffinityTerm: term }) => ({ term, weight: -weight }),
    ),
    ...(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({
      term,
      weight: 1,
    })),
  ];
}

function leastAllocated(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  const requests = nominalRequestsOf(pod);
  return nodes.map((node) => {
    const { allocatable } = node;
    const free = ['cpu', 'memory'].map((name) => {
      const total = allocatable.get(name) ?? 0;
      const used = node.nominallyRequested(name) + (requests.get(name) ?? 0);
      return total === 0 || used > total ? 0 : Math.floor(((total - used) * BEST) / total);
    });
    return Math.floor(free.reduce((sum, points) => sum + points, 0) / free.length);
  });
}

function balancedAllocation(pod: Pod, nodes: readonly NodeInfo[]): number[] {
  const requests = requestsOf(pod);
  return nodes.map((node) => {
    const { allocatable } = node;
    const [cpu = 0, memory = 0] = ['cpu', 'memory'].map((name) => {
      const total = allocatable.get(name) ?? 0;
      return total === 0 ? 1 : Math.min(1, (node.requested(name) + (requests.get(name) ?? 0)) / total);
    });
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * BEST);
  });
}

/** Prefers nodes that have the images; the more nodes have them, the more each counts. */
function imageLocality(pod: Pod, nodes: readonly NodeInfo[], context: FilterContext): number[] {
  const [least, most] = [23 * MEBIBYTE, 1000 * MEBIBYTE * pod.spec.containers.length];
  const images = pod.spec.containers.map(({ image }) => image);
  const sizeOn = ({ node }: NodeInfo, image: string): number =>
    (node.status.images ?? []).find(({ names }) => names.includes(image))?.sizeBytes ?? 0;
  const spread = new Map(
    images.map((image) => [
      image,
      context.nodes.filter((node) => sizeOn(node, image) > 0).length / context.nodes.length,
    ]),
  );
  return nodes.map((node) => {
    const sum = images.reduce((size, image) => size + sizeOn(node, image) * (spread.get(image) ?? 0), 0);
    return Math.floor((BEST * (Math.min(Math.max(sum, least), most) - least)) / (most - least));
  });
}
