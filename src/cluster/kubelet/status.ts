import type {
  Condition,
  Container,
  ContainerState,
  ContainerStateWaiting,
  ContainerStatus,
  Pod,
  PodStatus,
} from '../../model/objects.ts';
import { isOver } from '../../model/pod-phase.ts';
import type { Simulation } from '../simulation/simulation.ts';
import {
  containersReady,
  initialized,
  isSidecar,
  KUBELET_CONDITIONS,
  phaseOf,
  podReady,
} from './conditions.ts';
import type { PodContainers } from './container-manager.ts';
import { reasons } from './reasons.ts';
import { resourceSums } from './resource-sums.ts';
import { restartsAfter } from './restart-policy.ts';
import type { ContainerInstance, Sandbox } from './types.ts';

/** What was decided about a pod, whatever its containers do. */
export interface Verdict extends Pick<PodStatus, 'phase' | 'reason' | 'message'> {
  /** It is in the API already, and no kubelet takes a terminal phase back. */
  readonly isKnown?: boolean;
}

/** What the kubelet knows of a pod beside the API object. */
export interface PodView {
  readonly pod: Pod;
  readonly containers: PodContainers;
  readonly sandbox: Sandbox | undefined;
  readonly nodeIp: string;
  /** Why containers are not running although they should be, by name. */
  readonly waiting: ReadonlyMap<string, ContainerStateWaiting>;
  /** Results of probes: whether a running container has started, and whether it is ready. */
  readonly probes: {
    started(instance: ContainerInstance): boolean;
    ready(instance: ContainerInstance): boolean;
  };
  readonly startTime: string;
  /** Nothing is restarted any more: the pod is being deleted, evicted, or past its deadline. */
  readonly ended: boolean;
  /** Set for a pod that has been given up. */
  readonly verdict: Verdict | undefined;
  /** PodResizePending and PodResizeInProgress. */
  readonly resize: readonly Condition[];
  /** What the containers have been granted; differs from the spec while a resize waits. */
  readonly allocated: ReadonlyMap<string, Container['resources']>;
}

/** The status that a pod should have now. Terminal phases are left to the caller: see {@link settled}. */
export function podStatus(simulation: Simulation, view: PodView): PodStatus {
  const { pod, sandbox } = view;
  const { spec, metadata } = pod;
  const status: PodStatus = { phase: 'Pending' };
  if (metadata.generation !== undefined) status.observedGeneration = metadata.generation;
  status.hostIP = view.nodeIp;
  status.hostIPs = [{ ip: view.nodeIp }];
  if (sandbox !== undefined) {
    status.podIP = sandbox.stack.ip;
    status.podIPs = [{ ip: sandbox.stack.ip }];
  } else if (pod.status.podIP !== undefined) {
    // A pod keeps the address that it had.
    status.podIP = pod.status.podIP;
    status.podIPs = pod.status.podIPs ?? [{ ip: pod.status.podIP }];
  }
  status.startTime = view.startTime;
  if (pod.status.qosClass !== undefined) status.qosClass = pod.status.qosClass;
  const initContainers = spec.initContainers ?? [];
  const unstarted = initContainers.length > 0 ? reasons.podInitializing : reasons.containerCreating;
  const statuses = (containers: readonly Container[], init: boolean): ContainerStatus[] =>
    containers.map((container) => containerStatus(simulation, view, container, { init, unstarted }));
  if (initContainers.length > 0) status.initContainerStatuses = statuses(initContainers, true);
  status.containerStatuses = statuses(spec.containers, false).sort((a, b) => (a.name < b.name ? -1 : 1));
  if ((spec.ephemeralContainers ?? []).length > 0) {
    // Nobody probes them: they are never ready, and whether they have started is not told.
    status.ephemeralContainerStatuses = statuses(spec.ephemeralContainers ?? [], false).map(
      ({ started: _started, ...others }) => ({ ...others, ready: false }),
    );
  }
  const { allocatedResources, resources } = resourceSums(pod, view.containers, view.allocated);
  if (allocatedResources !== undefined) status.allocatedResources = allocatedResources;
  status.resources = resources;
  status.phase = phaseOf(pod, status, view.ended);
  if (view.verdict !== undefined) {
    const { isKnown: _isKnown, ...said } = view.verdict;
    Object.assign(status, said);
  }
  status.conditions = conditionsOf(simulation, view, status);
  return status;
}

/**
 * The status to write: a terminal phase (and its reason) is held back while containers may still run.
 */
export function settled(pod: Pod, status: PodStatus, mayRun: boolean): PodStatus {
  if (!isOver(status) || !mayRun) return status;
  const held: PodStatus = { ...status, phase: pod.status.phase };
  delete held.reason;
  delete held.message;
  if (pod.status.reason !== undefined) held.reason = pod.status.reason;
  if (pod.status.message !== undefined) held.message = pod.status.message;
  return held;
}

function conditionsOf(simulation: Simulation, view: PodView, status: PodStatus): Condition[] {
  const { pod } = view;
  const before = pod.status.conditions ?? [];
  const foreign = before.filter(({ type }) => !KUBELET_CONDITIONS.includes(type));
  const containers = containersReady(pod, status, status.phase);
  const result: Condition[] = [...foreign, ...view.resize];
  const add = (type: string, outcome: Pick<Condition, 'status' | 'reason' | 'message'>): void => {
    const old = before.find((condition) => condition.type === type);
    const since = old?.status === outcome.status ? old.lastTransitionTime : undefined;
    const generation = pod.metadata.generation;
    result.push({
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: outcome.status,
      lastProbeTime: null,
      lastTransitionTime: since ?? simulation.timestamp(),
      ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
      ...(outcome.message === undefined ? {} : { message: outcome.message }),
    });
  };
  add('PodReadyToStartContainers', { status: view.sandbox === undefined ? 'False' : 'True' });
  add('Initialized', initialized(pod, status, status.phase));
  add('Ready', podReady(pod, foreign, containers));
  add('ContainersReady', containers);
  add('PodScheduled', { status: 'True' });
  return result;
}

function containerStatus(
  simulation: Simulation,
  view: PodView,
  container: Container,
  { init, unstarted }: { init: boolean; unstarted: string },
): ContainerStatus {
  const latest = view.containers.latest(container.name);
  const { state, lastState } = statesOf(simulation, view, container, { init, unstarted });
  const running = latest?.state === 'running' && state.running !== undefined ? latest : undefined;
  const plainInit = init && !isSidecar(container);
  const started = running !== undefined && (plainInit || view.probes.started(running));
  const ready = plainInit
    ? state.terminated?.exitCode === 0
    : running !== undefined && started && view.probes.ready(running);
  const mounts = container.volumeMounts ?? [];
  const common = {
    name: container.name,
    state,
    lastState,
    ready,
    started,
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts.map(mountStatus) }),
  };
  if (latest === undefined) return { ...common, image: container.image, imageID: '', restartCount: 0 };
  return { ...common, ...runStatus(latest, view.allocated.get(container.name) ?? container.resources) };
}

/** What is known only of a container that has been made. */
function runStatus(
  latest: ContainerInstance,
  granted: Container['resources'],
): Omit<ContainerStatus, 'name' | 'state' | 'lastState' | 'ready'> {
  const { uid, gid, groups } = latest.user;
  return {
    restartCount: latest.restartCount,
    image: latest.image.name,
    imageID: latest.image.id,
    containerID: latest.statusId,
    ...(granted.requests === undefined ? {} : { allocatedResources: granted.requests }),
    resources: latest.state === 'running' ? latest.resources : granted,
    user: { linux: { uid, gid, supplementalGroups: [...groups] } },
  };
}

/** State and last state: of the last two runs, unless a container that should run does not. */
function statesOf(
  simulation: Simulation,
  view: PodView,
  container: Container,
  { init, unstarted }: { init: boolean; unstarted: string },
): { state: ContainerState; lastState: ContainerState } {
  const latest = view.containers.latest(container.name);
  const previous = view.containers.previous(container.name);
  const state =
    latest === undefined ? { waiting: { reason: unstarted } } : stateOf(simulation, latest, unstarted);
  const lastState = previous === undefined ? {} : stateOf(simulation, previous, unstarted);
  const refusal = view.waiting.get(container.name);
  if (refusal === undefined || !willStart(view, container, latest, init)) return { state, lastState };
  return { state: { waiting: refusal }, lastState: state.terminated === undefined ? lastState : state };
}

function mountStatus(mount: NonNullable<Container['volumeMounts']>[number]): {
  name: string;
  mountPath: string;
  readOnly?: boolean;
  recursiveReadOnly?: string;
} {
  const { name, mountPath, readOnly } = mount;
  return readOnly === true
    ? { name, mountPath, readOnly, recursiveReadOnly: 'Disabled' }
    : { name, mountPath };
}

function stateOf(simulation: Simulation, instance: ContainerInstance, unstarted: string): ContainerState {
  const time = (at: number | undefined): string => simulation.timestamp(at ?? 0);
  if (instance.state === 'running') return { running: { startedAt: time(instance.startedAt) } };
  const { termination } = instance;
  if (termination === undefined) return { waiting: { reason: unstarted } };
  return {
    terminated: {
      exitCode: termination.exitCode,
      reason: termination.reason,
      ...(termination.message === undefined ? {} : { message: termination.message }),
      startedAt: time(instance.startedAt),
      finishedAt: time(instance.finishedAt),
      containerID: instance.statusId,
    },
  };
}

/** Whether the next sync would start the container: then it waits, whatever it did before. */
function willStart(
  view: PodView,
  container: Container,
  latest: ContainerInstance | undefined,
  init: boolean,
): boolean {
  if (view.ended || view.pod.metadata.deletionTimestamp !== undefined) return false;
  if (init && !isSidecar(container) && latest?.termination?.exitCode === 0) return false;
  return shouldRun(view.pod, container, latest);
}

/** Whether the restart policy wants a container to run that does not. */
export function shouldRun(pod: Pod, container: Container, latest: ContainerInstance | undefined): boolean {
  if (latest === undefined || latest.state === 'created') return true;
  if (latest.state === 'running') return false;
  return restartsAfter(pod, container, latest.termination?.exitCode ?? 0);
}
