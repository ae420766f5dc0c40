import type { Node, Pod } from '../../model/objects.ts';
import { wantsTakenPort } from '../../model/host-ports.ts';
import { SAFE_SYSCTLS } from '../../model/sysctls.ts';
import { millicoresOf, bytesOf } from '../../model/quantity.ts';
import { isSidecar } from './conditions.ts';
import type { Shortage } from './resize.ts';

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;

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
  const { allocatable } = node.status;
  const room = bytesOf(allocatable['pods'] ?? '110');
  if (others.length + 1 > room) return outOf('pods', 1, others.length, room);
  for (const name of RESOURCES) {
    const requested = requestOf(pod, name);
    const capacity = amount(name, allocatable[name] ?? '0');
    const used = others.reduce((sum, other) => sum + requestOf(other, name), 0);
    if (requested > 0 && used + requested > capacity) return outOf(name, requested, used, capacity);
  }
  return undefined;
}

function outOf(name: string, requested: number, used: number, capacity: number): Shortage {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`;
  return { reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, ${numbers}` };
}

/** What a pod asks for: the sum of its containers, or its biggest init container beside the sidecars. */
function requestOf(pod: Pod, name: (typeof RESOURCES)[number]): number {
  const of = (requests: Record<string, string | number> | undefined): number =>
    amount(name, requests?.[name] ?? '0');
  let sidecars = 0;
  let peak = 0;
  for (const container of pod.spec.initContainers ?? []) {
    const request = of(container.resources.requests);
    if (isSidecar(container)) sidecars += request;
    else peak = Math.max(peak, sidecars + request);
  }
  const sum = pod.spec.containers.reduce(
    (total, container) => total + of(container.resources.requests),
    sidecars,
  );
  return Math.max(sum, peak) + of(pod.spec.overhead);
}

function amount(name: string, quantity: string | number): number {
  return name === 'cpu' ? millicoresOf(quantity) : bytesOf(quantity);
}

function nodeAffinity(pod: Pod, node: Node): Shortage | undefined {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.every(([key, value]) => labels[key] === value)) return undefined;
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
  if (isStatic(pod)) return undefined;
  for (const taint of node.spec.taints ?? []) {
    if (taint.effect !== 'NoExecute') continue;
    const tolerated = (pod.spec.tolerations ?? []).some(
      ({ key, operator = 'Equal', value = '', effect }) =>
        (key === undefined || key === taint.key) &&
        (effect === undefined || effect === taint.effect) &&
        (operator === 'Exists' || value === (taint.value ?? '')),
    );
    if (tolerated) continue;
    return {
      reason: 'TaintToleration',
      message: 'Predicate TaintToleration failed: node(s) had untolerated taint(s)',
    };
  }
  return undefined;
}

function isStatic(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}
