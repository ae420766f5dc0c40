import { equal } from '../../../core/json.ts';
import type { Condition, Pod, ReplicaSet } from '../../../model/objects.ts';
import { type Resource, resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, concerned, controllerOf, controllerReference, isControlledBy } from '../ownership.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { availableIn, conditionOf, isPodActive, isPodAvailable, isPodTerminating } from '../pod-state.ts';
import { RequestPace } from '../request-pace.ts';
import { PodControl, isNamespaceTerminating, podFromTemplate, slowStart } from '../pod-control.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { inDeletionOrder } from './deletion-order.ts';
import { type ReplicaKind, replicaSetKind, replicationControllerKind } from './replica-kind.ts';

/** Its status tells of pods when so many have been made or deleted, or all. */
const BURST_REPLICAS = 500;

/** Keeps as many pods as `spec.replicas` says. https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/ */
export function createReplicaSetController(context: ControllerContext): Controller {
  return createReplicaController(context, replicaSetKind);
}

/** Does the same for what came before ReplicaSets. */
export function createReplicationControllerController(context: ControllerContext): Controller {
  return createReplicaController(context, replicationControllerKind);
}

function createReplicaController(context: ControllerContext, kind: ReplicaKind): Controller {
  const { resource } = kind;
  const { api, simulation, watches } = context;
  const pace = new RequestPace(simulation);
  const pods = new PodControl(api, context.events, pace);
  const queue = new WorkQueue(simulation, kind.name, sync, pace);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = kind.get(api, namespace, name);
    if (set === undefined) return;
    const inNamespace = api.list(resources.pods, { namespace });
    const owned = claim(
      api,
      { resource, object: set, selector: set.spec.selector },
      resources.pods,
      inNamespace.filter(isPodActive),
    );
    const terminating = inNamespace.filter((pod) => isPodTerminating(pod) && isControlledBy(pod, set));
    const outcome = set.metadata.deletionTimestamp === undefined ? scale(set, owned) : undefined;
    if (outcome === 'more') {
      queue.after(key, pace.untilNext);
      if (Math.abs(owned.length - set.status.replicas) < BURST_REPLICAS) return;
    }
    const failure = outcome === 'more' ? undefined : outcome;
    writeStatus(set, owned, terminating, failure);
    if (failure !== undefined) throw failure;
    requeueForAvailability(key, set, owned);
  }

  /** @returns the error that kept it from creating or deleting pods, or that it may not do more now */
  function scale(set: ReplicaSet, owned: readonly Pod[]): StatusError | 'more' | undefined {
    const missing = set.spec.replicas - owned.length;
    const count = Math.min(Math.abs(missing), pace.allowance);
    const rest = Math.abs(missing) > count ? 'more' : undefined;
    if (missing > 0) {
      const failure = slowStart(count, () => {
        pods.create(set, podFromTemplate(set.spec.template, set, controllerReference(resource, set)));
      });
      return failure === undefined ? rest : isNamespaceTerminating(failure) ? undefined : failure;
    }
    if (count === 0) return rest;
    let failure: StatusError | undefined;
    const surplus = inDeletionOrder(owned, relatedPods(set), simulation.now);
    for (const pod of surplus.slice(0, count)) {
      try {
        pods.delete(set, pod);
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        failure ??= error;
      }
    }
    return failure ?? rest;
  }

  /** The active pods of every ReplicaSet of the same owner. */
  function relatedPods(set: ReplicaSet): Pod[] {
    const namespace = set.metadata.namespace ?? '';
    const owner = controllerOf(set)?.uid;
    const siblings = kind
      .list(api, namespace)
      .filter((other) =>
        owner === undefined ? other.metadata.uid === set.metadata.uid : controllerOf(other)?.uid === owner,
      );
    const uids = new Set(siblings.map((sibling) => sibling.metadata.uid));
    return api
      .list(resources.pods, { namespace })
      .filter((pod) => isPodActive(pod) && uids.has(controllerOf(pod)?.uid ?? ''));
  }

  function writeStatus(
    set: ReplicaSet,
    owned: readonly Pod[],
    terminating: readonly Pod[],
    failure: StatusError | undefined,
  ): void {
    const stored = kind.get(api, set.metadata.namespace, set.metadata.name);
    if (stored?.metadata.uid !== set.metadata.uid) return;
    const status = statusOf(set, owned, terminating, failure);
    if (equal(status, stored.status)) return;
    api.updateStatus(resource as Resource<ReplicaSet>, { ...stored, status });
  }

  function statusOf(
    set: ReplicaSet,
    owned: readonly Pod[],
    terminating: readonly Pod[],
    failure: StatusError | undefined,
  ): ReplicaSet['status'] {
    const labels = set.spec.template.metadata?.labels ?? {};
    const conditions = failureConditions(set, owned, failure);
    const ready = owned.filter(isPodReady);
    const counts = {
      fullyLabeledReplicas: owned.filter((pod) =>
        matchesSelector({ matchLabels: labels }, pod.metadata.labels),
      ).length,
      readyReplicas: ready.length,
      availableReplicas: ready.filter((pod) =>
        isPodAvailable(pod, set.spec.minReadySeconds ?? 0, simulation.now),
      ).length,
    };
    return {
      replicas: owned.length,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ...(kind.countsTerminating && { terminatingReplicas: terminating.length }),
      ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
      ...(conditions.length === 0 ? {} : { conditions }),
    };
  }

  /** A failure that is known already keeps its first text. */
  function failureConditions(
    set: ReplicaSet,
    owned: readonly Pod[],
    failure: StatusError | undefined,
  ): Condition[] {
    const known = conditionOf(set.status.conditions, 'ReplicaFailure');
    const others = (set.status.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
    if (failure === undefined) return others;
    return [
      ...others,
      known ?? {
        type: 'ReplicaFailure',
        status: 'True',
        lastTransitionTime: simulation.timestamp(),
        reason: owned.length < set.spec.replicas ? 'FailedCreate' : 'FailedDelete',
        message: failure.message,
      },
    ];
  }

  function requeueForAvailability(key: string, set: ReplicaSet, owned: readonly Pod[]): void {
    const { minReadySeconds = 0 } = set.spec;
    if (minReadySeconds === 0) return;
    const waits = owned
      .filter(isPodReady)
      .map((pod) => availableIn(pod, minReadySeconds, simulation.now))
      .filter((wait) => wait > 0);
    if (waits.length > 0) queue.after(key, Math.min(...waits));
  }

  function onPod(event: WatchEvent<Pod>): void {
    for (const set of concerned(api, resource, event, (namespace) => kind.list(api, namespace)))
      queue.add(keyOf(set));
  }

  return {
    name: `${kind.name}-controller`,
    start: () => {
      watches.on(resource, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.pods, onPod);
    },
  };
}
