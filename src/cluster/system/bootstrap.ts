import type { DaemonSet, NewObject } from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import { API_SERVER_PORT } from '../network/network.ts';
import { bootstrapObjects } from '../apiserver/data.ts';
import { setInitialStatus } from '../apiserver/defaults/initial-status.ts';
import { firstGeneration } from '../apiserver/rest/strategy.ts';
import { servedResources } from './served-resources.ts';

/** Creates what a fresh cluster has: namespaces, default RBAC, CoreDNS, storage class … as kubeadm and kind do. */
export function loadBootstrapObjects(apiServer: ApiServer, api: Api, apiServerIp: string): void {
  const collections = collectionsByKind();
  for (const object of bootstrapObjects()) {
    const group = object.apiVersion.includes('/') ? (object.apiVersion.split('/')[0] ?? '') : '';
    const collection = collections.get(`${group}/${object.kind}`);
    if (collection === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
    setInitialStatus(collection, object);
    const generation = firstGeneration(collection.id, object, false);
    if (generation !== undefined) object.metadata.generation = generation;
    apiServer.load(collection.id, object);
  }
  api.create(resources.daemonSets, kubeProxy);
  api.create(resources.endpointSlices, {
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
  api.create(resources.endpoints, {
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

/** By `group/Kind`. */
function collectionsByKind(): ReadonlyMap<string, Resource> {
  return new Map(servedResources().map((served) => [`${served.group}/${served.kind}`, served]));
}

/** kubeadm's, but for what of it the host's kernel would need. */
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
            volumeMounts: [{ name: 'kube-proxy', mountPath: '/var/lib/kube-proxy' }],
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
        volumes: [{ name: 'kube-proxy', configMap: { name: 'kube-proxy' } }],
      },
    },
  },
} satisfies NewObject<DaemonSet>;
