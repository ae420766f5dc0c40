import { equal } from '../../../core/json.ts';
import { parseSchedule } from '../../../model/cron-schedule.ts';
import type {
  Container,
  CronJob,
  Job,
  JobSpec,
  Labels,
  LabelSelector,
  PodSpec,
  PodTemplate,
} from '../../../model/objects.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { Draft } from '../defaults/draft.ts';
import { podSpecForm, templateForm } from './go-form.ts';
import { checkIndexLimits, checkJobPolicies } from './job-policies.ts';
import { checkTemplate } from './pod.ts';
import type { Problems } from './problems.ts';
import { checkSelector, writtenLabels, writtenSelector } from './selectors.ts';

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
/** Eleven characters are added to the name for that of a Job. */
const CRON_NAME_LIMIT = 52;

export function checkJob(problems: Problems, { metadata, spec = {} }: Draft<Job>): void {
  const { uid = '', name = '' } = metadata ?? {};
  if (spec.manualSelector !== true) checkGenerated(problems, spec, uid, name);
  else if (spec.selector === undefined) problems.required('spec.selector');
  else checkSelector(problems, 'spec.selector', spec.selector as LabelSelector);
  checkJobSpec(problems, 'spec', spec);
  if (spec.manualSelector === true || spec.selector !== undefined) checkFits(problems, spec);
}

/** The selector finds the pods of the template. */
function checkFits(problems: Problems, { selector, template }: Draft<JobSpec>): void {
  const labels = template?.metadata?.labels as Labels | undefined;
  if (matchesSelector(selector as LabelSelector | undefined, labels)) return;
  const shown = labels && writtenLabels(labels);
  problems.invalid('spec.template.metadata.labels', shown, '`selector` does not match template `labels`');
}

/** The selector and the labels that the server has set; a client may name the same ones, not others. */
function checkGenerated(problems: Problems, spec: Draft<JobSpec>, uid: string, name: string): void {
  const labels = (spec.template?.metadata?.labels ?? {}) as Labels;
  const wanted: [string, string][] = [
    ['controller-uid', uid],
    ['job-name', name],
    [CONTROLLER_UID, uid],
    ['batch.kubernetes.io/job-name', name],
  ];
  for (const [key, value] of wanted) {
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) problems.required(field, `must be '${value}'`);
    else if (labels[key] !== value) problems.invalid(field, writtenLabels(labels), `must be '${value}'`);
  }
  if (!equal(spec.selector, { matchLabels: { [CONTROLLER_UID]: uid } })) {
    const shown = writtenSelector((spec.selector ?? {}) as LabelSelector);
    problems.invalid('spec.selector', shown, '`selector` not auto-generated');
  }
}

function checkJobSpec(problems: Problems, field: string, spec: Draft<JobSpec>): void {
  problems.notNegative(`${field}.parallelism`, spec.parallelism);
  problems.notNegative(`${field}.completions`, spec.completions);
  problems.notNegative(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds);
  problems.notNegative(`${field}.backoffLimit`, spec.backoffLimit);
  problems.notNegative(`${field}.ttlSecondsAfterFinished`, spec.ttlSecondsAfterFinished);
  checkIndexLimits(problems, field, spec);
  const mode: string | undefined = spec.completionMode;
  problems.oneOf(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed']);
  if (mode === 'Indexed' && spec.completions === undefined) {
    problems.required(`${field}.completions`, 'when completion mode is Indexed');
  }
  checkJobPolicies(problems, field, spec);
  checkJobTemplate(problems, `${field}.template`, spec.template ?? {}, spec.podFailurePolicy !== undefined);
}

function checkJobTemplate(
  problems: Problems,
  field: string,
  template: Draft<PodTemplate>,
  hasFailurePolicy: boolean,
): void {
  checkTemplate(problems, field, template);
  const policy: string | undefined = template.spec?.restartPolicy;
  const at = `${field}.spec.restartPolicy`;
  if (policy === 'Always' || policy === undefined || policy === '') {
    problems.required(at, 'valid values: "OnFailure", "Never"');
  } else if (hasFailurePolicy && policy === 'OnFailure') {
    problems.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified');
  } else problems.oneOf(at, policy, ['OnFailure', 'Never']);
}

export function checkJobUpdate(problems: Problems, job: Job, old: Job): void {
  const { completions, completionMode, parallelism } = job.spec;
  const selector = job.spec.selector as LabelSelector | undefined;
  if (selector === undefined) problems.required('spec.selector');
  checkJobSpec(problems, 'spec', job.spec);
  checkFits(problems, job.spec);
  const isElastic =
    completionMode === 'Indexed' && completions === parallelism && old.spec.completions !== undefined;
  if (!isElastic) problems.immutable('spec.completions', completions, completions === old.spec.completions);
  const shown = selector && writtenSelector(selector);
  problems.immutable('spec.selector', shown, equal(selector, old.spec.selector));
  checkTemplateKept(problems, job.spec.template, old);
  problems.immutable('spec.completionMode', completionMode, completionMode === old.spec.completionMode);
  for (const field of ['podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    problems.immutable(`spec.${field}`, job.spec[field], equal(job.spec[field], old.spec[field]));
  }
}

function checkTemplateKept(problems: Problems, template: PodTemplate, old: Job): void {
  const before = old.spec.template;
  if (isStartable(old)) {
    const kept = equal(template.spec, withChangeable(before.spec, template.spec));
    problems.immutable('spec.template.spec', podSpecForm(template.spec), kept);
  } else problems.immutable('spec.template', templateForm(template), equal(template, before));
}

/** A suspended Job without pods may still be told where they go, what they ask for and how they are labelled. */
function isStartable({ spec, status }: Job): boolean {
  return spec.suspend === true && status.startTime === undefined;
}

/** A pod's specification with what another says of the place of its pods, and of what they ask for. */
function withChangeable(spec: PodSpec, other: PodSpec): PodSpec {
  const { affinity: _a, nodeSelector: _n, tolerations: _t, schedulingGates: _g, ...rest } = spec;
  const { affinity, nodeSelector, tolerations, schedulingGates } = other;
  const placement = Object.fromEntries(
    Object.entries({ affinity, nodeSelector, tolerations, schedulingGates }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const { containers, initContainers } = rest;
  return {
    ...rest,
    containers: withResources(containers, other.containers),
    ...(initContainers && { initContainers: withResources(initContainers, other.initContainers) }),
    ...placement,
  };
}

function withResources(containers: readonly Container[], others: readonly Container[] = []): Container[] {
  return containers.map((container, index) => {
    const other = others[index];
    return other?.name === container.name ? { ...container, resources: other.resources } : container;
  });
}

export function checkCronJob(problems: Problems, { metadata, spec = {} }: Draft<CronJob>): void {
  const { schedule = '', timeZone } = spec;
  if (schedule === '') problems.required('spec.schedule');
  else {
    const problem = scheduleProblem(schedule);
    if (problem !== undefined) problems.invalid('spec.schedule', schedule, problem);
  }
  problems.notNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds);
  if (timeZone === '')
    problems.invalid('spec.timeZone', timeZone, 'timeZone must be nil or non-empty string');
  else if (timeZone !== undefined && !isTimeZone(timeZone)) {
    problems.invalid('spec.timeZone', timeZone, `unknown time zone ${timeZone}`);
  }
  const policy: string | undefined = spec.concurrencyPolicy;
  problems.oneOf('spec.concurrencyPolicy', policy, ['Allow', 'Forbid', 'Replace']);
  checkJobTemplateSpec(problems, 'spec.jobTemplate.spec', spec.jobTemplate?.spec ?? {});
  problems.notNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit);
  problems.notNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit);
  const { name = '' } = metadata ?? {};
  if (name.length > CRON_NAME_LIMIT) {
    problems.invalid('metadata.name', name, `must be no more than ${CRON_NAME_LIMIT} characters`);
  }
}

/** Each Job is given its own selector. */
function checkJobTemplateSpec(problems: Problems, field: string, spec: Draft<JobSpec>): void {
  checkJobSpec(problems, field, spec);
  const { selector, manualSelector } = spec;
  if (selector !== undefined) {
    const shown = writtenSelector(selector as LabelSelector);
    problems.invalid(`${field}.selector`, shown, '`selector` will be auto-generated');
  }
  if (manualSelector === true) problems.unsupported(`${field}.manualSelector`, true, ['nil', 'false']);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** What is wrong with the schedule of a CronJob; undefined where it can be read. */
function scheduleProblem(schedule: string): string | undefined {
  if (schedule.includes('TZ')) return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  const read = parseSchedule(schedule);
  return typeof read === 'string' ? read : undefined;
}
