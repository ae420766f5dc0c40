import type { PersistentVolumeClaim, Pod, Volume } from './objects.ts';

/** A claim that a volume of a pod stands for. */
export interface PodClaim {
  readonly volume: Volume;
  readonly name: string;
  readonly readOnly: boolean;
  /** Whether it is made for the pod, and goes with it (a generic ephemeral volume). */
  readonly isEphemeral: boolean;
}

/**
 * The claims of a pod's volumes, in the order of the volumes.
 * https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
 */
export function claimsOf(pod: Pick<Pod, 'metadata' | 'spec'>): PodClaim[] {
  return (pod.spec.volumes ?? []).flatMap((volume) => claimOf(pod, volume) ?? []);
}

/** The claim that one volume stands for. */
export function claimOf({ metadata }: Pick<Pod, 'metadata'>, volume: Volume): PodClaim | undefined {
  const { persistentVolumeClaim, ephemeral } = volume;
  if (persistentVolumeClaim !== undefined) {
    const { claimName: name, readOnly = false } = persistentVolumeClaim;
    return { volume, name, readOnly, isEphemeral: false };
  }
  if (ephemeral === undefined) return undefined;
  return { volume, name: `${metadata.name}-${volume.name}`, readOnly: false, isEphemeral: true };
}

/** Why a claim is not the one that was made for an ephemeral volume of a pod: another had the name already. */
export function notMadeFor(pod: Pick<Pod, 'metadata'>, claim: PersistentVolumeClaim): string | undefined {
  const { namespace = '', name, ownerReferences = [] } = claim.metadata;
  if (ownerReferences.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)) {
    return undefined;
  }
  const owner = `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`;
  return `PVC ${namespace}/${name} was not created for pod ${owner} (pod is not owner)`;
}
