import type { Condition, KubeObject, LabelSelector, Time } from './meta.ts';
import type { ObjectReference } from './cluster.ts';
import type { PodTemplate } from './pod.ts';

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */
export interface PodFailurePolicyRule {
  action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';
  onExitCodes?: { containerName?: string; operator: 'In' | 'NotIn'; values: number[] };
  onPodConditions?: { type: string; status: string }[];
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#success-policy */
export interface SuccessPolicyRule {
  succeededIndexes?: string;
  succeededCount?: number;
}

export interface JobSpec {
  parallelism?: number;
  completions?: number;
  completionMode?: 'NonIndexed' | 'Indexed';
  backoffLimit: number;
  activeDeadlineSeconds?: number;
  ttlSecondsAfterFinished?: number;
  suspend?: boolean;
  manualSelector?: boolean;
  podReplacementPolicy?: string;
  backoffLimitPerIndex?: number;
  maxFailedIndexes?: number;
  podFailurePolicy?: { rules: PodFailurePolicyRule[] };
  successPolicy?: { rules: SuccessPolicyRule[] };
  managedBy?: string;
  selector: LabelSelector;
  template: PodTemplate;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export interface Job extends KubeObject {
  spec: JobSpec;
  status: {
    conditions?: Condition[];
    startTime?: Time;
    completionTime?: Time;
    active?: number;
    ready?: number;
    succeeded?: number;
    failed?: number;
    terminating?: number;
    completedIndexes?: string;
    failedIndexes?: string;
    uncountedTerminatedPods?: { succeeded?: string[]; failed?: string[] };
  };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/ */
export interface CronJob extends KubeObject {
  spec: {
    schedule: string;
    timeZone?: string;
    startingDeadlineSeconds?: number;
    concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace';
    suspend?: boolean;
    successfulJobsHistoryLimit: number;
    failedJobsHistoryLimit: number;
    jobTemplate: { metadata?: Partial<KubeObject['metadata']>; spec: JobSpec };
  };
  status: { active?: ObjectReference[]; lastScheduleTime?: Time; lastSuccessfulTime?: Time };
}
