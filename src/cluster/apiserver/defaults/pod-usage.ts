import { addQuantities, compareQuantities } from '../../../model/quantity.ts';
import type { Container, PodSpec, Quantity, ResourceList } from '../../../model/objects.ts';
import type { Draft } from './draft.ts';

/**
 * What the containers of a pod use at the same time: those that run together are added, an init container before
 * them counts where it alone (with the sidecars that run already) needs more.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export function usageOfContainers(spec: Draft<PodSpec>, which: 'requests' | 'limits'): ResourceList {
  const sidecars: ResourceList = {};
  const initial: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = listOf(container, which);
    if (container.restartPolicy === 'Always') {
      accumulate(sidecars, own, sum);
      accumulate(initial, sidecars, larger);
    } else {
      const together = { ...sidecars };
      accumulate(together, own, sum);
      accumulate(initial, together, larger);
    }
  }
  const running = sidecars;
  for (const container of spec.containers ?? []) accumulate(running, listOf(container, which), sum);
  accumulate(running, initial, larger);
  return running;
}

/** What a pod uses: what it says of itself, otherwise what its containers use; and the overhead of its runtime. */
export function usageOfPod(spec: Draft<PodSpec>, which: 'requests' | 'limits'): ResourceList {
  const usage: ResourceList = {
    ...usageOfContainers(spec, which),
    ...(spec.resources?.[which] as ResourceList),
  };
  if (spec.overhead !== undefined) accumulate(usage, spec.overhead as ResourceList, sum);
  return usage;
}

function listOf(container: Draft<Container>, which: 'requests' | 'limits'): ResourceList {
  return (container.resources?.[which] ?? {}) as ResourceList;
}

/** Adds a list to another, in place. */
export function accumulate(
  target: ResourceList,
  list: ResourceList,
  combine: (a: Quantity, b: Quantity) => Quantity,
): void {
  for (const [name, quantity] of Object.entries(list)) {
    const before = target[name];
    target[name] = before === undefined ? quantity : combine(before, quantity);
  }
}

export function sum(a: Quantity, b: Quantity): Quantity {
  return addQuantities(a, b);
}

function larger(a: Quantity, b: Quantity): Quantity {
  return compareQuantities(a, b) < 0 ? b : a;
}
