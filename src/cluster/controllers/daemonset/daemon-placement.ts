import { fitsNodeAffinity } from '../../../model/node-affinity.ts';
import type { DaemonSet, Node, Pod, PodSpec, Toleration } from '../../../model/objects.ts';
import { toleratesAny } from '../../../model/taints.ts';

/** https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations */
const ALWAYS: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
];
const HOST_NETWORK: Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
};

/** The tolerations of a daemon pod: its own and those that all of them get. */
export function daemonTolerations(spec: PodSpec): Toleration[] {
  const extra = spec.hostNetwork === true ? [...ALWAYS, HOST_NETWORK] : ALWAYS;
  const own = (spec.tolerations ?? []).filter(
    (toleration) => !extra.some(({ key, effect }) => key === toleration.key && effect === toleration.effect),
  );
  return [...own, ...extra];
}

/** Whether a node should run a pod of the set, and whether one that runs there may go on. */
export function placementOn(set: DaemonSet, node: Node): { shouldRun: boolean; mayContinue: boolean } {
  const { spec } = set.spec.template;
  if (spec.nodeName !== undefined && spec.nodeName !== '' && spec.nodeName !== node.metadata.name) {
    return { shouldRun: false, mayContinue: false };
  }
  if (!fitsNodeAffinity(spec, node)) return { shouldRun: false, mayContinue: false };
  const tolerations = daemonTolerations(spec);
  const untolerated = (node.spec.taints ?? []).filter((taint) => !toleratesAny(tolerations, taint));
  return {
    shouldRun: untolerated.every(({ effect }) => effect === 'PreferNoSchedule'),
    mayContinue: untolerated.every(({ effect }) => effect !== 'NoExecute'),
  };
}

/** Binds a pod to a node through the scheduler, by the node's name instead of its labels. */
export function pinnedTo(spec: PodSpec, node: string): PodSpec['affinity'] {
  const matchFields = [{ key: 'metadata.name', operator: 'In' as const, values: [node] }];
  return {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

/** The node that a pod is on, or is meant for. */
export function targetNode(pod: Pod): string | undefined {
  if (pod.spec.nodeName !== undefined && pod.spec.nodeName !== '') return pod.spec.nodeName;
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms?.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')
    ?.values?.[0];
}
