import { isObject } from '../../../core/json.ts';

/**
 * Objects as the structures inside a Kubernetes API server print themselves. Some of its messages show them: what
 * a change of a pod or of a claim has changed, the template of a Job. Field names and their order are facts of
 * Kubernetes 1.36.
 */

/** How a field that is not set is printed. */
type Empty = string | false | 0 | null;
type Shape = Empty | Structure | ListOf | PointerTo | MapOf;
interface Structure {
  readonly kind: 'structure';
  readonly fields: readonly (readonly [string, Shape])[];
}
interface ListOf {
  readonly kind: 'list';
  readonly of: Structure;
}
interface PointerTo {
  readonly kind: 'pointer';
  readonly to: Structure;
}

/** Printed in the order of its keys. */
interface MapOf {
  readonly kind: 'map';
}

const MAP: MapOf = { kind: 'map' };
const structure = (fields: Record<string, Shape>): Structure => ({
  kind: 'structure',
  fields: Object.entries(fields),
});
const list = (fields: Record<string, Shape>): ListOf => ({ kind: 'list', of: structure(fields) });
const pointer = (fields: Record<string, Shape>): PointerTo => ({ kind: 'pointer', to: structure(fields) });
/** Fields that nobody sets here. */
const nulls = (names: string): Record<string, Shape> =>
  Object.fromEntries(names.split(' ').map((name) => [name, null]));

/** `HTTPGet` is `httpGet` on the wire. */
function wireName(name: string): string {
  return name.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (capitals) => capitals.toLowerCase());
}

/** Of a ResourceQuota. */
export const SCOPE_SELECTOR = structure({
  MatchExpressions: list({ ScopeName: '', Operator: '', Values: null }),
});

/** Of a PriorityLevelConfiguration. */
export const PRIORITY_LEVEL_SPEC = structure({
  Type: '',
  Limited: pointer({
    NominalConcurrencyShares: 0,
    LimitResponse: structure({
      Type: '',
      Queuing: pointer({ Queues: 0, HandSize: 0, QueueLengthLimit: 0 }),
    }),
    LendablePercent: null,
    BorrowingLimitPercent: null,
  }),
  Exempt: pointer({ NominalConcurrencyShares: null, LendablePercent: null }),
});

/** A value as a structure of the server, which fills in what is not set and keeps its own order. */
export function goForm(shape: Shape, value: unknown): unknown {
  if (shape === null || typeof shape !== 'object') return value ?? shape;
  if (shape.kind === 'list') {
    return Array.isArray(value) ? value.map((item: unknown) => goForm(shape.of, item)) : null;
  }
  if (shape.kind === 'pointer') return value === undefined || value === null ? null : goForm(shape.to, value);
  if (shape.kind === 'map') {
    if (value === undefined || value === null) return null;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const fields = (value ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    shape.fields.map(([name, inner]) => [name, goForm(inner, fields[wireName(name)])]),
  );
}

const KEYS = list({ Key: '', Path: '', Mode: null });
const FIELD = pointer({ APIVersion: '', FieldPath: '' });
const RESOURCE_FIELD = pointer({ ContainerName: '', Resource: '', Divisor: '0' });
const FILES = list({ Path: '', FieldRef: FIELD, ResourceFieldRef: RESOURCE_FIELD, Mode: null });
const HOST_PATH = pointer({ Path: '', Type: null });

const VOLUMES = list({
  Name: '',
  HostPath: HOST_PATH,
  EmptyDir: pointer({ Medium: '', SizeLimit: null }),
  ...nulls('GCEPersistentDisk AWSElasticBlockStore GitRepo'),
  Secret: pointer({ SecretName: '', Items: KEYS, DefaultMode: null, Optional: null }),
  NFS: pointer({ Server: '', Path: '', ReadOnly: false }),
  ...nulls('ISCSI Glusterfs'),
  PersistentVolumeClaim: pointer({ ClaimName: '', ReadOnly: false }),
  ...nulls('RBD Quobyte FlexVolume Cinder CephFS Flocker'),
  DownwardAPI: pointer({ Items: FILES, DefaultMode: null }),
  ...nulls('FC AzureFile'),
  ConfigMap: pointer({ Name: '', Items: KEYS, DefaultMode: null, Optional: null }),
  ...nulls('VsphereVolume AzureDisk PhotonPersistentDisk'),
  Projected: pointer({
    Sources: list({
      Secret: pointer({ Name: '', Items: KEYS, Optional: null }),
      DownwardAPI: pointer({ Items: FILES }),
      ConfigMap: pointer({ Name: '', Items: KEYS, Optional: null }),
      ServiceAccountToken: pointer({ Audience: '', ExpirationSeconds: 0, Path: '' }),
      ...nulls('ClusterTrustBundle PodCertificate'),
    }),
    DefaultMode: null,
  }),
  ...nulls('PortworxVolume ScaleIO StorageOS CSI Ephemeral Image'),
});

const RESOURCES = { Limits: MAP, Requests: MAP, Claims: null };
const HTTP_GET = pointer({
  Path: '',
  Port: 0,
  Host: '',
  Scheme: '',
  HTTPHeaders: list({ Name: '', Value: '' }),
});
const HANDLER = {
  Exec: pointer({ Command: null }),
  HTTPGet: HTTP_GET,
  TCPSocket: pointer({ Port: 0, Host: '' }),
};
const HOOK = pointer({ ...HANDLER, Sleep: pointer({ Seconds: 0 }) });
const PROBE = pointer({
  ...HANDLER,
  GRPC: pointer({ Port: 0, Service: null }),
  InitialDelaySeconds: 0,
  TimeoutSeconds: 0,
  PeriodSeconds: 0,
  SuccessThreshold: 0,
  FailureThreshold: 0,
  TerminationGracePeriodSeconds: null,
});
const SECCOMP = pointer({ Type: '', LocalhostProfile: null });
const KEY_REFERENCE = pointer({ Name: '', Key: '', Optional: null });
const SOURCE_REFERENCE = pointer({ Name: '', Optional: null });

/** `securityContext` of a container. */
export const SECURITY_CONTEXT = structure({
  Capabilities: pointer({ Add: null, Drop: null }),
  Privileged: null,
  SELinuxOptions: null,
  WindowsOptions: null,
  RunAsUser: null,
  RunAsGroup: null,
  RunAsNonRoot: null,
  ReadOnlyRootFilesystem: null,
  AllowPrivilegeEscalation: null,
  ProcMount: null,
  SeccompProfile: SECCOMP,
  AppArmorProfile: SECCOMP,
});

const CONTAINER = {
  Name: '',
  Image: '',
  Command: null,
  Args: null,
  WorkingDir: '',
  Ports: list({ Name: '', HostPort: 0, ContainerPort: 0, Protocol: '', HostIP: '' }),
  EnvFrom: list({ Prefix: '', ConfigMapRef: SOURCE_REFERENCE, SecretRef: SOURCE_REFERENCE }),
  Env: list({
    Name: '',
    Value: '',
    ValueFrom: pointer({
      FieldRef: FIELD,
      ResourceFieldRef: RESOURCE_FIELD,
      ConfigMapKeyRef: KEY_REFERENCE,
      SecretKeyRef: KEY_REFERENCE,
      FileKeyRef: null,
    }),
  }),
  Resources: structure(RESOURCES),
  ResizePolicy: list({ ResourceName: '', RestartPolicy: '' }),
  RestartPolicy: null,
  RestartPolicyRules: null,
  VolumeMounts: list({
    Name: '',
    ReadOnly: false,
    RecursiveReadOnly: null,
    MountPath: '',
    SubPath: '',
    MountPropagation: null,
    SubPathExpr: '',
  }),
  VolumeDevices: null,
  LivenessProbe: PROBE,
  ReadinessProbe: PROBE,
  StartupProbe: PROBE,
  Lifecycle: pointer({ PostStart: HOOK, PreStop: HOOK, StopSignal: null }),
  TerminationMessagePath: '',
  TerminationMessagePolicy: '',
  ImagePullPolicy: '',
  SecurityContext: { kind: 'pointer', to: SECURITY_CONTEXT },
  Stdin: false,
  StdinOnce: false,
  TTY: false,
} as const satisfies Record<string, Shape>;

/** A container that is added to a running pod. */
export const EPHEMERAL_CONTAINER = structure({ ...CONTAINER, TargetContainerName: '' });

const EXPRESSIONS = list({ Key: '', Operator: '', Values: null });
const NODE_TERM = { MatchExpressions: EXPRESSIONS, MatchFields: EXPRESSIONS };
const POD_TERM = {
  LabelSelector: null,
  Namespaces: null,
  TopologyKey: '',
  NamespaceSelector: null,
  MatchLabelKeys: null,
  MismatchLabelKeys: null,
} as const;
const POD_AFFINITY = pointer({
  RequiredDuringSchedulingIgnoredDuringExecution: list(POD_TERM),
  PreferredDuringSchedulingIgnoredDuringExecution: list({ Weight: 0, PodAffinityTerm: structure(POD_TERM) }),
});

const POD_SPEC = structure({
  Volumes: VOLUMES,
  InitContainers: list(CONTAINER),
  Containers: list(CONTAINER),
  EphemeralContainers: list({ ...CONTAINER, TargetContainerName: '' }),
  RestartPolicy: '',
  TerminationGracePeriodSeconds: null,
  ActiveDeadlineSeconds: null,
  DNSPolicy: '',
  NodeSelector: MAP,
  ServiceAccountName: '',
  AutomountServiceAccountToken: null,
  NodeName: '',
  SecurityContext: pointer({
    HostNetwork: false,
    HostPID: false,
    HostIPC: false,
    ShareProcessNamespace: null,
    HostUsers: null,
    SELinuxOptions: null,
    WindowsOptions: null,
    RunAsUser: null,
    RunAsGroup: null,
    RunAsNonRoot: null,
    SupplementalGroups: null,
    SupplementalGroupsPolicy: null,
    FSGroup: null,
    FSGroupChangePolicy: null,
    Sysctls: list({ Name: '', Value: '' }),
    SeccompProfile: SECCOMP,
    AppArmorProfile: SECCOMP,
    SELinuxChangePolicy: null,
  }),
  ImagePullSecrets: list({ Name: '' }),
  Hostname: '',
  Subdomain: '',
  SetHostnameAsFQDN: null,
  Affinity: pointer({
    NodeAffinity: pointer({
      RequiredDuringSchedulingIgnoredDuringExecution: pointer({ NodeSelectorTerms: list(NODE_TERM) }),
      PreferredDuringSchedulingIgnoredDuringExecution: list({ Weight: 0, Preference: structure(NODE_TERM) }),
    }),
    PodAffinity: POD_AFFINITY,
    PodAntiAffinity: POD_AFFINITY,
  }),
  SchedulerName: '',
  Tolerations: list({ Key: '', Operator: '', Value: '', Effect: '', TolerationSeconds: null }),
  HostAliases: list({ IP: '', Hostnames: null }),
  PriorityClassName: '',
  Priority: null,
  PreemptionPolicy: null,
  DNSConfig: pointer({ Nameservers: null, Searches: null, Options: list({ Name: '', Value: null }) }),
  ReadinessGates: list({ ConditionType: '' }),
  RuntimeClassName: null,
  Overhead: null,
  EnableServiceLinks: null,
  TopologySpreadConstraints: list({
    MaxSkew: 0,
    TopologyKey: '',
    WhenUnsatisfiable: '',
    LabelSelector: null,
    MinDomains: null,
    NodeAffinityPolicy: null,
    NodeTaintsPolicy: null,
    MatchLabelKeys: null,
  }),
  OS: pointer({ Name: '' }),
  SchedulingGates: list({ Name: '' }),
  ResourceClaims: null,
  Resources: pointer(RESOURCES),
  HostnameOverride: null,
  SchedulingGroup: null,
});

/** A pod's specification; the server keeps what concerns the host's namespaces with the security context. */
export function podSpecForm(spec: object): unknown {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext } = spec as Record<
    string,
    object | undefined
  >;
  const host = { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers };
  return goForm(POD_SPEC, { ...spec, securityContext: { ...host, ...securityContext } });
}

/** A template of pods: its metadata as on the wire, labels before annotations, beside the specification. */
export function templateForm({ metadata = {}, spec }: { metadata?: object; spec: object }): unknown {
  const { labels, annotations, ...others } = metadata as Record<string, unknown>;
  const maps = Object.entries({ ...others, labels, annotations })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, goForm(isObject(value) ? MAP : null, value)] as const);
  return { ...Object.fromEntries(maps), Spec: podSpecForm(spec) };
}

export const CLAIM_SPEC = structure({
  AccessModes: null,
  Selector: null,
  Resources: structure({ Limits: MAP, Requests: MAP }),
  VolumeName: '',
  StorageClassName: null,
  VolumeMode: null,
  DataSource: pointer({ APIGroup: null, Kind: '', Name: '' }),
  DataSourceRef: pointer({ APIGroup: null, Kind: '', Name: '', Namespace: null }),
  VolumeAttributesClassName: null,
});

/** The part of a PersistentVolume that says where the data is. */
export const VOLUME_SOURCE = structure({
  ...nulls('GCEPersistentDisk AWSElasticBlockStore'),
  HostPath: HOST_PATH,
  Glusterfs: null,
  NFS: pointer({ Server: '', Path: '', ReadOnly: false }),
  ...nulls('RBD Quobyte ISCSI FlexVolume Cinder CephFS FC Flocker AzureFile VsphereVolume AzureDisk'),
  ...nulls('PhotonPersistentDisk PortworxVolume ScaleIO'),
  Local: pointer({ Path: '', FSType: null }),
  ...nulls('StorageOS CSI'),
});
