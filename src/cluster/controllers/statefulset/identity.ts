import { copy, equal } from '../../../core/json.ts';
import type { NewObject, PersistentVolumeClaim, Pod, StatefulSet } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { controllerReference } from '../ownership.ts';
import { podFromTemplate } from '../pod-control.ts';

export const REVISION_LABEL = 'controller-revision-hash';
const POD_NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const POD_INDEX_LABEL = 'apps.kubernetes.io/pod-index';

/** The place of a pod in its set, or undefined when its name is not one of the set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const { name } = pod.metadata;
  if (!name.startsWith(prefix) || !/^\d+$/.test(name.slice(prefix.length))) return undefined;
  return Number(name.slice(prefix.length));
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

export function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[REVISION_LABEL];
}

/** The pod with an ordinal, of a revision. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-identity */
export function podWithIdentity(
  set: StatefulSet,
  template: StatefulSet['spec']['template'],
  ordinal: number,
  revision: string,
): NewObject<Pod> {
  const pod = podFromTemplate(template, set, controllerReference(resources.statefulSets, set));
  const name = podName(set, ordinal);
  pod.metadata.name = name;
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [POD_NAME_LABEL]: name,
    [POD_INDEX_LABEL]: String(ordinal),
    [REVISION_LABEL]: revision,
  };
  pod.spec.hostname = name;
  const { serviceName = '' } = set.spec;
  if (serviceName !== '') pod.spec.subdomain = serviceName;
  pod.spec.volumes = volumesWithClaims(set, pod.spec.volumes ?? [], ordinal);
  if (pod.spec.volumes.length === 0) delete pod.spec.volumes;
  return pod;
}

/** The claims of the set come first, and in place of volumes of the same name. */
function volumesWithClaims(
  set: StatefulSet,
  volumes: NonNullable<Pod['spec']['volumes']>,
  ordinal: number,
): NonNullable<Pod['spec']['volumes']> {
  const claims = (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    name: template.metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, template.metadata.name, ordinal) },
  }));
  const taken = new Set(claims.map(({ name }) => name));
  return [...claims, ...volumes.filter(({ name }) => !taken.has(name))];
}

function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podName(set, ordinal)}`;
}

/** The claims that a pod of the set needs. */
export function claimsFor(set: StatefulSet, ordinal: number): NewObject<PersistentVolumeClaim>[] {
  return (set.spec.volumeClaimTemplates ?? []).map((template) => {
    const { status: _status, ...rest } = copy(template);
    const { namespace } = set.metadata;
    return {
      ...rest,
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...rest.metadata,
        name: claimName(set, template.metadata.name, ordinal),
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...rest.metadata.labels, ...set.spec.selector.matchLabels },
      },
    } as NewObject<PersistentVolumeClaim>;
  });
}

/** Whether a pod has the labels and claims that its name promises. */
export function hasIdentity(set: StatefulSet, pod: Pod, ordinal: number): boolean {
  const labels = pod.metadata.labels ?? {};
  return (
    labels[POD_NAME_LABEL] === pod.metadata.name &&
    labels[POD_INDEX_LABEL] === String(ordinal) &&
    equal(pod.spec.volumes ?? [], volumesWithClaims(set, pod.spec.volumes ?? [], ordinal))
  );
}

/** A pod's labels as its name promises. */
export function identityLabels(pod: Pod, ordinal: number): Record<string, string> {
  return {
    ...pod.metadata.labels,
    [POD_NAME_LABEL]: pod.metadata.name,
    [POD_INDEX_LABEL]: String(ordinal),
  };
}
