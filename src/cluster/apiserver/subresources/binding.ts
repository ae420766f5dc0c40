import type { AnyObject, Condition, Labels, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import type { Store } from '../../store/store.ts';
import { badRequest, conflict, notFound } from '../status.ts';

/** `spec.nodeName` of a pod, and what goes with it. */
export interface BindingRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly annotations?: Labels;
  readonly uid?: string;
}

/**
 * The `binding` subresource: writes straight into the store, so neither generation nor managed fields change.
 * @throws StatusError 404 or 409
 */
export function bindPod(parts: { store: Store; simulation: Simulation }, request: BindingRequest): void {
  const { namespace, pod: name, node, annotations } = request;
  const pod = parts.store.get(resources.pods.id, namespace, name) as (AnyObject & Pod) | undefined;
  if (pod === undefined) throw notFound(resources.pods, name);
  if (node === '') throw badRequest('binding.target.name is required');
  const refuse = (cause: string): Error => conflict(BINDING, name, cause);
  if (request.uid !== undefined && request.uid !== pod.metadata.uid) {
    throw refuse(
      `Precondition failed: UID in precondition: ${request.uid}, UID in object meta: ${pod.metadata.uid}`,
    );
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if ((pod.spec.nodeName ?? '') !== '') {
    throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName ?? ''}"`);
  }
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  }
  const scheduled: Condition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: parts.simulation.timestamp(),
  };
  const { nominatedNodeName: _, ...status } = pod.status;
  const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  parts.store.put(resources.pods.id, {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations && { annotations: { ...pod.metadata.annotations, ...annotations } }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: { ...status, conditions: [...conditions, scheduled] },
  });
}

/** How the server names the resource in these conflicts. */
const BINDING = { group: '', plural: 'pods/binding', id: 'pods/binding' };
