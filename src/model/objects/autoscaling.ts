import type { Condition, KubeObject, LabelSelector, Quantity, ResourceList, Time } from './meta.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ */
export interface HorizontalPodAutoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { apiVersion?: string; kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: MetricSpec[];
    behavior?: { scaleUp?: ScalingRules; scaleDown?: ScalingRules };
  };
  status: {
    observedGeneration?: number;
    lastScaleTime?: Time;
    currentReplicas?: number;
    desiredReplicas: number;
    currentMetrics?: MetricStatus[] | null;
    conditions?: Condition[];
  };
}

/** How fast one direction may go. The API server fills in what is left out. */
export interface ScalingRules {
  stabilizationWindowSeconds?: number;
  selectPolicy?: 'Max' | 'Min' | 'Disabled';
  policies?: ScalingPolicy[];
  tolerance?: Quantity;
}

export interface ScalingPolicy {
  type: 'Pods' | 'Percent';
  value: number;
  periodSeconds: number;
}

export interface MetricTarget {
  type: 'Utilization' | 'Value' | 'AverageValue';
  value?: Quantity;
  averageValue?: Quantity;
  averageUtilization?: number;
}

export interface MetricIdentifier {
  name: string;
  selector?: LabelSelector;
}

export interface DescribedObject {
  apiVersion?: string;
  kind: string;
  name: string;
}

/** One metric that is asked for; the field that `type` names is there. */
export interface MetricSpec {
  type: 'Resource' | 'ContainerResource' | 'Pods' | 'Object' | 'External';
  resource?: { name: string; target: MetricTarget };
  containerResource?: { name: string; container: string; target: MetricTarget };
  pods?: { metric: MetricIdentifier; target: MetricTarget };
  object?: { describedObject: DescribedObject; metric: MetricIdentifier; target: MetricTarget };
  external?: { metric: MetricIdentifier; target: MetricTarget };
}

export interface MetricValue {
  value?: Quantity;
  averageValue?: Quantity;
  averageUtilization?: number;
}

/** One metric as it was last seen; empty (no `type`) where it could not be had. */
export interface MetricStatus {
  type: MetricSpec['type'] | '';
  resource?: { name: string; current: MetricValue };
  containerResource?: { name: string; container: string; current: MetricValue };
}

/** autoscaling/v1 Scale, the view of a workload that `kubectl scale` and autoscalers change. */
export interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

/** metrics.k8s.io/v1beta1: what the containers of a pod used lately. https://kubernetes-sigs.github.io/metrics-server/ */
export interface PodMetrics extends KubeObject {
  /** The end of the window. */
  timestamp: Time;
  /** A Go duration: `15.01s`. */
  window: string;
  containers: { name: string; usage: ResourceList }[];
}

/** metrics.k8s.io/v1beta1 */
export interface NodeMetrics extends KubeObject {
  timestamp: Time;
  window: string;
  usage: ResourceList;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/ */
export interface ApiService extends KubeObject {
  spec: {
    group?: string;
    version?: string;
    groupPriorityMinimum: number;
    versionPriority: number;
    insecureSkipTLSVerify?: boolean;
    caBundle?: string;
    /** Absent or null: the API server answers itself. */
    service?: { namespace?: string; name?: string; port?: number } | null;
  };
  status?: { conditions?: Condition[] };
}
