import type { AnyObject, Pod, PodSpec, ResourceRequirements } from '../../../model/objects.ts';
import type { Resource } from '../../../model/resources.ts';
import { compareQuantities } from '../../../model/quantity.ts';

/** Statuses that are stored for a new object; what is not listed has `{}`, or none where the kind has none. */
const initialStatus: Readonly<Record<string, (object: AnyObject) => unknown>> = {
  namespaces: () => ({ phase: 'Active' }),
  persistentvolumeclaims: () => ({ phase: 'Pending' }),
  persistentvolumes: ({ metadata }) => ({
    phase: 'Pending',
    lastPhaseTransitionTime: metadata.creationTimestamp,
  }),
  services: () => ({ loadBalancer: {} }),
  replicationcontrollers: () => ({ replicas: 0 }),
  resourcequotas: () => ({}),
  'deployments.apps': () => ({}),
  'replicasets.apps': () => ({ replicas: 0 }),
  'statefulsets.apps': () => ({ replicas: 0, availableReplicas: 0 }),
  'daemonsets.apps': () => ({
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  }),
  'jobs.batch': () => ({}),
  'cronjobs.batch': () => ({}),
  'horizontalpodautoscalers.autoscaling': () => ({ desiredReplicas: 0, currentMetrics: null }),
  'poddisruptionbudgets.policy': () => ({
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  }),
  'ingresses.networking.k8s.io': () => ({ loadBalancer: {} }),
};

/** Replaces whatever status a client sent with the one of a new object. */
export function setInitialStatus(resource: Resource, object: AnyObject): void {
  if (resource.id === 'pods') {
    object['status'] = {
      phase: 'Pending',
      ...gatedCondition(object as AnyObject & Pod),
      qosClass: qosClassOf((object as AnyObject & Pod).spec),
    };
    return;
  }
  const status = initialStatus[resource.id];
  if (status !== undefined) object['status'] = status(object);
}

function gatedCondition(pod: Pod): Partial<Pod['status']> {
  if (pod.spec.schedulingGates === undefined || pod.spec.schedulingGates.length === 0) return {};
  return {
    conditions: [
      {
        type: 'PodScheduled',
        status: 'False',
        lastProbeTime: null,
        lastTransitionTime: pod.metadata.creationTimestamp,
        reason: 'SchedulingGated',
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ],
  };
}

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/**
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 * Guaranteed: CPU and memory of every container are limited, and as much is requested.
 */
export function qosClassOf(spec: PodSpec): QosClass {
  const all =
    spec.resources === undefined
      ? [...spec.containers, ...(spec.initContainers ?? [])].map((container) => container.resources)
      : [spec.resources];
  if (all.every((resources) => !needsAnything(resources))) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}

function needsAnything(resources: ResourceRequirements): boolean {
  return [resources.requests, resources.limits].some((list) =>
    ['cpu', 'memory'].some((name) => isPositive(list?.[name])),
  );
}

function isPositive(quantity: string | number | undefined): boolean {
  return quantity !== undefined && compareQuantities(quantity, '0') > 0;
}

function isGuaranteed(resources: ResourceRequirements): boolean {
  return ['cpu', 'memory'].every((name) => {
    const limit = resources.limits?.[name];
    const request = resources.requests?.[name];
    if (limit === undefined || !isPositive(limit)) return false;
    return request !== undefined && compareQuantities(limit, request) === 0;
  });
}
