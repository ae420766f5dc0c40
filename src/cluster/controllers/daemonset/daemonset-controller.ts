import { equal } from '../../../core/json.ts';
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import { BackOff } from '../../back-off.ts';
import { SECOND } from '../../simulation/simulation.ts';
import { byCreation } from '../by-creation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, concerned } from '../ownership.ts';
import { RequestPace } from '../request-pace.ts';
import { PodControl, isNamespaceTerminating, slowStart } from '../pod-control.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { availableIn, isPodAvailable, isPodFinished } from '../pod-state.ts';
import { ownRevisions, truncateHistory, updateRevision } from '../revisions.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { placementOn } from './daemon-placement.ts';
import { HASH_LABEL, daemonPod, groupByNode, hashOf, isStaying } from './daemon-pods.ts';
import { excessPods, rollingUpdate, surgeOf } from './rolling-update.ts';
import type { PodChanges, Scene } from './rolling-update.ts';

/** One pod on every node that fits. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */
export function createDaemonSetController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const pace = new RequestPace(simulation);
  const queue = new WorkQueue(simulation, 'daemonset', sync, pace);
  const control = new PodControl(api, events, pace);
  const failures = new BackOff(SECOND, 900 * SECOND);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = api.get(resources.daemonSets, namespace, name);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return;
    const owned = claim(
      api,
      { resource: resources.daemonSets, object: set, selector: set.spec.selector },
      resources.pods,
      api.list(resources.pods, { namespace }),
    );
    const revisions = ownRevisions(api, resources.daemonSets, set);
    const revision = updateRevision(api, resources.daemonSets, set, revisions, HASH_LABEL);
    const scene: Scene = {
      set,
      hash: hashOf(revision),
      nodes: api.list(resources.nodes),
      byNode: groupByNode(owned),
      isAvailable: (pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, simulation.now),
    };
    const needed = manage(scene);
    // A rollout goes on when that is done.
    const isInOrder = needed.create.length === 0 && needed.remove.length === 0;
    const failure = apply(set, revision, isInOrder ? rollingUpdate(scene) : needed);
    const live = new Set(owned.map((pod) => `${name}-${hashOf(pod)}`).concat(revision.metadata.name));
    truncateHistory(api, set, revisions, live);
    writeStatus(scene);
    if (failure !== undefined) throw failure;
    requeueForAvailability(key, set, owned);
  }

  /** What is missing and what is too much, whatever the revision. */
  function manage(scene: Scene): PodChanges {
    const { set, nodes, byNode } = scene;
    const create: string[] = [];
    const remove: Pod[] = [];
    for (const node of nodes) {
      const { shouldRun, mayContinue } = placementOn(set, node);
      const pods = byNode.get(node.metadata.name) ?? [];
      const staying = pods.filter(isStaying);
      const running = staying.filter((pod) => !isPodFinished(pod));
      // A set that surges does not wait until the last pod is gone.
      const isEmpty = pods.length === 0 || (running.length === 0 && surgeOf(set, 1) > 0);
      if (shouldRun && isEmpty) create.push(node.metadata.name);
      if (!mayContinue) remove.push(...staying);
      else {
        const finished = staying.filter(isPodFinished).filter((pod) => !hasToWait(set, pod, node));
        for (const pod of finished) tellOfFinished(set, pod, node);
        remove.push(...finished, ...excessPods(scene, running));
      }
    }
    return { create, remove };
  }

  function apply(
    set: DaemonSet,
    revision: ControllerRevision,
    { create, remove }: PodChanges,
  ): StatusError | undefined {
    const names = create.values();
    const count = Math.min(create.length, pace.allowance);
    const failure = slowStart(count, () => {
      control.create(set, daemonPod(set, revision, names.next().value ?? ''));
    });
    // After a failure the queue's back-off says when.
    if (failure === undefined && count < create.length) queue.after(keyOf(set), pace.untilNext);
    for (const pod of remove) control.delete(set, pod);
    return failure !== undefined && isNamespaceTerminating(failure) ? undefined : failure;
  }

  /**
   * Who failed soon after another of its node is not replaced yet: a kubelet that refuses the pods of a set would
   * keep the controller busy.
   */
  function hasToWait(set: DaemonSet, pod: Pod, { metadata: { name } }: Node): boolean {
    if (pod.status.phase !== 'Failed') return false;
    const key = `${set.metadata.uid}/${set.status.observedGeneration ?? 0}/${name}`;
    if (failures.waits(key, simulation.now)) {
      queue.after(keyOf(set), failures.get(key));
      return true;
    }
    failures.next(key, simulation.now, simulation.now);
    return false;
  }

  /** It is replaced. */
  function tellOfFinished(set: DaemonSet, pod: Pod, node: Node): void {
    const where = `${pod.metadata.namespace ?? ''}/${pod.metadata.name} on node ${node.metadata.name}`;
    if (pod.status.phase === 'Failed') {
      const text = `Found failed daemon pod ${where}, will try to kill it`;
      events.event(set, 'Warning', 'FailedDaemonPod', text);
    } else {
      const text = `Found succeeded daemon pod ${where}, will try to delete it`;
      events.event(set, 'Normal', 'SucceededDaemonPod', text);
    }
  }

  function writeStatus(scene: Scene): void {
    const { metadata } = scene.set;
    const stored = api.get(resources.daemonSets, metadata.namespace, metadata.name);
    if (stored?.metadata.uid !== metadata.uid) return;
    const status = statusOf(scene);
    if (equal(status, stored.status)) return;
    api.updateStatus(resources.daemonSets, { ...stored, status });
  }

  function requeueForAvailability(key: string, set: DaemonSet, owned: readonly Pod[]): void {
    const waits = owned
      .filter(isPodReady)
      .map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, simulation.now))
      .filter((wait) => wait > 0);
    if (waits.length > 0) queue.after(key, Math.min(...waits));
  }

  function onPod(event: WatchEvent<Pod>): void {
    const all = (namespace: string) => api.list(resources.daemonSets, { namespace });
    for (const set of concerned(api, resources.daemonSets, event, all)) queue.add(keyOf(set));
  }

  function onNode({ object: node, old }: WatchEvent<Node>): void {
    const isSame =
      old !== undefined &&
      equal(old.metadata.labels, node.metadata.labels) &&
      equal(old.spec.taints, node.spec.taints);
    if (isSame) return;
    for (const set of api.list(resources.daemonSets)) queue.add(keyOf(set));
  }

  return {
    name: 'daemonset-controller',
    start: () => {
      watches.on(resources.daemonSets, ({ object }) => {
        queue.add(keyOf(object));
      });
      watches.on(resources.pods, onPod);
      watches.on(resources.nodes, onNode);
    },
  };
}

/** Of two pods of a node the older one counts. */
function statusOf({ set, hash, nodes, byNode, isAvailable }: Scene): DaemonSet['status'] {
  const wanted = nodes.filter((node) => placementOn(set, node).shouldRun);
  const oldest = wanted.flatMap(({ metadata }) =>
    [...(byNode.get(metadata.name) ?? [])].sort(byCreation).slice(0, 1),
  );
  const available = oldest.filter(isAvailable).length;
  const counts = {
    updatedNumberScheduled: oldest.filter((pod) => hashOf(pod) === hash).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
  };
  return {
    currentNumberScheduled: oldest.length,
    numberMisscheduled: nodes.filter(
      (node) => !placementOn(set, node).shouldRun && (byNode.get(node.metadata.name) ?? []).length > 0,
    ).length,
    desiredNumberScheduled: wanted.length,
    numberReady: oldest.filter(isPodReady).length,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  };
}
