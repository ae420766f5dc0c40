import { equal } from '../core/json.ts';
import type { Container, Deployment, Pod, PodSpec, PodTemplate, Probe } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { isOver } from '../model/pod-phase.ts';
import { isPodReady } from '../model/pod-ready.ts';
import { resources } from '../model/resources.ts';
import { workersOf } from '../model/worker-nodes.ts';
import {
  type Check,
  fail,
  gradeWithin,
  type LabView,
  type Observation,
  pass,
  patient,
  unjudged,
} from './check.ts';
import { type Clone, until, withClone } from './clones.ts';
import { toldAsFresh } from './environment.ts';
import { isByHand, type ReleaseRef } from './images.ts';
import { neverReady } from './never-ready.ts';
import { whyNoRollout } from './next-rollout.ts';
import { whyGoing } from './owners.ts';
import { canRollOut, UNTIL_REPLACED, type WorkloadRef } from './workloads.ts';

/** How long a new pod may take until it is ready, in milliseconds. */
const STARTS_WITHIN = 60_000;

/**
 * A pod of the live template can get an image that no node has: its release under a tag that is put into the registry
 * while this is graded. What a node has kept, and what was allowed once, does not help.
 */
export function freshTagPulls(of: WorkloadRef, release: ReleaseRef): Check {
  return {
    expected: `a new pod of ${of.name} can pull a tag that was just pushed to ${release.host}`,
    disturbs: `a clone of a pod of ${of.name}, and a tag in the registry`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const registry = await lab.cluster.can.registry?.(release.host);
      if (registry === undefined) return unjudged(`the registry ${release.host} cannot be reached`);
      const tag = `check-${lab.random.suffix(8)}`;
      await registry.tag(release.repository, release.tag, tag);
      const image = `${release.host}/${release.repository}:${tag}`;
      return startsFresh(lab, of, (spec) => ({ ...spec, containers: withImage(spec, of.name, image) }));
    },
  };
}

function withImage({ containers }: PodSpec, name: string, image: string): Container[] {
  return containers.map((container) => (container.name === name ? { ...container, image } : container));
}

/**
 * A pod of the live template starts on every node that takes pods when its image was removed there. Where it does not,
 * the copy is put back.
 */
export function startsWithoutCopy(of: WorkloadRef): Check {
  return {
    expected: `a new pod of ${of.name} starts on every node, also where there is no copy of its image`,
    disturbs: `a clone of a pod of ${of.name} on every node, which loses its copy of the image`,
    look: () => Promise.resolve(pass('proven on clones when graded')),
    grade: async (lab) => {
      const { node: access } = lab.cluster.can;
      const nodes = workersOf(await lab.kube.list(resources.nodes));
      if (access === undefined || nodes.length === 0) return unjudged('no node can be reached');
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      const image = deployment?.spec.template.spec.containers.find(({ name }) => name === of.name)?.image;
      if (image === undefined) return fail(`the template of ${of.name} has no container ${of.name}`);
      // To take it away would harm whoever else lives on it.
      if (isByHand(image)) return fail(`no registry has ${image}, so no new node can pull it`);
      for (const nodeName of nodes) {
        await access(nodeName).removeImage(image);
        const seen = await startsFresh(lab, of, (spec) => placedOn(spec, nodeName));
        if (seen.status === 'pass') continue;
        await startsFresh(lab, of, (spec) => ({
          ...spec,
          nodeName,
          containers: spec.containers.map((one) => ({ ...one, imagePullPolicy: 'IfNotPresent' })),
        }));
        return { ...seen, seen: `on node ${nodeName}: ${seen.seen}` };
      }
      return pass(`on ${nodes.join(', ')}`);
    },
  };
}

/** A pod of the live template starts on every node that takes pods, with what is there. */
export function startsOnEveryNode(of: WorkloadRef): Check {
  return {
    expected: `a new pod of ${of.name} starts on every node`,
    disturbs: `a clone of a pod of ${of.name} on every node, one after the other`,
    look: () => Promise.resolve(pass('proven on clones when graded')),
    grade: async (lab) => {
      const nodes = workersOf(await lab.kube.list(resources.nodes));
      for (const nodeName of nodes) {
        const seen = await startsFresh(lab, of, (spec) => placedOn(spec, nodeName));
        if (seen.status !== 'pass') return { ...seen, seen: `on node ${nodeName}: ${seen.seen}` };
      }
      return nodes.length === 0 ? fail('no node takes pods') : pass(`on ${nodes.join(', ')}`);
    },
  };
}

/**
 * The scheduler puts it on one node, as it does with a DaemonSet's pods, or nowhere: a node that takes no pods, or whose
 * taints the pod does not bear, is seen so. (`nodeName` would go past the scheduler.)
 */
function placedOn(spec: PodSpec, node: string): PodSpec {
  const { affinity = {}, ...rest } = besideTheOthers(spec);
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const matchFields = [{ key: 'metadata.name', operator: 'In' as const, values: [node] }];
  // One of the terms is enough, so that each of them has to name it.
  const nodeSelectorTerms = (required?.nodeSelectorTerms ?? [{}]).map((term) => ({ ...term, matchFields }));
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return { ...rest, affinity: { ...affinity, nodeAffinity } };
}

/**
 * A pod that is created now from the live template comes up: the cluster accepts the next rollout, its ReplicaSet and its pods, with the
 * template's images, a node has room for it, and takes it, it starts with the image and the settings that there are now, its liveness probes
 * succeed, and it becomes ready. No running pod has settings that are no longer in the cluster, and it ends in time where the next pods wait
 * for that. So is found what only the next start would meet, and a probe that asks where nothing listens, whenever it begins to ask.
 * @param withinMs how long that may take, and how long an end that is waited for
 * @param works what it has to do then, instead of comparing its settings with those of the running pods
 */
export function startsAgain(
  of: WorkloadRef,
  withinMs = STARTS_WITHIN,
  works = (lab: LabView, clone: Clone): Promise<Observation> => runsAsTold(lab, of, clone),
): Check {
  return {
    expected: `a new pod of ${of.name} comes up, also in the next rollout, and no pod runs with settings that are no longer in the cluster`,
    disturbs: `a clone of a pod of ${of.name}`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const going = await whyGoing(lab, deployment);
      if (going !== undefined) return fail(going);
      const { template } = deployment.spec;
      const refused = await whyNoRollout(lab, of, template);
      if (refused !== undefined) return refused;
      const room = await canRollOut(of).look(lab);
      if (room.status !== 'pass') return room;
      return nextPodComesUp(lab, of, template, withinMs, async (view, clone) => {
        const seen = await works(view, clone);
        return seen.status === 'pass' && waitsForTheEnd(deployment) ? endsSoon(view, clone, withinMs) : seen;
      });
    },
  };
}

/**
 * Whether the next pods are created when the old ones have ended, and not beside them.
 * https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#recreate-deployment
 */
const waitsForTheEnd = ({ spec: { strategy } }: Deployment): boolean => strategy.type === 'Recreate';

/** Its hooks and its program let it end: what they keep, the next rollout waits for. */
async function endsSoon(lab: LabView, { namespace, name }: Clone, withinMs: number): Promise<Observation> {
  await lab.kube.delete(resources.pods, namespace, name);
  const hasEnded = await until(lab, withinMs, async () => {
    const pod = await lab.kube.get(resources.pods, namespace, name);
    return pod === undefined || isOver(pod.status);
  });
  return hasEnded
    ? pass('it came up, and it ended')
    : fail(
        `a pod takes more than ${withinMs / 1000} s to end, and the next rollout waits for that (strategy Recreate)`,
      );
}

/** A rollout that is on its way may take its time. */
async function runsAsTold(lab: LabView, of: WorkloadRef, clone: Clone): Promise<Observation> {
  const told = { expected: '', look: (view: LabView) => toldAsFresh(view, of, clone) };
  const seen = await gradeWithin(lab, UNTIL_REPLACED, told);
  return seen.status === 'pass' ? pass('it came up, and no pod runs with other settings') : seen;
}

/**
 * Whether the next pod of a template comes up; see {@link startsAgain}. Its startup probes let it, and its liveness probes find
 * it alive: where these ask different questions one pod comes up for each.
 */
export async function nextPodComesUp(
  lab: LabView,
  of: WorkloadRef,
  template: PodTemplate,
  withinMs = STARTS_WITHIN,
  works?: (lab: LabView, clone: Clone) => Promise<Observation>,
): Promise<Observation> {
  const spec = besideTheOthers(template.spec);
  const { containers, initContainers = [] } = spec;
  const nextPod = (change: (container: Container) => Container): PodTemplate => ({
    ...template,
    spec: { ...spec, containers: containers.map(change) },
  });
  const alive = (container: Container): Container => askedAtOnce(container, withinMs);
  const started = (container: Container): Container =>
    container.startupProbe === undefined ? alive(container) : container;
  const needed = withinMs + asksAfter(spec);
  if (!containers.some(asksTwice) && !initContainers.some(isAskedForItsLife))
    return comesUp(lab, of, nextPod(started), needed, works);
  const seen = await comesUp(lab, of, nextPod(started), needed);
  if (seen.status !== 'pass') return seen;
  const { spec: asked, ...rest } = nextPod(alive);
  const beside = initContainers.map(readyWhenAlive);
  return comesUp(lab, of, { ...rest, spec: { ...asked, initContainers: beside } }, withinMs, works);
}

/** Whether its liveness probe asks something that its startup probe does not. */
function asksTwice(container: Container): boolean {
  const { startupProbe, livenessProbe } = container;
  if (startupProbe === undefined || livenessProbe === undefined) return false;
  if (isNeverAnswered(container, livenessProbe)) return false;
  return !equal(questionOf(startupProbe), questionOf(livenessProbe));
}

const questionOf = ({ exec, httpGet, tcpSocket, grpc }: Probe): unknown => [exec, httpGet, tcpSocket, grpc];

/** Milliseconds until the startup probes of a pod can have been answered. */
export const asksAfter = (spec: PodSpec): number => Math.max(...containersOf(spec).map(firstAnswerAfter));

function firstAnswerAfter({ startupProbe }: Container): number {
  const { initialDelaySeconds = 0, periodSeconds = 0 } = startupProbe ?? {};
  return (initialDelaySeconds + periodSeconds) * 1000;
}

/** The clone takes nobody's place: pods that keep away from each other, or take ports of their node, would leave it none. */
function besideTheOthers({ affinity = {}, ...spec }: PodSpec): PodSpec {
  const { podAntiAffinity: _others, ...rest } = affinity;
  return { ...spec, affinity: rest, containers: spec.containers.map(withoutHostPorts) };
}

function withoutHostPorts({ ports, ...container }: Container): Container {
  if (ports === undefined) return container;
  return { ...container, ports: ports.map(({ hostPort: _port, hostIP: _ip, ...port }) => port) };
}

/** Its liveness probe is asked once before everything else, as a startup probe, and kills nothing afterwards. */
function askedAtOnce(container: Container, withinMs: number): Container {
  const { livenessProbe } = container;
  if (livenessProbe === undefined || isNeverAnswered(container, livenessProbe)) return container;
  const { initialDelaySeconds: _later, ...question } = livenessProbe;
  const failureThreshold = Math.ceil(withinMs / 1000);
  return { ...container, startupProbe: { ...question, periodSeconds: 1, failureThreshold } };
}

/** Of those that run before the others: only what goes on beside them may have a liveness probe. */
const isAskedForItsLife = (container: Container): boolean =>
  container.livenessProbe !== undefined && !isNeverAnswered(container, container.livenessProbe);

/** What runs beside the others is waited for by them until it has started: asked for its readiness it keeps none from starting. */
function readyWhenAlive(container: Container): Container {
  const { livenessProbe } = container;
  if (livenessProbe === undefined || !isAskedForItsLife(container)) return container;
  const { initialDelaySeconds: _later, terminationGracePeriodSeconds: _grace, ...question } = livenessProbe;
  return { ...container, readinessProbe: { ...question, periodSeconds: 1 } };
}

/**
 * A probe of a named port that its container does not have: the kubelet throws away what comes of it, so that it kills nothing;
 * but as a startup probe it would wait for ever.
 */
function isNeverAnswered({ ports = [] }: Container, { httpGet, tcpSocket }: Probe): boolean {
  const port = (httpGet ?? tcpSocket)?.port;
  return typeof port === 'string' && !/^\d+$/.test(port) && !ports.some(({ name }) => name === port);
}

/** Whether a changed clone of the live template comes up. */
async function startsFresh(
  lab: LabView,
  of: WorkloadRef,
  change: (spec: PodSpec) => PodSpec,
): Promise<Observation> {
  const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
  if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
  const { template } = deployment.spec;
  return comesUp(lab, of, { ...template, spec: change(template.spec) }, STARTS_WITHIN);
}

function comesUp(
  lab: LabView,
  of: WorkloadRef,
  template: PodTemplate,
  withinMs: number,
  works?: (lab: LabView, clone: Clone) => Promise<Observation>,
): Promise<Observation> {
  return withClone(lab, of, template, { liveness: false }, async (clone) => {
    let pod: Pod | undefined;
    await until(lab, patient(lab, withinMs), async () => {
      pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
      // What a node refused it will not take later.
      return pod !== undefined && (isPodReady(pod) || pod.status.phase === 'Failed');
    });
    if (pod === undefined || !isPodReady(pod)) return neverReady(lab, of, clone);
    return (await works?.(lab, clone)) ?? pass('it came up');
  });
}
