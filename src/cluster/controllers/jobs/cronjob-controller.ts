import { edit, equal } from '../../../core/json.ts';
import { messageOf } from '../../../core/errors.ts';
import { type CronSchedule, parseSchedule } from '../../../model/cron-schedule.ts';
import type { CronJob, Job, NewObject, ObjectReference } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { StatusError } from '../../api.ts';
import { MILLISECOND } from '../../simulation/simulation.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { controllerReference, isControlledBy, resolveController } from '../ownership.ts';
import { isNamespaceTerminating } from '../pod-control.ts';
import { conditionOf } from '../pod-state.ts';
import { WorkQueue, keyOf, splitKey } from '../work-queue.ts';
import { isFinished } from './job-controller.ts';

const SCHEDULED = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** A Job is made a little after its time, so that clocks agree on it. */
const DELAY = 100 * MILLISECOND;
/** More missed times than this get a warning. */
const MANY_MISSED = 100;

/** Makes Jobs by the clock. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
export function createCronJobController(context: ControllerContext): Controller {
  const { api, events, simulation, watches } = context;
  const queue = new WorkQueue(simulation, 'cronjob', sync);
  const milliseconds = (): number => simulation.now / MILLISECOND;

  function sync(key: string): void {
    const { namespace, name } = splitKey(key);
    const cron = api.get(resources.cronJobs, namespace, name);
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return;
    const jobs = api.list(resources.jobs, { namespace }).filter((job) => isControlledBy(job, cron));
    const current = settle(cron, jobs);
    cleanUp(current, jobs);
    const schedule = readSchedule(current);
    if (schedule === undefined || current.spec.suspend === true) return;
    runDue(current, schedule);
    const next = schedule.next(milliseconds());
    if (next !== undefined) queue.after(key, next * MILLISECOND + DELAY - simulation.now);
  }

  /** Takes finished and lost Jobs off the list of active ones. */
  function settle(cron: CronJob, jobs: readonly Job[]): CronJob {
    const known = new Set((cron.status.active ?? []).map(({ uid }) => uid));
    for (const job of jobs) {
      if (known.has(job.metadata.uid) || isFinished(job)) continue;
      const text = `Saw a job that the controller did not create or forgot: ${job.metadata.name}`;
      events.event(cron, 'Warning', 'UnexpectedJob', text);
    }
    let { lastSuccessfulTime } = cron.status;
    const active = (cron.status.active ?? []).filter((reference) => {
      const job = jobs.find(({ metadata }) => metadata.uid === reference.uid);
      if (job === undefined) {
        events.event(cron, 'Normal', 'MissingJob', `Active job went missing: ${reference.name ?? ''}`);
        return false;
      }
      if (!isFinished(job)) return true;
      const type = conditionOf(job.status.conditions, 'Complete')?.status === 'True' ? 'Complete' : 'Failed';
      const text = `Saw completed job: ${job.metadata.name}, condition: ${type}`;
      events.event(cron, 'Normal', 'SawCompletedJob', text);
      const { completionTime } = job.status;
      if (completionTime !== undefined && completionTime > (lastSuccessfulTime ?? '')) {
        lastSuccessfulTime = completionTime;
      }
      return false;
    });
    return writeStatus(cron, {
      ...(active.length === 0 ? {} : { active }),
      ...(cron.status.lastScheduleTime === undefined
        ? {}
        : { lastScheduleTime: cron.status.lastScheduleTime }),
      ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
    });
  }

  /** Keeps only the last few finished Jobs. */
  function cleanUp(cron: CronJob, jobs: readonly Job[]): void {
    const finished = jobs
      .filter(isFinished)
      .sort((a, b) => (a.status.startTime ?? '').localeCompare(b.status.startTime ?? '') || byName(a, b));
    const isSuccess = ({ status }: Job): boolean =>
      conditionOf(status.conditions, 'Complete')?.status === 'True';
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cron.spec;
    for (const [kind, limit] of [
      [finished.filter(isSuccess), successfulJobsHistoryLimit],
      [finished.filter((job) => !isSuccess(job)), failedJobsHistoryLimit],
    ] as const) {
      for (const job of kind.slice(0, Math.max(0, kind.length - limit))) deleteJob(cron, job);
    }
  }

  function deleteJob(cron: CronJob, { metadata }: Pick<Job, 'metadata'>): void {
    try {
      api.delete(resources.jobs, metadata.namespace, metadata.name, { propagationPolicy: 'Background' });
      events.event(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${metadata.name}`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.code !== 404) events.event(cron, 'Warning', 'FailedDelete', `Deleted job: ${error.message}`);
    }
  }

  function readSchedule(cron: CronJob): CronSchedule | undefined {
    const { schedule: text, timeZone } = cron.spec;
    try {
      const schedule = parseSchedule(text, timeZone);
      if (typeof schedule !== 'string') return schedule;
      events.event(cron, 'Warning', 'UnparseableSchedule', `unparseable schedule: "${text}" : ${schedule}`);
    } catch (error) {
      const message = `invalid timeZone: "${timeZone ?? ''}": ${messageOf(error)}`;
      events.event(cron, 'Warning', 'UnknownTimeZone', message);
    }
    return undefined;
  }

  /** Makes the Job of the most recent time that has passed, if it has none yet. */
  function runDue(cron: CronJob, schedule: CronSchedule): void {
    const due = lastDue(cron, schedule);
    if (due === undefined) return;
    const { startingDeadlineSeconds, concurrencyPolicy } = cron.spec;
    if (startingDeadlineSeconds !== undefined && due + startingDeadlineSeconds * 1000 < milliseconds()) {
      const when = `${new Date(due).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;
      events.event(cron, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${when}`);
      return;
    }
    const active = cron.status.active ?? [];
    if (concurrencyPolicy === 'Forbid' && active.length > 0) {
      events.event(
        cron,
        'Normal',
        'JobAlreadyActive',
        'Not starting job because prior execution is running and concurrency policy is Forbid',
      );
      return;
    }
    let current = cron;
    if (concurrencyPolicy === 'Replace') {
      for (const reference of active) {
        const job = api.get(resources.jobs, cron.metadata.namespace, reference.name ?? '');
        if (job !== undefined) deleteJob(cron, job);
      }
      const { active: _active, ...rest } = current.status;
      current = writeStatus(current, rest);
    }
    createJob(current, due);
  }

  function lastDue(cron: CronJob, schedule: CronSchedule): number | undefined {
    const { startingDeadlineSeconds } = cron.spec;
    let earliest = Date.parse(cron.status.lastScheduleTime ?? cron.metadata.creationTimestamp);
    if (startingDeadlineSeconds !== undefined) {
      earliest = Math.max(earliest, milliseconds() - startingDeadlineSeconds * 1000);
    }
    const now = milliseconds();
    const first = schedule.next(earliest);
    if (first === undefined || first > now) return undefined;
    const second = schedule.next(first);
    if (second === undefined || second > now) return first;
    // As many as there would be if all came after each other like the first two: a clock that was wrong by decades
    // must not keep the controller busy.
    const missed = Math.floor((now - first) / (second - first)) + 1;
    const almost = first + (missed - 2) * (second - first);
    let due: number | undefined;
    for (let at = schedule.next(almost); at !== undefined && at <= now; at = schedule.next(at)) due = at;
    if (due === undefined) return undefined;
    if (missed > MANY_MISSED) {
      events.event(
        cron,
        'Warning',
        'TooManyMissedTimes',
        'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
      );
    }
    return due;
  }

  function createJob(cron: CronJob, due: number): void {
    try {
      const job = api.create(resources.jobs, jobOf(cron, due));
      events.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      const { namespace, name, uid, resourceVersion } = job.metadata;
      const reference: ObjectReference = {
        apiVersion: 'batch/v1',
        kind: 'Job',
        name,
        ...(namespace === undefined ? {} : { namespace }),
        resourceVersion,
        uid,
      };
      writeStatus(cron, {
        ...cron.status,
        active: [...(cron.status.active ?? []), reference],
        lastScheduleTime: simulation.timestamp(due * MILLISECOND),
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // It was made before, by a controller that could not write the status any more.
      if (error.reason === 'AlreadyExists') return;
      if (!isNamespaceTerminating(error)) {
        events.event(cron, 'Warning', 'FailedCreate', `Error creating job: ${error.message}`);
      }
      throw error;
    }
  }

  function writeStatus(cron: CronJob, status: CronJob['status']): CronJob {
    if (equal(status, cron.status)) return cron;
    return api.updateStatus(
      resources.cronJobs,
      edit(cron, (draft) => {
        draft.status = status;
      }),
    );
  }

  return {
    name: 'cronjob-controller',
    start: () => {
      watches.on(resources.cronJobs, ({ type, object, old }) => {
        if (type !== 'DELETED' && !equal(old?.spec, object.spec)) queue.add(keyOf(object));
      });
      watches.on(resources.jobs, ({ object }) => {
        const cron = resolveController(api, resources.cronJobs, object);
        if (cron !== undefined) queue.add(keyOf(cron));
      });
    },
  };
}

function byName(a: Job, b: Job): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** The name is the time in minutes, so that a time cannot get two Jobs. */
function jobOf(cron: CronJob, due: number): NewObject<Job> {
  const { jobTemplate, timeZone } = cron.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  const { namespace, name } = cron.metadata;
  const scheduled = localTimestamp(due, timeZone);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${Math.floor(due / 60_000)}`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      annotations: { ...annotations, [SCHEDULED]: scheduled },
      ownerReferences: [controllerReference(resources.cronJobs, cron)],
    },
    spec: jobTemplate.spec,
  };
}

/** RFC 3339 with the zone's offset. */
function localTimestamp(at: number, timeZone: string | undefined): string {
  if (timeZone === undefined) return `${new Date(at).toISOString().slice(0, 19)}Z`;
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', '') ?? '';
  if (offset === '') return `${new Date(at).toISOString().slice(0, 19)}Z`;
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  const shift = (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
  return `${new Date(at + shift).toISOString().slice(0, 19)}${offset}`;
}
