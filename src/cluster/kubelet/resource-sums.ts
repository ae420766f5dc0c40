import type { Container, Pod, ResourceList, ResourceRequirements } from '../../model/objects.ts';
import { addQuantities } from '../../model/quantity.ts';
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
  const granted: ResourceList = {};
  const requests: ResourceList = {};
  const limits: ResourceList = {};
  for (const container of pod.spec.containers) {
    const grant = allocated.get(container.name) ?? container.resources;
    const latest = containers.latest(container.name);
    const inForce = latest?.state === 'running' ? latest.resources : grant;
    addAll(granted, grant.requests);
    addAll(requests, inForce.requests);
    addAll(limits, inForce.limits);
  }
  const resources: ResourceRequirements = {};
  if (Object.keys(limits).length > 0) resources.limits = limits;
  if (Object.keys(requests).length > 0) resources.requests = requests;
  return { allocatedResources: Object.keys(granted).length > 0 ? granted : undefined, resources };
}

function addAll(sum: ResourceList, amounts: ResourceList | undefined): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    const before = sum[name];
    sum[name] = before === undefined ? amount : addQuantities(before, amount);
  }
}
