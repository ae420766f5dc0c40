import type { Random } from '../../core/random.ts';
import type { Pod } from '../../model/objects.ts';
import type { NodeInfo } from './cluster-state.ts';
import type { FilterContext, Rejection } from './filter.ts';
import { unresolvable } from './filter.ts';
import { runFilters } from './filters.ts';
import type { PluginName } from './filters.ts';
import { namedNodes } from './filters/node.ts';
import { volumesRefusal } from './filters/volumes.ts';
import type { Diagnosis } from './fit-error.ts';
import { priorityOf } from './preemption.ts';
import { totalScores } from './scores.ts';

/** In a cluster of up to this many nodes every one is looked at. */
const MIN_NODES_TO_FIND = 100;

export interface Misfit {
  readonly diagnosis: Diagnosis;
  readonly refusedBy: ReadonlySet<PluginName>;
}

/** Finds the node for a pod: filters, then scores. https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/ */
export class Placement {
  readonly #random: Random;
  /** Where the last search ended: large clusters are searched in turns. */
  #next = 0;

  /** @param random draws among nodes of equal score */
  constructor(random: Random) {
    this.#random = random;
  }

  /** @param nominated pods that room is being made for, by the name of their node */
  find(pod: Pod, context: FilterContext, nominated: ReadonlyMap<string, readonly Pod[]>): NodeInfo | Misfit {
    const { nodes, api } = context;
    const refusal = volumesRefusal(pod, api);
    if (refusal !== undefined) {
      return {
        diagnosis: { nodeCount: nodes.length, refusal, rejections: new Map() },
        refusedBy: new Set(['VolumeBinding']),
      };
    }
    const rejections = new Map<string, Rejection>();
    const refusedBy = new Set<PluginName>();
    const candidates = this.#candidates(pod, nodes, rejections);
    if (candidates.length < nodes.length) refusedBy.add('NodeAffinity');
    const own = nodes.find(({ name }) => name === pod.status.nominatedNodeName);
    if (own !== undefined && refuse(pod, own, context, nominated) === undefined) return own;
    const feasible = this.#feasible(pod, candidates, context, { nominated, rejections, refusedBy });
    if (feasible.length === 0) return { diagnosis: { nodeCount: nodes.length, rejections }, refusedBy };
    return this.#best(pod, feasible, context);
  }

  /** The nodes that need asking at all. */
  #candidates(pod: Pod, nodes: readonly NodeInfo[], rejections: Map<string, Rejection>): readonly NodeInfo[] {
    const named = namedNodes(pod);
    if (named === undefined) return nodes;
    for (const { name } of nodes) {
      if (!named.has(name)) {
        rejections.set(name, unresolvable("node(s) didn't satisfy plugin(s) [NodeAffinity]"));
      }
    }
    return nodes.filter(({ name }) => named.has(name));
  }

  #feasible(
    pod: Pod,
    candidates: readonly NodeInfo[],
    context: FilterContext,
    found: {
      readonly nominated: ReadonlyMap<string, readonly Pod[]>;
      readonly rejections: Map<string, Rejection>;
      readonly refusedBy: Set<PluginName>;
    },
  ): NodeInfo[] {
    const wanted = nodesToFind(candidates.length);
    const feasible: NodeInfo[] = [];
    let looked = 0;
    for (; looked < candidates.length && feasible.length < wanted; looked++) {
      const node = candidates[(this.#next + looked) % candidates.length];
      if (node === undefined) break;
      const refused = refuse(pod, node, context, found.nominated);
      if (refused === undefined) {
        feasible.push(node);
        continue;
      }
      found.rejections.set(node.name, refused.rejection);
      found.refusedBy.add(refused.plugin);
    }
    if (candidates.length > 0) this.#next = (this.#next + looked) % candidates.length;
    return feasible;
  }

  #best(pod: Pod, feasible: readonly NodeInfo[], context: FilterContext): NodeInfo {
    const [only] = feasible;
    if (only !== undefined && feasible.length === 1) return only;
    const totals = totalScores(pod, feasible, context);
    const highest = Math.max(...totals);
    return this.#random.pick(feasible.filter((_, index) => totals[index] === highest));
  }
}

/** A node must do with and without the pods that are nominated for it. */
function refuse(
  pod: Pod,
  node: NodeInfo,
  context: FilterContext,
  nominated: ReadonlyMap<string, readonly Pod[]>,
): ReturnType<typeof runFilters> {
  const rivals = (nominated.get(node.name) ?? []).filter(
    (rival) => rival.metadata.uid !== pod.metadata.uid && priorityOf(rival) >= priorityOf(pod),
  );
  if (rivals.length > 0) {
    const crowded = node.with({ add: rivals });
    const nodes = context.nodes.map((other) => (other.name === node.name ? crowded : other));
    const refused = runFilters(pod, crowded, { ...context, nodes });
    if (refused !== undefined) return refused;
  }
  return runFilters(pod, node, context);
}

/** kube-scheduler's adaptive sample: half of the nodes, less in larger clusters, at least 5 % and 100. */
function nodesToFind(count: number): number {
  if (count < MIN_NODES_TO_FIND) return count;
  const percentage = Math.max(5, 50 - Math.floor(count / 125));
  return Math.max(MIN_NODES_TO_FIND, Math.floor((count * percentage) / 100));
}
