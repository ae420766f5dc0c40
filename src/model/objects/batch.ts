import type { Condition, KubeObject, LabelSelector, Time } from './meta.ts';
import type { ObjectReference } from './cluster.ts';
import type { PodTemplate } from './pod.ts';

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
