import { edit, equal } from '../../../core/json.ts';
import type { Condition, Job, NewObject, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import type { WatchEvent } from '../../api.ts';
import { MINUTE, SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, controllerReference, resolveController } from '../ownership.ts';
import { PodControl, isNamespaceTerminating, podFromTemplate, slowStart } from '../pod-control.ts';
import {
  conditionOf,
  isPodActive,
  isPodFinished,
  isPodReady,
  isPodTerminating,
  microsOf,
} from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { INDEX, formatIndexes, indexOf, isIndexed, parseIndexes } from './indexes.ts';

const FINALIZER = 'batch.kubernetes.io/job-tracking';
/** Changes of pods are gathered for this long. */
const BATCH_PERIOD = SECOND;
const FIRST_BACK_OFF: Micros = 10 * SECOND;
const LONGEST_BACK_OFF: Micros = 10 * MINUTE;

interface Verdict {
  readonly reason: string;
  readonly message: string;
}

/** What a sync has found out about a Job. */
interface Progress {
  readonly job: Job;
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: ReadonlySet<number>;
  readonly failure: Verdict | undefined;
}

/** Runs pods to their end. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
export function createJobController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'job', sync);
  const control = new PodControl(api, events);
  /** Failures in a row and the time of the last one, by uid: new pods wait after failures. */
  const failures = new Map<string, { count: number; at: Micros }>();

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const job = api.get(resources.jobs, namespace, name);
    if (job === undefined || isFinished(job)) return;
    const pods = claim(
      api,
      { resource: resources.jobs, object: job, selector: job.spec.selector },
      resources.pods,
      api.list(resources.pods, { namespace }),
    );
    const progress = count(job, pods);
    const error = job.metadata.deletionTimestamp === undefined ? manage(key, progress) : undefined;
    writeStatus(key, progress);
    if (error !== undefined) throw error;
  }

  /** Counts finished pods once, and lets them go by taking their finalizer. */
  function count(job: Job, pods: readonly Pod[]): Progress {
    const completed = parseIndexes(job.status.completedIndexes);
    let { succeeded = 0, failed = 0 } = job.status;
    const newlyFailed: Pod[] = [];
    for (const pod of pods) {
      const isLost = pod.metadata.deletionTimestamp !== undefined && !isPodFinished(pod);
      if (!(pod.metadata.finalizers ?? []).includes(FINALIZER) || (!isPodFinished(pod) && !isLost)) continue;
      if (!letGo(pod)) continue;
      const index = indexOf(pod);
      if (pod.status.phase === 'Succeeded') {
        if (isIndexed(job) && index !== undefined) completed.add(index);
        else succeeded++;
      } else newlyFailed.push(pod);
    }
    failed += newlyFailed.length;
    noteFailures(job, newlyFailed, pods);
    const active = pods.filter(isPodActive);
    return {
      job,
      active,
      terminating: pods.filter(isPodTerminating),
      succeeded: isIndexed(job) ? completed.size : succeeded,
      failed,
      completed,
      failure: failureOf(job, pods, failed),
    };
  }

  /** @returns whether the pod is to be counted now */
  function letGo(pod: Pod): boolean {
    try {
      api.update(
        resources.pods,
        edit(pod, ({ metadata }) => {
          metadata.finalizers = (metadata.finalizers ?? []).filter((name) => name !== FINALIZER);
          if (metadata.finalizers.length === 0) delete metadata.finalizers;
        }),
      );
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

  function failureOf(job: Job, pods: readonly Pod[], failed: number): Verdict | undefined {
    const known = conditionOf(job.status.conditions, 'FailureTarget');
    if (known?.status === 'True') return { reason: known.reason ?? '', message: known.message ?? '' };
    if (failed > job.spec.backoffLimit || restartsExceed(job, pods)) {
      return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
    }
    const { activeDeadlineSeconds } = job.spec;
    const { startTime } = job.status;
    if (activeDeadlineSeconds === undefined || startTime === undefined || job.spec.suspend === true) {
      return undefined;
    }
    return simulation.now >= microsOf(startTime) + activeDeadlineSeconds * SECOND
      ? { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
      : undefined;
  }

  function manage(key: string, progress: Progress): StatusError | undefined {
    const { job, active, failure } = progress;
    if (failure !== undefined || job.spec.suspend === true || isComplete(progress)) {
      for (const pod of active) control.delete(job, pod);
      return undefined;
    }
    const { activeDeadlineSeconds } = job.spec;
    if (activeDeadlineSeconds !== undefined) {
      const start = job.status.startTime === undefined ? simulation.now : microsOf(job.status.startTime);
      queue.after(key, start + activeDeadlineSeconds * SECOND - simulation.now);
    }
    const wanted = wantedActive(progress);
    if (active.length > wanted) {
      for (const pod of active.slice(wanted)) control.delete(job, pod);
      return undefined;
    }
    const missing = wanted - active.length;
    if (missing === 0) return undefined;
    const wait = backOff(job);
    if (wait > 0) {
      queue.after(key, wait);
      return undefined;
    }
    const indexes = missingIndexes(progress).values();
    const error = slowStart(missing, () => {
      control.create(job, jobPod(job, indexes.next().value));
    });
    return error !== undefined && isNamespaceTerminating(error) ? undefined : error;
  }

  function backOff(job: Job): Micros {
    const failed = failures.get(job.metadata.uid);
    if (failed === undefined) return 0;
    const delay = Math.min(FIRST_BACK_OFF * 2 ** (failed.count - 1), LONGEST_BACK_OFF);
    return failed.at + delay - simulation.now;
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
    return {
      ...(conditions.length === 0 ? {} : { conditions }),
      ...(isSuspended ? {} : { startTime: startTime ?? simulation.timestamp() }),
      ...(isDone ? { completionTime: simulation.timestamp() } : {}),
      ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0)),
      ...(completedIndexes === '' ? {} : { completedIndexes }),
      ready: active.filter(isPodReady).length,
      terminating,
      uncountedTerminatedPods: {},
    };
  }

  /** The interim condition first; the final one (with its event) when no pod is left. */
  function conditionsOf(stored: Job, progress: Progress, remaining: number): Condition[] {
    const conditions = [...(stored.status.conditions ?? [])];
    const isInterim = (type: string): boolean => conditionOf(stored.status.conditions, type) !== undefined;
    const { failure } = progress;
    if (failure !== undefined) {
      if (!isInterim('FailureTarget')) conditions.push(condition('FailureTarget', failure));
      if (remaining === 0 && isInterim('FailureTarget')) {
        conditions.push(condition('Failed', failure));
        events.event(stored, 'Warning', failure.reason, failure.message);
      }
      return conditions;
    }
    if (isComplete(progress)) {
      const verdict = {
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      };
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

  function condition(type: string, verdict: Verdict, status: Condition['status'] = 'True'): Condition {
    const now = simulation.timestamp();
    return { type, status, lastProbeTime: now, lastTransitionTime: now, ...verdict };
  }

  function onPod({ object: pod }: WatchEvent<Pod>): void {
    const job = resolveController(api, resources.jobs, pod);
    if (job !== undefined) queue.after(keyOf(job), BATCH_PERIOD);
    // Nobody counts a pod whose Job has gone.
    else if ((pod.metadata.finalizers ?? []).includes(FINALIZER)) {
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
            if (isOwn && (pod.metadata.finalizers ?? []).includes(FINALIZER)) letGo(pod);
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
  return ready?.status === 'False' && ready.lastTransitionTime !== undefined
    ? microsOf(ready.lastTransitionTime)
    : now;
}

function isComplete({ job, succeeded, active }: Progress): boolean {
  const { completions } = job.spec;
  // Without a number of completions one success ends the Job once the others have ended.
  return completions === undefined ? succeeded > 0 && active.length === 0 : succeeded >= completions;
}

function wantedActive({ job, succeeded, active }: Progress): number {
  const { parallelism = 1, completions } = job.spec;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.min(parallelism, completions - succeeded);
}

/** Indexes that have neither succeeded nor a pod; of a Job without indexes none. */
function missingIndexes({ job, active, completed }: Progress): number[] {
  if (!isIndexed(job)) return [];
  const running = new Set(active.map(indexOf));
  return Array.from({ length: job.spec.completions ?? 0 }, (_, index) => index).filter(
    (index) => !completed.has(index) && !running.has(index),
  );
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

function jobPod(job: Job, index: number | undefined): NewObject<Pod> {
  const pod = podFromTemplate(job.spec.template, job, controllerReference(resources.jobs, job));
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), FINALIZER];
  if (index === undefined) return pod;
  const name = `${job.metadata.name}-${index}`;
  pod.metadata.generateName = `${name}-`;
  pod.metadata.labels = { ...pod.metadata.labels, [INDEX]: String(index) };
  pod.metadata.annotations = { ...pod.metadata.annotations, [INDEX]: String(index) };
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
