import type { Pod, PodDisruptionBudget } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { matchesSelector } from '../../model/selector.ts';
import type { NodeInfo } from './cluster-state.ts';
import type { FilterContext, Rejection } from './filter.ts';
import { rejection, unresolvable } from './filter.ts';
import { runFilters } from './filters.ts';
import { describeDiagnosis } from './fit-error.ts';

/** DynamicResources' own words, which come before those of preemption. */
const NO_CLAIMS = 'no new claims to deallocate, ';

export interface Candidate {
  readonly node: string;
  readonly victims: readonly Pod[];
  readonly violations: number;
}

export function priorityOf(pod: Pod): number {
  return pod.spec.priority ?? 0;
}

/**
 * Looks for a node where taking pods of lower priority away makes room.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 * @returns the best candidate, or the words that say why there is none
 */
export function findVictims(
  pod: Pod,
  rejections: ReadonlyMap<string, Rejection>,
  context: FilterContext,
): Candidate | string {
  if (pod.spec.preemptionPolicy === 'Never') {
    return `${NO_CLAIMS}preemption: not eligible due to preemptionPolicy=Never.`;
  }
  if (waitsForVictims(pod, rejections, context)) {
    return `${NO_CLAIMS}preemption: not eligible due to a terminating pod on the nominated node.`;
  }
  const reasons = new Map<string, Rejection>();
  const candidates: Candidate[] = [];
  const budgets = context.api.list(resources.podDisruptionBudgets);
  for (const node of context.nodes) {
    if (rejections.get(node.name)?.unresolvable !== false) {
      reasons.set(node.name, unresolvable('Preemption is not helpful for scheduling'));
      continue;
    }
    const result = tryNode(pod, node, context, budgets);
    if ('victims' in result) candidates.push(result);
    else reasons.set(node.name, result);
  }
  const [best] = candidates.sort(compareCandidates);
  if (best !== undefined) return best;
  const diagnosis = describeDiagnosis({ nodeCount: context.nodes.length, rejections: reasons });
  return `${NO_CLAIMS}preemption: ${diagnosis}`;
}

/** Whether room is being made for the pod already. */
function waitsForVictims(
  pod: Pod,
  rejections: ReadonlyMap<string, Rejection>,
  context: FilterContext,
): boolean {
  const nominated = pod.status.nominatedNodeName ?? '';
  if (nominated === '' || rejections.get(nominated)?.unresolvable === true) return false;
  const node = context.nodes.find(({ name }) => name === nominated);
  return (node?.pods ?? []).some(
    (other) =>
      other.metadata.deletionTimestamp !== undefined &&
      priorityOf(other) < priorityOf(pod) &&
      (other.status.conditions ?? []).some(
        ({ type, reason }) => type === 'DisruptionTarget' && reason === 'PreemptionByScheduler',
      ),
  );
}

function tryNode(
  pod: Pod,
  node: NodeInfo,
  context: FilterContext,
  budgets: readonly PodDisruptionBudget[],
): Candidate | Rejection {
  const lower = node.pods.filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return unresolvable('No preemption victims found for incoming pod');
  const fits = (without: readonly Pod[]): Rejection | undefined => {
    const trial = node.with({ remove: without });
    const nodes = context.nodes.map((other) => (other.name === node.name ? trial : other));
    return runFilters(pod, trial, { ...context, nodes })?.rejection;
  };
  const refused = fits(lower);
  if (refused !== undefined) return rejection(refused.reasons.join(', '), refused.unresolvable);
  // Whoever can stay, stays: first those that a budget protects, and of each kind the most important.
  const guarded = violatingPods(lower, budgets);
  const order = [...lower].sort(
    (a, b) =>
      Number(guarded.has(b)) - Number(guarded.has(a)) ||
      priorityOf(b) - priorityOf(a) ||
      (a.status.startTime ?? '').localeCompare(b.status.startTime ?? ''),
  );
  let victims: readonly Pod[] = order;
  for (const spared of order) {
    const rest = victims.filter((victim) => victim !== spared);
    if (fits(rest) === undefined) victims = rest;
  }
  return { node: node.name, victims, violations: victims.filter((victim) => guarded.has(victim)).length };
}

/** The pods whose loss their budget does not allow. */
function violatingPods(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): Set<Pod> {
  const left = new Map(budgets.map((budget) => [budget, budget.status.disruptionsAllowed]));
  const violating = new Set<Pod>();
  for (const pod of pods) {
    for (const [budget, allowed] of left) {
      if (budget.metadata.namespace !== pod.metadata.namespace) continue;
      if (!matchesSelector(budget.spec.selector, pod.metadata.labels)) continue;
      left.set(budget, allowed - 1);
      if (allowed <= 0) violating.add(pod);
    }
  }
  return violating;
}

/** Fewest violated budgets, least important victims, fewest of them, and the youngest. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return (
    a.violations - b.violations ||
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    earliestStart(b).localeCompare(earliestStart(a)) ||
    (a.node < b.node ? -1 : 1)
  );
}

function highest({ victims }: Candidate): number {
  return Math.max(...victims.map(priorityOf));
}

/** Shifted by the lowest possible priority, so that more victims never sum up to less. */
function sum({ victims }: Candidate): number {
  return victims.reduce((total, victim) => total + priorityOf(victim) + 2 ** 31, 0);
}

function earliestStart(candidate: Candidate): string {
  const important = candidate.victims.filter((victim) => priorityOf(victim) === highest(candidate));
  return important.map(({ status }) => status.startTime ?? '').sort()[0] ?? '';
}
