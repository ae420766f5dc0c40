import type { KubeObject, NewObject } from './objects.ts';
import { apiVersionOf, type Resource, resources } from './resources.ts';

/** Kinds that people write in a namespace: first what workloads read, then workloads. */
export const writtenKinds: readonly Resource[] = [
  resources.configMaps,
  resources.secrets,
  resources.serviceAccounts,
  resources.roles,
  resources.roleBindings,
  resources.limitRanges,
  resources.resourceQuotas,
  resources.podDisruptionBudgets,
  resources.horizontalPodAutoscalers,
  resources.networkPolicies,
  resources.services,
  resources.daemonSets,
  resources.cronJobs,
  resources.jobs,
  resources.statefulSets,
  resources.deployments,
];

/** What an author of an object has written, with its defaults: no status, and nothing that the server keeps. */
export function writtenContent(object: KubeObject): Readonly<Record<string, unknown>> {
  const { metadata, status: _status, kind: _kind, apiVersion: _version, ...rest } = { status: {}, ...object };
  const { labels = {}, annotations = {} } = metadata;
  // Counted by the controller of Deployments.
  const { 'deployment.kubernetes.io/revision': _revision, ...written } = annotations;
  return { ...rest, labels, annotations: written };
}

/** An object as it would be made again. */
export function asNew<T extends KubeObject>(resource: Resource<T>, before: T): NewObject<T> {
  const { labels, annotations, ...rest } = writtenContent(before);
  const { name, namespace } = before.metadata;
  const metadata = { name, namespace, labels, annotations };
  const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...rest };
  return object as unknown as NewObject<T>;
}
