import { edit, equal } from '../../../core/json.ts';
import type { Condition, Job, NewObject, Pod } from '../../../model/objects.ts';
import { formatIndexes, parseIndexes } from '../../../model/indexes.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import { MINUTE, SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { withFinalizer, withoutFinalizer } from '../finalizers.ts';
import { claim, concerned, controllerReference, resolveController } from '../ownership.ts';
import { RequestPace } from '../request-pace.ts';
import { PodControl, isNamespaceTerminating, podFromTemplate, slowStart } from '../pod-control.ts';
import { isPodReady } from '../../../model/pod-ready.ts';
import { conditionOf, isPodActive, isPodTerminating, microsOf } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { isPodFailed, matchFailurePolicy, replacesFailedOnly } from './failure-policy.ts';
import { failureNotes, failuresWith } from './index-failures.ts';
import { INDEX, indexOf, isIndexed } from './indexes.ts';
import {
  FINALIZER,
  hasPlace,
  isComplete,
  isTracked,
  missingIndexes,
  type Progress,
  progressOf,
  type Verdict,
  wantedActive,
} from './progress.ts';

/** Whom `spec.managedBy` names where it is this controller. */
const OWN_NAME = 'kubernetes.io/job-controller';
/** Changes of pods are gathered for this long. */
const BATCH_PERIOD = SECOND;
const FIRST_BACK_OFF: Micros = 10 * SECOND;
const LONGEST_BACK_OFF: Micros = 10 * MINUTE;
const COMPLETED: Verdict = {
  result: 'success',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

/** Runs pods to their end. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
export function createJobController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const pace = new RequestPace(simulation);
  const queue = new WorkQueue(simulation, 'job', sync, pace);
  const control = new PodControl(api, events, pace);
  /** Failures in a row and the time of the last one, by uid: new pods wait after failures. */
  const failures = new Map<string, { count: number; at: Micros }>();

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const job = api.get(resources.jobs, namespace, name);
    if (job === undefined || isFinished(job) || (job.spec.managedBy ?? OWN_NAME) !== OWN_NAME) return;
    const pods = claim(
      api,
      { resource: resources.jobs, object: job, selector: job.spec.selector, finalizer: FINALIZER },
      resources.pods,
      api.list(resources.pods, { namespace }),
    );
    const found = progressOf(job, pods, simulation.now);
    const progress = { ...found, ...release(found) };
    const error = job.metadata.deletionTimestamp === undefined ? manage(key, progress) : undefined;
    writeStatus(key, progress);
    if (error !== undefined) throw error;
  }

  /** Counts finished pods once, and lets them go by taking their finalizer. */
  function release(found: Progress): Pick<Progress, 'succeeded' | 'failed' | 'completed'> {
    const { job, pods, verdict } = found;
    const completed = parseIndexes(job.status.completedIndexes);
    let { succeeded = 0, failed = 0 } = job.status;
    const newlyFailed: Pod[] = [];
    for (const pod of pods.filter((each) => isTracked(each) && mayGo(found, each))) {
      if (!letGo(pod) || !hasPlace(job, pod)) continue;
      const index = indexOf(pod);
      if (pod.status.phase === 'Succeeded') {
        if (isIndexed(job) && index !== undefined) completed.add(index);
        else succeeded++;
      } else if (verdict?.result === 'success' && pod.metadata.deletionTimestamp !== undefined) {
        // What is stopped because enough has succeeded has not failed.
        continue;
      } else if (isPodFailed(job, pod) || verdict?.result === 'failure') {
        newlyFailed.push(pod);
        if (matchFailurePolicy(job, pod).counts) failed++;
      }
    }
    noteFailures(job, newlyFailed, pods);
    return { succeeded: isIndexed(job) ? completed.size : succeeded, failed, completed };
  }

  function mayGo({ job, verdict, toReplace }: Progress, pod: Pod): boolean {
    if (pod.status.phase === 'Succeeded') return true;
    if (verdict !== undefined || job.metadata.deletionTimestamp !== undefined) return !isPodActive(pod);
    return isPodFailed(job, pod) && toReplace.get(indexOf(pod) ?? -1) !== pod;
  }

  /** @returns whether the pod is to be counted now */
  function letGo(pod: Pod): boolean {
    try {
      api.update(resources.pods, edit(pod, withoutFinalizer(FINALIZER)));
      return true;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return false;
    }
  }

  function noteFailures(job: Job, newlyFailed: readonly Pod[], pods: readonly Pod[]): void {
    const { uid } = job.metadata;
    if (newlyFailed.length === 0) {
      if (pods.some(({ status }) => status.phase === 'Succeeded')) failures.delete(uid);
      return;
    }
    const count = (failures.get(uid)?.count ?? 0) + newlyFailed.length;
    const at = Math.max(...newlyFailed.map((pod) => failureTime(pod, simulation.now)));
    failures.set(uid, { count, at });
  }

  function manage(key: string, progress: Progress): StatusError | undefined {
    const { job, active, verdict } = progress;
    if (verdict !== undefined) {
      remove(key, job, active);
      return undefined;
    }
    if (job.spec.suspend === true || isComplete(progress)) {
      withdraw(key, job, active);
      return undefined;
    }
    const { activeDeadlineSeconds } = job.spec;
    if (activeDeadlineSeconds !== undefined) {
      const start = job.status.startTime === undefined ? simulation.now : microsOf(job.status.startTime);
      queue.after(key, start + activeDeadlineSeconds * SECOND - simulation.now);
    }
    const wanted = wantedActive(progress);
    if (active.length > wanted) {
      withdraw(key, job, active.slice(wanted));
      return undefined;
    }
    const awaited = replacesFailedOnly(job) ? progress.terminating.length : 0;
    const missing = Math.max(0, wanted - active.length - awaited);
    const most = pace.allowance;
    const { ready, soonest } = startable(progress, missing, most);
    if (ready.length === 0) {
      if (soonest < Infinity) queue.after(key, soonest);
      return undefined;
    }
    const indexes = ready.values();
    const error = slowStart(ready.length, () => {
      const index = indexes.next().value;
      control.create(job, jobPod(job, index, progress.toReplace.get(index ?? -1)));
    });
    // After a failure the queue's back-off says when.
    if (error === undefined && ready.length === most) queue.after(key, pace.untilNext);
    return error !== undefined && isNamespaceTerminating(error) ? undefined : error;
  }

  /** Places of pods that may start now, at most so many, and how long the first of the others has to wait. */
  function startable(
    progress: Progress,
    missing: number,
    most: number,
  ): { readonly ready: readonly (number | undefined)[]; readonly soonest: Micros } {
    const ready: (number | undefined)[] = [];
    let soonest = Infinity;
    let left = missing;
    const places = isIndexed(progress.job)
      ? missingIndexes(progress)
      : Array<undefined>(Math.min(missing, most)).fill(undefined);
    for (const index of places) {
      if (left-- === 0 || ready.length === most) break;
      const wait = backOff(progress, index);
      if (wait <= 0) ready.push(index);
      else soonest = Math.min(soonest, wait);
    }
    return { ready, soonest };
  }

  function remove(key: string, job: Job, pods: readonly Pod[]): void {
    const most = pace.allowance;
    for (const pod of pods.slice(0, most)) control.delete(job, pod);
    if (pods.length > most) queue.after(key, pace.untilNext);
  }

  /** Removes pods that are no longer wanted. Without their finalizer they count for nothing, least of all as failed. */
  function withdraw(key: string, job: Job, pods: readonly Pod[]): void {
    for (const pod of pods.slice(0, pace.allowance)) letGo(pod);
    remove(key, job, pods);
  }

  /** How long a new pod has to wait: after failures of its index, where these are counted, or of all. */
  function backOff({ job, toReplace }: Progress, index: number | undefined): Micros {
    if (job.spec.backoffLimitPerIndex !== undefined) {
      const before = toReplace.get(index ?? -1);
      return before === undefined
        ? 0
        : failureTime(before, simulation.now) + delayAfter(failuresWith(before)) - simulation.now;
    }
    const failed = failures.get(job.metadata.uid);
    return failed === undefined ? 0 : failed.at + delayAfter(failed.count) - simulation.now;
  }

  function writeStatus(key: string, progress: Progress): void {
    const { namespace, name } = splitKey(key);
    const stored = api.get(resources.jobs, namespace, name);
    if (stored?.metadata.uid !== progress.job.metadata.uid) return;
    const owned = api
      .list(resources.pods, { namespace })
      .filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === stored.metadata.uid) === true);
    const status = statusOf(stored, progress, owned);
    if (equal(status, stored.status)) return;
    api.updateStatus(
      resources.jobs,
      edit(stored, (draft) => {
        draft.status = status;
      }),
    );
    // The last step comes when the pods have gone.
    if (!isFinished({ ...stored, status })) queue.after(key, BATCH_PERIOD);
  }

  function statusOf(stored: Job, progress: Progress, owned: readonly Pod[]): Job['status'] {
    const active = owned.filter(isPodActive);
    const terminating = owned.filter(isPodTerminating).length;
    const isSuspended = stored.spec.suspend === true;
    const conditions = conditionsOf(stored, progress, active.length + terminating);
    const wasSuspended = conditionOf(stored.status.conditions, 'Suspended')?.status === 'True';
    const startTime = isSuspended ? undefined : wasSuspended ? undefined : stored.status.startTime;
    const isDone = conditionOf(conditions, 'Complete')?.status === 'True';
    const counts = { active: active.length, succeeded: progress.succeeded, failed: progress.failed };
    const completedIndexes = isIndexed(stored) ? formatIndexes(progress.completed) : '';
    const { failedIndexes } = progress;
    return {
      ...(conditions.length === 0 ? {} : { conditions }),
      ...(isSuspended ? {} : { startTime: startTime ?? simulation.timestamp() }),
      ...(isDone ? { completionTime: simulation.timestamp() } : {}),
      ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0)),
      ...(completedIndexes === '' ? {} : { completedIndexes }),
      ...(failedIndexes === undefined ? {} : { failedIndexes: formatIndexes(failedIndexes) }),
      ready: active.filter(isPodReady).length,
      terminating,
      uncountedTerminatedPods: {},
    };
  }

  /** The interim condition first; the final one (with its event) when no pod is left. */
  function conditionsOf(stored: Job, progress: Progress, remaining: number): Condition[] {
    const conditions = [...(stored.status.conditions ?? [])];
    const isInterim = (type: string): boolean => conditionOf(stored.status.conditions, type) !== undefined;
    const verdict = progress.verdict ?? (isComplete(progress) ? COMPLETED : undefined);
    if (verdict?.result === 'failure') {
      if (!isInterim('FailureTarget')) conditions.push(condition('FailureTarget', verdict));
      if (remaining === 0 && isInterim('FailureTarget')) {
        conditions.push(condition('Failed', verdict));
        events.event(stored, 'Warning', verdict.reason, verdict.message);
      }
      return conditions;
    }
    if (verdict !== undefined) {
      if (!isInterim('SuccessCriteriaMet')) conditions.push(condition('SuccessCriteriaMet', verdict));
      if (remaining === 0) {
        conditions.push(condition('Complete', verdict));
        events.event(stored, 'Normal', 'Completed', 'Job completed');
      }
      return conditions;
    }
    return withSuspension(stored, conditions);
  }

  function withSuspension(stored: Job, conditions: readonly Condition[]): Condition[] {
    const known = conditionOf(conditions, 'Suspended');
    const isSuspended = stored.spec.suspend === true;
    if ((known?.status === 'True') === isSuspended) return [...conditions];
    const verdict = isSuspended
      ? { reason: 'JobSuspended', message: 'Job suspended' }
      : { reason: 'JobResumed', message: 'Job resumed' };
    events.event(stored, 'Normal', isSuspended ? 'Suspended' : 'Resumed', verdict.message);
    const changed = condition('Suspended', verdict, isSuspended ? 'True' : 'False');
    return [...conditions.filter(({ type }) => type !== 'Suspended'), changed];
  }

  function condition(
    type: string,
    { reason, message }: Omit<Verdict, 'result'>,
    status: Condition['status'] = 'True',
  ): Condition {
    const now = simulation.timestamp();
    return { type, status, lastProbeTime: now, lastTransitionTime: now, reason, message };
  }

  function onPod(event: WatchEvent<Pod>): void {
    const { object: pod } = event;
    const all = (namespace: string) => api.list(resources.jobs, { namespace });
    for (const job of concerned(api, resources.jobs, event, all)) queue.after(keyOf(job), BATCH_PERIOD);
    // Nobody counts a pod whose Job has gone.
    if (resolveController(api, resources.jobs, pod) === undefined && isTracked(pod)) {
      const stored = api.get(resources.pods, pod.metadata.namespace, pod.metadata.name);
      if (stored?.metadata.uid === pod.metadata.uid) letGo(stored);
    }
  }

  return {
    name: 'job-controller',
    start: () => {
      watches.on(resources.jobs, ({ type, object, old }) => {
        if (type === 'DELETED') {
          failures.delete(object.metadata.uid);
          for (const pod of api.list(resources.pods, { namespace: object.metadata.namespace ?? '' })) {
            const isOwn =
              pod.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) === true;
            if (isOwn && isTracked(pod)) letGo(pod);
          }
          return;
        }
        // A status, our own above all, can wait.
        const isNews = old?.metadata.generation !== object.metadata.generation;
        if (isNews) queue.add(keyOf(object));
        else queue.after(keyOf(object), BATCH_PERIOD);
      });
      watches.on(resources.pods, onPod);
    },
  };
}

export function isFinished({ status }: Job): boolean {
  return (
    status.conditions?.some(
      (condition) =>
        (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True',
    ) === true
  );
}

/** When a pod failed: when its last container ended, or when it was no longer ready. */
function failureTime({ status }: Pod, now: Micros): Micros {
  const ends = (status.containerStatuses ?? []).map(({ state }) => state.terminated?.finishedAt ?? undefined);
  const known = ends.filter((end) => end !== undefined);
  if (known.length > 0 && known.length === ends.length) return Math.max(...known.map(microsOf));
  const ready = conditionOf(status.conditions, 'Ready');
  const since = ready?.lastTransitionTime ?? undefined;
  return ready?.status === 'False' && since !== undefined ? microsOf(since) : now;
}

function delayAfter(failures: number): Micros {
  return Math.min(FIRST_BACK_OFF * 2 ** (failures - 1), LONGEST_BACK_OFF);
}

/** @param before the pod of the same index whose place it takes */
function jobPod(job: Job, index: number | undefined, before: Pod | undefined): NewObject<Pod> {
  const pod = podFromTemplate(job.spec.template, job, controllerReference(resources.jobs, job));
  withFinalizer(FINALIZER)(pod);
  if (index === undefined) return pod;
  const name = `${job.metadata.name}-${index}`;
  pod.metadata.generateName = `${name}-`;
  pod.metadata.labels = { ...pod.metadata.labels, [INDEX]: String(index) };
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [INDEX]: String(index),
    ...(job.spec.backoffLimitPerIndex !== undefined && failureNotes(job, before)),
  };
  pod.spec.hostname = name;
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } },
  };
  for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    container.env = [...(container.env ?? []), variable];
  }
  return pod;
}
