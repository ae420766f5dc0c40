import type { Condition, Container, ContainerStatus, Pod, PodStatus } from '../../model/objects.ts';
import { restartsAfter } from './restart-policy.ts';

type Phase = PodStatus['phase'];
type Outcome = Pick<Condition, 'status' | 'reason' | 'message'>;

/** Conditions that kubelets own; all others belong to somebody else and stay. */
export const KUBELET_CONDITIONS: readonly string[] = [
  'PodResizePending',
  'PodResizeInProgress',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
];

/** A sidecar: an init container that keeps running. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

function statusOf(
  statuses: readonly ContainerStatus[] | undefined,
  name: string,
): ContainerStatus | undefined {
  return statuses?.find((status) => status.name === name);
}

/** https://kubernetes.io/docs/concepts/workloads/pods/init-containers/ */
export function initialized(pod: Pod, status: PodStatus, phase: Phase): Outcome {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec.initContainers ?? []) {
    const found = statusOf(status.initContainerStatuses, container.name);
    if (found === undefined) unknown.push(container.name);
    else if (isSidecar(container) ? found.started !== true : !found.ready) incomplete.push(container.name);
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'True', reason: 'PodCompleted' };
  if (hasStartedOnce(status)) return { status: 'True' };
  const messages = listing('unknown', unknown).concat(listing('incomplete', incomplete));
  if (messages.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotInitialized', message: messages.join(', ') };
}

/** A container proper that has started means that initialization was over at some time. */
export function hasStartedOnce(status: PodStatus): boolean {
  return (status.containerStatuses ?? []).some(
    ({ state, lastState }) =>
      state.running !== undefined || state.terminated !== undefined || lastState.terminated !== undefined,
  );
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions */
export function containersReady(pod: Pod, status: PodStatus, phase: Phase): Outcome {
  if (status.containerStatuses === undefined) return { status: 'False', reason: 'UnknownContainerStatuses' };
  const unknown: string[] = [];
  const unready: string[] = [];
  const check = (container: Container, found: ContainerStatus | undefined): void => {
    if (found === undefined) unknown.push(container.name);
    else if (!found.ready) unready.push(container.name);
  };
  for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) {
    check(container, statusOf(status.initContainerStatuses, container.name));
  }
  for (const container of pod.spec.containers) {
    check(container, statusOf(status.containerStatuses, container.name));
  }
  if (phase === 'Succeeded' && unknown.length === 0) return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed' && unknown.length === 0) return { status: 'False', reason: 'PodFailed' };
  const messages = listing('unknown', unknown).concat(listing('unready', unready));
  if (messages.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotReady', message: messages.join(', ') };
}

/** Ready: the containers are, and so are the readiness gates. */
export function podReady(pod: Pod, foreign: readonly Condition[], containers: Outcome): Outcome {
  if (containers.status !== 'True') return containers;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const found = foreign.find(({ type }) => type === conditionType);
    if (found === undefined) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (found.status !== 'True') {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`);
    }
  }
  if (messages.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: messages.join(', ') };
}

function listing(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`containers with ${what} status: [${names.join(' ')}]`];
}

/**
 * The phase of a pod out of the states of its containers.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase
 * @param ended whether the pod is at its end: nothing will be restarted any more
 */
export function phaseOf(pod: Pod, status: PodStatus, ended: boolean): Phase {
  const started = hasStartedOnce(status);
  const init = countInit(pod, status, started);
  const count = countContainers(pod, status);
  if (init.final > 0 || (init.failed > 0 && ended)) return 'Failed';
  if (!started && init.open + init.failed > 0) return 'Pending';
  if (count.waiting + count.unknown > 0) return 'Pending';
  if (count.running > 0) return 'Running';
  if (count.stopped === 0) return 'Pending';
  const allSucceeded = count.stopped === count.succeeded;
  if (!ended && count.restarting > 0) return 'Running';
  return allSucceeded ? 'Succeeded' : 'Failed';
}

/** Init containers that are not done yet, those whose last run failed, and of these those that do not run again. */
function countInit(
  pod: Pod,
  status: PodStatus,
  started: boolean,
): Record<'open' | 'failed' | 'final', number> {
  const count = { open: 0, failed: 0, final: 0 };
  for (const container of pod.spec.initContainers ?? []) {
    const found = statusOf(status.initContainerStatuses, container.name);
    const outcome = found?.state.terminated ?? found?.lastState.terminated;
    if (isSidecar(container)) {
      if (found?.started !== true && !started && found?.state.terminated === undefined) count.open++;
    } else if (found?.state.running !== undefined || outcome === undefined) {
      count.open++;
    } else if (outcome.exitCode !== 0) {
      count.failed++;
      if (!restartsAfter(pod, container, outcome.exitCode)) count.final++;
    }
  }
  return count;
}

type Tally = Record<'unknown' | 'running' | 'waiting' | 'stopped' | 'restarting' | 'succeeded', number>;

function countContainers(pod: Pod, status: PodStatus): Tally {
  const count: Tally = { unknown: 0, running: 0, waiting: 0, stopped: 0, restarting: 0, succeeded: 0 };
  for (const container of pod.spec.containers) {
    const found = statusOf(status.containerStatuses, container.name);
    if (found === undefined) count.unknown++;
    else if (found.state.running !== undefined) count.running++;
    else {
      const { terminated = found.lastState.terminated } = found.state;
      if (terminated === undefined) count.waiting++;
      else {
        count.stopped++;
        if (restartsAfter(pod, container, terminated.exitCode)) count.restarting++;
        if (found.state.terminated?.exitCode === 0) count.succeeded++;
      }
    }
  }
  return count;
}
