import type { Pod } from '../../model/objects.ts';
import type { Micros, Simulation } from '../simulation/simulation.ts';
import { isSidecar } from './conditions.ts';
import type { PodContainers } from './container-manager.ts';
import { all } from './task.ts';
import type { Step } from './task.ts';

/**
 * Stops the containers of a pod: all at once, but sidecars after the others and in reverse order, in what is left
 * of the grace period. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
 */
export function* stopContainers(
  simulation: Simulation,
  pod: Pod,
  containers: PodContainers,
  grace: Micros,
): Step {
  const deadline = simulation.now + grace;
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const running = containers.running();
  const first = running.filter(({ spec }) => !sidecars.has(spec.name));
  yield* all(first.map((instance) => containers.kill(pod, instance, { grace })));
  const order = [...sidecars].reverse();
  for (const name of order) {
    const instance = running.find(({ spec }) => spec.name === name);
    if (instance === undefined) continue;
    yield* containers.kill(pod, instance, { grace: Math.max(deadline - simulation.now, 0) });
  }
}
