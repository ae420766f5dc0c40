import type { AnyObject, DaemonSet, NewObject, Secret } from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { API_SERVER_PORT } from '../network/network.ts';
import { bootstrapObjects } from '../apiserver/data.ts';
import { setInitialStatus } from '../apiserver/defaults/initial-status.ts';
import { firstGeneration } from '../apiserver/rest/strategy.ts';
import { clusterNameOf, isoOf, type KubeadmFacts, kubeadmObjects } from './kubeadm.ts';
import { servedResources } from './served-resources.ts';

/** Creates what a fresh cluster has: namespaces, default RBAC, CoreDNS, storage class … as kubeadm and kind do. */
export function loadBootstrapObjects(
  apiServer: ApiServer,
  api: Api,
  apiServerIp: string,
  facts: KubeadmFacts,
): void {
  const collections = collectionsByKind();
  for (const recorded of bootstrapObjects()) {
    const object = recorded.kind === 'ConfigMap' ? named(recorded, facts.controlPlane) : recorded;
    const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
    const collection = collections.get(`${group}/${object.kind}`);
    if (collection === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
    setInitialStatus(collection, object);
    stampConditions(object, facts.now);
    const generation = firstGeneration(collection.id, object, false);
    if (generation !== undefined) object.metadata.generation = generation;
    apiServer.load(collection.id, object);
  }
  const server = apiServer.clientFor({ user: 'system:apiserver', groups: [], manager: 'kube-apiserver' });
  for (const object of kubeadmObjects(facts)) {
    if (object.kind === 'Secret') api.create(resources.secrets, object as NewObject<Secret>);
    else (OF_THE_SERVER.has(object.metadata.name ?? '') ? server : api).create(resources.configMaps, object);
  }
  api.create(resources.daemonSets, kubeProxy);
  server.create(resources.endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [apiServerIp], conditions: { ready: true } }],
    ports: [{ name: 'https', port: API_SERVER_PORT, protocol: 'TCP' }],
  });
  server.create(resources.endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [
      {
        addresses: [{ ip: apiServerIp }],
        ports: [{ name: 'https', port: API_SERVER_PORT, protocol: 'TCP' }],
      },
    ],
  });
}

/** ConfigMaps that the API server writes itself. */
const OF_THE_SERVER = new Set([
  'extension-apiserver-authentication',
  'kube-apiserver-legacy-service-account-token-tracking',
]);

/** Conditions were recorded without their times. */
function stampConditions(object: AnyObject, now: number): void {
  const { conditions = [] } = (object['status'] ?? {}) as { conditions?: { lastTransitionTime?: string }[] };
  for (const condition of conditions) condition.lastTransitionTime ??= isoOf(now);
}

/** The cluster that these objects were recorded from has a name, which is in their texts. */
function named<T extends AnyObject>(object: T, controlPlane: string): T {
  const cluster = clusterNameOf(controlPlane);
  const data = Object.entries((object['data'] ?? {}) as Record<string, string>).map(([key, text]) => [
    key,
    text
      .replaceAll(`${RECORDED}-control-plane`, controlPlane)
      .replaceAll(`clusterName: ${RECORDED}`, `clusterName: ${cluster}`),
  ]);
  return { ...object, data: Object.fromEntries(data) as Record<string, string> };
}

const RECORDED = 'breakfix';

/** By `group/Kind`. */
function collectionsByKind(): ReadonlyMap<string, Resource> {
  return new Map(servedResources().map((served) => [`${served.group}/${served.kind}`, served]));
}

/** kubeadm's. */
const kubeProxy = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'kube-proxy', namespace: 'kube-system', labels: { 'k8s-app': 'kube-proxy' } },
  spec: {
    revisionHistoryLimit: 10,
    selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: {
      metadata: { labels: { 'k8s-app': 'kube-proxy' } },
      spec: {
        containers: [
          {
            name: 'kube-proxy',
            image: 'registry.k8s.io/kube-proxy:v1.36.3',
            imagePullPolicy: 'IfNotPresent',
            command: [
              '/usr/local/bin/kube-proxy',
              '--config=/var/lib/kube-proxy/config.conf',
              '--hostname-override=$(NODE_NAME)',
            ],
            env: [
              {
                name: 'NODE_NAME',
                valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } },
              },
            ],
            resources: {},
            securityContext: { privileged: true },
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            volumeMounts: [
              { name: 'kube-proxy', mountPath: '/var/lib/kube-proxy' },
              { name: 'xtables-lock', mountPath: '/run/xtables.lock' },
              { name: 'lib-modules', mountPath: '/lib/modules', readOnly: true },
            ],
          },
        ],
        dnsPolicy: 'ClusterFirst',
        hostNetwork: true,
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        priorityClassName: 'system-node-critical',
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        serviceAccountName: 'kube-proxy',
        terminationGracePeriodSeconds: 30,
        tolerations: [{ operator: 'Exists' }],
        volumes: [
          { name: 'kube-proxy', configMap: { name: 'kube-proxy', defaultMode: 0o644 } },
          { name: 'xtables-lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
          { name: 'lib-modules', hostPath: { path: '/lib/modules', type: '' } },
        ],
      },
    },
  },
} satisfies NewObject<DaemonSet>;
