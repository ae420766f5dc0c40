import type { NodeSelectorRequirement, NodeSelectorTerm, ObjectMeta, PodSpec } from './objects.ts';

/** What of a node a pod can ask for; there may be none like it yet. */
export interface NodeIdentity {
  readonly metadata: Pick<ObjectMeta, 'name' | 'labels'>;
}

/**
 * Whether a node fits one of the terms. No term fits nothing, and so does an empty term.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
 */
export function matchesNodeSelectorTerms(terms: readonly NodeSelectorTerm[], node: NodeIdentity): boolean {
  return terms.some((term) => matchesNodeSelectorTerm(term, node));
}

export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: NodeIdentity): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  const fields: Record<string, string> = { 'metadata.name': node.metadata.name };
  return (
    matchExpressions.every((expression) => holds(expression, node.metadata.labels?.[expression.key])) &&
    matchFields.every((expression) => holds(expression, fields[expression.key]))
  );
}

/** Whether a pod's nodeSelector and required node affinity allow the node. */
export function fitsNodeAffinity(
  spec: Pick<PodSpec, 'nodeSelector' | 'affinity'>,
  node: NodeIdentity,
): boolean {
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    if (node.metadata.labels?.[key] !== value) return false;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || matchesNodeSelectorTerms(required.nodeSelectorTerms, node);
}

function holds({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
      return actual !== undefined && isInteger(actual) && Number(actual) > Number(values[0]);
    case 'Lt':
      return actual !== undefined && isInteger(actual) && Number(actual) < Number(values[0]);
  }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}
