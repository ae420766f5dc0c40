import { scaledValue } from '../../../model/int-or-percent.ts';
import type { DaemonSet, Node, Pod } from '../../../model/objects.ts';
import { byCreation } from '../by-creation.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { hashOf, isStaying, type PodsByNode } from './daemon-pods.ts';
import { placementOn } from './daemon-placement.ts';

/** A set with its pods, at one moment. */
export interface Scene {
  readonly set: DaemonSet;
  /** Of the revision that is to be on every node. */
  readonly hash: string;
  readonly nodes: readonly Node[];
  readonly byNode: PodsByNode;
  /** Whether a pod has been ready for `minReadySeconds`. */
  readonly isAvailable: (pod: Pod) => boolean;
}

/** What is to be done to the pods of a set. */
export interface PodChanges {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
}

/** The pods of a node; {@link excessPods} sees to it that there is no more than one of a kind. */
interface Pair {
  readonly updated: Pod | undefined;
  readonly outdated: Pod | undefined;
}

type Pairs = ReadonlyMap<string, Pair>;

/**
 * How a set comes to a new revision: outdated pods are deleted, no more at a time than may be unavailable, or get a new
 * one beside them first, on no more nodes at a time than `maxSurge`.
 * https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/
 */
export function rollingUpdate(scene: Scene): PodChanges {
  const { set, hash, nodes, byNode } = scene;
  if (set.spec.updateStrategy.type !== 'RollingUpdate') return { create: [], remove: [] };
  const wanted = new Set(
    nodes.filter((node) => placementOn(set, node).shouldRun).map(({ metadata }) => metadata.name),
  );
  const pairs = new Map(
    [...wanted, ...byNode.keys()].map((node) => [node, pairOf(byNode.get(node) ?? [], hash)]),
  );
  const { maxUnavailable = 1 } = set.spec.updateStrategy.rollingUpdate ?? {};
  const maxSurge = surgeOf(set, wanted.size);
  if (maxSurge > 0) return surge(scene, pairs, wanted, maxSurge);
  return replace(scene, pairs, Math.max(1, scaledValue(maxUnavailable, wanted.size, 'up')));
}

/** How many nodes may have two pods, of so many that should have one. */
export function surgeOf({ spec }: DaemonSet, nodes: number): number {
  if (spec.updateStrategy.type !== 'RollingUpdate') return 0;
  return scaledValue(spec.updateStrategy.rollingUpdate?.maxSurge ?? 0, nodes, 'up');
}

/**
 * What a node has too much. A set that surges may have an outdated pod that is ready beside a new one that is not
 * available yet.
 */
export function excessPods({ set, hash, isAvailable }: Scene, running: readonly Pod[]): readonly Pod[] {
  const sorted = [...running].sort(byCreation);
  if (surgeOf(set, 1) === 0) return sorted.slice(1);
  const [updated, ...newer] = sorted.filter((pod) => hashOf(pod) === hash);
  const [outdated, ...older] = sorted.filter((pod) => hashOf(pod) !== hash);
  const excess = [...newer, ...older];
  if (updated === undefined || outdated === undefined) return excess;
  return isPodReady(outdated) && !isAvailable(updated) ? excess : [...excess, outdated];
}

function pairOf(pods: readonly Pod[], hash: string): Pair {
  const staying = pods.filter(isStaying);
  return {
    updated: staying.find((pod) => hashOf(pod) === hash),
    outdated: staying.find((pod) => hashOf(pod) !== hash),
  };
}

/** Deletes outdated pods, broken ones at once; that there is a pod on every node is seen to before. */
function replace({ isAvailable }: Scene, pairs: Pairs, maxUnavailable: number): PodChanges {
  let unavailable = 0;
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  for (const { updated, outdated } of pairs.values()) {
    if (outdated !== undefined && updated === undefined) {
      (isAvailable(outdated) ? candidates : broken).push(outdated);
    } else if (outdated !== undefined || updated === undefined || !isAvailable(updated)) unavailable++;
  }
  const room = Math.max(0, maxUnavailable - unavailable - broken.length);
  return { create: [], remove: [...broken, ...candidates.slice(0, room)] };
}

/** Puts new pods beside outdated ones, beside broken ones at once, and deletes those that have one that is available. */
function surge(
  { isAvailable }: Scene,
  pairs: Pairs,
  wanted: ReadonlySet<string>,
  maxSurge: number,
): PodChanges {
  const remove: Pod[] = [];
  /** On nodes that should have none any more. */
  const misplaced: Pod[] = [];
  const broken: string[] = [];
  const candidates: string[] = [];
  let available = 0;
  let surging = 0;
  for (const [node, { updated, outdated }] of pairs) {
    const older = outdated ?? updated;
    if (older !== undefined && isAvailable(older)) available++;
    if (outdated === undefined) continue;
    if (updated !== undefined) {
      if (isAvailable(updated)) remove.push(outdated);
      else surging++;
    } else if (wanted.has(node)) (isAvailable(outdated) ? candidates : broken).push(node);
    else (isAvailable(outdated) ? misplaced : remove).push(outdated);
  }
  const room = Math.max(0, maxSurge - surging);
  // They serve until there are enough elsewhere.
  const spare = Math.max(0, available - wanted.size);
  return {
    create: [...broken, ...candidates.slice(0, room)],
    remove: [...remove, ...misplaced.slice(0, spare)],
  };
}
