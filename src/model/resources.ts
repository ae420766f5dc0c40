import type {
  ApiService,
  CertificateSigningRequest,
  ConfigMap,
  CSINode,
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Endpoints,
  EndpointSlice,
  Event,
  FlowSchema,
  HorizontalPodAutoscaler,
  IpAddress,
  Job,
  KubeObject,
  Lease,
  LimitRange,
  Namespace,
  NetworkPolicy,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PriorityClass,
  PriorityLevel,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
  ServiceCidr,
  StatefulSet,
  StorageClass,
} from './objects.ts';

/**
 * The name of a collection in the API: group, version, plural. `T` is the type of its objects.
 * Two resources are the same when their {@link Resource.id} is.
 */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path: `pods`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** `plural` for the core group, otherwise `plural.group`; the name used in API errors, and the store's key. */
  readonly id: string;
  /** Carries the object type for the compiler only. */
  readonly objectType?: T;
}

export function resource<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
  namespaced = true,
): Resource<T> {
  return { group, version, plural, kind, namespaced, id: group === '' ? plural : `${plural}.${group}` };
}

/** `v1` or `apps/v1`. */
export function apiVersionOf(of: Pick<Resource, 'group' | 'version'>): string {
  return of.group === '' ? of.version : `${of.group}/${of.version}`;
}

const rbac = 'rbac.authorization.k8s.io';

/** The resources that parts of the embedded cluster and the checks name in their code. */
export const resources = {
  pods: resource<Pod>('', 'v1', 'pods', 'Pod'),
  services: resource<Service>('', 'v1', 'services', 'Service'),
  endpoints: resource<Endpoints>('', 'v1', 'endpoints', 'Endpoints'),
  endpointSlices: resource<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice'),
  configMaps: resource<ConfigMap>('', 'v1', 'configmaps', 'ConfigMap'),
  secrets: resource<Secret>('', 'v1', 'secrets', 'Secret'),
  serviceAccounts: resource<ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  namespaces: resource<Namespace>('', 'v1', 'namespaces', 'Namespace', false),
  nodes: resource<Node>('', 'v1', 'nodes', 'Node', false),
  events: resource<Event>('', 'v1', 'events', 'Event'),
  limitRanges: resource<LimitRange>('', 'v1', 'limitranges', 'LimitRange'),
  persistentVolumeClaims: resource<PersistentVolumeClaim>(
    '',
    'v1',
    'persistentvolumeclaims',
    'PersistentVolumeClaim',
  ),
  persistentVolumes: resource<PersistentVolume>('', 'v1', 'persistentvolumes', 'PersistentVolume', false),
  deployments: resource<Deployment>('apps', 'v1', 'deployments', 'Deployment'),
  replicationControllers: resource<ReplicationController>(
    '',
    'v1',
    'replicationcontrollers',
    'ReplicationController',
  ),
  replicaSets: resource<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet'),
  statefulSets: resource<StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet'),
  daemonSets: resource<DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet'),
  controllerRevisions: resource<ControllerRevision>(
    'apps',
    'v1',
    'controllerrevisions',
    'ControllerRevision',
  ),
  jobs: resource<Job>('batch', 'v1', 'jobs', 'Job'),
  cronJobs: resource<CronJob>('batch', 'v1', 'cronjobs', 'CronJob'),
  podDisruptionBudgets: resource<PodDisruptionBudget>(
    'policy',
    'v1',
    'poddisruptionbudgets',
    'PodDisruptionBudget',
  ),
  resourceQuotas: resource<ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota'),
  storageClasses: resource<StorageClass>('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', false),
  horizontalPodAutoscalers: resource<HorizontalPodAutoscaler>(
    'autoscaling',
    'v2',
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
  ),
  ipAddresses: resource<IpAddress>('networking.k8s.io', 'v1', 'ipaddresses', 'IPAddress', false),
  serviceCidrs: resource<ServiceCidr>('networking.k8s.io', 'v1', 'servicecidrs', 'ServiceCIDR', false),
  flowSchemas: resource<FlowSchema>('flowcontrol.apiserver.k8s.io', 'v1', 'flowschemas', 'FlowSchema', false),
  priorityLevels: resource<PriorityLevel>(
    'flowcontrol.apiserver.k8s.io',
    'v1',
    'prioritylevelconfigurations',
    'PriorityLevelConfiguration',
    false,
  ),
  apiServices: resource<ApiService>('apiregistration.k8s.io', 'v1', 'apiservices', 'APIService', false),
  priorityClasses: resource<PriorityClass>(
    'scheduling.k8s.io',
    'v1',
    'priorityclasses',
    'PriorityClass',
    false,
  ),
  csiNodes: resource<CSINode>('storage.k8s.io', 'v1', 'csinodes', 'CSINode', false),
  certificateSigningRequests: resource<CertificateSigningRequest>(
    'certificates.k8s.io',
    'v1',
    'certificatesigningrequests',
    'CertificateSigningRequest',
    false,
  ),
  leases: resource<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  networkPolicies: resource<NetworkPolicy>('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  roles: resource<Role>(rbac, 'v1', 'roles', 'Role'),
  roleBindings: resource<RoleBinding>(rbac, 'v1', 'rolebindings', 'RoleBinding'),
  clusterRoles: resource<Role>(rbac, 'v1', 'clusterroles', 'ClusterRole', false),
  clusterRoleBindings: resource<RoleBinding>(rbac, 'v1', 'clusterrolebindings', 'ClusterRoleBinding', false),
} as const;
