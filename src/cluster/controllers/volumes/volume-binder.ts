import { edit, equal } from '../../../core/json.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../model/objects.ts';
import { compareQuantities } from '../../../model/quantity.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { BIND_COMPLETED, SELECTED_NODE, waitsForConsumer } from '../../volume-binding.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import {
  BOUND_BY_CONTROLLER,
  PROVISIONED_BY,
  PROVISIONER,
  PROVISIONER_BETA,
  isFullyBound,
  usesClaim,
} from './claims.ts';

/** How often the controller looks at everything again. */
const RESYNC = 15 * SECOND;

/** Brings claims and volumes together. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding */
export function createVolumeBinder(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const claims = new WorkQueue(simulation, 'persistentvolume-claims', syncClaim);
  const volumes = new WorkQueue(simulation, 'persistentvolume-volumes', syncVolume);
  /** When a claim was last told why it waits, by uid and reason. */
  const told = new Map<string, Micros>();

  function syncClaim(key: string): void {
    const { namespace, name } = splitKey(key);
    const claim = api.get(resources.persistentVolumeClaims, namespace, name);
    if (claim === undefined) return;
    if (claim.metadata.annotations?.[BIND_COMPLETED] === undefined) syncUnbound(key, claim);
    else syncBound(claim);
  }

  function syncUnbound(key: string, claim: PersistentVolumeClaim): void {
    if (claim.spec.volumeName !== undefined && claim.spec.volumeName !== '') {
      bindToNamed(key, claim, claim.spec.volumeName);
      return;
    }
    const isDelayed =
      waitsForConsumer(claim, api) && claim.metadata.annotations?.[SELECTED_NODE] === undefined;
    const volume = findVolume(claim, isDelayed);
    if (volume !== undefined) {
      bind(claim, volume);
      return;
    }
    if (isDelayed) {
      reportWaiting(claim);
      return;
    }
    if ((claim.spec.storageClassName ?? '') === '') {
      tell(
        claim,
        'Normal',
        'FailedBinding',
        'no persistent volumes available for this claim and no storage class is set',
      );
    } else provision(key, claim);
    if (claim.status.phase !== 'Pending') setClaimPhase(claim, 'Pending');
    claims.after(key, RESYNC);
  }

  /** Says why a claim waits, once a round: what wakes the controller in between is no news. */
  function tell(
    claim: PersistentVolumeClaim,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void {
    const key = `${claim.metadata.uid}/${reason}`;
    const last = told.get(key);
    if (last !== undefined && simulation.now - last < RESYNC) return;
    told.set(key, simulation.now);
    events.event(claim, type, reason, message);
  }

  function forget({ metadata }: PersistentVolumeClaim): void {
    for (const key of [...told.keys()]) if (key.startsWith(`${metadata.uid}/`)) told.delete(key);
  }

  function reportWaiting(claim: PersistentVolumeClaim): void {
    const pod = api.list(resources.pods, { namespace: claim.metadata.namespace ?? '' }).find(
      ({ spec, metadata }) =>
        (spec.nodeName ?? '') === '' &&
        metadata.deletionTimestamp === undefined &&
        // Made together with the claim: not seen yet, as far as a real controller is concerned.
        metadata.creationTimestamp !== claim.metadata.creationTimestamp &&
        usesClaim({ metadata, spec }, claim.metadata.name),
    );
    if (pod === undefined) {
      const text = 'waiting for first consumer to be created before binding';
      tell(claim, 'Normal', 'WaitForFirstConsumer', text);
    } else {
      const text = `waiting for pod ${pod.metadata.name} to be scheduled`;
      tell(claim, 'Normal', 'WaitForPodScheduled', text);
    }
    claims.after(keyOf(claim), RESYNC);
  }

  /** Hands the claim to the provisioner of its class. */
  function provision(key: string, claim: PersistentVolumeClaim): void {
    const name = claim.spec.storageClassName ?? '';
    const storageClass = api.get(resources.storageClasses, undefined, name);
    if (storageClass === undefined) {
      tell(claim, 'Warning', 'ProvisioningFailed', `storageclass.storage.k8s.io "${name}" not found`);
      return;
    }
    const { provisioner } = storageClass;
    if (provisioner === 'kubernetes.io/no-provisioner') return;
    const annotations = {
      ...claim.metadata.annotations,
      [PROVISIONER]: provisioner,
      [PROVISIONER_BETA]: provisioner,
    };
    const marked = equal(annotations, claim.metadata.annotations)
      ? claim
      : api.update(
          resources.persistentVolumeClaims,
          edit(claim, (draft) => {
            draft.metadata.annotations = annotations;
          }),
        );
    tell(
      marked,
      'Normal',
      'ExternalProvisioning',
      `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    );
    claims.after(key, RESYNC);
  }

  /** A claim that names its volume. */
  function bindToNamed(key: string, claim: PersistentVolumeClaim, name: string): void {
    const volume = api.get(resources.persistentVolumes, undefined, name);
    if (volume === undefined) {
      claims.after(key, RESYNC);
      return;
    }
    const { claimRef } = volume.spec;
    if (claimRef === undefined) {
      const mismatch = mismatchOf(claim, volume);
      if (mismatch === undefined) bind(claim, volume);
      else {
        tell(claim, 'Warning', 'VolumeMismatch', `Cannot bind to requested volume "${name}": ${mismatch}`);
      }
      return;
    }
    if (isFor(volume, claim)) bind(claim, volume);
    else {
      const text = `volume "${name}" already bound to a different claim.`;
      tell(claim, 'Warning', 'FailedBinding', text);
      claims.after(key, RESYNC);
    }
  }

  function syncBound(claim: PersistentVolumeClaim): void {
    const volume = api.get(resources.persistentVolumes, undefined, claim.spec.volumeName ?? '');
    if (volume === undefined) {
      if (claim.status.phase === 'Lost') return;
      events.event(
        claim,
        'Warning',
        'ClaimLost',
        'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
      );
      setClaimPhase(claim, 'Lost');
      return;
    }
    if (volume.spec.claimRef?.uid === claim.metadata.uid || volume.spec.claimRef === undefined) {
      bind(claim, volume);
      return;
    }
    if (claim.status.phase === 'Lost') return;
    events.event(
      claim,
      'Warning',
      'ClaimMisbound',
      'Two claims are bound to the same volume, this one is bound incorrectly',
    );
    setClaimPhase(claim, 'Lost');
  }

  /** Writes both sides of a binding, as far as they are not written yet. */
  function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): void {
    const reserved = reserve(claim, volume);
    if (reserved.status.phase !== 'Bound') setVolumePhase(reserved, 'Bound');
    const isByController = (claim.spec.volumeName ?? '') === '';
    const completed = edit(claim, (draft) => {
      draft.spec.volumeName = reserved.metadata.name;
      draft.metadata.annotations = {
        ...draft.metadata.annotations,
        [BIND_COMPLETED]: 'yes',
        ...(isByController ? { [BOUND_BY_CONTROLLER]: 'yes' } : {}),
      };
    });
    const stored = equal(completed, claim) ? claim : api.update(resources.persistentVolumeClaims, completed);
    const { accessModes, capacity } = reserved.spec;
    const bound = edit(stored, (draft) => {
      draft.status = { ...draft.status, phase: 'Bound', accessModes, capacity };
    });
    if (!equal(bound, stored)) api.updateStatus(resources.persistentVolumeClaims, bound);
  }

  function reserve(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolume {
    if (volume.spec.claimRef?.uid === claim.metadata.uid) return volume;
    const { namespace, name, uid, resourceVersion } = claim.metadata;
    return api.update(
      resources.persistentVolumes,
      edit(volume, (draft) => {
        if (draft.spec.claimRef === undefined) {
          draft.metadata.annotations = { ...draft.metadata.annotations, [BOUND_BY_CONTROLLER]: 'yes' };
        }
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

  /** The smallest volume that fits; for a claim that waits for its pod only one that is reserved for it. */
  function findVolume(claim: PersistentVolumeClaim, isDelayed: boolean): PersistentVolume | undefined {
    const all = api.list(resources.persistentVolumes);
    const reserved = all.find((volume) => volume.spec.claimRef !== undefined && isFor(volume, claim));
    if (reserved !== undefined || isDelayed) return reserved;
    return all
      .filter(
        (volume) =>
          volume.spec.claimRef === undefined &&
          volume.status.phase === 'Available' &&
          mismatchOf(claim, volume) === undefined &&
          (claim.spec.selector === undefined || matchesSelector(claim.spec.selector, volume.metadata.labels)),
      )
      .sort((a, b) => compareQuantities(sizeOf(a), sizeOf(b)))[0];
  }

  function syncVolume(name: string): void {
    const volume = api.get(resources.persistentVolumes, undefined, name);
    if (volume === undefined) return;
    const { claimRef } = volume.spec;
    if (claimRef?.uid === undefined) {
      if (volume.status.phase !== 'Available') setVolumePhase(volume, 'Available');
      return;
    }
    const claim = api.get(resources.persistentVolumeClaims, claimRef.namespace, claimRef.name ?? '');
    if (claim?.metadata.uid !== claimRef.uid) {
      release(volume);
      return;
    }
    if (isFullyBound(claim, volume)) {
      if (volume.status.phase !== 'Bound') setVolumePhase(volume, 'Bound');
    } else claims.add(keyOf(claim));
  }

  /** Its claim has gone. */
  function release(volume: PersistentVolume): void {
    const released = volume.status.phase === 'Released' ? volume : setVolumePhase(volume, 'Released');
    if (released.spec.persistentVolumeReclaimPolicy !== 'Delete') return;
    if (released.metadata.annotations?.[PROVISIONED_BY] !== undefined) return; // the provisioner's to delete
    const text = `error getting deleter volume plugin for volume "${released.metadata.name}": no deletable volume plugin matched`;
    events.event(released, 'Warning', 'VolumeFailedDelete', text);
    setVolumePhase(released, 'Failed');
  }

  function setClaimPhase(claim: PersistentVolumeClaim, phase: 'Pending' | 'Lost'): void {
    api.updateStatus(
      resources.persistentVolumeClaims,
      edit(claim, (draft) => {
        draft.status = { phase };
      }),
    );
  }

  function setVolumePhase(
    volume: PersistentVolume,
    phase: PersistentVolume['status']['phase'],
  ): PersistentVolume {
    return api.updateStatus(
      resources.persistentVolumes,
      edit(volume, (draft) => {
        draft.status.phase = phase;
        draft.status.lastPhaseTransitionTime = simulation.timestamp();
      }),
    );
  }

  return {
    name: 'persistentvolume-binder-controller',
    start: () => {
      watches.on(resources.persistentVolumeClaims, ({ type, object }) => {
        if (type === 'DELETED') forget(object);
        claims.add(keyOf(object));
        if (object.spec.volumeName !== undefined) volumes.add(object.spec.volumeName);
      });
      watches.on(resources.persistentVolumes, ({ object }) => {
        volumes.add(object.metadata.name);
        const { claimRef } = object.spec;
        if (claimRef?.name !== undefined) claims.add(`${claimRef.namespace ?? ''}/${claimRef.name}`);
        else for (const claim of unboundClaims()) claims.add(claim);
      });
      watches.on(resources.storageClasses, () => {
        for (const claim of unboundClaims()) claims.add(claim);
      });
    },
  };

  function unboundClaims(): string[] {
    return api
      .list(resources.persistentVolumeClaims)
      .filter(({ metadata }) => metadata.annotations?.[BIND_COMPLETED] === undefined)
      .map(keyOf);
  }
}

function isFor({ spec: { claimRef } }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  return (
    claimRef?.name === metadata.name &&
    claimRef.namespace === metadata.namespace &&
    (claimRef.uid === undefined || claimRef.uid === metadata.uid)
  );
}

function sizeOf({ spec }: PersistentVolume): number | string {
  return spec.capacity['storage'] ?? '0';
}

/** Why a volume cannot serve a claim, in Kubernetes' words. */
function mismatchOf(claim: PersistentVolumeClaim, volume: PersistentVolume): string | undefined {
  const { accessModes, resources: wanted, storageClassName = '', volumeMode } = claim.spec;
  if (compareQuantities(sizeOf(volume), wanted.requests?.['storage'] ?? '0') < 0) {
    return 'requested PV is too small';
  }
  if ((volume.spec.storageClassName ?? '') !== storageClassName) return 'storageClassName does not match';
  if (volume.spec.volumeMode !== volumeMode) return 'incompatible volumeMode';
  if (!accessModes.every((mode) => volume.spec.accessModes.includes(mode))) return 'incompatible accessMode';
  return undefined;
}
