import type { NewObject, PersistentVolumeClaim, Pod, StatefulSet } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { Api, EventRecorder } from '../../api.ts';
import type { RequestPace } from '../request-pace.ts';
import { isOfFormerPod, retainedBy } from './claim-retention.ts';
import { claimsFor, ordinalOf } from './identity.ts';

/** Creates and deletes the pods and claims of StatefulSets, with the events that tell of it. */
export class StatefulPodControl {
  readonly #api: Api;
  readonly #events: EventRecorder;
  readonly #pace: RequestPace;

  constructor(api: Api, events: EventRecorder, pace: RequestPace) {
    this.#api = api;
    this.#events = events;
    this.#pace = pace;
  }

  /** The claims first. @throws StatusError after the FailedCreate event */
  create(set: StatefulSet, name: string, ordinal: number, pod: NewObject<Pod>): void {
    this.ensureClaims(set, name, ordinal);
    const created = this.#report(set, 'Create', name, () => this.#api.create(resources.pods, pod));
    this.claimOwners(set, created);
  }

  /**
   * Gives the claims of a pod the owners that the set's policy wants: where an owner goes, they go with it.
   * @throws StatusError after the FailedUpdate event
   */
  claimOwners(set: StatefulSet, pod: Pod): void {
    for (const claim of this.#claimsOf(set, ordinalOf(set, pod) ?? 0)) {
      const ownerReferences = retainedBy(set, pod, claim);
      if (ownerReferences === undefined) continue;
      const metadata = { ...claim.metadata, ownerReferences };
      try {
        this.#api.update(resources.persistentVolumeClaims, { ...claim, metadata });
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        const why = `could not update claim ${metadata.name} for delete policy ownerRefs: ${error.message}`;
        const text = `Update Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${why}`;
        this.#events.event(set, 'Warning', 'FailedUpdate', text);
        throw error;
      }
    }
  }

  /** Those that are there. */
  #claimsOf(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
    return claimsFor(set, ordinal).flatMap(({ metadata: { name = '' } }) => {
      const found = this.#api.get(resources.persistentVolumeClaims, set.metadata.namespace, name);
      return found === undefined ? [] : [found];
    });
  }

  /** Whether a claim that the next pod would get goes with a former one: the pod waits for a new claim. */
  hasFormerClaim(set: StatefulSet, pod: string, ordinal: number): boolean {
    return this.#claimsOf(set, ordinal).some((claim) => isOfFormerPod(claim, pod));
  }

  /** @throws StatusError after the FailedDelete event */
  delete(set: StatefulSet, pod: Pod): void {
    this.#report(set, 'Delete', pod.metadata.name, () => {
      this.#api.delete(resources.pods, pod.metadata.namespace, pod.metadata.name);
    });
  }

  ensureClaims(set: StatefulSet, pod: string, ordinal: number): void {
    for (const claim of claimsFor(set, ordinal)) {
      const name = claim.metadata.name ?? '';
      const existing = this.#api.get(resources.persistentVolumeClaims, set.metadata.namespace, name);
      if (existing !== undefined) continue;
      const subject = `Claim ${name} Pod ${pod} in StatefulSet ${set.metadata.name}`;
      try {
        this.#api.create(resources.persistentVolumeClaims, claim);
        this.#events.event(set, 'Normal', 'SuccessfulCreate', `Create ${subject} success`);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        const failed = `Claim ${name} for Pod ${pod} in StatefulSet ${set.metadata.name}`;
        this.#events.event(set, 'Warning', 'FailedCreate', `Create ${failed} failed error: ${error.message}`);
        throw error;
      }
    }
  }

  #report<T>(set: StatefulSet, verb: 'Create' | 'Delete', pod: string, act: () => T): T {
    this.#pace.spend();
    const subject = `${verb} Pod ${pod} in StatefulSet ${set.metadata.name}`;
    let done: T;
    try {
      done = act();
    } catch (error) {
      // A name that is taken is no news: the next sync sees whose it is.
      if (!(error instanceof StatusError) || error.reason === 'AlreadyExists') throw error;
      const text = `${subject} failed error: ${error.message}`;
      this.#events.event(set, 'Warning', `Failed${verb}`, text);
      throw error;
    }
    this.#events.event(set, 'Normal', `Successful${verb}`, `${subject} successful`);
    return done;
  }
}
