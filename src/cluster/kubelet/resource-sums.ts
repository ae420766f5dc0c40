import type { Container, Pod, Quantity, ResourceList, ResourceRequirements } from '../../model/objects.ts';
import { addQuantities, bytesOf, compareQuantities } from '../../model/quantity.ts';
import { isSidecar } from './conditions.ts';
import type { PodContainers } from './container-manager.ts';

/**
 * The sums over a pod's containers that 1.36 shows in the status: what was granted, and what is in force.
 * https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
 */
export function resourceSums(
  pod: Pod,
  containers: PodContainers,
  allocated: ReadonlyMap<string, Container['resources']>,
): { allocatedResources: ResourceList | undefined; resources: ResourceRequirements } {
  const granted = (container: Container): Container['resources'] =>
    allocated.get(container.name) ?? container.resources;
  const inForce = (container: Container): Container['resources'] => {
    const latest = containers.latest(container.name);
    return latest?.state === 'running' ? latest.resources : granted(container);
  };
  const allocatedResources = ofPod(pod, (container) => granted(container).requests);
  const limits = ofPod(pod, (container) => inForce(container).limits);
  const requests = ofPod(pod, (container) => inForce(container).requests);
  return { allocatedResources, resources: { ...(limits && { limits }), ...(requests && { requests }) } };
}

/** Bytes that all of a pod may have together; undefined where a container has no limit. */
export function podMemoryLimit(pod: Pod): number | undefined {
  const limitOf = ({ resources }: Container): Quantity | undefined => resources.limits?.['memory'];
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  if (containers.some((container) => limitOf(container) === undefined)) return undefined;
  const limit = ofPod(pod, ({ resources }) => resources.limits)?.['memory'];
  return limit === undefined ? undefined : bytesOf(limit);
}

/**
 * What the containers and sidecars have together, or the largest init container with the sidecars before it, if
 * that is more.
 */
function ofPod(
  pod: Pod,
  amountsOf: (container: Container) => ResourceList | undefined,
): ResourceList | undefined {
  const total: ResourceList = {};
  const sidecars: ResourceList = {};
  const initial: ResourceList = {};
  for (const container of pod.spec.containers) add(total, amountsOf(container));
  for (const container of pod.spec.initContainers ?? []) {
    const whileRunning = { ...sidecars };
    add(whileRunning, amountsOf(container));
    raise(initial, whileRunning);
    if (!isSidecar(container)) continue;
    add(sidecars, amountsOf(container));
    add(total, amountsOf(container));
  }
  raise(total, initial);
  return Object.keys(total).length === 0 ? undefined : total;
}

function add(sum: ResourceList, amounts: ResourceList | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const before = sum[name];
    sum[name] = before === undefined ? amount : addQuantities(before, amount);
  }
}

function raise(sum: ResourceList, floor: ResourceList): void {
  for (const [name, amount] of Object.entries(floor)) {
    const before = sum[name];
    if (before === undefined || compareQuantities(before, amount) < 0) sum[name] = amount;
  }
}
