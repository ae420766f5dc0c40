import { matchesNodeSelectorTerms } from '../../../model/node-affinity.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../model/objects.ts';
import { claimsOf, notMadeFor } from '../../../model/pod-claims.ts';
import { compareQuantities } from '../../../model/quantity.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { Api } from '../../api.ts';
import { BIND_COMPLETED, SELECTED_NODE, waitsForConsumer } from '../../volume-binding.ts';
import { rejection, unresolvable } from '../filter.ts';
import type { Filter, FilterContext } from '../filter.ts';

/** The claims of a pod's volumes, by name. */
export function claimNames(pod: Pod): string[] {
  return claimsOf(pod).map(({ name }) => name);
}

/** Claims that have to be bound once the node is known. */
export function unboundClaims(api: Pick<Api, 'get'>, pod: Pod): PersistentVolumeClaim[] {
  return claimNames(pod).flatMap((name) => {
    const claim = api.get(resources.persistentVolumeClaims, pod.metadata.namespace, name);
    return claim === undefined || isBound(claim) ? [] : [claim];
  });
}

export function isBound(claim: PersistentVolumeClaim): boolean {
  return (claim.spec.volumeName ?? '') !== '' && claim.metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

/** What no node can mend; asked before the nodes are. */
export function volumesRefusal(pod: Pod, api: Pick<Api, 'get'>): string | undefined {
  for (const { name, isEphemeral } of claimsOf(pod)) {
    const claim = api.get(resources.persistentVolumeClaims, pod.metadata.namespace, name);
    if (claim === undefined) {
      return isEphemeral
        ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
        : `persistentvolumeclaim "${name}" not found`;
    }
    const other = isEphemeral ? notMadeFor(pod, claim) : undefined;
    if (other !== undefined) return other;
    if (claim.metadata.deletionTimestamp !== undefined) {
      return `persistentvolumeclaim "${name}" is being deleted`;
    }
    if (claim.status.phase === 'Lost') {
      return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec.volumeName ?? ''}"`;
    }
    if (!isBound(claim) && !waitsForConsumer(claim, api)) {
      return 'pod has unbound immediate PersistentVolumeClaims';
    }
  }
  return undefined;
}

export const volumeRestrictions: Filter = (pod, _node, { api, nodes }) => {
  const exclusive = claimNames(pod).filter((name) =>
    api
      .get(resources.persistentVolumeClaims, pod.metadata.namespace, name)
      ?.spec.accessModes.includes('ReadWriteOncePod'),
  );
  if (exclusive.length === 0) return undefined;
  const isUsed = nodes.some((node) =>
    node.pods.some(
      (other) =>
        other.metadata.namespace === pod.metadata.namespace &&
        claimNames(other).some((name) => exclusive.includes(name)),
    ),
  );
  return isUsed
    ? rejection(
        'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
      )
    : undefined;
};

export const volumeBinding: Filter = (pod, { node }, { api }) => {
  for (const name of claimNames(pod)) {
    const claim = api.get(resources.persistentVolumeClaims, pod.metadata.namespace, name);
    if (claim === undefined || !isBound(claim)) continue;
    const volume = api.get(resources.persistentVolumes, undefined, claim.spec.volumeName ?? '');
    if (volume === undefined) {
      return unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
    }
    if (!isReachable(volume, node)) {
      return unresolvable("node(s) didn't match PersistentVolume's node affinity");
    }
  }
  const taken = new Set<string>();
  for (const claim of unboundClaims(api, pod)) {
    const selected = claim.metadata.annotations?.[SELECTED_NODE];
    if (selected !== undefined && selected !== node.metadata.name) {
      return unresolvable("node(s) didn't find available persistent volumes to bind");
    }
    const volume = matchingVolume(claim, node, api, taken);
    if (volume !== undefined) taken.add(volume.metadata.name);
    else if (!isProvisioned(claim, api)) {
      return unresolvable("node(s) didn't find available persistent volumes to bind");
    }
  }
  return undefined;
};

function isReachable(
  volume: PersistentVolume,
  node: Parameters<typeof matchesNodeSelectorTerms>[1],
): boolean {
  const required = volume.spec.nodeAffinity?.required;
  return required === undefined || matchesNodeSelectorTerms(required.nodeSelectorTerms, node);
}

/** Whether a new volume can be made for the claim. */
function isProvisioned(claim: PersistentVolumeClaim, api: Pick<Api, 'get'>): boolean {
  const storageClass = api.get(resources.storageClasses, undefined, claim.spec.storageClassName ?? '');
  return storageClass !== undefined && storageClass.provisioner !== 'kubernetes.io/no-provisioner';
}

/** The smallest free volume that fits a claim and can be reached from a node. */
export function matchingVolume(
  claim: PersistentVolumeClaim,
  node: Parameters<typeof matchesNodeSelectorTerms>[1],
  api: FilterContext['api'],
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const size = claim.spec.resources.requests?.['storage'] ?? '0';
  const fitting = api.list(resources.persistentVolumes).filter((volume) => {
    const { claimRef, storageClassName = '', accessModes, capacity, volumeMode } = volume.spec;
    const isOwn = claimRef?.name === claim.metadata.name && claimRef.namespace === claim.metadata.namespace;
    const isFree = claimRef === undefined ? volume.status.phase === 'Available' : isOwn;
    return (
      isFree &&
      !taken.has(volume.metadata.name) &&
      storageClassName === (claim.spec.storageClassName ?? '') &&
      volumeMode === claim.spec.volumeMode &&
      claim.spec.accessModes.every((mode) => accessModes.includes(mode)) &&
      compareQuantities(capacity['storage'] ?? '0', size) >= 0 &&
      (claim.spec.selector === undefined || matchesSelector(claim.spec.selector, volume.metadata.labels)) &&
      isReachable(volume, node)
    );
  });
  return fitting.sort((a, b) =>
    compareQuantities(a.spec.capacity['storage'] ?? '0', b.spec.capacity['storage'] ?? '0'),
  )[0];
}
