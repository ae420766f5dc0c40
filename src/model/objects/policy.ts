import type { Condition, KubeObject, LabelSelector, ResourceList, Time } from './meta.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/pod-disruption-budget-v1/ */
export interface PodDisruptionBudget extends KubeObject {
  spec: {
    minAvailable?: number | string;
    maxUnavailable?: number | string;
    selector?: LabelSelector;
    unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow';
  };
  status: {
    observedGeneration?: number;
    /** Pods whose eviction was granted but which are not gone yet, with the time it was granted. */
    disruptedPods?: Record<string, Time>;
    disruptionsAllowed: number;
    currentHealthy: number;
    desiredHealthy: number;
    expectedPods: number;
    conditions?: Condition[];
  };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/resource-quota-v1/ */
export interface ResourceQuota extends KubeObject {
  spec: {
    hard?: ResourceList;
    scopes?: string[];
    scopeSelector?: { matchExpressions?: { scopeName: string; operator: string; values?: string[] }[] };
  };
  status: { hard?: ResourceList; used?: ResourceList };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/flow-schema-v1/ */
export interface FlowSchema extends KubeObject {
  spec: {
    priorityLevelConfiguration: { name: string };
    matchingPrecedence?: number;
    distinguisherMethod?: { type: string } | null;
  };
  status?: { conditions?: Condition[] };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/priority-level-configuration-v1/ */
export interface PriorityLevel extends KubeObject {
  spec: {
    type: string;
    limited?: {
      nominalConcurrencyShares?: number;
      lendablePercent?: number;
      borrowingLimitPercent?: number;
      limitResponse?: {
        type: string;
        queuing?: { queues: number; handSize: number; queueLengthLimit: number };
      };
    };
    exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number };
  };
}
