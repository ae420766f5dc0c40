import type { Clock } from '../../core/clock.ts';
import { equal } from '../../core/json.ts';
import { endCorednsPods, readyCorednsPods } from '../../kube/cluster-dns.ts';
import type { KubeClient } from '../../kube/client.ts';
import { deleteForGood, takeOffFinalizers } from '../../kube/finalizers.ts';
import type {
  ConfigMap,
  Deployment,
  KubeObject,
  Labels,
  Namespace,
  Node,
  Service,
} from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import { isRolledOut } from '../../model/rollout.ts';
import { asNew, writtenContent } from '../../model/written.ts';
import { isStill, OWN_NAMESPACES, type OwnObject, ownObjects, takeOutAllBut } from './own-objects.ts';

const SYSTEM = 'kube-system';

/** Milliseconds. */
const GONE_WITHIN = 60_000;

/** The cluster's own objects that scenarios change or add to. */
interface SystemParts {
  readonly namespaces: readonly NamespaceState[];
  readonly nodes: readonly NodeState[];
  readonly corefile: ConfigMap;
  readonly coredns: Deployment;
  readonly kubeDns: Service;
}

/** All that there is of the cluster's own, as it is when the cluster is new. Plain JSON. */
export interface SystemState extends SystemParts {
  /** Paths of all of them. */
  readonly names: readonly string[];
  /** What those say that nobody but a learner changes, by path. */
  readonly contents: Readonly<Record<string, unknown>>;
}

/** What may be changed of a namespace that kind has made. */
interface NamespaceState {
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** What may be changed of a node. */
interface NodeState {
  readonly name: string;
  readonly labels: Labels;
  readonly taints: NonNullable<Node['spec']['taints']>;
  readonly unschedulable: boolean;
}

/** @throws where the cluster has no DNS as kubeadm makes it */
export async function readSystem(kube: KubeClient): Promise<SystemState> {
  const parts = await readParts(kube);
  const objects = await ownObjects(kube);
  const still = objects.filter((own) => isStill(own) && !DNS.includes(own.path));
  return {
    ...parts,
    names: objects.map(({ path }) => path),
    contents: Object.fromEntries(still.map(({ path, object }) => [path, writtenContent(object)])),
  };
}

async function readParts(kube: KubeClient): Promise<SystemParts> {
  const corefile = await kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const kubeDns = await kube.get(resources.services, SYSTEM, 'kube-dns');
  if (corefile === undefined || coredns === undefined || kubeDns === undefined)
    throw new Error('the new cluster has no CoreDNS');
  const nodes = (await kube.list(resources.nodes)).map(stateOfNode);
  const namespaces = (await kube.list(resources.namespaces))
    .filter(({ metadata: { name } }) => OWN_NAMESPACES.includes(name))
    .map(stateOfNamespace);
  return { namespaces, nodes, corefile, coredns, kubeDns };
}

const stateOfNamespace = ({
  metadata: { name, labels = {}, annotations = {} },
}: Namespace): NamespaceState => ({
  name,
  labels,
  annotations,
});

function stateOfNode({ metadata: { name, labels = {} }, spec }: Node): NodeState {
  return { name, labels, taints: spec.taints ?? [], unschedulable: spec.unschedulable === true };
}

/**
 * Takes out what is new, and gives namespaces, nodes and CoreDNS back what was changed.
 * @returns paths of what was changed or taken away beside that, and stays so
 */
export async function restoreSystem(
  kube: KubeClient,
  clock: Clock,
  before: SystemState,
  signal: AbortSignal,
): Promise<string[]> {
  const now = await ownObjects(kube);
  await takeOutAllBut(kube, new Set(before.names), now);
  await restoreNamespaces(kube, before.namespaces);
  await restoreNodes(kube, before.nodes);
  await restore(kube, resources.services, before.kubeDns, ({ spec }) => spec, 'spec');
  const reconfigured = await restore(kube, resources.configMaps, before.corefile, ({ data }) => data, 'data');
  const coredns = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const { metadata, spec } = before.coredns;
  if (coredns?.metadata.generation !== metadata.generation || !equal(coredns?.spec, spec))
    await remakeCoreDns(kube, clock, before.coredns, signal);
  else if (reconfigured) await endCorednsPods(kube, { grace: 0 });
  const live = new Map(now.map(({ path, object }) => [path, writtenContent(object)]));
  return Object.keys(before.contents).filter((path) => !equal(live.get(path), before.contents[path]));
}

/** What DNS is made of, which can be put back whatever was done to it. */
const DNS: readonly string[] = [
  `${resources.configMaps.plural} ${SYSTEM}/coredns`,
  `${resources.deployments.plural} ${SYSTEM}/coredns`,
  `${resources.services.plural} ${SYSTEM}/kube-dns`,
];

/**
 * Keeps in mind how the cluster's own objects are now.
 * @returns puts CoreDNS, its Service, the namespaces and the nodes back so, and takes out what has come since; false where
 *   anything else was changed or taken away
 */
export async function rememberSystem(kube: KubeClient): Promise<() => Promise<boolean>> {
  const before = await readParts(kube);
  const objects = new Map((await ownObjects(kube)).map((own) => [own.path, own]));
  const pods = await kube.list(resources.pods, { namespace: SYSTEM });
  return async () => {
    const now = await ownObjects(kube);
    const live = new Map(now.map((own) => [own.path, own]));
    await takeOutAllBut(kube, new Set(objects.keys()), now);
    for (const [path, then] of objects)
      if (!DNS.includes(path) && !isSame(live.get(path), then)) return false;
    await restoreNamespaces(kube, before.namespaces);
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

/** Endpoints follow the pods of their Service. */
const isSame = (now: OwnObject | undefined, then: OwnObject): boolean =>
  now !== undefined &&
  (then.resource === resources.endpoints || equal(identityOf(now.object), identityOf(then.object)));

const identityOf = (object: KubeObject): unknown => [
  object.metadata.uid,
  object.metadata.deletionTimestamp,
  writtenContent(object),
];

/** @returns false where any of it was made anew */
async function dnsPutBack(kube: KubeClient, { corefile, coredns, kubeDns }: SystemParts): Promise<boolean> {
  const service = await kube.get(resources.services, SYSTEM, 'kube-dns');
  const deployment = await kube.get(resources.deployments, SYSTEM, 'coredns');
  const map = await kube.get<ConfigMap>(resources.configMaps, SYSTEM, 'coredns');
  if (service?.metadata.uid !== kubeDns.metadata.uid || isGoing(service)) return false;
  if (deployment?.metadata.uid !== coredns.metadata.uid || isGoing(deployment)) return false;
  await restore(kube, resources.services, kubeDns, ({ spec }) => spec, 'spec');
  await restore(kube, resources.configMaps, corefile, ({ data }) => data, 'data');
  await restore(kube, resources.deployments, coredns, ({ spec }) => spec, 'spec');
  // Also where somebody wrote something and took it back: CoreDNS may have read it meanwhile.
  if (map?.metadata.resourceVersion !== corefile.metadata.resourceVersion)
    await endCorednsPods(kube, { grace: 0 });
  return true;
}

const isGoing = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

async function restoreNamespaces(kube: KubeClient, before: readonly NamespaceState[]): Promise<void> {
  const live = new Map((await kube.list(resources.namespaces)).map((one) => [one.metadata.name, one]));
  for (const state of before) {
    const now = live.get(state.name);
    if (now === undefined || equal(stateOfNamespace(now), state)) continue;
    const { labels = {}, annotations = {} } = now.metadata;
    const patch = {
      metadata: {
        labels: backTo(state.labels, labels),
        annotations: backTo(state.annotations, annotations),
      },
    };
    await kube.patch(resources.namespaces, undefined, state.name, patch, { type: 'merge' });
  }
}

/** What merges into the words of now so that they are those of before. */
function backTo(before: Labels, now: Labels): Readonly<Record<string, string | null>> {
  const added = Object.keys(now).filter((key) => !(key in before));
  return { ...Object.fromEntries(added.map((key) => [key, null])), ...before };
}

async function restoreNodes(kube: KubeClient, before: readonly NodeState[]): Promise<void> {
  const nodes = new Map((await kube.list(resources.nodes)).map((node) => [node.metadata.name, node]));
  for (const state of before) {
    const node = nodes.get(state.name);
    if (node === undefined) throw new Error(`the node ${state.name} is gone`);
    const { labels, taints, unschedulable } = stateOfNode(node);
    if (equal(stateOfNode(node), state)) continue;
    const patch = {
      metadata: { labels: backTo(state.labels, labels) },
      spec: {
        ...(equal(taints, state.taints) ? {} : { taints: state.taints }),
        ...(unschedulable === state.unschedulable ? {} : { unschedulable: state.unschedulable }),
      },
    };
    await kube.patch(resources.nodes, undefined, state.name, patch, { type: 'merge' });
  }
}

/** Made again, with its generation, its revisions and their ReplicaSets as in a new cluster. */
async function remakeCoreDns(
  kube: KubeClient,
  clock: Clock,
  before: Deployment,
  signal: AbortSignal,
): Promise<void> {
  await kube.delete(resources.deployments, SYSTEM, 'coredns', { propagation: 'Foreground' });
  const end = clock.now().getTime() + GONE_WITHIN;
  // A ReplicaSet of the old one would have the name that the new one's must have.
  for (;;) {
    const left = await kube.get(resources.deployments, SYSTEM, 'coredns');
    if (left === undefined) break;
    if (clock.now().getTime() > end) throw new Error('CoreDNS of the last lab does not go away');
    await takeOffFinalizers(kube, resources.deployments, left);
    await endCorednsPods(kube, { grace: 0 });
    await clock.wait(500, signal);
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
  const goes = now !== undefined && isGoing(now);
  if (now !== undefined && !goes && equal(part(now), part(before))) return false;
  if (goes) await deleteForGood(kube, resource, now);
  if (now === undefined || goes) {
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
  if (coredns === undefined || !isRolledOut(coredns)) return false;
  return (await readyCorednsPods(kube)) >= coredns.spec.replicas;
}
