import type { LabView } from '../checks/check.ts';
import type { ConfigMap, Deployment, NetworkPolicy, Service } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import { DESIRED_REPLICAS } from '../model/rollout.ts';
import { restart } from './cluster-dns.ts';
import { DEPLOYER, type DeploymentRef } from './deployments.ts';

/** What people do every day to a workload and its Service: repairs are made of it, and wrong repairs more so. */

/** `kubectl scale deployment`. @returns the Deployment as it is now */
export function scale(lab: LabView, of: DeploymentRef, replicas: number): Promise<Deployment> {
  const body = { spec: { replicas } };
  return lab.kube.patch(resources.deployments, of.namespace, of.name, body, {
    type: 'merge',
    fieldManager: DEPLOYER,
  });
}

/** A Service with its namespace. */
export interface ServiceRef {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Merges labels into the selector of a Service, so that it leads to other pods.
 * @param labels those with null are taken out; null: all of it
 */
export function select(
  lab: LabView,
  of: ServiceRef,
  labels: Readonly<Record<string, string | null>> | null,
): Promise<Service> {
  const body = { spec: { selector: labels } };
  return lab.kube.patch(resources.services, of.namespace, of.name, body, {
    type: 'merge',
    fieldManager: DEPLOYER,
  });
}

/** Writes into the status of an app's pods that they are ready; the kubelet knows better, and says so soon. */
export async function claimReady(
  lab: LabView,
  { namespace, app }: { readonly namespace: string; readonly app: string },
): Promise<void> {
  const status = { conditions: ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True' })) };
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${app}` });
  for (const { metadata } of pods) {
    await lab.kube.patch(
      resources.pods,
      namespace,
      metadata.name,
      { status },
      { type: 'strategic', subresource: 'status' },
    );
  }
}

/** Writes into the status of an app's pods which image they run: `host/repository@sha256:…`, in every container. */
export async function claimImage(
  lab: LabView,
  { namespace, app }: { readonly namespace: string; readonly app: string },
  imageID: string,
): Promise<void> {
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${app}` });
  for (const { metadata, status } of pods) {
    const containerStatuses = status.containerStatuses?.map((one) => ({ ...one, imageID }));
    await lab.kube.patch(
      resources.pods,
      namespace,
      metadata.name,
      { status: { containerStatuses } },
      { type: 'merge', subresource: 'status' },
    );
  }
}

/** @returns fields of a pod template, to be merged: only nodes of today's names may run it, and those come and go */
export async function todaysNodes(lab: LabView): Promise<object> {
  const values = (await lab.kube.list(resources.nodes)).map(({ metadata }) => metadata.name);
  const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] };
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [term] };
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } };
}

/**
 * A file of the shop's release notes over those of its image: it answers `/version` with what they say.
 * @param namespace where a ConfigMap of that name is made
 * @returns fields of a pod template, to be merged, that mount it into the container
 */
export async function releaseNotes(
  lab: LabView,
  namespace: string,
  container: { readonly name: string; readonly image: string },
  version: string,
): Promise<object> {
  const name = 'release';
  const data = { 'release.json': JSON.stringify({ version }) };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
  await lab.kube.create(resources.configMaps, configMap);
  const volumeMounts = [{ name, mountPath: '/app/release.json', subPath: 'release.json' }];
  return {
    volumes: [{ name, configMap: { name } }],
    containers: [{ ...container, volumeMounts }],
  };
}

/** `kubectl edit configmap shop-settings`: operator knobs, which pods read when they start. */
export async function settings(
  lab: LabView,
  namespace: string,
  data: Readonly<Record<string, string | null>>,
): Promise<void> {
  await lab.kube.patch<ConfigMap>(
    resources.configMaps,
    namespace,
    'shop-settings',
    { data },
    { type: 'merge' },
  );
}

/**
 * Operator knobs that are turned, read by the pods of a workload, and turned back: what runs is not what is written, and its next
 * pod is another one.
 */
export async function settingsForNow(
  lab: LabView,
  of: DeploymentRef,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const { namespace } = of;
  const map = await lab.kube.get<ConfigMap>(resources.configMaps, namespace, 'shop-settings');
  const before = Object.keys(data).map((key) => [key, map?.data?.[key] ?? null] as const);
  await settings(lab, namespace, data);
  await restart(lab, of);
  await lab.clock.wait(60_000, lab.signal);
  await settings(lab, namespace, Object.fromEntries(before));
}

/** `kubectl autoscale deployment --min --max=5` */
export async function autoscale(
  lab: LabView,
  { namespace, name }: DeploymentRef,
  minReplicas: number,
): Promise<void> {
  await lab.kube.apply(
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas,
        maxReplicas: 5,
      },
    },
    { manager: 'kubectl' },
  );
}

/** `kubectl cordon`. @param isChosen by its name; all nodes, if not given */
export async function cordon(lab: LabView, isChosen: (name: string) => boolean = () => true): Promise<void> {
  const nodes = await lab.kube.list(resources.nodes);
  for (const { metadata } of nodes.filter((node) => isChosen(node.metadata.name))) {
    const spec = { unschedulable: true };
    await lab.kube.patch(resources.nodes, undefined, metadata.name, { spec }, { type: 'merge' });
  }
}

/** Deleted, and kept by a finalizer that somebody takes off one day: it works on until then. */
export async function onItsWayOut(
  lab: LabView,
  resource: Resource,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const body = { metadata: { finalizers: ['example.com/kept'] } };
  await lab.kube.patch(resource, namespace, name, body, { type: 'merge' });
  await lab.kube.delete(resource, namespace, name);
}

/** A quota that leaves no room for the ReplicaSet of another rollout: what runs goes on, and its next release never comes. */
export async function noMoreRollouts(lab: LabView, namespace: string): Promise<void> {
  const sets = await lab.kube.list(resources.replicaSets, { namespace });
  await lab.kube.apply(
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'replicasets', namespace },
      spec: { hard: { 'count/replicasets.apps': String(sets.length) } },
    },
    { manager: 'kubectl' },
  );
}

/**
 * What a race may leave behind: a ReplicaSet says that another number of pods is wanted than its Deployment says, and while it
 * does nothing is rolled out. https://github.com/kubernetes/kubernetes/pull/138036
 */
export async function heldBack(lab: LabView, { namespace, name }: DeploymentRef): Promise<void> {
  const deployment = await lab.kube.get(resources.deployments, namespace, name);
  const sets = await lab.kube.list(resources.replicaSets, { namespace });
  const own = sets.find(
    ({ metadata, spec }) =>
      spec.replicas > 0 && metadata.ownerReferences?.[0]?.uid === deployment?.metadata.uid,
  );
  if (own === undefined) throw new Error(`deployment/${name} has no ReplicaSet`);
  const body = {
    metadata: { annotations: { [DESIRED_REPLICAS]: String(own.spec.replicas + 1) } },
  };
  await lab.kube.patch(resources.replicaSets, namespace, own.metadata.name, body, { type: 'merge' });
}

/** What was left of something that was installed once, and asked about every new pod: nobody answers, and none is taken. */
export async function unansweredWebhook(lab: LabView, namespace: string): Promise<void> {
  await lab.kube.apply(
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'pod-policy' },
      webhooks: [
        {
          name: 'pods.policy.test',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
          clientConfig: { service: { namespace, name: 'pod-policy' } },
        },
      ],
    },
    { manager: 'helm' },
  );
  // The API server hears of it itself by a watch.
  await lab.clock.wait(5000, lab.signal);
}

/** `kubectl set image pod`: the pods of a workload that run get another image, and its template does not. */
export async function imageForNow(
  lab: LabView,
  { namespace, name }: DeploymentRef,
  image: string,
): Promise<void> {
  const body = { spec: { containers: [{ name, image }] } };
  for (const { metadata } of await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${name}` }))
    await lab.kube.patch(resources.pods, namespace, metadata.name, body, { type: 'strategic' });
}

/** Leaves no room for another pod in a namespace; those that are there stay. */
export async function noMorePods(lab: LabView, namespace: string): Promise<void> {
  const metadata = { name: 'pods', namespace };
  await lab.kube.apply(
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '1' } } },
    { manager: 'kubectl' },
  );
}

/** Lets pods of one namespace ask CoreDNS, and nobody else. */
export const dnsOnlyFor = (lab: LabView, namespace: string): Promise<void> =>
  dnsOnly(lab, {
    from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }],
  });

/** Lets everybody ask CoreDNS, but over UDP only: an answer that does not fit into a datagram is asked for again over TCP. */
export const dnsOverUdpOnly = (lab: LabView): Promise<void> =>
  dnsOnly(lab, { ports: [{ protocol: 'UDP', port: 53 }] });

async function dnsOnly(
  lab: LabView,
  rule: NonNullable<NetworkPolicy['spec']['ingress']>[number],
): Promise<void> {
  await lab.kube.create(resources.networkPolicies, {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'dns', namespace: 'kube-system' },
    spec: {
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      policyTypes: ['Ingress'],
      ingress: [rule],
    },
  });
}

/**
 * Fields of a container, to be merged: a liveness probe that asks where nobody is. Pods come up and look well; ten minutes
 * after each start they are restarted.
 */
export const asksNobody: Readonly<Record<string, unknown>> = {
  livenessProbe: { httpGet: null, tcpSocket: { port: 9090 }, initialDelaySeconds: 600 },
};
