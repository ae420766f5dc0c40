import type { Pod, PodAffinityTerm } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { NodeInfo } from '../cluster-state.ts';
import { rejection, unresolvable } from '../filter.ts';
import type { Filter, FilterContext } from '../filter.ts';

/** https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity */
export const interPodAffinity: Filter = (pod, node, context) => {
  if (!satisfiesAffinity(pod, node, context)) return unresolvable("node(s) didn't match pod affinity rules");
  const { podAntiAffinity } = pod.spec.affinity ?? {};
  const own = podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (own.some((term) => isNear(term, pod, node, context))) {
    return rejection("node(s) didn't match pod anti-affinity rules");
  }
  return isKeptAwayByOthers(pod, node, context)
    ? rejection("node(s) didn't satisfy existing pods anti-affinity rules")
    : undefined;
};

function satisfiesAffinity(pod: Pod, node: NodeInfo, context: FilterContext): boolean {
  const terms = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (terms.length === 0) return true;
  const labels = node.node.metadata.labels ?? {};
  if (terms.some(({ topologyKey }) => labels[topologyKey] === undefined)) return false;
  if (terms.every((term) => isNear(term, pod, node, context))) return true;
  // The first pod of a group that wants to be together may go anywhere.
  const isFirst = terms.every((term) => !existsAnywhere(term, pod, context));
  return isFirst && terms.every((term) => selects(term, pod, pod, context.api));
}

/** The terms of running pods that keep others away, gathered once for all nodes of a search. */
const antiTerms = new WeakMap<FilterContext, { term: PodAffinityTerm; existing: Pod; node: NodeInfo }[]>();

function antiTermsOf(context: FilterContext): { term: PodAffinityTerm; existing: Pod; node: NodeInfo }[] {
  let known = antiTerms.get(context);
  if (known === undefined) {
    known = context.nodes.flatMap((node) =>
      node.pods.flatMap((existing) =>
        (existing.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(
          (term) => ({ term, existing, node }),
        ),
      ),
    );
    antiTerms.set(context, known);
  }
  return known;
}

function isKeptAwayByOthers(pod: Pod, node: NodeInfo, context: FilterContext): boolean {
  return antiTermsOf(context).some(
    ({ term, existing, node: other }) =>
      sameDomain(term.topologyKey, node, other) && selects(term, existing, pod, context.api),
  );
}

/** Whether a pod that the term selects runs in the node's domain. */
export function isNear(term: PodAffinityTerm, owner: Pod, node: NodeInfo, context: FilterContext): boolean {
  return context.nodes.some(
    (other) =>
      sameDomain(term.topologyKey, node, other) &&
      other.pods.some((existing) => selects(term, owner, existing, context.api)),
  );
}

/** How many pods that the term selects run in the node's domain. */
export function countNear(term: PodAffinityTerm, owner: Pod, node: NodeInfo, context: FilterContext): number {
  return context.nodes
    .filter((other) => sameDomain(term.topologyKey, node, other))
    .flatMap((other) => other.pods)
    .filter((existing) => selects(term, owner, existing, context.api)).length;
}

function existsAnywhere(term: PodAffinityTerm, owner: Pod, { nodes, api }: FilterContext): boolean {
  return nodes.some((node) => node.pods.some((existing) => selects(term, owner, existing, api)));
}

function sameDomain(key: string, a: NodeInfo, b: NodeInfo): boolean {
  const value = a.node.metadata.labels?.[key];
  return value !== undefined && value === b.node.metadata.labels?.[key];
}

/** Whether a term of `owner` selects a pod: its namespaces are the owner's own where it names none. */
function selects(term: PodAffinityTerm, owner: Pod, pod: Pod, api: FilterContext['api']): boolean {
  const { namespaces = [], namespaceSelector, labelSelector } = term;
  const namespace = pod.metadata.namespace ?? '';
  const isNamed =
    namespaces.length === 0 && namespaceSelector === undefined
      ? namespace === owner.metadata.namespace
      : namespaces.includes(namespace) ||
        (namespaceSelector !== undefined &&
          matchesSelector(
            namespaceSelector,
            api.get(resources.namespaces, undefined, namespace)?.metadata.labels,
          ));
  return isNamed && matchesSelector(labelSelector, pod.metadata.labels);
}
