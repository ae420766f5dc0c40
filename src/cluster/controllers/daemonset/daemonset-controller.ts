import { equal } from '../../../core/json.ts';
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { scaledValue } from '../int-or-percent.ts';
import { claim, concerned, controllerReference } from '../ownership.ts';
import {
  BURST_REPLICAS,
  PodControl,
  isNamespaceTerminating,
  podFromTemplate,
  slowStart,
} from '../pod-control.ts';
import { availableIn, isPodAvailable, isPodFinished, isPodReady } from '../pod-state.ts';
import { ownRevisions, truncateHistory, updateRevision } from '../revisions.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { daemonTolerations, pinnedTo, placementOn, targetNode } from './daemon-placement.ts';

const HASH_LABEL = 'controller-revision-hash';
const GENERATION_ANNOTATION = 'deprecated.daemonset.template.generation';
const GENERATION_LABEL = 'pod-template-generation';

type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

/** One pod on every node that fits. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */
export function createDaemonSetController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'daemonset', sync);
  const control = new PodControl(api, events);

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const set = api.get(resources.daemonSets, namespace, name);
    if (set?.metadata.deletionTimestamp !== undefined || set === undefined) return;
    const owned = claim(
      api,
      { resource: resources.daemonSets, object: set, selector: set.spec.selector },
      resources.pods,
      api.list(resources.pods, { namespace }),
    );
    const revisions = ownRevisions(api, resources.daemonSets, set);
    const revision = updateRevision(api, resources.daemonSets, set, revisions, HASH_LABEL);
    const nodes = api.list(resources.nodes);
    const byNode = groupByNode(owned);
    const failure = manage(set, revision, nodes, byNode);
    if (failure === undefined) rollOut(set, revision, nodes, byNode);
    const live = new Set(owned.map((pod) => `${name}-${hashOf(pod)}`).concat(revision.metadata.name));
    truncateHistory(api, set, revisions, live);
    writeStatus(set, revision, nodes, byNode);
    if (failure !== undefined) throw failure;
    requeueForAvailability(key, set, owned);
  }

  /** Creates what is missing and deletes what is too much. */
  function manage(
    set: DaemonSet,
    revision: ControllerRevision,
    nodes: readonly Node[],
    byNode: PodsByNode,
  ): StatusError | undefined {
    const missing: string[] = [];
    const surplus: Pod[] = [];
    for (const node of nodes) {
      const { shouldRun, mayContinue } = placementOn(set, node);
      const pods = byNode.get(node.metadata.name) ?? [];
      const failed = pods.filter(isPodFinished);
      const alive = pods.filter((pod) => !failed.includes(pod));
      const staying = alive.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      if (shouldRun && pods.length === 0) missing.push(node.metadata.name);
      if (!mayContinue) surplus.push(...staying);
      else {
        surplus.push(...failed.filter((pod) => giveUp(set, pod, node)));
        // The oldest stays.
        surplus.push(...[...staying].sort(byCreation).slice(1));
      }
    }
    for (const pod of surplus) control.delete(set, pod);
    const names = missing.slice(0, BURST_REPLICAS).values();
    const failure = slowStart(Math.min(missing.length, BURST_REPLICAS), () => {
      control.create(set, daemonPod(set, revision, names.next().value ?? ''));
    });
    return failure !== undefined && isNamespaceTerminating(failure) ? undefined : failure;
  }

  /** Tells of a finished pod, which is replaced. */
  function giveUp(set: DaemonSet, pod: Pod, node: Node): boolean {
    if (pod.metadata.deletionTimestamp !== undefined) return false;
    const where = `${pod.metadata.namespace ?? ''}/${pod.metadata.name} on node ${node.metadata.name}`;
    if (pod.status.phase === 'Failed') {
      const text = `Found failed daemon pod ${where}, will try to kill it`;
      events.event(set, 'Warning', 'FailedDaemonPod', text);
    } else {
      const text = `Found succeeded daemon pod ${where}, will try to delete it`;
      events.event(set, 'Normal', 'SucceededDaemonPod', text);
    }
    return true;
  }

  /** Deletes outdated pods, no more at a time than may be unavailable; broken ones go at once. */
  function rollOut(
    set: DaemonSet,
    revision: ControllerRevision,
    nodes: readonly Node[],
    byNode: PodsByNode,
  ): void {
    if (set.spec.updateStrategy.type !== 'RollingUpdate') return;
    const wanted = nodes.filter((node) => placementOn(set, node).shouldRun);
    const limit = Math.max(
      1,
      scaledValue(set.spec.updateStrategy.rollingUpdate?.maxUnavailable ?? 1, wanted.length, 'up'),
    );
    let unavailable = 0;
    const broken: Pod[] = [];
    const candidates: Pod[] = [];
    for (const { metadata } of wanted) {
      const [pod] = (byNode.get(metadata.name) ?? []).filter(
        (one) => one.metadata.deletionTimestamp === undefined,
      );
      if (pod === undefined || !isAvailable(set, pod)) unavailable++;
      if (pod === undefined || hashOf(pod) === revision.metadata.labels?.[HASH_LABEL]) continue;
      if (isAvailable(set, pod)) candidates.push(pod);
      else broken.push(pod);
    }
    const room = Math.max(0, limit - unavailable);
    for (const pod of [...broken, ...candidates.slice(0, room)]) control.delete(set, pod);
  }

  function isAvailable(set: DaemonSet, pod: Pod): boolean {
    return isPodAvailable(pod, set.spec.minReadySeconds ?? 0, simulation.now);
  }

  function writeStatus(
    set: DaemonSet,
    revision: ControllerRevision,
    nodes: readonly Node[],
    byNode: PodsByNode,
  ): void {
    const stored = api.get(resources.daemonSets, set.metadata.namespace, set.metadata.name);
    if (stored?.metadata.uid !== set.metadata.uid) return;
    const status = statusOf(set, revision, nodes, byNode);
    if (equal(status, stored.status)) return;
    api.updateStatus(resources.daemonSets, { ...stored, status });
  }

  function statusOf(
    set: DaemonSet,
    revision: ControllerRevision,
    nodes: readonly Node[],
    byNode: PodsByNode,
  ): DaemonSet['status'] {
    const wanted = nodes.filter((node) => placementOn(set, node).shouldRun);
    const oldest = wanted.flatMap(({ metadata }) =>
      [...(byNode.get(metadata.name) ?? [])].sort(byCreation).slice(0, 1),
    );
    const available = oldest.filter((pod) => isAvailable(set, pod)).length;
    const counts = {
      updatedNumberScheduled: oldest.filter((pod) => hashOf(pod) === revision.metadata.labels?.[HASH_LABEL])
        .length,
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

function daemonPod(
  set: DaemonSet,
  revision: ControllerRevision,
  node: string,
): ReturnType<typeof podFromTemplate> {
  const pod = podFromTemplate(set.spec.template, set, controllerReference(resources.daemonSets, set));
  const generation = set.metadata.annotations?.[GENERATION_ANNOTATION];
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [HASH_LABEL]: revision.metadata.labels?.[HASH_LABEL] ?? '',
    ...(generation === undefined ? {} : { [GENERATION_LABEL]: generation }),
  };
  const affinity = pinnedTo(pod.spec, node);
  if (affinity !== undefined) pod.spec.affinity = affinity;
  pod.spec.tolerations = daemonTolerations(pod.spec);
  return pod;
}

function hashOf(pod: Pod): string {
  return pod.metadata.labels?.[HASH_LABEL] ?? '';
}

function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined) continue;
    byNode.set(node, [...(byNode.get(node) ?? []), pod]);
  }
  return byNode;
}

function byCreation(a: Pod, b: Pod): number {
  if (a.metadata.creationTimestamp !== b.metadata.creationTimestamp) {
    return a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1;
  }
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
