import { equal } from '../core/json.ts';
import type {
  Container,
  Deployment,
  EndpointSlice,
  KubeObject,
  Labels,
  Node,
  Pod,
  PodAffinityTerm,
  PodTemplate,
  ReplicaSet,
  Service,
} from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { isOver } from '../model/pod-phase.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import { maxUnavailable } from '../model/rollout.ts';
import { formatSelector, matchesSelector } from '../model/selector.ts';
import { untoleratedTaint } from '../model/taints.ts';
import { all, type Check, fail, type LabView, type Observation, pass } from './check.ts';
import { CALLED_PORT, readyAddressesIn, slicesByHand, slicesOf } from './endpoints.ts';
import { noneWaiting } from './pods.ts';

/** A Deployment. */
export interface WorkloadRef {
  readonly namespace: string;
  readonly name: string;
}

/** Milliseconds in which a rollout has put other pods in the place of those that run. */
export const UNTIL_REPLACED = 90_000;

/** @returns a fail where a template has no container of its workload's name: nobody can say which one is the program */
export const whyNoContainer = (name: string, { spec }: PodTemplate): Observation | undefined =>
  spec.containers.some((container) => container.name === name)
    ? undefined
    : fail(`the template of ${name} has no container ${name}`);

/**
 * @returns why an object will not be there tomorrow: it is being deleted, and only its finalizers keep it. A Deployment rolls
 *   nothing out any more then.
 */
export const whyNotForLong = ({ kind, metadata }: KubeObject): string | undefined =>
  metadata.deletionTimestamp === undefined
    ? undefined
    : `${kind.toLowerCase()}/${metadata.name} is being deleted`;

/**
 * The Deployment is rolled out: its newest template is observed, updated, available, at least at the replicas it
 * had when the shop was healthy, and no pod of an older template is left.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
export function rolloutComplete(of: WorkloadRef): Check {
  return {
    expected: `deployment/${of.name} is rolled out with all its replicas`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const wanted = lab.baseline.get(resources.deployments, of.namespace, of.name)?.spec.replicas ?? 1;
      const reason = whyNotComplete(deployment, wanted);
      if (reason !== undefined) return fail(reason);
      const pods = await podsOf(lab, deployment);
      const old = pods.current.length - pods.newest.length;
      if (old > 0) return fail(`${old} pods of an older template are still there`);
      const changed = changedAlive(pods.newest, deployment, sameImage);
      if (changed !== undefined) return fail(`pod/${changed} has another image than its template`);
      return pass(
        `${deployment.status.availableReplicas ?? 0} of ${deployment.spec.replicas} pods available`,
      );
    },
  };
}

function whyNotComplete(deployment: Deployment, wanted: number): string | undefined {
  const { metadata, spec, status } = deployment;
  const going = whyNotForLong(deployment);
  if (going !== undefined) return going;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return 'the newest change is not observed yet';
  if (spec.replicas < wanted) return `spec.replicas is ${spec.replicas}; it was ${wanted} before`;
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  if (updated < spec.replicas) return `${updated} of ${spec.replicas} pods have the newest template`;
  if ((status.replicas ?? 0) > updated) return `${(status.replicas ?? 0) - updated} old pods are still there`;
  if (available < spec.replicas) return `${available} of ${spec.replicas} pods are available`;
  return undefined;
}

/** What of a container can be changed in a pod that runs: the next one has the template's again. */
type Alike = (now: Container, made: Container) => boolean;

export const sameImage: Alike = (now, made) => now.image === made.image;

/** @returns a pod of the Deployment's newest template of which a container is not like the template's */
export const changedAlive = (
  pods: readonly Pod[],
  { spec: { template } }: Deployment,
  alike: Alike,
): string | undefined => {
  const isAsMade = (pod: Pod, made: Container): boolean =>
    containersOf(pod.spec).some((now) => now.name === made.name && alike(now, made));
  return pods.find((pod) => !containersOf(template.spec).every((made) => isAsMade(pod, made)))?.metadata.name;
};

/** Pods of a Deployment by its ReplicaSets: all that are not over and not being deleted, and those of the newest template. */
export async function podsOf(
  lab: LabView,
  deployment: Deployment,
): Promise<{ current: readonly Pod[]; newest: readonly Pod[] }> {
  const { namespace = '' } = deployment.metadata;
  // What the selector does not match was released by the controllers; checks look often, so little is asked for.
  const mine = { namespace, labelSelector: formatSelector(deployment.spec.selector) };
  const [allSets, allPods] = await Promise.all([
    lab.kube.list(resources.replicaSets, mine),
    lab.kube.list(resources.pods, mine),
  ]);
  const sets = allSets.filter((set) => ownedBy(set, deployment));
  const pods = allPods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      sets.some((set) => ownedBy(pod, set)) &&
      // What was evicted or refused by a node stays for a while, and is nobody's pod any more.
      !isOver(pod.status),
  );
  return {
    current: pods,
    // Templates are compared only for those who ask.
    get newest() {
      const newest = newestOf(sets, deployment);
      return newest === undefined ? [] : pods.filter((pod) => ownedBy(pod, newest));
    },
  };
}

const newestOf = (sets: readonly ReplicaSet[], deployment: Deployment): ReplicaSet | undefined =>
  sets.find((set) => ownedBy(set, deployment) && sameTemplate(set, deployment));

/** The hash in names and labels of the Deployment's next pods; undefined where there is no ReplicaSet of its template. */
export async function hashOf(lab: LabView, { namespace, name }: WorkloadRef): Promise<string | undefined> {
  const [deployment, sets] = await Promise.all([
    lab.kube.get(resources.deployments, namespace, name),
    lab.kube.list(resources.replicaSets, { namespace }),
  ]);
  return deployment && newestOf(sets, deployment)?.metadata.labels?.['pod-template-hash'];
}

export function ownedBy(object: Pod | ReplicaSet, owner: Deployment | ReplicaSet): boolean {
  return object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;
}

/** A ReplicaSet's template is its Deployment's but for the hash label. */
function sameTemplate(set: ReplicaSet, deployment: Deployment): boolean {
  const { 'pod-template-hash': _hash, ...labels } = set.spec.template.metadata?.labels ?? {};
  const template = { ...set.spec.template, metadata: { ...set.spec.template.metadata, labels } };
  const plain = { ...deployment.spec.template, metadata: { ...deployment.spec.template.metadata } };
  return equal(withoutEmpty(template), withoutEmpty(plain));
}

/** The server leaves empty metadata fields (`creationTimestamp: null`) in one of the two. */
function withoutEmpty<T extends { metadata: object }>(template: T): T {
  const metadata = Object.fromEntries(
    Object.entries(template.metadata).filter(([, value]) => value !== null && value !== undefined),
  );
  return { ...template, metadata };
}

/**
 * The Service leads exactly to the ready pods of the Deployment's newest template: at least as many as when the
 * shop was healthy, and to nothing else; and it will follow them: its selector finds new ones, and no
 * EndpointSlice has been written by hand.
 */
export function endpointsServe(of: WorkloadRef & { readonly service?: string }): Check {
  const service = of.service ?? of.name;
  return {
    expected: `service/${service} leads to the ready pods of deployment/${of.name} and to nothing else`,
    look: async (lab) => {
      const [deployment, live, slices] = await Promise.all([
        lab.kube.get(resources.deployments, of.namespace, of.name),
        lab.kube.get(resources.services, of.namespace, service),
        slicesOf(lab, of.namespace, service),
      ]);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      if (live === undefined) return fail(`service/${service} does not exist`);
      const nameless = whyNoContainer(of.name, deployment.spec.template);
      if (nameless !== undefined) return nameless;
      const stale = whyNotFollowed(live, slices, deployment) ?? whereElse(live, deployment);
      if (stale !== undefined) return fail(stale);
      const served = readyAddressesIn(slices);
      const { newest } = await podsOf(lab, deployment);
      return judgeEndpoints(served, newest, healthyCount(lab, of, deployment));
    },
  };
}

/** Why a Service would go on leading to the pods of today when others have taken their place. */
export function whyNotFollowed(
  service: Service,
  slices: readonly EndpointSlice[],
  { spec: { template } }: { readonly spec: { readonly template: PodTemplate } },
): string | undefined {
  const {
    metadata: { name },
    spec: { selector = {}, type, externalName = '' },
  } = service;
  const going = whyNotForLong(service);
  if (going !== undefined) return going;
  // Its slices stay as they were, and nobody asks them.
  if (type === 'ExternalName')
    return `service/${name} is only another name for ${externalName} (type ExternalName)`;
  const labels = template.metadata?.labels ?? {};
  if (Object.keys(selector).length === 0)
    return `service/${name} has no selector, so it would not lead to new pods`;
  if (!matchesSelector({ matchLabels: selector }, labels))
    return `service/${name} would not lead to new pods: its selector does not match their labels`;
  const byHand = slicesByHand(slices);
  return byHand.length > 0
    ? `${byHand.join(', ')} was written by hand, so new pods are not added to it`
    : undefined;
}

/** Whether the port that callers use leads into another container of the pods than the workload's own. */
function whereElse(
  { metadata: { name }, spec: { ports = [] } }: Service,
  { metadata, spec: { template } }: Deployment,
): string | undefined {
  const own = template.spec.containers.find((container) => container.name === metadata.name);
  const target = ports.find(({ port }) => port === CALLED_PORT)?.targetPort ?? CALLED_PORT;
  // The program listens where it is told to, whatever ports its container names.
  const listens = own?.env?.some((variable) => variable.name === 'PORT' && variable.value === String(target));
  const named = own?.ports?.some((port) => port.name === target || port.containerPort === target);
  return listens === true || named === true
    ? undefined
    : `service/${name} leads to port ${target}, which is not a port of container ${metadata.name}`;
}

function healthyCount(lab: LabView, of: WorkloadRef, live: Deployment): number {
  return (lab.baseline.get(resources.deployments, of.namespace, of.name) ?? live).spec.replicas;
}

function judgeEndpoints(served: ReadonlySet<string>, pods: readonly Pod[], wanted: number): Observation {
  const ready = new Set(pods.filter(isPodReady).map(({ status }) => status.podIP ?? ''));
  const foreign = [...served].filter((ip) => !ready.has(ip));
  if (foreign.length > 0)
    return fail(`it leads to ${foreign.length} addresses that belong to no ready pod of the newest template`);
  if (served.size < wanted) return fail(`it leads to ${served.size} ready pods; there were ${wanted} before`);
  return pass(`it leads to ${served.size} ready pods`);
}

/** Whether a container of the pod runs, ready or not. */
export const isRunning = ({ status }: Pod, container: string): boolean =>
  status.containerStatuses?.some(({ name, state }) => name === container && state.running !== undefined) ===
  true;

/** The ready pods of the Deployment are on at least so many nodes. */
export function spreadOver(of: WorkloadRef, nodes: number): Check {
  return {
    expected: `ready pods of ${of.name} are on at least ${nodes} nodes`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const { current } = await podsOf(lab, deployment);
      const found = new Set(current.filter(isPodReady).map(({ spec }) => spec.nodeName));
      return found.size >= nodes ? pass(`they are on ${found.size}`) : fail(`they are on ${found.size}`);
    },
  };
}

/**
 * The next rollout gets somewhere: where every pod wants a node for itself, or ports of one, and none is left, one of today's
 * pods has to be allowed to go first.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-unavailable
 */
export function canRollOut(of: WorkloadRef): Check {
  return {
    expected: `a rollout of ${of.name} finds room for its first pod`,
    look: async (lab) => {
      const [deployment, nodes] = await Promise.all([
        lab.kube.get(resources.deployments, of.namespace, of.name),
        lab.kube.list(resources.nodes),
      ]);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const { replicas, strategy, template } = deployment.spec;
      const { length } = nodes.filter(({ spec }) => takes(spec, template));
      if (!isAloneOnItsNode(template) || replicas < length) return pass('a node has room for one more pod');
      // Of more pods than nodes some wait: those are missing already.
      return strategy.type === 'Recreate' || maxUnavailable(deployment) > replicas - length
        ? pass('one pod may end before the next one starts')
        : fail(
            `no old pod may end first (maxUnavailable), and each of the ${length} nodes already has a pod`,
          );
    },
  };
}

/** Whether a node takes new pods of a template, as far as its taints are concerned. */
function takes({ taints, unschedulable }: Node['spec'], { spec }: PodTemplate): boolean {
  return (
    unschedulable !== true &&
    untoleratedTaint(taints, spec.tolerations, ['NoSchedule', 'NoExecute']) === undefined
  );
}

/** No other pod with its labels, of whichever rollout, may be on its node, or can be, as it takes ports of it. */
function isAloneOnItsNode({ metadata, spec }: PodTemplate): boolean {
  const terms = spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return (
    terms.some((term) => keepsApart(term, metadata?.labels) && !sparesTheNext(term, metadata?.labels)) ||
    (spec.hostNetwork === true && ports.length > 0) ||
    ports.some(({ hostPort }) => hostPort !== undefined)
  );
}

/**
 * Whether it is only about pods of the same rollout, or about none of its own.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#matchlabelkeys
 */
const sparesTheNext = (
  { matchLabelKeys = [], mismatchLabelKeys = [] }: PodAffinityTerm,
  labels: Labels = {},
): boolean => matchLabelKeys.includes('pod-template-hash') || mismatchLabelKeys.some((key) => key in labels);

/** What a term of a podAntiAffinity and a topologySpreadConstraint have in common. */
export type SpreadRule = Pick<PodAffinityTerm, 'labelSelector' | 'topologyKey'>;

/** Whether it is about pods with these labels, and has single nodes in view. */
export const keepsApart = ({ topologyKey, labelSelector }: SpreadRule, labels: Labels | undefined): boolean =>
  topologyKey === 'kubernetes.io/hostname' && matchesSelector(labelSelector, labels);

/** Pods of a Service's own selector, whatever made them. */
export async function selectedPods(
  lab: LabView,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<Pod[]> {
  const pods = await lab.kube.list(resources.pods, { namespace });
  return pods.filter(({ metadata }) =>
    matchesSelector({ matchLabels: { ...labels } }, metadata.labels ?? {}),
  );
}

/**
 * No container of the workload restarts: counts and identities stay as they are at the first look.
 * Only useful with `hold`.
 */
export function restartsStable(of: WorkloadRef): Check {
  const look = async (lab: LabView): Promise<Observation> => {
    const counts = await restartsOf(lab, of);
    return counts === undefined
      ? fail(`deployment/${of.name} does not exist`)
      : pass(describeRestarts(counts));
  };
  return {
    expected: `no container of ${of.name} restarts or is replaced`,
    look,
    observe: async (lab, windowMs) => {
      const before = await restartsOf(lab, of);
      if (before === undefined) return fail(`deployment/${of.name} does not exist`);
      const end = lab.clock.now().getTime() + windowMs;
      for (;;) {
        const now = await restartsOf(lab, of);
        if (now === undefined) return fail(`deployment/${of.name} does not exist`);
        const changed = [...now].find(([uid, count]) => before.get(uid) !== count);
        if (changed !== undefined)
          return fail(`a container restarted or was replaced: ${describeRestarts(now)}`);
        if (lab.clock.now().getTime() >= end) return pass(describeRestarts(now));
        await lab.clock.wait(1000, lab.signal);
      }
    },
  };
}

/** All containers of the workload run, and none is restarted or replaced. Only useful with `hold`. */
export function staysUp(of: WorkloadRef): Check {
  return all(`all containers of ${of.name} run, and none is restarted or replaced`, [
    noneWaiting({ namespace: of.namespace, app: of.name }),
    restartsStable(of),
  ]);
}

/** Restarts of every pod of the Deployment, by uid; undefined where there is no such Deployment. */
export async function restartsOf(lab: LabView, of: WorkloadRef): Promise<Map<string, number> | undefined> {
  const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
  if (deployment === undefined) return undefined;
  const { current } = await podsOf(lab, deployment);
  return new Map(current.map((pod) => [pod.metadata.uid, restartCount(pod)]));
}

/** How two looks at restarts differ, in words; undefined where nothing was killed or replaced. */
export function restartsChanged(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number> | undefined,
): string | undefined {
  if (after === undefined) return 'the deployment was deleted';
  const restarted = [...after].filter(([uid, count]) => (before.get(uid) ?? count) !== count);
  if (restarted.length > 0) return `${restarted.length} pods had a container restarted`;
  const replaced = [...before.keys()].filter((uid) => !after.has(uid));
  return replaced.length > 0 ? `${replaced.length} pods were replaced` : undefined;
}

/** Those of what runs beside the containers count too. */
function restartCount({ status: { containerStatuses = [], initContainerStatuses = [] } }: Pod): number {
  const statuses = [...initContainerStatuses, ...containerStatuses];
  return statuses.reduce((sum, { restartCount: count }) => sum + count, 0);
}

function describeRestarts(counts: ReadonlyMap<string, number>): string {
  return `restarts of ${counts.size} pods: ${[...counts.values()].join(', ')}`;
}
