import { equal } from '../../../core/json.ts';
import type { Job } from '../../../model/objects.ts';
import { countIndexes } from './index-intervals.ts';
import type { Problems } from './problems.ts';

type Status = Partial<NonNullable<Job['status']>>;
type Field = keyof Status;

/** A change of a Job's status, with what its rules ask about. */
interface Change {
  readonly job: Job;
  readonly status: Status;
  readonly old: Status;
  readonly is: (type: string) => boolean;
  readonly was: (type: string) => boolean;
  /** Most rules hold for what changes only, so that a status that broke one before can change elsewhere. */
  readonly changes: (
    ...of: readonly (Field | 'finished' | 'Complete' | 'Failed' | 'FailureTarget')[]
  ) => boolean;
}

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;
const FINAL = ['Failed', 'Complete', 'FailureTarget'];

/**
 * Of a Job: what is over stays over, and pods that are over stay counted.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions
 */
export function checkJobStatus(problems: Problems, job: Job, before: Job): void {
  const change = changeOf(job, before);
  for (const name of COUNTS) problems.notNegative(`status.${name}`, change.status[name]);
  checkUncounted(problems, change.status);
  checkTimes(problems, change);
  checkFinished(problems, change);
  checkIndexes(problems, change);
  checkReady(problems, change);
  checkCriteria(problems, change);
  checkTransitions(problems, change);
}

function changeOf(job: Job, before: Job): Change {
  const status: Status = job.status;
  const old: Status = before.status;
  const holds = (conditions: Status['conditions'], type: string): boolean =>
    conditions?.some((condition) => condition.type === type && condition.status === 'True') === true;
  const is = (type: string): boolean => holds(status.conditions, type);
  const was = (type: string): boolean => holds(old.conditions, type);
  const isOver = (has: (type: string) => boolean): boolean => has('Complete') || has('Failed');
  const changes: Change['changes'] = (...of) =>
    of.some((name) => {
      if (name === 'finished') return isOver(is) !== isOver(was);
      if (name === 'Complete' || name === 'Failed' || name === 'FailureTarget') return is(name) !== was(name);
      return !equal(status[name], old[name]);
    });
  return { job, status, old, is, was, changes };
}

function checkUncounted(problems: Problems, { uncountedTerminatedPods }: Status): void {
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    (uncountedTerminatedPods?.[list] ?? []).forEach((uid, index) => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === '') problems.invalid(field, uid, 'must not be empty');
      else if (seen.has(uid)) problems.duplicate(field, uid);
      seen.add(uid);
    });
  }
}

function checkTimes(problems: Problems, { status, is, changes }: Change): void {
  const { startTime, completionTime } = status;
  const field = 'status.completionTime';
  const together = (other: string): void => {
    problems.wrong('status.conditions', `cannot set Complete=True and ${other}=true conditions`);
  };
  if (changes('Complete', 'Failed') && is('Complete') && is('Failed')) together('Failed');
  if (changes('Complete', 'FailureTarget') && is('Complete') && is('FailureTarget'))
    together('FailureTarget');
  if (changes('Complete', 'completionTime')) {
    if (completionTime !== undefined && !is('Complete')) {
      const why = 'cannot set completionTime when there is no Complete=True condition';
      problems.invalid(field, completionTime, why);
    }
    if (completionTime === undefined && is('Complete')) {
      problems.required(field, 'completionTime is required for Complete jobs');
    }
  }
  if (startTime === undefined || completionTime === undefined) return;
  if (changes('startTime', 'completionTime') && Date.parse(completionTime) < Date.parse(startTime)) {
    problems.invalid(field, completionTime, 'completionTime cannot be set before startTime');
  }
}

function checkFinished(problems: Problems, change: Change): void {
  const { is, changes } = change;
  if (changes('Failed') && is('Failed') && !is('FailureTarget')) {
    const why = 'cannot set Failed=True condition without the FailureTarget=true condition';
    problems.wrong('status.conditions', why);
  }
  if (changes('Complete') && is('Complete') && !is('SuccessCriteriaMet')) {
    const why = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    problems.wrong('status.conditions', why);
  }
  if (is('Complete') || is('Failed')) checkLeftOver(problems, change);
}

/** What a Job that is over must and must not have. */
function checkLeftOver(problems: Problems, { status, changes }: Change): void {
  const { active = 0, startTime, uncountedTerminatedPods } = status;
  if (changes('finished', 'active') && active > 0) {
    problems.invalid('status.active', active, 'active>0 is invalid for finished job');
  }
  if (changes('finished', 'startTime') && startTime === undefined) {
    problems.required('status.startTime', 'startTime is required for finished job');
  }
  const { succeeded = null, failed = null } = uncountedTerminatedPods ?? {};
  const isEmpty = (succeeded ?? []).length === 0 && (failed ?? []).length === 0;
  if (changes('finished', 'uncountedTerminatedPods') && !isEmpty) {
    const shown = { Succeeded: succeeded, Failed: failed };
    problems.invalid('status.uncountedTerminatedPods', shown, 'must be empty for finished job');
  }
}

function checkIndexes(problems: Problems, { job, status, changes }: Change): void {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec;
  const { completedIndexes = '', failedIndexes } = status;
  const check = (name: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const counted = completions === undefined ? 0 : countIndexes(text, completions);
    if (typeof counted === 'string')
      problems.invalid(`status.${name}`, text, `error parsing ${name}: ${counted}`);
  };
  if (changes('completedIndexes')) check('completedIndexes', completedIndexes);
  if (changes('failedIndexes') && backoffLimitPerIndex !== undefined)
    check('failedIndexes', failedIndexes ?? '');
  if (changes('completedIndexes') && completedIndexes !== '' && completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    problems.invalid('status.completedIndexes', completedIndexes, why);
  }
  if (changes('failedIndexes') && failedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    const why = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    problems.invalid('status.failedIndexes', failedIndexes, why);
  }
}

function checkReady(problems: Problems, { status, is, changes }: Change): void {
  const { active = 0, ready, terminating = 0 } = status;
  const isOver = is('Complete') || is('Failed');
  if (changes('finished', 'terminating') && isOver && terminating > 0) {
    problems.invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job');
  }
  if (ready !== undefined && changes('ready', 'active') && ready > active) {
    problems.invalid('status.ready', ready, 'cannot set more ready pods than active');
  }
}

function checkCriteria(problems: Problems, { job, is }: Change): void {
  const isMet = is('SuccessCriteriaMet');
  for (const other of ['Failed', 'FailureTarget']) {
    if (!isMet || !is(other)) continue;
    problems.wrong('status.conditions', `cannot set SuccessCriteriaMet=True and ${other}=true conditions`);
  }
  if (job.spec.successPolicy !== undefined && !isMet && is('Complete')) {
    const why = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    problems.wrong('status.conditions', why);
  }
}

function checkTransitions(problems: Problems, change: Change): void {
  const { is, was } = change;
  for (const type of FINAL) {
    if (was(type) && !is(type)) {
      problems.wrong('status.conditions', `cannot disable the terminal ${type}=True condition`);
    }
  }
  checkCounters(problems, change);
  checkTimesAgain(problems, change);
  if (was('SuccessCriteriaMet') && !is('SuccessCriteriaMet')) {
    problems.wrong('status.conditions', 'cannot disable the SuccessCriteriaMet=True condition');
  }
  if (was('Complete') && !was('SuccessCriteriaMet') && is('SuccessCriteriaMet')) {
    const why = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    problems.wrong('status.conditions', why);
  }
}

/** A Job whose completions follow its parallelism may become smaller. */
function checkCounters(problems: Problems, { job, status, old }: Change): void {
  const { completionMode, completions, parallelism } = job.spec;
  const mayShrink = completionMode === 'Indexed' && completions === parallelism;
  for (const name of mayShrink ? (['failed'] as const) : (['failed', 'succeeded'] as const)) {
    const value = status[name] ?? 0;
    if (value >= (old[name] ?? 0)) continue;
    problems.invalid(`status.${name}`, value, `cannot decrease the ${name} counter`);
  }
}

function checkTimesAgain(problems: Problems, { job, status, old }: Change): void {
  const { completionTime, startTime } = status;
  const isMoved = old.completionTime !== undefined && completionTime !== old.completionTime;
  if (isMoved && completionTime !== undefined) {
    problems.invalid('status.completionTime', completionTime, 'completionTime cannot be mutated');
  }
  if (old.startTime === undefined || startTime === old.startTime || job.spec.suspend === true) return;
  problems.required('status.startTime', 'startTime cannot be removed for unsuspended job');
}
