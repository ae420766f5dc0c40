/** Small objects of many kinds, all of them right. */

const meta = (name: string, namespace?: string): Record<string, unknown> => ({
  name,
  ...(namespace !== undefined && { namespace }),
  labels: { app: 'web', 'example.com/tier': 'front' },
  annotations: { note: 'a text' },
});

const container = {
  name: 'web',
  image: 'registry.k8s.io/pause:3.10',
  command: ['sh', '-c', 'sleep 1'],
  args: ['$(MODE)'],
  env: [
    { name: 'MODE', value: 'fast' },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ],
  ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
  livenessProbe: { exec: { command: ['true'] } },
  lifecycle: { preStop: { sleep: { seconds: 1 } } },
  securityContext: { runAsUser: 1000, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};

const podSpec = {
  containers: [container],
  initContainers: [{ name: 'init', image: 'busybox', restartPolicy: 'Always' }],
  volumes: [
    { name: 'data', emptyDir: { sizeLimit: '1Mi' } },
    { name: 'all', projected: { sources: [{ configMap: { name: 'c' } }] } },
  ],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 1,
          podAffinityTerm: {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { app: 'web' } },
          },
        },
      ],
    },
  },
  tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'kubernetes.io/hostname',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'web' } },
    },
  ],
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  dnsConfig: { nameservers: ['1.2.3.4'], options: [{ name: 'ndots', value: '2' }] },
  hostAliases: [{ ip: '1.2.3.4', hostnames: ['a.b'] }],
  terminationGracePeriodSeconds: 1,
};

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [container], volumes: [{ name: 'data', emptyDir: {} }] },
};
const selector = { matchLabels: { app: 'web' } };

/** An object with where it is created. */
export interface Sample {
  /** The collection. */
  readonly path: string;
  readonly object: Readonly<Record<string, unknown>>;
}

const inNamespace = (api: string, plural: string, kind: string, rest: object): Sample => ({
  path: `/${api === 'v1' ? 'api' : 'apis'}/${api}/namespaces/default/${plural}`,
  object: { apiVersion: api, kind, metadata: meta('web', 'default'), ...rest },
});
const ofCluster = (api: string, plural: string, kind: string, rest: object, name = 'web'): Sample => ({
  path: `/${api === 'v1' ? 'api' : 'apis'}/${api}/${plural}`,
  object: { apiVersion: api, kind, metadata: meta(name), ...rest },
});

export const samples: readonly Sample[] = [
  inNamespace('v1', 'pods', 'Pod', { spec: podSpec }),
  inNamespace('v1', 'pods', 'Pod', {
    spec: { containers: [{ name: 'a', image: 'registry.k8s.io/pause:3.10' }] },
  }),
  inNamespace('v1', 'services', 'Service', {
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      type: 'NodePort',
      sessionAffinity: 'ClientIP',
    },
  }),
  inNamespace('v1', 'configmaps', 'ConfigMap', { data: { a: 'b' }, binaryData: { c: 'AAEC' } }),
  inNamespace('v1', 'secrets', 'Secret', {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'e30=' },
  }),
  inNamespace('v1', 'serviceaccounts', 'ServiceAccount', { imagePullSecrets: [{ name: 'a' }] }),
  inNamespace('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  }),
  inNamespace('v1', 'limitranges', 'LimitRange', {
    spec: {
      limits: [
        {
          type: 'Container',
          default: { memory: '1Gi' },
          max: { cpu: '4' },
          maxLimitRequestRatio: { cpu: '2' },
        },
      ],
    },
  }),
  inNamespace('v1', 'resourcequotas', 'ResourceQuota', {
    spec: {
      hard: { pods: '1000', 'requests.cpu': '100' },
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['x'] }] },
    },
  }),
  inNamespace('v1', 'replicationcontrollers', 'ReplicationController', {
    spec: { replicas: 1, selector: { app: 'web' }, template },
  }),
  inNamespace('v1', 'endpoints', 'Endpoints', {
    subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80 }] }],
  }),
  inNamespace('v1', 'events', 'Event', {
    involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
    reason: 'A',
    message: 'b',
    type: 'Normal',
    count: 1,
    lastTimestamp: '2026-11-22T09:00:00Z',
  }),
  inNamespace('apps/v1', 'deployments', 'Deployment', {
    spec: {
      replicas: 1,
      selector,
      template,
      strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      revisionHistoryLimit: 2,
    },
  }),
  inNamespace('apps/v1', 'statefulsets', 'StatefulSet', {
    spec: {
      serviceName: 'web',
      replicas: 1,
      selector,
      template,
      podManagementPolicy: 'Parallel',
      ordinals: { start: 1 },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  }),
  inNamespace('apps/v1', 'daemonsets', 'DaemonSet', {
    spec: { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: '10%' } } },
  }),
  inNamespace('apps/v1', 'replicasets', 'ReplicaSet', { spec: { replicas: 1, selector, template } }),
  inNamespace('batch/v1', 'jobs', 'Job', {
    spec: {
      completions: 2,
      parallelism: 1,
      backoffLimit: 1,
      completionMode: 'Indexed',
      ttlSecondsAfterFinished: 5,
      activeDeadlineSeconds: 9,
      podFailurePolicy: { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }] },
      successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 1 }] },
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'busybox' }] } },
    },
  }),
  inNamespace('batch/v1', 'cronjobs', 'CronJob', {
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Europe/Berlin',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 10,
      jobTemplate: {
        spec: {
          template: { spec: { restartPolicy: 'OnFailure', containers: [{ name: 'a', image: 'busybox' }] } },
        },
      },
    },
  }),
  inNamespace('autoscaling/v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
      ],
      behavior: {
        scaleDown: {
          stabilizationWindowSeconds: 5,
          policies: [{ type: 'Percent', value: 10, periodSeconds: 15 }],
        },
      },
    },
  }),
  inNamespace('autoscaling/v1', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      targetCPUUtilizationPercentage: 50,
    },
  }),
  inNamespace('policy/v1', 'poddisruptionbudgets', 'PodDisruptionBudget', {
    spec: { selector, maxUnavailable: '50%' },
  }),
  inNamespace('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy', {
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 'http' }] }],
      egress: [
        {
          to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
          ports: [{ port: 1, endPort: 5, protocol: 'UDP' }],
        },
      ],
    },
  }),
  inNamespace('networking.k8s.io/v1', 'ingresses', 'Ingress', {
    spec: {
      rules: [
        {
          host: 'a.b',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
  }),
  inNamespace('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true } }],
    ports: [{ port: 80 }],
  }),
  inNamespace('coordination.k8s.io/v1', 'leases', 'Lease', {
    spec: { holderIdentity: 'a', leaseDurationSeconds: 5, renewTime: '2026-11-22T09:00:00.000000Z' },
  }),
  inNamespace('rbac.authorization.k8s.io/v1', 'roles', 'Role', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }),
  inNamespace('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'web' },
    subjects: [{ kind: 'ServiceAccount', name: 'web', namespace: 'default' }],
  }),
  ofCluster('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole', {
    rules: [{ nonResourceURLs: ['/healthz*'], verbs: ['get'] }],
    aggregationRule: { clusterRoleSelectors: [selector] },
  }),
  ofCluster('v1', 'namespaces', 'Namespace', { spec: {} }, 'fuzzed'),
  ofCluster('v1', 'nodes', 'Node', {
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
    status: { capacity: { cpu: '1' } },
  }),
  ofCluster('v1', 'persistentvolumes', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/a' },
      persistentVolumeReclaimPolicy: 'Delete',
    },
  }),
  ofCluster('storage.k8s.io/v1', 'storageclasses', 'StorageClass', {
    provisioner: 'rancher.io/local-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  }),
  ofCluster('scheduling.k8s.io/v1', 'priorityclasses', 'PriorityClass', { value: 5 }),
  ofCluster('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', {
    handler: 'a',
    overhead: { podFixed: { cpu: '1m' } },
  }),
  ofCluster('certificates.k8s.io/v1', 'certificatesigningrequests', 'CertificateSigningRequest', {
    spec: { request: 'AAAA', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  }),
  ofCluster(
    'admissionregistration.k8s.io/v1',
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    {
      webhooks: [
        {
          name: 'a.example.com',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Ignore',
          timeoutSeconds: 1,
          clientConfig: { service: { namespace: 'default', name: 'hook', path: '/' } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['events'] }],
        },
      ],
    },
  ),
  ofCluster(
    'apiregistration.k8s.io/v1',
    'apiservices',
    'APIService',
    {
      spec: {
        group: 'a.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 1,
        service: { name: 'a', namespace: 'default' },
      },
    },
    'v1.a.example.com',
  ),
  ofCluster(
    'apiextensions.k8s.io/v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    {
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.n', statusReplicasPath: '.status.n' },
            },
            additionalPrinterColumns: [{ name: 'N', type: 'integer', jsonPath: '.spec.n' }],
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    required: ['n'],
                    properties: {
                      n: { type: 'integer', minimum: 0, default: 1 },
                      s: { type: 'string', pattern: '^(a|b)+$', enum: ['a', 'b'], maxLength: 5 },
                      l: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                      m: { type: 'object', additionalProperties: { type: 'string' } },
                    },
                  },
                  status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
            },
          },
        ],
      },
    },
    'things.example.com',
  ),
  ...(['TokenReview', 'SubjectAccessReview', 'SelfSubjectRulesReview'] as const).map((kind): Sample => {
    const group = kind === 'TokenReview' ? 'authentication.k8s.io/v1' : 'authorization.k8s.io/v1';
    return {
      path: `/apis/${group}/${kind.toLowerCase()}s`,
      object: {
        apiVersion: group,
        kind,
        spec: {
          token: 'a.b.c',
          user: 'jane',
          resourceAttributes: { verb: 'get', resource: 'pods' },
          namespace: 'default',
        },
      },
    };
  }),
];

/** Names of fields that objects may have, to put where they do not belong. */
export const fieldNames = [
  'name',
  'namespace',
  'spec',
  'status',
  'metadata',
  'labels',
  'generateName',
  'uid',
  'resourceVersion',
  'finalizers',
  'ownerReferences',
  'managedFields',
  'deletionTimestamp',
  'creationTimestamp',
  'selector',
  'template',
  'replicas',
  'containers',
  'items',
  'kind',
];
