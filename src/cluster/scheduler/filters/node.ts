import { wantsTakenPort } from '../../../model/host-ports.ts';
import type { Pod } from '../../../model/objects.ts';
import { fitsNodeAffinity } from '../../../model/node-affinity.ts';
import { toleratesAny, untoleratedTaint } from '../../../model/taints.ts';
import { requestsOf } from '../cluster-state.ts';
import { rejection, unresolvable } from '../filter.ts';
import type { Filter } from '../filter.ts';

/** https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins */
export const nodeUnschedulable: Filter = (pod, { node }) => {
  if (node.spec.unschedulable !== true) return undefined;
  const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;
  return toleratesAny(pod.spec.tolerations, taint) ? undefined : unresolvable('node(s) were unschedulable');
};

export const nodeName: Filter = (pod, { name }) => {
  const wanted = pod.spec.nodeName ?? '';
  return wanted === '' || wanted === name
    ? undefined
    : unresolvable("node(s) didn't match the requested node name");
};

export const taintToleration: Filter = (pod, { node }) =>
  untoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']) === undefined
    ? undefined
    : unresolvable('node(s) had untolerated taint(s)');

export const nodeAffinity: Filter = (pod, { node }) =>
  fitsNodeAffinity(pod.spec, node)
    ? undefined
    : unresolvable("node(s) didn't match Pod's node affinity/selector");

/** The node that a pod must go to by `matchFields` on metadata.name (pods of a DaemonSet), before the filters. */
export function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields = [] } of terms) {
    const named = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    if (named.length === 0) return undefined;
    const [first, ...others] = named.map(({ values = [] }) => values);
    for (const name of first ?? []) if (others.every((values) => values.includes(name))) names.add(name);
  }
  return names;
}

export const nodePorts: Filter = (pod, node) =>
  wantsTakenPort(pod, node.pods)
    ? rejection("node(s) didn't have free ports for the requested pod ports")
    : undefined;

/** The order in which what is missing is named. */
const STANDARD = ['cpu', 'memory', 'ephemeral-storage'];

export const nodeResourcesFit: Filter = (pod, node) => {
  const { allocatable } = node;
  const requests = requestsOf(pod);
  const reasons: string[] = [];
  let isHopeless = false;
  if (node.podCount + 1 > (allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  const extended = [...requests.keys()].filter((name) => !STANDARD.includes(name)).sort();
  for (const name of [...STANDARD, ...extended]) {
    const wanted = requests.get(name) ?? 0;
    const total = allocatable.get(name) ?? 0;
    if (wanted === 0 || wanted <= total - node.requested(name)) continue;
    reasons.push(`Insufficient ${name}`);
    if (wanted > total) isHopeless = true;
  }
  return reasons.length === 0 ? undefined : { reasons, unresolvable: isHopeless };
};
