import type { Deployment, HorizontalPodAutoscaler, StatefulSet } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { type Check, fail, type LabView, pass } from './check.ts';

type Workload = Deployment | StatefulSet;

/**
 * Workloads of the healthy shop are there with the pods that they had, and these are ready: no service beside the repaired one was
 * taken away, made smaller, or has lost its room on the nodes. No autoscaler may take pods away from any of them.
 * @param own looked at by others: of its own only autoscalers count
 */
export function shopAsLarge(namespace: string, own?: string): Check {
  return {
    expected: `services of ${namespace} have at least as many pods as before`,
    look: async (lab) => {
      const autoscalers = await lab.kube.list(resources.horizontalPodAutoscalers, { namespace });
      for (const resource of [resources.deployments, resources.statefulSets] as Resource<Workload>[]) {
        for (const before of lab.baseline.list(resource, namespace)) {
          const smaller =
            whyTakenAway(before, autoscalers) ??
            (before.metadata.name === own ? undefined : await whySmaller(lab, resource, before));
          if (smaller !== undefined) return fail(smaller);
        }
      }
      return pass('they have');
    },
  };
}

/**
 * Autoscalers of a workload that may leave it fewer pods than this.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */
export const scalersBelow = (
  autoscalers: readonly HorizontalPodAutoscaler[],
  { kind, name }: { readonly kind: string; readonly name: string },
  least: number,
): HorizontalPodAutoscaler[] =>
  autoscalers.filter(
    ({ spec: { scaleTargetRef: target, minReplicas = 1, maxReplicas } }) =>
      target.kind === kind && target.name === name && Math.min(minReplicas, maxReplicas) < least,
  );

function whyTakenAway(
  { kind, metadata: { name }, spec: { replicas } }: Workload,
  autoscalers: readonly HorizontalPodAutoscaler[],
): string | undefined {
  const found = scalersBelow(autoscalers, { kind, name }, replicas).find(
    ({ spec: { behavior } }) => behavior?.scaleDown?.selectPolicy !== 'Disabled',
  );
  const least = found?.spec.minReplicas ?? 1;
  return (
    found &&
    `horizontalpodautoscaler/${found.metadata.name} may scale ${name} down to ${least} of ${replicas} pods`
  );
}

async function whySmaller(
  { kube }: LabView,
  resource: Resource<Workload>,
  { kind, metadata: { namespace, name }, spec: { replicas } }: Workload,
): Promise<string | undefined> {
  const what = `${kind.toLowerCase()}/${name}`;
  const now = await kube.get(resource, namespace, name);
  if (now === undefined) return `${what} does not exist`;
  if (now.spec.replicas < replicas)
    return `${what} has ${now.spec.replicas} replicas; there were ${replicas} before`;
  const { readyReplicas = 0 } = now.status;
  return readyReplicas < replicas
    ? `${what} has ${readyReplicas} ready pods; there were ${replicas} before`
    : undefined;
}
