import type { Condition, KubeObject, LabelSelector, Labels, MicroTime, ResourceList, Time } from './meta.ts';
import type { NodeSelectorTerm, ResourceRequirements } from './pod.ts';

export interface ServicePort {
  name?: string;
  port: number;
  targetPort: number | string;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  nodePort?: number;
  appProtocol?: string;
}

export interface Service extends KubeObject {
  spec: {
    type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
    clusterIP?: string;
    clusterIPs?: string[];
    ports?: ServicePort[];
    selector?: Labels;
    sessionAffinity: 'None' | 'ClientIP';
    sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
    externalName?: string;
    publishNotReadyAddresses?: boolean;
    internalTrafficPolicy?: string;
    externalTrafficPolicy?: string;
    ipFamilies?: string[];
    ipFamilyPolicy?: string;
    externalIPs?: string[];
    loadBalancerClass?: string;
    loadBalancerSourceRanges?: string[];
    allocateLoadBalancerNodePorts?: boolean;
    healthCheckNodePort?: number;
    trafficDistribution?: string;
  };
  status: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

export interface ObjectReference {
  apiVersion?: string;
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

export interface EndpointSlice extends KubeObject {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  /** Null where there are none. */
  endpoints: SliceEndpoint[] | null;
  /** Null where there are none: every port, or no endpoint. */
  ports: SlicePort[] | null;
}

export interface SliceEndpoint {
  addresses: string[];
  conditions: { ready?: boolean; serving?: boolean; terminating?: boolean };
  hostname?: string;
  nodeName?: string;
  targetRef?: ObjectReference;
  zone?: string;
}

export interface SlicePort {
  name: string;
  port: number;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  appProtocol?: string;
}

export interface Endpoints extends KubeObject {
  subsets?: {
    addresses?: { ip: string; hostname?: string; nodeName?: string; targetRef?: ObjectReference }[];
    notReadyAddresses?: { ip: string; hostname?: string; nodeName?: string; targetRef?: ObjectReference }[];
    ports?: { name?: string; port: number; protocol: string; appProtocol?: string }[];
  }[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/ip-address-v1/ */
export interface IpAddress extends KubeObject {
  spec: { parentRef?: { group?: string; resource: string; namespace?: string; name: string } };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/service-cidr-v1/ */
export interface ServiceCidr extends KubeObject {
  spec: { cidrs?: string[] };
  status?: { conditions?: Condition[] };
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
  immutable?: boolean;
}

/** `data` is base64, as on the wire. */
export interface Secret extends KubeObject {
  type: string;
  data?: Record<string, string>;
  immutable?: boolean;
}

export interface ServiceAccount extends KubeObject {
  secrets?: { name: string }[];
  imagePullSecrets?: { name: string }[];
  automountServiceAccountToken?: boolean;
}

export interface Namespace extends KubeObject {
  spec: { finalizers?: string[] };
  status: { phase: 'Active' | 'Terminating'; conditions?: Condition[] };
}

export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  timeAdded?: Time;
}

export interface Node extends KubeObject {
  spec: {
    podCIDR?: string;
    podCIDRs?: string[];
    providerID?: string;
    unschedulable?: boolean;
    taints?: Taint[];
  };
  status: {
    capacity: ResourceList;
    allocatable: ResourceList;
    conditions?: Condition[];
    addresses: { type: string; address: string }[];
    images?: { names: string[]; sizeBytes: number }[];
    nodeInfo: Record<string, string>;
    daemonEndpoints?: unknown;
    [field: string]: unknown;
  };
}

export interface PersistentVolumeClaim extends KubeObject {
  spec: {
    accessModes: string[];
    resources: ResourceRequirements;
    storageClassName?: string;
    volumeName?: string;
    volumeMode: 'Filesystem' | 'Block';
    volumeAttributesClassName?: string;
    selector?: LabelSelector;
    /** The group is null for the core one. */
    dataSource?: { apiGroup?: string | null; kind: string; name: string };
    dataSourceRef?: { apiGroup?: string | null; kind: string; name: string; namespace?: string };
  };
  status: {
    phase: 'Pending' | 'Bound' | 'Lost';
    accessModes?: string[];
    capacity?: ResourceList;
    conditions?: Condition[];
  };
}

export interface SecretReference {
  name?: string;
  namespace?: string;
}

export interface PersistentVolume extends KubeObject {
  spec: {
    capacity: ResourceList;
    accessModes: string[];
    storageClassName?: string;
    persistentVolumeReclaimPolicy: 'Retain' | 'Delete' | 'Recycle';
    volumeMode: 'Filesystem' | 'Block';
    claimRef?: ObjectReference;
    hostPath?: { path: string; type?: string };
    nfs?: { server: string; path: string };
    csi?: {
      driver: string;
      volumeHandle: string;
      controllerPublishSecretRef?: SecretReference;
      controllerExpandSecretRef?: SecretReference;
      nodePublishSecretRef?: SecretReference;
      nodeExpandSecretRef?: SecretReference;
    };
    local?: { path: string };
    nodeAffinity?: { required?: { nodeSelectorTerms: NodeSelectorTerm[] } };
  };
  status: {
    phase: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed';
    lastPhaseTransitionTime?: Time;
  };
}

export interface StorageClass extends KubeObject {
  provisioner: string;
  parameters?: Record<string, string>;
  reclaimPolicy: 'Retain' | 'Delete';
  volumeBindingMode: 'Immediate' | 'WaitForFirstConsumer';
  allowVolumeExpansion?: boolean;
  allowedTopologies?: { matchLabelExpressions?: { key: string; values: string[] }[] }[];
}

export interface LimitRange extends KubeObject {
  spec: {
    /** A range without any is taken. */
    limits?: {
      type: 'Container' | 'Pod' | 'PersistentVolumeClaim';
      max?: ResourceList;
      min?: ResourceList;
      default?: ResourceList;
      defaultRequest?: ResourceList;
      maxLimitRequestRatio?: ResourceList;
    }[];
  };
}

export interface PriorityClass extends KubeObject {
  value: number;
  globalDefault?: boolean;
  description?: string;
  preemptionPolicy?: string;
}

/** Which CSI drivers a node has. */
export interface CSINode extends KubeObject {
  readonly spec: { readonly drivers: readonly { readonly name: string; readonly nodeID: string }[] };
}

export interface Lease extends KubeObject {
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: MicroTime;
    renewTime?: MicroTime;
    leaseTransitions?: number;
  };
}

/** core/v1 Event; the events.k8s.io/v1 view of it is made by the API server. */
export interface Event extends KubeObject {
  involvedObject: ObjectReference;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  source: { component?: string; host?: string };
  firstTimestamp: Time | null;
  lastTimestamp: Time | null;
  count?: number;
  eventTime: MicroTime | null;
  series?: { count: number; lastObservedTime: MicroTime };
  action?: string;
  related?: ObjectReference;
  reportingComponent: string;
  reportingInstance: string;
}
