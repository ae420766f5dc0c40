import type { Container, Quantity } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { isOver } from '../model/pod-phase.ts';
import { podRequests } from '../model/pod-requests.ts';
import { bytesOf, compareQuantities } from '../model/quantity.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, pass } from './check.ts';
import { podsOf, type WorkloadRef } from './workloads.ts';

/**
 * Every container of the Deployment's template has a memory limit between two bounds, those too that run before the others or
 * beside them (`initContainers`), and its pods have what the template says (a pod that was resized alone loses that with
 * the next rollout).
 */
export function memoryLimitWithin(
  of: WorkloadRef,
  bounds: { readonly floor: Quantity; readonly ceiling: Quantity },
): Check {
  return {
    expected: `containers of ${of.name} have a memory limit from ${bounds.floor} to ${bounds.ceiling}, in template and pods`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const containers = containersOf(deployment.spec.template.spec);
      for (const container of containers) {
        const limit = limitOf(container);
        if (limit === undefined)
          return fail(`container ${container.name} has no memory limit in the template`);
        if (compareQuantities(limit, bounds.floor) < 0 || compareQuantities(limit, bounds.ceiling) > 0) {
          return fail(`container ${container.name} has a memory limit of ${limit}`);
        }
      }
      const { current } = await podsOf(lab, deployment);
      for (const pod of current) {
        for (const container of containersOf(pod.spec)) {
          const template = containers.find(({ name }) => name === container.name);
          const limit = limitOf(container);
          const same =
            template !== undefined &&
            limit !== undefined &&
            compareQuantities(limit, limitOf(template) ?? 0) === 0;
          if (!same)
            return fail(
              `the memory limit in pod ${pod.metadata.name} is ${limit ?? 'not set'}, and in the template another`,
            );
        }
      }
      return pass(containers.map((container) => `${container.name}: ${limitOf(container) ?? ''}`).join(', '));
    },
  };
}

function limitOf({ resources: { limits } }: Container): Quantity | undefined {
  return limits?.['memory'];
}

/** The memory requests of all pods fit on the nodes. */
export function requestsFit(): Check {
  return {
    expected: 'memory requests of all pods fit on their nodes',
    look: async (lab) => {
      const nodes = await lab.kube.list(resources.nodes);
      const pods = await lab.kube.list(resources.pods);
      for (const node of nodes) {
        const requested = pods
          .filter(({ spec, status }) => spec.nodeName === node.metadata.name && !isOver(status))
          .reduce((sum, { spec }) => sum + (podRequests(spec).get('memory') ?? 0), 0);
        if (requested > bytesOf(node.status.allocatable['memory'] ?? '0'))
          return fail(
            `the pods on node ${node.metadata.name} request ${Math.ceil(requested / 2 ** 20)}Mi of memory, which is more than it has`,
          );
      }
      return pass('they fit');
    },
  };
}
