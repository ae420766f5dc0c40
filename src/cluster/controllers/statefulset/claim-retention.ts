import type { OwnerReference, PersistentVolumeClaim, Pod, StatefulSet } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { controllerReference } from '../ownership.ts';
import { ordinalOf } from './identity.ts';

/**
 * Who has to own a claim of a set, so that it goes with its owner: the set, a pod that is to go, or nobody.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
 * @returns the references as they should be, or undefined where they are
 */
export function retainedBy(
  set: StatefulSet,
  pod: Pod,
  claim: PersistentVolumeClaim,
): OwnerReference[] | undefined {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const goesWithPod = whenScaled === 'Delete' && !isInRange(set, pod);
  const goesWithSet = whenDeleted === 'Delete' && !goesWithPod;
  const references = claim.metadata.ownerReferences ?? [];
  const isOwnedBy = (uid: string): boolean => references.some((reference) => reference.uid === uid);
  if (isOwnedBy(set.metadata.uid) === goesWithSet && isOwnedBy(pod.metadata.uid) === goesWithPod) {
    return undefined;
  }
  const others = references.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid);
  // A claim that somebody else controls is left alone.
  if (others.some(({ controller }) => controller === true)) return undefined;
  return [
    ...others,
    ...(goesWithSet ? [controllerReference(resources.statefulSets, set)] : []),
    ...(goesWithPod ? [controllerReference(resources.pods, pod)] : []),
  ];
}

/** Whether a claim is one of a former pod of the same name, and goes with that. */
export function isOfFormerPod({ metadata }: PersistentVolumeClaim, pod: string): boolean {
  return (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Pod' && name === pod);
}

function isInRange(set: StatefulSet, pod: Pod): boolean {
  const first = set.spec.ordinals?.start ?? 0;
  const ordinal = ordinalOf(set, pod) ?? -1;
  return ordinal >= first && ordinal < first + set.spec.replicas;
}
