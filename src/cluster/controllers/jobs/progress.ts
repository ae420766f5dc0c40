import { parseIndexes } from '../../../model/indexes.ts';
import type { Job, Pod } from '../../../model/objects.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import { hasFinalizer } from '../finalizers.ts';
import { conditionOf, isPodActive, isPodTerminating, microsOf } from '../pod-state.ts';
import { isPodFailed, matchFailurePolicy, replacesFailedOnly } from './failure-policy.ts';
import { isIndexFailed, podsToReplace } from './index-failures.ts';
import { indexOf, isIndexed } from './indexes.ts';
import { matchSuccessPolicy } from './success-policy.ts';

export const FINALIZER = 'batch.kubernetes.io/job-tracking';

/** How a Job ends, or is to end once its pods have. */
export interface Verdict {
  readonly result: 'failure' | 'success';
  readonly reason: string;
  readonly message: string;
}

/** What a sync has found out about a Job. */
export interface Progress {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Indexes that have succeeded. */
  readonly completed: ReadonlySet<number>;
  /** Indexes that are not tried again; undefined where only all of them together have a limit. */
  readonly failedIndexes: ReadonlySet<number> | undefined;
  /** Failed pods that wait for another one of their index. */
  readonly toReplace: ReadonlyMap<number, Pod>;
  readonly verdict: Verdict | undefined;
}

/** What a Job has come to, with pods that have ended since it was looked at last. */
export function progressOf(job: Job, pods: readonly Pod[], now: Micros): Progress {
  const tracked = pods.filter((pod) => isTracked(pod) && hasPlace(job, pod));
  const succeededPods = tracked.filter(({ status }) => status.phase === 'Succeeded');
  const failedPods = tracked.filter((pod) => isPodFailed(job, pod));
  const active = pods.filter(isPodActive);
  const completed = withIndexes(job.status.completedIndexes, succeededPods);
  const failedIndexes =
    job.spec.backoffLimitPerIndex === undefined
      ? undefined
      : withIndexes(
          job.status.failedIndexes,
          tracked.filter((pod) => isIndexFailed(job, pod)),
        );
  const running = new Set(active.map(indexOf));
  const counted = {
    succeeded: isIndexed(job) ? completed.size : (job.status.succeeded ?? 0) + succeededPods.length,
    failed: (job.status.failed ?? 0) + failedPods.filter((pod) => matchFailurePolicy(job, pod).counts).length,
    completed,
    failedIndexes,
  };
  return {
    job,
    pods,
    active,
    terminating: pods.filter(isPodTerminating),
    ...counted,
    toReplace: podsToReplace(
      job,
      failedPods,
      (index) => completed.has(index) || failedIndexes?.has(index) === true || running.has(index),
    ),
    verdict: verdictOf(job, pods, counted, now),
  };
}

/** Whether a pod has not been counted yet. */
export function isTracked(pod: Pod): boolean {
  return hasFinalizer(pod, FINALIZER);
}

/** A pod of a Job with indexes counts by its own. */
export function hasPlace(job: Job, pod: Pod): boolean {
  return !isIndexed(job) || (indexOf(pod) ?? Infinity) < (job.spec.completions ?? 0);
}

function withIndexes(known: string | undefined, pods: readonly Pod[]): ReadonlySet<number> {
  const indexes = parseIndexes(known);
  for (const index of pods.map(indexOf)) if (index !== undefined) indexes.add(index);
  return indexes;
}

type Counted = Pick<Progress, 'succeeded' | 'failed' | 'completed' | 'failedIndexes'>;

/** What was decided before stands; then failures come before successes. */
function verdictOf(job: Job, pods: readonly Pod[], counted: Counted, now: Micros): Verdict | undefined {
  const failed = (reason: string, message: string): Verdict => ({ result: 'failure', reason, message });
  const decided = decidedOn(job);
  if (decided !== undefined) return decided;
  const message = pods
    .filter((pod) => isPodFailed(job, pod))
    .map((pod) => matchFailurePolicy(job, pod).message)
    .find((text) => text !== undefined);
  if (message !== undefined) return failed('PodFailurePolicy', message);
  if (counted.failed > job.spec.backoffLimit || restartsExceed(job, pods)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  if (isLate(job, now)) return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  return verdictOfIndexes(job, counted);
}

function decidedOn({ status }: Job): Verdict | undefined {
  for (const [type, result] of [
    ['SuccessCriteriaMet', 'success'],
    ['FailureTarget', 'failure'],
  ] as const) {
    const known = conditionOf(status.conditions, type);
    if (known?.status === 'True') return { result, reason: known.reason ?? '', message: known.message ?? '' };
  }
  return undefined;
}

function isLate({ spec, status }: Job, now: Micros): boolean {
  if (spec.activeDeadlineSeconds === undefined || status.startTime === undefined || spec.suspend === true) {
    return false;
  }
  return now >= microsOf(status.startTime) + spec.activeDeadlineSeconds * SECOND;
}

function verdictOfIndexes(job: Job, { completed, failedIndexes }: Counted): Verdict | undefined {
  if (!isIndexed(job)) return undefined;
  const { maxFailedIndexes = Infinity, completions = 0 } = job.spec;
  const failures = failedIndexes?.size ?? 0;
  if (failures > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return { result: 'failure', reason: 'MaxFailedIndexesExceeded', message };
  }
  if (failures > 0 && failures + completed.size >= completions) {
    return { result: 'failure', reason: 'FailedIndexes', message: 'Job has failed indexes' };
  }
  const rule = matchSuccessPolicy(job, completed);
  return rule === undefined ? undefined : { result: 'success', reason: 'SuccessPolicy', message: rule };
}

/** With restartPolicy OnFailure the containers' restarts count as failures. */
function restartsExceed({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(isPodActive)
    .flatMap(({ status }) => status.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return spec.backoffLimit === 0 ? restarts > 0 : restarts >= spec.backoffLimit;
}

/** Whether as many pods have succeeded as there are to. */
export function isComplete({ job, succeeded, active }: Progress): boolean {
  const { completions } = job.spec;
  // Without a number of completions one success ends the Job once the others have ended.
  return completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
}

/** How many pods there should be. */
export function wantedActive({ job, succeeded, active }: Progress): number {
  const { parallelism = 1, completions } = job.spec;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Indexes that have neither ended nor a pod, the lowest first. */
export function* missingIndexes(progress: Progress): Generator<number> {
  const { job, active, terminating, completed, failedIndexes } = progress;
  const taken = replacesFailedOnly(job) ? [...active, ...terminating] : active;
  const running = new Set(taken.map(indexOf));
  for (let index = 0; index < (job.spec.completions ?? 0); index++) {
    if (!completed.has(index) && failedIndexes?.has(index) !== true && !running.has(index)) yield index;
  }
}
