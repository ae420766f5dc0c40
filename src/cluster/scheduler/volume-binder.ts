import { edit } from '../../core/json.ts';
import type { Node, PersistentVolumeClaim, Pod } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { SELECTED_NODE } from '../volume-binding.ts';
import { matchingVolume, unboundClaims } from './filters/volumes.ts';

/**
 * Has the claims of a pod bound for the node that was chosen: existing volumes are reserved, and for others the
 * provisioner is told the node.
 * @returns whether there is anything to wait for
 */
export function bindVolumes(api: Api, pod: Pod, node: Node): boolean {
  const claims = unboundClaims(api, pod);
  const taken = new Set<string>();
  for (const claim of claims) {
    const volume = matchingVolume(claim, node, api, taken);
    if (volume === undefined) selectNode(api, claim, node.metadata.name);
    else {
      taken.add(volume.metadata.name);
      const { namespace, name, uid, resourceVersion } = claim.metadata;
      api.update(
        resources.persistentVolumes,
        edit(volume, (draft) => {
          draft.metadata.annotations = {
            ...draft.metadata.annotations,
            'pv.kubernetes.io/bound-by-controller': 'yes',
          };
          draft.spec.claimRef = {
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            ...(namespace === undefined ? {} : { namespace }),
            name,
            uid,
            resourceVersion,
          };
        }),
      );
    }
  }
  return claims.length > 0;
}

function selectNode(api: Api, claim: PersistentVolumeClaim, node: string): void {
  if (claim.metadata.annotations?.[SELECTED_NODE] === node) return;
  api.update(
    resources.persistentVolumeClaims,
    edit(claim, (draft) => {
      draft.metadata.annotations = { ...draft.metadata.annotations, [SELECTED_NODE]: node };
    }),
  );
}
