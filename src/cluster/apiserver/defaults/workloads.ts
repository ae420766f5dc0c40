import { equal } from '../../../core/json.ts';
import type {
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  JobSpec,
  Labels,
  ObjectMeta,
  PodTemplate,
  ReplicaSet,
  StatefulSet,
} from '../../../model/objects.ts';
import type { Draft } from './draft.ts';
import { defaultPodTemplate } from './pod.ts';
import { defaultClaimSpec } from './storage.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ */
export function defaultDeployment(deployment: Draft<Deployment>): void {
  const spec = (deployment.spec ??= {});
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rollingUpdate = (strategy.rollingUpdate ??= {});
    rollingUpdate.maxUnavailable ??= '25%';
    rollingUpdate.maxSurge ??= '25%';
  }
  defaultPodTemplate((spec.template ??= {}));
}

export function defaultReplicaSet(replicaSet: Draft<ReplicaSet>): void {
  const spec = (replicaSet.spec ??= {});
  spec.replicas ??= 1;
  defaultPodTemplate((spec.template ??= {}));
}

export interface ReplicationController {
  metadata: ObjectMeta;
  spec: { replicas: number; selector?: Labels; template: PodTemplate };
}

export function defaultReplicationController(controller: Draft<ReplicationController>): void {
  const spec = (controller.spec ??= {});
  spec.replicas ??= 1;
  const template = (spec.template ??= {});
  defaultPodTemplate(template);
  const labels = template.metadata?.labels;
  if (labels !== undefined && isEmpty(spec.selector)) spec.selector = { ...labels };
  labelLikeTemplate(controller, template);
}

function isEmpty(record: object | undefined): boolean {
  return record === undefined || Object.keys(record).length === 0;
}

export function defaultStatefulSet(statefulSet: Draft<StatefulSet>): void {
  const spec = (statefulSet.spec ??= {});
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.serviceName ??= '';
  spec.podManagementPolicy ||= 'OrderedReady';
  defaultStatefulStrategy((spec.updateStrategy ??= {}));
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  defaultPodTemplate((spec.template ??= {}));
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ||= 'v1';
    claim.kind ||= 'PersistentVolumeClaim';
    defaultClaimSpec((claim.spec ??= {}));
    (claim.status ??= {}).phase ??= 'Pending';
  }
}

function defaultStatefulStrategy(strategy: Draft<StatefulSet['spec']['updateStrategy']>): void {
  if (strategy.type === undefined) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) {
    strategy.rollingUpdate.partition ??= 0;
    // Behind a gate (MaxUnavailableStatefulSet) that is closed in 1.36.
    Reflect.deleteProperty(strategy.rollingUpdate, 'maxUnavailable');
  }
}

/** Counts changes of the template, as DaemonSets did before they had revisions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

export function defaultDaemonSet(daemonSet: Draft<DaemonSet>, { old }: { old?: DaemonSet }): void {
  const spec = (daemonSet.spec ??= {});
  spec.revisionHistoryLimit ??= 10;
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    const rollingUpdate = (strategy.rollingUpdate ??= {});
    rollingUpdate.maxUnavailable ??= 1;
    rollingUpdate.maxSurge ??= 0;
  }
  const template = (spec.template ??= {});
  defaultPodTemplate(template);
  const before = Number(old?.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
  const generation = String(old !== undefined && equal(old.spec.template, template) ? before : before + 1);
  const metadata = (daemonSet.metadata ??= {});
  if (metadata.annotations?.[TEMPLATE_GENERATION] === generation) return;
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: generation };
}

/** Indexes have limits of their own. */
const NO_LIMIT = 2 ** 31 - 1;

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export function defaultJob(job: Draft<Job>): void {
  const spec: Draft<JobSpec> = (job.spec ??= {});
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : NO_LIMIT;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  defaultFailurePolicy(spec);
  const template = (spec.template ??= {});
  defaultPodTemplate(template);
  labelLikeTemplate(job, template);
}

function defaultFailurePolicy(spec: Draft<JobSpec>): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const condition of rule.onPodConditions ?? []) condition.status ||= 'True';
  }
}

/** An object without labels takes those of its pods. */
export function labelLikeTemplate(
  object: { metadata?: Draft<ObjectMeta> | undefined },
  template: Draft<PodTemplate>,
): void {
  const metadata = (object.metadata ??= {});
  const labels = template.metadata?.labels;
  if (labels !== undefined && isEmpty(metadata.labels)) metadata.labels = { ...labels };
}

export function defaultCronJob(cronJob: Draft<CronJob>): void {
  const spec = (cronJob.spec ??= {});
  spec.concurrencyPolicy ||= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const jobTemplate = (spec.jobTemplate ??= {});
  jobTemplate.metadata ??= {};
  defaultPodTemplate(((jobTemplate.spec ??= {}).template ??= {}));
}
