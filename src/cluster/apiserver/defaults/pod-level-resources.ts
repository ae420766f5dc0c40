import { addQuantities, compareQuantities } from '../../../model/quantity.ts';
import type { Container, PodSpec, Quantity, ResourceList } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';

type Which = 'requests' | 'limits';

/**
 * Fills the pod's own resources from those of its containers: requests once there are limits, limits once there are
 * requests and every container is limited.
 * https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#pod-level-resource-specification
 */
export function defaultPodLevelResources(spec: Draft<PodSpec>): void {
  const own = spec.resources;
  if (own === undefined) return;
  if (hasAny(own.limits)) {
    const requests = { ...total(spec, 'requests'), ...own.requests };
    for (const [name, limit] of Object.entries(own.limits ?? {})) requests[name] ??= limit;
    own.requests = requests;
  } else if (hasAny(own.requests)) {
    const limits: Draft<ResourceList> = {};
    for (const [name, limit] of Object.entries(total(spec, 'limits'))) {
      if (everyContainer(spec).every((container) => container.resources?.limits?.[name] !== undefined)) {
        limits[name] = limit;
      }
    }
    if (hasAny(limits)) own.limits = limits;
  }
}

function hasAny(list: Draft<ResourceList> | undefined): boolean {
  return list !== undefined && Object.keys(list).length > 0;
}

function everyContainer(spec: Draft<PodSpec>): readonly Draft<Container>[] {
  return [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
}

/**
 * What the containers need at the same time: those that run together are added, an init container before them
 * counts where it alone needs more. CPU and memory only.
 */
function total(spec: Draft<PodSpec>, which: Which): Draft<ResourceList> {
  let sidecars: Draft<ResourceList> = {};
  let initial: Draft<ResourceList> = {};
  for (const container of spec.initContainers ?? []) {
    const list = container.resources?.[which];
    const together = combine(sidecars, list, addQuantities);
    if (container.restartPolicy === 'Always') sidecars = together;
    initial = combine(initial, together, larger);
  }
  let running = sidecars;
  for (const container of spec.containers ?? []) {
    running = combine(running, container.resources?.[which], addQuantities);
  }
  return combine(running, initial, larger);
}

function combine(
  list: Draft<ResourceList>,
  other: Draft<ResourceList> | undefined,
  how: (a: Quantity, b: Quantity) => Quantity,
): Draft<ResourceList> {
  const result: Draft<ResourceList> = { ...list };
  for (const name of ['cpu', 'memory']) {
    const more = other?.[name];
    if (more !== undefined) result[name] = result[name] === undefined ? more : how(result[name], more);
  }
  return result;
}

function larger(a: Quantity, b: Quantity): Quantity {
  return compareQuantities(a, b) < 0 ? b : a;
}
