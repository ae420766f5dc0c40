import type { Node, Pod } from '../../model/objects.ts';
import { wantsTakenPort } from '../../model/host-ports.ts';
import { fitsNodeAffinity } from '../../model/node-affinity.ts';
import { amountsOf, podRequests } from '../../model/pod-requests.ts';
import { SAFE_SYSCTLS } from '../../model/sysctls.ts';
import { untoleratedTaint } from '../../model/taints.ts';
import type { Shortage } from './resize.ts';
import { isMirror } from './static-pods.ts';

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];

/**
 * Whether a node takes a pod that was bound to it: its last word after the scheduler's.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/
 * @param others the pods that the node runs already
 */
export function admit(pod: Pod, node: Node, others: readonly Pod[]): Shortage | undefined {
  return (
    shortage(pod, node, others) ??
    nodeAffinity(pod, node) ??
    ports(pod, others) ??
    taints(pod, node) ??
    unsafeSysctl(pod)
  );
}

/** A kernel setting that the kubelet does not let pods change (without `--allowed-unsafe-sysctls`). */
function unsafeSysctl({ spec }: Pod): Shortage | undefined {
  const unsafe = (spec.securityContext.sysctls ?? []).find(
    ({ name }) => !SAFE_SYSCTLS.has(name.replaceAll('/', '.')),
  );
  if (unsafe === undefined) return undefined;
  return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${unsafe.name}" not allowlisted` };
}

/** What the node lacks for a pod, if anything. */
export function shortage(pod: Pod, node: Node, others: readonly Pod[]): Shortage | undefined {
  const allocatable = amountsOf(node.status.allocatable);
  const room = allocatable.get('pods') ?? 110;
  if (others.length + 1 > room) return outOf('pods', 1, others.length, room);
  const requests = podRequests(pod.spec);
  const taken = others.map(({ spec }) => podRequests(spec));
  for (const name of RESOURCES) {
    const requested = requests.get(name) ?? 0;
    const capacity = allocatable.get(name) ?? 0;
    const used = taken.reduce((sum, other) => sum + (other.get(name) ?? 0), 0);
    if (requested > 0 && used + requested > capacity) return outOf(name, requested, used, capacity);
  }
  return undefined;
}

function outOf(name: string, requested: number, used: number, capacity: number): Shortage {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${numbers}` };
}

function nodeAffinity(pod: Pod, node: Node): Shortage | undefined {
  if (fitsNodeAffinity(pod.spec, node)) return undefined;
  return {
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

function ports(pod: Pod, others: readonly Pod[]): Shortage | undefined {
  if (!wantsTakenPort(pod, others)) return undefined;
  return {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

function taints(pod: Pod, node: Node): Shortage | undefined {
  const taint = untoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoExecute']);
  if (isMirror(pod) || taint === undefined) return undefined;
  return {
    reason: 'TaintToleration',
    message: 'Predicate TaintToleration failed: node(s) had untolerated taint(s)',
  };
}
