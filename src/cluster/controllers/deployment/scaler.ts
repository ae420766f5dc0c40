import { equal } from '../../../core/json.ts';
import type { Deployment, ReplicaSet } from '../../../model/objects.ts';
import { maxSurge, maxUnavailable } from '../../../model/rollout.ts';
import { resources } from '../../../model/resources.ts';
import type { Api, EventRecorder } from '../../api.ts';
import { byCreation } from '../by-creation.ts';
import {
  allOf,
  isActive,
  newReplicaSetSize,
  proportion,
  revisionOf,
  specReplicas,
  statusReplicas,
  withSize,
} from './replica-sets.ts';
import type { OwnReplicaSets } from './replica-sets.ts';

/** `revisionHistoryLimit` with this value keeps every old ReplicaSet. */
const NO_LIMIT = 2 ** 31 - 1;

/** Resizes and deletes the ReplicaSets of a Deployment. */
export class Scaler {
  readonly #api: Api;
  readonly #events: EventRecorder;

  constructor(api: Api, events: EventRecorder) {
    this.#api = api;
    this.#events = events;
  }

  /** Follows a change of `spec.replicas` (or a pause): in a rollout every ReplicaSet gets its share. */
  scale(deployment: Deployment, sets: OwnReplicaSets): OwnReplicaSets {
    const active = allOf(sets).filter(isActive);
    const only = active.length === 0 ? (sets.current ?? sets.old.at(-1)) : active[0];
    if (active.length <= 1) {
      if (only === undefined || only.spec.replicas === deployment.spec.replicas) return sets;
      return replaced(sets, this.#resize(deployment, only, deployment.spec.replicas));
    }
    if (isSaturated(deployment, sets.current)) return this.scaleOldTo(deployment, sets, 0);
    if (deployment.spec.strategy.type !== 'RollingUpdate') return sets;
    return this.#scaleInProportion(deployment, sets, active);
  }

  #scaleInProportion(
    deployment: Deployment,
    sets: OwnReplicaSets,
    active: readonly ReplicaSet[],
  ): OwnReplicaSets {
    const { replicas } = deployment.spec;
    const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
    const toAdd = allowed - specReplicas(active);
    // The largest first; of equals the newer grows and the older shrinks first.
    const ordered = [...active].sort(
      (a, b) => b.spec.replicas - a.spec.replicas || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)),
    );
    let added = 0;
    const sizes = ordered.map((set) => {
      const share = proportion(deployment, set, toAdd, added);
      added += share;
      return set.spec.replicas + share;
    });
    let result = sets;
    for (const [index, set] of ordered.entries()) {
      const leftover = index === 0 ? toAdd - added : 0;
      const size = Math.max(0, (sizes[index] ?? 0) + leftover);
      result = replaced(result, this.#resize(deployment, set, size));
    }
    return result;
  }

  /** Brings the new ReplicaSet to the size that the strategy allows. @returns undefined when it has it */
  growNew(deployment: Deployment, sets: OwnReplicaSets): OwnReplicaSets | undefined {
    const { current } = sets;
    if (current === undefined || current.spec.replicas === deployment.spec.replicas) return undefined;
    const size =
      current.spec.replicas > deployment.spec.replicas
        ? deployment.spec.replicas
        : newReplicaSetSize(deployment, allOf(sets), current.spec.replicas);
    if (size === current.spec.replicas) return undefined;
    return replaced(sets, this.#resize(deployment, current, size));
  }

  /** Takes pods from old ReplicaSets, broken ones first. @returns undefined when none may go */
  shrinkOld(deployment: Deployment, sets: OwnReplicaSets): OwnReplicaSets | undefined {
    const { current, old } = sets;
    const active = old.filter(isActive);
    if (current === undefined || active.length === 0) return undefined;
    const minAvailable = deployment.spec.replicas - maxUnavailable(deployment);
    const newUnavailable = current.spec.replicas - (current.status.availableReplicas ?? 0);
    const room = specReplicas(allOf(sets)) - minAvailable - newUnavailable;
    if (room <= 0) return undefined;
    const cleaned = this.#shrink(deployment, sets, room, (set) =>
      Math.max(0, set.spec.replicas - (set.status.availableReplicas ?? 0)),
    );
    const spare = statusReplicas(allOf(cleaned), 'availableReplicas') - minAvailable;
    const shrunk = this.#shrink(deployment, cleaned, spare, (set) => set.spec.replicas);
    return shrunk === sets ? undefined : shrunk;
  }

  /** Takes up to `room` pods from the old ReplicaSets, the oldest first, and from each what `surplus` says. */
  #shrink(
    deployment: Deployment,
    sets: OwnReplicaSets,
    room: number,
    surplus: (set: ReplicaSet) => number,
  ): OwnReplicaSets {
    let left = room;
    let result = sets;
    for (const set of sets.old.filter(isActive)) {
      const count = Math.min(left, surplus(set));
      if (count <= 0) continue;
      result = replaced(result, this.#resize(deployment, set, set.spec.replicas - count));
      left -= count;
    }
    return result;
  }

  scaleOldTo(deployment: Deployment, sets: OwnReplicaSets, size: number): OwnReplicaSets {
    return sets.old
      .filter(isActive)
      .reduce((result, set) => replaced(result, this.#resize(deployment, set, size)), sets);
  }

  /** Deletes the oldest revisions beyond the history limit. */
  cleanUp(deployment: Deployment, old: readonly ReplicaSet[]): void {
    const limit = deployment.spec.revisionHistoryLimit;
    if (limit === NO_LIMIT) return;
    const alive = old.filter((set) => set.metadata.deletionTimestamp === undefined);
    const oldest = [...alive].sort((a, b) => Number(revisionOf(a) - revisionOf(b)) || byCreation(a, b));
    for (const set of oldest.slice(0, Math.max(0, alive.length - limit))) {
      const isObserved = (set.metadata.generation ?? 0) <= (set.status.observedGeneration ?? 0);
      if (set.status.replicas !== 0 || set.spec.replicas !== 0 || !isObserved) continue;
      this.#api.delete(resources.replicaSets, set.metadata.namespace, set.metadata.name);
    }
  }

  #resize(deployment: Deployment, set: ReplicaSet, size: number): ReplicaSet {
    const changed = withSize(set, size, deployment);
    if (equal(changed, set)) return set;
    const updated = this.#api.update(resources.replicaSets, changed);
    const before = set.spec.replicas;
    if (before !== size) {
      const direction = size > before ? 'up' : 'down';
      this.#events.event(
        deployment,
        'Normal',
        'ScalingReplicaSet',
        `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${size}`,
      );
    }
    return updated;
  }
}

/** The same ReplicaSets with one of them in its newest form. */
function replaced(sets: OwnReplicaSets, changed: ReplicaSet): OwnReplicaSets {
  const swap = (set: ReplicaSet): ReplicaSet => (set.metadata.uid === changed.metadata.uid ? changed : set);
  if (allOf(sets).includes(changed)) return sets;
  return {
    current: sets.current === undefined ? undefined : swap(sets.current),
    old: sets.old.map(swap),
  };
}

/** Whether the new ReplicaSet is as large as the Deployment, and all of it is available. */
function isSaturated(deployment: Deployment, current: ReplicaSet | undefined): boolean {
  const wanted = deployment.spec.replicas;
  return current?.spec.replicas === wanted && current.status.availableReplicas === wanted;
}
