import { equal } from '../../../core/json.ts';
import type { AnyObject, Job, JobSpec, Namespace, PodTemplate } from '../../../model/objects.ts';
import type { Draft } from '../defaults/draft.ts';
import { labelLikeTemplate } from '../defaults/workloads.ts';
import { mergeLabelKeys } from './label-keys.ts';

/**
 * How kinds differ in what the server does with them beyond defaulting and validation, by the resource that they
 * are stored as. What is not in a table has none of it.
 */

/** Kinds whose `metadata.generation` counts changes of the specification. */
const COUNTED = new Set([
  'pods',
  'podtemplates',
  'replicationcontrollers',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
  'ingressclasses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'endpointslices.discovery.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'mutatingadmissionpolicies.admissionregistration.k8s.io',
  'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'deviceclasses.resource.k8s.io',
  'resourceslices.resource.k8s.io',
]);

/** Kinds that a PUT to a name that does not exist creates. */
export const CREATED_BY_UPDATE: ReadonlySet<string> = new Set([
  'endpoints',
  'events',
  'limitranges',
  'leases.coordination.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
]);

/** Kinds that are answered with the object itself, not with a Status, when a DELETE has removed it. */
export const RETURNED_WHEN_DELETED: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
]);

/** Kinds whose update must name the version that it changes. */
export const CHANGED_BY_VERSION_ONLY: ReadonlySet<string> = new Set([
  'leases.coordination.k8s.io',
  'poddisruptionbudgets.policy',
  'customresourcedefinitions.apiextensions.k8s.io',
]);

/**
 * What the server adds of its own to what clients have sent and admission has changed. Unlike default values it belongs to
 * nobody: it is not in `metadata.managedFields`.
 */
export function prepare(storage: string, draft: AnyObject, operation: 'CREATE' | 'UPDATE'): void {
  if (operation === 'UPDATE') return;
  if (storage === 'jobs.batch') generateSelector(draft);
  if (storage === 'namespaces') addFinalizer(draft);
  if (storage === 'pods') mergeLabelKeys(draft);
}

/** What is in a namespace goes before it does. */
function addFinalizer(namespace: Draft<Namespace>): void {
  const spec = (namespace.spec ??= {});
  if (spec.finalizers?.includes('kubernetes') === true) return;
  spec.finalizers = [...(spec.finalizers ?? []), 'kubernetes'];
}

/** A Job finds its pods by its own uid. */
function generateSelector(job: Draft<Job>): void {
  const { uid, name } = job.metadata ?? {};
  const spec: Draft<JobSpec> = (job.spec ??= {});
  if (spec.manualSelector === true || uid === undefined || name === undefined) return;
  const template: Draft<PodTemplate> = (spec.template ??= {});
  const metadata = (template.metadata ??= {});
  // Labels that the Job has taken from its template stay the template's.
  if (equal(job.metadata?.labels, metadata.labels)) delete job.metadata?.labels;
  metadata.labels = {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
    ...metadata.labels,
  };
  const selector = (spec.selector ??= {});
  selector.matchLabels = { ...selector.matchLabels, 'batch.kubernetes.io/controller-uid': uid };
  labelLikeTemplate(job, template);
}

/** The generation of a new object; what a client sent counts only for kinds that the server does not number. */
export function firstGeneration(storage: string, draft: AnyObject, custom: boolean): number | undefined {
  return custom || COUNTED.has(storage) ? 1 : draft.metadata.generation;
}

/** The generation after an update that has put `draft` together. */
export function nextGeneration(
  storage: string,
  draft: AnyObject,
  old: AnyObject,
  custom: boolean,
): number | undefined {
  const { generation } = old.metadata;
  if (generation === undefined || !(custom || COUNTED.has(storage))) return generation;
  return specificationChanged(storage, draft, old) ? generation + 1 : generation;
}

function specificationChanged(storage: string, draft: AnyObject, old: AnyObject): boolean {
  if (
    storage === 'deployments.apps' &&
    !equal(draft.metadata.annotations ?? {}, old.metadata.annotations ?? {})
  ) {
    return true;
  }
  if (
    storage === 'endpointslices.discovery.k8s.io' &&
    !equal(draft.metadata.labels ?? {}, old.metadata.labels ?? {})
  ) {
    return true;
  }
  return !equal(specificationOf(draft), specificationOf(old));
}

/** Everything that is neither metadata nor status. */
export function specificationOf(object: AnyObject): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}
