import type { AnyObject, DaemonSet, NewObject } from '../../model/objects.ts';
import { resource, resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { bootstrapObjects, discoveryDocuments } from '../apiserver/data.ts';

/** Creates what a fresh cluster has: namespaces, default RBAC, CoreDNS, storage class … as kubeadm and kind do. */
export function loadBootstrapObjects(api: Api): void {
  const plurals = pluralsByKind();
  for (const object of bootstrapObjects()) {
    const [group, version] = object.apiVersion.includes('/')
      ? object.apiVersion.split('/')
      : ['', object.apiVersion];
    const entry = plurals.get(`${group ?? ''}/${object.kind}`);
    if (entry === undefined) throw new Error(`no resource for ${object.apiVersion} ${object.kind}`);
    api.create(
      resource<AnyObject>(group ?? '', version ?? '', entry.plural, object.kind, entry.namespaced),
      object,
    );
  }
  api.create(resources.daemonSets, kubeProxy);
}

function pluralsByKind(): ReadonlyMap<string, { plural: string; namespaced: boolean }> {
  const { api, apis } = discoveryDocuments();
  const entries = [...api.items, ...apis.items].flatMap(({ metadata, versions }) =>
    versions.flatMap(({ resources: found }) =>
      found.map(
        ({ resource: plural, responseKind, scope }) =>
          [
            `${metadata.name ?? ''}/${responseKind.kind}`,
            { plural, namespaced: scope === 'Namespaced' },
          ] as const,
      ),
    ),
  );
  return new Map(entries);
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
