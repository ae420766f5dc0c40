import { formatSelector } from '../../../model/selector.ts';
import type {
  Container,
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  KubeObject,
  Labels,
  PodTemplate,
  ReplicaSet,
  StatefulSet,
} from '../../../model/objects.ts';
import { formatLabels, orNone, printer } from './columns.ts';
import type { Cell } from './columns.ts';
import { humanDuration, since } from './duration.ts';

interface ReplicationController extends KubeObject {
  spec: { replicas?: number; selector?: Labels; template?: PodTemplate };
  status: { replicas?: number; readyReplicas?: number };
}

interface PodTemplateObject extends KubeObject {
  template: PodTemplate;
}

/** The Containers and Images columns. */
function containerCells(template: PodTemplate | undefined): Cell[] {
  const containers: readonly Container[] = template?.spec.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image).join(',')];
}

export const deploymentPrinter = printer<Deployment>(
  'Name, Ready, Up-to-date, Available, Age, Containers*, Images*, Selector*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas}`,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    formatSelector(spec.selector),
  ],
);

export const replicaSetPrinter = printer<ReplicaSet>(
  'Name, integer Desired, integer Current, integer Ready, Age, Containers*, Images*, Selector*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.replicas,
    status.replicas,
    status.readyReplicas ?? 0,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    formatSelector(spec.selector),
  ],
);

export const replicationControllerPrinter = printer<ReplicationController>(
  'Name, integer Desired, integer Current, integer Ready, Age, Containers*, Images*, Selector*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.replicas ?? 0,
    status.replicas ?? 0,
    status.readyReplicas ?? 0,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    formatLabels(spec.selector),
  ],
);

export const statefulSetPrinter = printer<StatefulSet>(
  'Name, Ready, Age, Containers*, Images*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    `${status.readyReplicas ?? 0}/${spec.replicas}`,
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
  ],
);

export const daemonSetPrinter = printer<DaemonSet>(
  'Name, integer Desired, integer Current, integer Ready, integer Up-to-date, integer Available, Node Selector, Age, Containers*, Images*, Selector*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    status.desiredNumberScheduled,
    status.currentNumberScheduled,
    status.numberReady,
    status.updatedNumberScheduled ?? 0,
    status.numberAvailable ?? 0,
    formatLabels(spec.template.spec.nodeSelector),
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.template),
    formatSelector(spec.selector),
  ],
);

export const controllerRevisionPrinter = printer<ControllerRevision>(
  'Name, Controller, Revision, Age',
  ({ metadata, revision }, now) => [
    metadata.name,
    controllerOf(metadata.ownerReferences),
    revision,
    since(metadata.creationTimestamp, now),
  ],
);

function controllerOf(owners: KubeObject['metadata']['ownerReferences']): string {
  const owner = owners?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const [group, version] = owner.apiVersion.split('/');
  const kind = owner.kind.toLowerCase();
  return `${version === undefined ? kind : `${kind}.${group ?? ''}`}/${owner.name}`;
}

export const podTemplatePrinter = printer<PodTemplateObject>(
  'Name, Containers, Images, Pod Labels',
  ({ metadata, template }) => [
    metadata.name,
    ...containerCells(template),
    formatLabels(template.metadata?.labels),
  ],
);

export const jobPrinter = printer<Job>(
  'Name, Status, Completions, Duration, Age, Containers*, Images*, Selector*',
  (job, now) => [
    job.metadata.name,
    jobStatus(job),
    completions(job),
    duration(job, now),
    since(job.metadata.creationTimestamp, now),
    ...containerCells(job.spec.template),
    formatSelector(job.spec.selector),
  ],
);

function jobStatus({ metadata, status }: Job): string {
  const has = (wanted: string): boolean =>
    status.conditions?.some((condition) => condition.type === wanted && condition.status === 'True') === true;
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completions({ spec, status }: Job): string {
  const succeeded = status.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status }: Job, now: number): string {
  const { startTime, completionTime } = status;
  if (startTime === undefined) return '';
  if (completionTime === undefined) return since(startTime, now);
  return humanDuration((Date.parse(completionTime) - Date.parse(startTime)) / 1000);
}

export const cronJobPrinter = printer<CronJob>(
  'Name, Schedule, Timezone, boolean Suspend, integer Active, Last Schedule, Age, Containers*, Images*, Selector*',
  ({ metadata, spec, status }, now) => [
    metadata.name,
    spec.schedule,
    orNone(spec.timeZone),
    spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False',
    status.active?.length ?? 0,
    status.lastScheduleTime === undefined ? '<none>' : since(status.lastScheduleTime, now),
    since(metadata.creationTimestamp, now),
    ...containerCells(spec.jobTemplate.spec.template),
    // A template has no selector before a Job is made of it.
    formatSelector(spec.jobTemplate.spec.selector),
  ],
);
