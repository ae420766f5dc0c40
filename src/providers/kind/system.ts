import type { Clock } from '../../core/clock.ts';
import { equal } from '../../core/json.ts';
import { type KubeClient, KubeError } from '../../kube/client.ts';
import { endCorednsPods } from '../../kube/cluster-dns.ts';
import type { ConfigMap, Deployment, KubeObject, Node, Service } from '../../model/objects.ts';
import { resource, type Resource, resources } from '../../model/resources.ts';
import { isRolledOut } from '../../model/rollout.ts';
import { asNew, writtenContent, writtenKinds } from '../../model/written.ts';

/** Namespaces of the cluster's own that scenarios put objects into. */
const NAMESPACES = ['kube-system', 'default'];

/** Kinds of what scenarios and learners put there. */
const KINDS: readonly Resource[] = [...writtenKinds, resources.pods];

const admission = 'admissionregistration.k8s.io';
/** Kinds that belong to no namespace, of which a learner may have made some. */
const WIDE: readonly Resource[] = [
  resource(admission, 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', false),
  resource(admission, 'v1', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', false),
  resource(admission, 'v1', 'validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', false),
  resource(admission, 'v1', 'validatingadmissionpolicies', 'ValidatingAdmissionPolicy', false),
  resource(admission, 'v1', 'mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', false),
  resource(admission, 'v1', 'mutatingadmissionpolicies', 'MutatingAdmissionPolicy', false),
  resource('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', false),
  resources.clusterRoleBindings,
  resources.clusterRoles,
  resources.persistentVolumes,
  resources.priorityClasses,
  resources.storageClasses,
  resource('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', false),
  resource('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false),
];

const SYSTEM = 'kube-system';

/** Milliseconds. */
const GONE_WITHIN = 60_000;

/** The cluster's own objects that scenarios change or add to, as they are when the cluster is new. Plain JSON. */
export interface SystemState {
  readonly names: readonly string[];
  readonly nodes: readonly NodeState[];
  readonly corefile: ConfigMap;
  readonly coredns: Deployment;
  readonly kubeDns: Service;
}

/** What may be changed of a node. */
interface NodeState {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: NonNullable<Node['spec']['taints']>;
  readonly unschedulable: boolean;
}

/** @throws where the cluster has no DNS as kubeadm makes it */
export async function readSystem(kube: KubeClient): Promise<SystemState> {
  const corefile = await kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const kubeDns = await kube.get(resources.services, SYSTEM, 'kube-dns');
  if (corefile === undefined || coredns === undefined || kubeDns === undefined)
    throw new Error('the new cluster has no CoreDNS');
  const names = (await ownObjects(kube)).map(({ path }) => path);
  const nodes = (await kube.list(resources.nodes)).map(stateOfNode);
  return { names, nodes, corefile, coredns, kubeDns };
}

function stateOfNode({ metadata: { name, labels = {} }, spec }: Node): NodeState {
  return { name, labels, taints: spec.taints ?? [], unschedulable: spec.unschedulable === true };
}

interface OwnObject {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly path: string;
  readonly object: KubeObject;
}

/** By a controller, which takes it away too. */
function isMade({ metadata: { ownerReferences = [], annotations = {} } }: KubeObject): boolean {
  return ownerReferences.length > 0 || 'pv.kubernetes.io/provisioned-by' in annotations;
}

/** Objects that somebody has made by hand. */
async function ownObjects(kube: KubeClient): Promise<OwnObject[]> {
  const places = [
    ...WIDE.map((resource) => ({ resource, namespace: undefined })),
    ...NAMESPACES.flatMap((namespace) => KINDS.map((resource) => ({ resource, namespace }))),
  ];
  const lists = await Promise.all(
    places.map(async ({ resource, namespace }) => {
      const objects = await listed(kube, resource, namespace);
      return objects
        .filter((object) => !isMade(object))
        .map((object) => {
          const { name } = object.metadata;
          const path = `${resource.plural} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
          return { resource, namespace, name, path, object };
        });
    }),
  );
  return lists.flat();
}

/** Older releases do not serve all kinds: nobody has made any of those there. */
async function listed(
  kube: KubeClient,
  resource: Resource,
  namespace: string | undefined,
): Promise<KubeObject[]> {
  try {
    return await kube.list(resource, namespace === undefined ? {} : { namespace });
  } catch (error) {
    if (error instanceof KubeError && error.code === 404) return [];
    throw error;
  }
}

/** Takes out what is new, and gives the nodes and CoreDNS back what was changed. */
export async function restoreSystem(kube: KubeClient, clock: Clock, before: SystemState): Promise<void> {
  await takeOutAllBut(kube, new Set(before.names), await ownObjects(kube));
  await restoreNodes(kube, before.nodes);
  await restore(kube, resources.services, before.kubeDns, ({ spec }) => [spec.selector, spec.ports], 'spec');
  const reconfigured = await restore(kube, resources.configMaps, before.corefile, ({ data }) => data, 'data');
  const now = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const { metadata, spec } = before.coredns;
  if (now?.metadata.generation !== metadata.generation || !equal(now?.spec, spec))
    await remakeCoreDns(kube, clock, before.coredns);
  else if (reconfigured) await endCorednsPods(kube, { grace: 0 });
}

async function takeOutAllBut(
  kube: KubeClient,
  kept: ReadonlySet<string>,
  objects: readonly OwnObject[],
): Promise<void> {
  for (const { resource, namespace, name, path } of objects)
    if (!kept.has(path)) await kube.delete(resource, namespace, name, { grace: 0 });
}

/** What DNS is made of, which can be put back whatever was done to it. */
const DNS: readonly string[] = [
  `${resources.configMaps.plural} ${SYSTEM}/coredns`,
  `${resources.deployments.plural} ${SYSTEM}/coredns`,
  `${resources.services.plural} ${SYSTEM}/kube-dns`,
];

/**
 * Keeps in mind how the cluster's own objects are now.
 * @returns puts CoreDNS, its Service and the nodes back so, and takes out what has come since; false where anything
 *   else was changed or taken away
 */
export async function rememberSystem(kube: KubeClient): Promise<() => Promise<boolean>> {
  const before = await readSystem(kube);
  const contents = new Map((await ownObjects(kube)).map(({ path, object }) => [path, identityOf(object)]));
  const pods = await kube.list(resources.pods, { namespace: SYSTEM });
  return async () => {
    const now = await ownObjects(kube);
    const live = new Map(now.map(({ path, object }) => [path, identityOf(object)]));
    await takeOutAllBut(kube, new Set(contents.keys()), now);
    for (const [path, content] of contents)
      if (!DNS.includes(path) && !equal(live.get(path), content)) return false;
    await restoreNodes(kube, before.nodes);
    if (!(await dnsPutBack(kube, before))) return false;
    // Who has given a pod of a Deployment other labels has taken it from its Service.
    for (const pod of await kube.list(resources.pods, { namespace: SYSTEM })) {
      const then = pods.find(({ metadata }) => metadata.uid === pod.metadata.uid);
      if (then !== undefined && !equal(identityOf(then), identityOf(pod)))
        await kube.delete(resources.pods, SYSTEM, pod.metadata.name, { grace: 0 });
    }
    return true;
  };
}

const identityOf = (object: KubeObject): unknown => [object.metadata.uid, writtenContent(object)];

/** @returns false where any of it was made anew */
async function dnsPutBack(kube: KubeClient, { corefile, coredns, kubeDns }: SystemState): Promise<boolean> {
  const service = await kube.get(resources.services, SYSTEM, 'kube-dns');
  const deployment = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const map = await kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  if (service?.metadata.uid !== kubeDns.metadata.uid) return false;
  if (deployment?.metadata.uid !== coredns.metadata.uid) return false;
  await restore(kube, resources.services, kubeDns, ({ spec }) => spec, 'spec');
  await restore(kube, resources.configMaps, corefile, ({ data }) => data, 'data');
  await restore(kube, resources.deployments, coredns, ({ spec }) => spec, 'spec');
  // Also where somebody wrote something and took it back: CoreDNS may have read it meanwhile.
  if (map?.metadata.resourceVersion !== corefile.metadata.resourceVersion)
    await endCorednsPods(kube, { grace: 0 });
  return true;
}

async function restoreNodes(kube: KubeClient, before: readonly NodeState[]): Promise<void> {
  const nodes = new Map((await kube.list(resources.nodes)).map((node) => [node.metadata.name, node]));
  for (const state of before) {
    const node = nodes.get(state.name);
    if (node === undefined) throw new Error(`the node ${state.name} is gone`);
    const { labels, taints, unschedulable } = stateOfNode(node);
    if (equal(stateOfNode(node), state)) continue;
    const added = Object.keys(labels).filter((key) => !(key in state.labels));
    const patch = {
      metadata: { labels: { ...Object.fromEntries(added.map((key) => [key, null])), ...state.labels } },
      spec: {
        ...(equal(taints, state.taints) ? {} : { taints: state.taints }),
        ...(unschedulable === state.unschedulable ? {} : { unschedulable: state.unschedulable }),
      },
    };
    await kube.patch(resources.nodes, undefined, state.name, patch, { type: 'merge' });
  }
}

/** Made again, with its generation, its revisions and their ReplicaSets as in a new cluster. */
async function remakeCoreDns(kube: KubeClient, clock: Clock, before: Deployment): Promise<void> {
  await kube.delete(resources.deployments, SYSTEM, 'coredns', { propagation: 'Foreground' });
  const end = clock.now().getTime() + GONE_WITHIN;
  // A ReplicaSet of the old one would have the name that the new one's must have.
  while ((await kube.get(resources.deployments, SYSTEM, 'coredns')) !== undefined) {
    if (clock.now().getTime() > end) throw new Error('CoreDNS of the last lab does not go away');
    await endCorednsPods(kube, { grace: 0 });
    await clock.wait(500);
  }
  await kube.create(resources.deployments, asNew(resources.deployments, before));
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
    await kube.create(resource, asNew(resource, before));
  } else {
    const value = (before as { readonly spec?: unknown; readonly data?: unknown })[field];
    await kube.patch(resource, SYSTEM, name, [{ op: 'replace', path: `/${field}`, value }], { type: 'json' });
  }
  return true;
}

/** Whether CoreDNS runs as it is meant to, all of it, and nothing else is left of it. */
export async function dnsSettled(kube: KubeClient): Promise<boolean> {
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  return coredns !== undefined && isRolledOut(coredns);
}
