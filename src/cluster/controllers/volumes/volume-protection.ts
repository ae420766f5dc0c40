import { edit } from '../../../core/json.ts';
import { claimsOf } from '../../../model/pod-claims.ts';
import { resource, resources } from '../../../model/resources.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { hasFinalizer, withoutFinalizer } from '../finalizers.ts';
import { isPodFinished } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { usesClaim } from './claims.ts';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';
const CLASS_FINALIZER = 'kubernetes.io/vac-protection';
const attributesClasses = resource(
  'storage.k8s.io',
  'v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  false,
);

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

/** Keeps a VolumeAttributesClass while a volume or a claim names it. */
export function createAttributesClassProtection({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'vac-protection', sync);

  function sync(name: string): void {
    const found = api.get(attributesClasses, undefined, name);
    if (found?.metadata.deletionTimestamp === undefined || !hasFinalizer(found, CLASS_FINALIZER)) return;
    if (!isUsed(name)) api.update(attributesClasses, edit(found, withoutFinalizer(CLASS_FINALIZER)));
  }

  function isUsed(name: string): boolean {
    const names = ({ spec, status }: { spec: object; status: object }): boolean =>
      (spec as AttributesClassUser).volumeAttributesClassName === name ||
      (status as AttributesClassUser).currentVolumeAttributesClassName === name;
    return (
      api.list(resources.persistentVolumes).some(names) ||
      api.list(resources.persistentVolumeClaims).some(names)
    );
  }

  const look = (): void => {
    for (const { metadata } of api.list(attributesClasses))
      if (metadata.deletionTimestamp !== undefined) queue.add(metadata.name);
  };
  return {
    name: 'volumeattributesclass-protection-controller',
    start: () => {
      watches.on(attributesClasses, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
      watches.on(resources.persistentVolumeClaims, ({ type }) => {
        if (type !== 'ADDED') look();
      });
      watches.on(resources.persistentVolumes, ({ type }) => {
        if (type !== 'ADDED') look();
      });
    },
  };
}

interface AttributesClassUser {
  readonly volumeAttributesClassName?: string;
  readonly currentVolumeAttributesClassName?: string;
}
