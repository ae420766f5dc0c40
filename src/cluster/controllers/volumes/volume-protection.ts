import { edit } from '../../../core/json.ts';
import type { KubeObject } from '../../../model/objects.ts';
import { claimsOf } from '../../../model/pod-claims.ts';
import { resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { isPodFinished } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { usesClaim } from './claims.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/** Keeps a claim while a pod uses it. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection */
export function createClaimProtection({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'pvc-protection', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const claim = api.get(resources.persistentVolumeClaims, namespace, name);
    if (claim?.metadata.deletionTimestamp === undefined) return;
    if (!hasFinalizer(claim, CLAIM_FINALIZER)) return;
    const isUsed = api
      .list(resources.pods, { namespace })
      .some((pod) => (pod.spec.nodeName ?? '') !== '' && !isPodFinished(pod) && usesClaim(pod, name));
    if (!isUsed) api.update(resources.persistentVolumeClaims, edit(claim, withoutFinalizer(CLAIM_FINALIZER)));
  }

  return {
    name: 'persistentvolumeclaim-protection-controller',
    start: () => {
      watches.on(resources.persistentVolumeClaims, ({ object }) => {
        if (object.metadata.deletionTimestamp !== undefined) queue.add(keyOf(object));
      });
      watches.on(resources.pods, ({ type, object: pod }) => {
        if (type !== 'DELETED' && !isPodFinished(pod)) return;
        for (const { name } of claimsOf(pod)) queue.add(`${pod.metadata.namespace ?? ''}/${name}`);
      });
    },
  };
}

/** Keeps a volume while it is bound. */
export function createVolumeProtection({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'pv-protection', sync);

  function sync(name: string): void {
    const volume = api.get(resources.persistentVolumes, undefined, name);
    if (volume?.metadata.deletionTimestamp === undefined) return;
    if (!hasFinalizer(volume, VOLUME_FINALIZER) || volume.status.phase === 'Bound') return;
    api.update(resources.persistentVolumes, edit(volume, withoutFinalizer(VOLUME_FINALIZER)));
  }

  return {
    name: 'persistentvolume-protection-controller',
    start: () => {
      watches.on(resources.persistentVolumes, ({ object: { metadata } }) => {
        if (metadata.deletionTimestamp !== undefined) queue.add(metadata.name);
      });
    },
  };
}

function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return (metadata.finalizers ?? []).includes(finalizer);
}

function withoutFinalizer(finalizer: string): (draft: KubeObject) => void {
  return ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== finalizer);
    if (metadata.finalizers.length === 0) delete metadata.finalizers;
  };
}
