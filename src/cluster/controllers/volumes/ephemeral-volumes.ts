import type { PersistentVolumeClaim, Pod } from '../../../model/objects.ts';
import { claimsOf, notMadeFor } from '../../../model/pod-claims.ts';
import type { PodClaim } from '../../../model/pod-claims.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { controllerReference } from '../ownership.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';

/**
 * Makes the claims of generic ephemeral volumes, each owned by its pod, so that it goes with it.
 * https://kubernetes.io/docs/concepts/storage/ephemeral-volumes/#generic-ephemeral-volumes
 */
export function createEphemeralVolumeController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'ephemeral-volume', sync);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const pod = api.get(resources.pods, namespace, name);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    for (const claim of claimsOf(pod)) {
      const problem = claim.isEphemeral ? make(pod, claim) : undefined;
      if (problem === undefined) continue;
      events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${claim.volume.name}: ${problem}`);
      queue.retry(key);
      return;
    }
  }

  /** @returns what went wrong */
  function make(pod: Pod, { name, volume }: PodClaim): string | undefined {
    const { namespace = '' } = pod.metadata;
    const existing = api.get(resources.persistentVolumeClaims, namespace, name);
    if (existing !== undefined) return notMadeFor(pod, existing);
    const { metadata = {}, spec } = volume.ephemeral?.volumeClaimTemplate ?? {};
    const { labels, annotations } = metadata;
    try {
      api.create(resources.persistentVolumeClaims, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name,
          namespace,
          ...(labels === undefined ? {} : { labels }),
          ...(annotations === undefined ? {} : { annotations }),
          ownerReferences: [controllerReference(resources.pods, pod)],
        },
        spec: spec as PersistentVolumeClaim['spec'],
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return `create PVC ${name}: ${error.message}`;
    }
  }

  return {
    name: 'ephemeral-volume-controller',
    start: () => {
      watches.on(resources.pods, ({ type, object }) => {
        if (type === 'ADDED' && claimsOf(object).some(({ isEphemeral }) => isEphemeral))
          queue.add(keyOf(object));
      });
      watches.on(resources.persistentVolumeClaims, ({ type, object }) => {
        if (type !== 'DELETED') return;
        const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === 'Pod');
        if (owner !== undefined) queue.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
      });
    },
  };
}
