import type { Pod } from '../../../model/objects.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { ScalingError } from './scaling-error.ts';
import { groupPods, requestsOf } from './pod-groups.ts';
import type { Sample } from './resource-metrics.ts';

/** How far use may be from its target before anything is done: shares of the target. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

/** What a proposal is made from. */
export interface Situation {
  readonly now: Micros;
  /** `spec.replicas` of the workload. */
  readonly currentReplicas: number;
  readonly tolerances: Tolerances;
  /** Those that the workload's selector matches. */
  readonly pods: readonly Pod[];
  readonly samples: ReadonlyMap<string, Sample>;
  readonly resource: string;
}

export interface Proposal {
  readonly replicas: number;
  /** Thousandths a pod. */
  readonly average: number;
}

export type UtilizationProposal = Proposal & {
  /** Percent of the requests. */
  readonly utilization: number;
};

/** Thousandths by the pod's name. */
type Usage = ReadonlyMap<string, number>;

/**
 * How many replicas would bring the use of a resource to `target` percent of what is requested.
 * @param container only this one of each pod; empty: all of them
 * @throws ScalingError
 */
export function proposeForUtilization(
  situation: Situation,
  target: number,
  container: string,
): UtilizationProposal {
  const judged = judge(situation);
  const requests = requestsOf(situation.pods, container, situation.resource);
  const now = utilizationOf(judged.usage, requests);
  const replicas = propose(situation, judged, {
    ratio: now.percent / target,
    ratioOf: (usage) => utilizationOf(usage, requests).percent / target,
    // Where there is too much of everything, a pod nobody knows of counts as fully used.
    assumedOnScaleDown: (pod) => Math.floor(((requests.get(pod) ?? 0) * Math.max(100, target)) / 100),
  });
  return { replicas, utilization: now.percent, average: now.average };
}

/**
 * How many replicas would bring the use of a resource to `target` thousandths a pod.
 * @throws ScalingError
 */
export function proposeForAverage(situation: Situation, target: number): Proposal {
  const judged = judge(situation);
  const average = averageOf(judged.usage);
  const replicas = propose(situation, judged, {
    ratio: average / target,
    ratioOf: (usage) => averageOf(usage) / target,
    assumedOnScaleDown: () => target,
  });
  return { replicas, average };
}

interface Judged {
  /** Of the pods that count. */
  readonly usage: Usage;
  readonly ready: number;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
}

function judge({ pods, samples, resource, now }: Situation): Judged {
  if (pods.length === 0)
    throw new ScalingError('no pods returned by selector while calculating replica count');
  const { ready, unready, missing, ignored } = groupPods(pods, samples, resource, now);
  const usage = new Map<string, number>();
  for (const [pod, { milli }] of samples) if (!ignored.has(pod) && !unready.has(pod)) usage.set(pod, milli);
  if (usage.size === 0) {
    throw new ScalingError('did not receive metrics for targeted pods (pods might be unready)');
  }
  return { usage, ready, unready, missing };
}

interface Measure {
  /** Use now in terms of the target. */
  readonly ratio: number;
  readonly ratioOf: (usage: Usage) => number;
  /** What a pod without metrics is taken to use while others want less, in thousandths. */
  readonly assumedOnScaleDown: (pod: string) => number;
}

/** Pods of which nothing is known are counted so that they dampen the change, and never turn it round. */
function propose({ currentReplicas, tolerances }: Situation, judged: Judged, measure: Measure): number {
  const { ratio } = measure;
  const countsUnready = judged.unready.size > 0 && ratio > 1;
  if (!countsUnready && judged.missing.size === 0) {
    return isWithin(tolerances, ratio) ? currentReplicas : Math.ceil(ratio * judged.ready);
  }
  const assumed = assume(judged, measure);
  const adjusted = measure.ratioOf(assumed);
  if (isTurned(ratio, adjusted) || isWithin(tolerances, adjusted)) return currentReplicas;
  const replicas = Math.ceil(adjusted * assumed.size);
  return isTurned(adjusted, replicas / currentReplicas) ? currentReplicas : replicas;
}

/** The usage with a guess for every pod without one: none where more is wanted, much where less is. */
function assume(
  { usage, unready, missing }: Judged,
  { ratio, assumedOnScaleDown }: Measure,
): Map<string, number> {
  const assumed = new Map(usage);
  if (ratio === 1) return assumed;
  for (const pod of missing) assumed.set(pod, ratio < 1 ? assumedOnScaleDown(pod) : 0);
  if (ratio > 1) for (const pod of unready) assumed.set(pod, 0);
  return assumed;
}

/** Whether one calls for more and the other for less. */
function isTurned(ratio: number, other: number): boolean {
  return (ratio < 1 && other > 1) || (ratio > 1 && other < 1);
}

function isWithin({ up, down }: Tolerances, ratio: number): boolean {
  return 1 - down <= ratio && ratio <= 1 + up;
}

function utilizationOf(
  usage: Usage,
  requests: ReadonlyMap<string, number>,
): { percent: number; average: number } {
  let used = 0;
  let requested = 0;
  let pods = 0;
  for (const [pod, milli] of usage) {
    const request = requests.get(pod);
    if (request === undefined) continue;
    used += milli;
    requested += request;
    pods++;
  }
  if (requested === 0) throw new ScalingError('no metrics returned matched known pods');
  return { percent: Math.floor((used * 100) / requested), average: Math.floor(used / pods) };
}

function averageOf(usage: Usage): number {
  let sum = 0;
  for (const milli of usage.values()) sum += milli;
  return Math.floor(sum / usage.size);
}
