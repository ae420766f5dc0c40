import type { Clock } from '../../core/clock.ts';
import { equal } from '../../core/json.ts';
import type { KubeClient, Manifest } from '../../kube/client.ts';
import type { ConfigMap, Deployment, KubeObject, Service } from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import { isRolledOut } from '../../model/rollout.ts';

/** Namespaces of the cluster's own that scenarios put objects into. */
const NAMESPACES = ['kube-system', 'default'];

/** Kinds of what they put there. */
const KINDS: readonly Resource[] = [
  resources.deployments,
  resources.daemonSets,
  resources.statefulSets,
  resources.pods,
  resources.services,
  resources.configMaps,
  resources.secrets,
  resources.networkPolicies,
];

const SYSTEM = 'kube-system';

/** Milliseconds. */
const GONE_WITHIN = 60_000;
const DNS_PODS = { namespace: SYSTEM, labelSelector: 'k8s-app=kube-dns' };

/** The cluster's own objects that scenarios change or add to, as they are when the cluster is new. Plain JSON. */
export interface SystemState {
  readonly names: readonly string[];
  readonly corefile: ConfigMap;
  readonly coredns: Deployment;
  readonly kubeDns: Service;
}

/** @throws where the cluster has no DNS as kubeadm makes it */
export async function readSystem(kube: KubeClient): Promise<SystemState> {
  const corefile = await kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const kubeDns = await kube.get(resources.services, SYSTEM, 'kube-dns');
  if (corefile === undefined || coredns === undefined || kubeDns === undefined)
    throw new Error('the new cluster has no CoreDNS');
  const names = (await ownObjects(kube)).map(({ path }) => path);
  return { names, corefile, coredns, kubeDns };
}

interface OwnObject {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
}

/** Objects that no other object has made. */
async function ownObjects(kube: KubeClient): Promise<OwnObject[]> {
  const found: OwnObject[] = [];
  for (const namespace of NAMESPACES) {
    for (const resource of KINDS) {
      for (const { metadata } of await kube.list(resource, { namespace })) {
        const { name, ownerReferences = [] } = metadata;
        if (ownerReferences.length > 0) continue;
        found.push({ resource, namespace, name, path: `${resource.plural} ${namespace}/${name}` });
      }
    }
  }
  return found;
}

/** Takes out what is new and gives CoreDNS back what was changed. */
export async function restoreSystem(kube: KubeClient, clock: Clock, before: SystemState): Promise<void> {
  const kept = new Set(before.names);
  for (const { resource, namespace, name, path } of await ownObjects(kube)) {
    if (!kept.has(path)) await kube.delete(resource, namespace, name, { grace: 0 });
  }
  await restore(kube, resources.services, before.kubeDns, ({ spec }) => [spec.selector, spec.ports], 'spec');
  const reconfigured = await restore(kube, resources.configMaps, before.corefile, ({ data }) => data, 'data');
  const now = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const { metadata, spec } = before.coredns;
  if (now?.metadata.generation !== metadata.generation || !equal(now?.spec, spec))
    await remakeCoreDns(kube, clock, before.coredns);
  else if (reconfigured) await endDnsPods(kube);
}

/** Made again, with its generation, its revisions and their ReplicaSets as in a new cluster. */
async function remakeCoreDns(kube: KubeClient, clock: Clock, before: Deployment): Promise<void> {
  await kube.delete(resources.deployments, SYSTEM, 'coredns', { propagation: 'Foreground' });
  const end = clock.now().getTime() + GONE_WITHIN;
  // A ReplicaSet of the old one would have the name that the new one's must have.
  while ((await kube.get(resources.deployments, SYSTEM, 'coredns')) !== undefined) {
    if (clock.now().getTime() > end) throw new Error('CoreDNS of the last lab does not go away');
    await endDnsPods(kube);
    await clock.wait(500);
  }
  await kube.applyAll([asNew(before, 'spec')], { manager: 'kubectl' });
}

async function endDnsPods(kube: KubeClient): Promise<void> {
  for (const { metadata } of await kube.list(resources.pods, DNS_PODS))
    await kube.delete(resources.pods, SYSTEM, metadata.name, { grace: 0 });
}

/** @returns whether there was anything to do */
async function restore<T extends KubeObject>(
  kube: KubeClient,
  resource: Resource<T>,
  before: T,
  part: (object: T) => unknown,
  field: 'spec' | 'data',
): Promise<boolean> {
  const { name } = before.metadata;
  const now = await kube.get(resource, SYSTEM, name);
  if (now !== undefined && equal(part(now), part(before))) return false;
  if (now === undefined) {
    await kube.applyAll([asNew(before, field)], { manager: 'kubectl' });
  } else {
    const value = asNew(before, field)[field];
    await kube.patch(resource, SYSTEM, name, [{ op: 'replace', path: `/${field}`, value }], { type: 'json' });
  }
  return true;
}

function asNew(before: KubeObject, field: 'spec' | 'data'): Manifest {
  const { apiVersion, kind, metadata } = before;
  const { name, labels = {} } = metadata;
  const value = (before as { readonly spec?: unknown; readonly data?: unknown })[field];
  return { apiVersion, kind, metadata: { name, namespace: SYSTEM, labels }, [field]: value };
}

/** Whether CoreDNS runs as it is meant to, all of it, and nothing else is left of it. */
export async function dnsSettled(kube: KubeClient): Promise<boolean> {
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  return coredns !== undefined && isRolledOut(coredns);
}
