import { edit, equal } from '../../../core/json.ts';
import type { ControllerRevision, Pod, StatefulSet } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, concerned, controllerOf } from '../ownership.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { availableIn, isPodAvailable, isPodFinished } from '../pod-state.ts';
import { ownRevisions, templateOf, truncateHistory, updateRevision } from '../revisions.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { hasIdentity, identityLabels, ordinalOf, podName, podWithIdentity, revisionOf } from './identity.ts';
import { RequestPace } from '../request-pace.ts';
import { StatefulPodControl } from './stateful-pod-control.ts';

const HASH_LABEL = 'controller.kubernetes.io/hash';

/** How long after a look at a claim that is still to go the next one is. */
const CLAIM_RETRY = SECOND;

/** A set with the revisions that its pods have or get. */
interface Plan {
  readonly set: StatefulSet;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  /** By ordinal, from the first one on. */
  readonly replicas: readonly { readonly ordinal: number; readonly pod: Pod | undefined }[];
  /** Beyond the size of the set; the highest ordinal first. */
  readonly condemned: readonly Pod[];
}

/** Pods with names, one after the other. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/ */
export function createStatefulSetController(context: ControllerContext): Controller {
  const { api, simulation, watches } = context;
  const pace = new RequestPace(simulation);
  const queue = new WorkQueue(simulation, 'statefulset', sync, pace);
  const pods = new StatefulPodControl(api, context.events, pace);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = api.get(resources.statefulSets, namespace, name);
    if (set === undefined) return;
    const owned = claim(
      api,
      { resource: resources.statefulSets, object: set, selector: set.spec.selector },
      resources.pods,
      api.list(resources.pods, { namespace }).filter((pod) => ordinalOf(set, pod) !== undefined),
    );
    const revisions = ownRevisions(api, resources.statefulSets, set);
    const update = updateRevision(api, resources.statefulSets, set, revisions, HASH_LABEL);
    const current = revisions.find(({ metadata }) => metadata.name === set.status.currentRevision) ?? update;
    const plan = planFor(set, owned, { current, update }, pace.allowance);
    let failure: StatusError | undefined;
    try {
      if (set.metadata.deletionTimestamp === undefined) act(plan);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      failure = error;
    }
    writeStatus(key, plan);
    const live = new Set(
      [current.metadata.name, update.metadata.name, ...owned.map(revisionOf)].filter(
        (one) => one !== undefined,
      ),
    );
    truncateHistory(api, set, revisions, live);
    if (failure !== undefined) throw failure;
    requeueForAvailability(key, set, owned);
  }

  /** One step: in an ordered set everything waits for the first pod that is not as it should be. */
  function act(plan: Plan): void {
    const isOrdered = plan.set.spec.podManagementPolicy === 'OrderedReady';
    const firstUnhealthy = [...plan.replicas.map(({ pod }) => pod), ...[...plan.condemned].reverse()].find(
      (pod) => pod !== undefined && !isHealthy(pod),
    );
    for (const { ordinal, pod } of plan.replicas) {
      const isSettled = bringUp(plan, ordinal, pod);
      if (!isSettled && isOrdered) return;
    }
    for (const pod of plan.condemned) pods.claimOwners(plan.set, pod);
    for (const pod of plan.condemned) {
      if (pod.metadata.deletionTimestamp === undefined) {
        const mayGo = isAvailable(plan.set, pod) || pod === firstUnhealthy;
        if ((isOrdered && !mayGo) || hasToWait(plan.set)) return;
        pods.delete(plan.set, pod);
      }
      if (isOrdered) return;
    }
    if (plan.set.spec.updateStrategy.type === 'RollingUpdate') replaceOutdated(plan);
  }

  /** Whether no request may be sent now; the set's turn comes again when one may. */
  function hasToWait(set: StatefulSet): boolean {
    if (pace.allowance > 0) return false;
    queue.after(keyOf(set), pace.untilNext);
    return true;
  }

  /** @returns whether the next pod may have its turn */
  function bringUp(plan: Plan, ordinal: number, pod: Pod | undefined): boolean {
    const { set } = plan;
    if (pod === undefined) {
      if (hasToWait(set)) return false;
      if (pods.hasFormerClaim(set, podName(set, ordinal), ordinal)) {
        queue.after(keyOf(set), CLAIM_RETRY);
        return false;
      }
      const revision = startsAsCurrent(plan, ordinal) ? plan.current : plan.update;
      const wanted = podWithIdentity(set, templateOf(revision), ordinal, revision.metadata.name);
      pods.create(set, podName(set, ordinal), ordinal, wanted);
      return false;
    }
    if (isPodFinished(pod)) {
      if (pod.metadata.deletionTimestamp === undefined) pods.delete(set, pod);
      return false;
    }
    if (pod.metadata.deletionTimestamp === undefined) pods.claimOwners(set, pod);
    if (pod.status.phase === 'Pending') pods.ensureClaims(set, podName(set, ordinal), ordinal);
    if (pod.metadata.deletionTimestamp !== undefined || !isAvailable(set, pod)) return false;
    if (!hasIdentity(set, pod, ordinal)) {
      api.update(
        resources.pods,
        edit(pod, (draft) => {
          draft.metadata.labels = identityLabels(pod, ordinal);
        }),
      );
    }
    return true;
  }

  /** The highest outdated pod, once all above it are well. */
  function replaceOutdated({ set, update, replicas }: Plan): void {
    const partition = set.spec.updateStrategy.rollingUpdate?.partition ?? 0;
    for (const { ordinal, pod } of [...replicas].reverse()) {
      if (ordinal < firstOrdinal(set) + partition || pod === undefined) return;
      const isTerminating = pod.metadata.deletionTimestamp !== undefined;
      if (revisionOf(pod) !== update.metadata.name && !isTerminating) {
        pods.delete(set, pod);
        return;
      }
      if (isTerminating || !isAvailable(set, pod)) return;
    }
  }

  function isAvailable(set: StatefulSet, pod: Pod): boolean {
    return isHealthy(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, simulation.now);
  }

  function writeStatus(key: string, plan: Plan): void {
    const { namespace, name } = splitKey(key);
    const stored = api.get(resources.statefulSets, namespace, name);
    if (stored?.metadata.uid !== plan.set.metadata.uid) return;
    const owned = api
      .list(resources.pods, { namespace })
      .filter((pod) => controllerOf(pod)?.uid === stored.metadata.uid);
    const status = statusOf(plan, owned);
    if (equal(stored.status, status)) return;
    api.updateStatus(resources.statefulSets, { ...stored, status });
  }

  function statusOf({ set, current, update }: Plan, owned: readonly Pod[]): StatefulSet['status'] {
    const running = owned.filter((pod) => pod.metadata.deletionTimestamp === undefined);
    const ofRevision = (revision: ControllerRevision): number =>
      running.filter((pod) => revisionOf(pod) === revision.metadata.name).length;
    const ready = owned.filter(isHealthyOrReady).length;
    const isComplete =
      set.spec.updateStrategy.type === 'RollingUpdate' &&
      ofRevision(update) === set.spec.replicas &&
      owned.length === set.spec.replicas &&
      ready === set.spec.replicas;
    const counts = {
      readyReplicas: ready,
      currentReplicas: ofRevision(isComplete ? update : current),
      updatedReplicas: ofRevision(update),
    };
    return {
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      replicas: owned.length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      availableReplicas: owned.filter(
        (pod) => isHealthyOrReady(pod) && isPodAvailable(pod, set.spec.minReadySeconds ?? 0, simulation.now),
      ).length,
      currentRevision: isComplete ? update.metadata.name : current.metadata.name,
      updateRevision: update.metadata.name,
      collisionCount: set.status.collisionCount ?? 0,
    };
  }

  function requeueForAvailability(key: string, set: StatefulSet, owned: readonly Pod[]): void {
    const waits = owned
      .filter(isPodReady)
      .map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, simulation.now))
      .filter((wait) => wait > 0);
    if (waits.length > 0) queue.after(key, Math.min(...waits));
  }

  function onPod(event: WatchEvent<Pod>): void {
    const all = (namespace: string) => api.list(resources.statefulSets, { namespace });
    for (const set of concerned(api, resources.statefulSets, event, all)) queue.add(keyOf(set));
  }

  return {
    name: 'statefulset-controller',
    start: () => {
      watches.on(resources.statefulSets, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.pods, onPod);
    },
  };
}

function firstOrdinal(set: StatefulSet): number {
  return set.spec.ordinals?.start ?? 0;
}

/** @param most of the pods that are missing, how many are looked at: nobody counts to a billion */
function planFor(
  set: StatefulSet,
  owned: readonly Pod[],
  revisions: Pick<Plan, 'current' | 'update'>,
  most: number,
): Plan {
  const first = firstOrdinal(set);
  const last = first + set.spec.replicas - 1;
  const places = new Map(owned.map((pod) => [ordinalOf(set, pod) ?? -1, pod] as const));
  const condemned = [...places]
    .filter(([ordinal]) => ordinal < first || ordinal > last)
    .sort(([a], [b]) => b - a)
    .map(([, pod]) => pod);
  const replicas = [...places]
    .filter(([ordinal]) => ordinal >= first && ordinal <= last)
    .map(([ordinal, pod]): Plan['replicas'][number] => ({ ordinal, pod }));
  for (let ordinal = first, missing = 0; ordinal <= last && missing < most; ordinal++) {
    if (places.has(ordinal)) continue;
    replicas.push({ ordinal, pod: undefined });
    missing++;
  }
  return { set, ...revisions, replicas: replicas.sort((a, b) => a.ordinal - b.ordinal), condemned };
}

/** Whether a new pod still gets the old template, as one below the partition does. */
function startsAsCurrent({ set }: Plan, ordinal: number): boolean {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type !== 'RollingUpdate') return false;
  const untouched =
    rollingUpdate === undefined ? (set.status.currentReplicas ?? 0) : (rollingUpdate.partition ?? 0);
  return ordinal < firstOrdinal(set) + untouched;
}

/** Running and ready, and to stay. */
function isHealthy(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp === undefined && isHealthyOrReady(pod);
}

function isHealthyOrReady(pod: Pod): boolean {
  return pod.status.phase === 'Running' && isPodReady(pod);
}
