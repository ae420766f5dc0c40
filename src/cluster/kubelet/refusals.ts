import type { ContainerStatus, Pod, PodStatus } from '../../model/objects.ts';
import { StatusError } from '../api.ts';
import type { LogOptions } from '../node-api.ts';
import { reasons } from './reasons.ts';

/** A refusal as the API server passes it on. */
export function refusal(code: number, reason: string | undefined, message: string): StatusError {
  return new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === undefined ? {} : { reason }),
    code,
  });
}

export function badRequest(message: string): StatusError {
  return refusal(400, 'BadRequest', message);
}

/** A container that is not running cannot be entered. */
export function containerNotFound(container: string): StatusError {
  return refusal(500, 'InternalError', `container not found ("${container}")`);
}

/** The same, in the words for who wants to attach to it. */
export function notFoundInPod({ metadata: { name, namespace = '' } }: Pod, container: string): StatusError {
  return refusal(500, 'InternalError', `container ${container} not found in pod ${name}_${namespace}`);
}

/**
 * The container that a request is about.
 * @throws StatusError where it names none of several, or one that the pod has not
 */
export function containerNameIn(pod: Pod, wanted: string | undefined): string {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  const { name } = pod.metadata;
  if (wanted === undefined || wanted === '') {
    const [only] = containers;
    if (containers.length === 1 && only !== undefined) return only.name;
    const names = [...initContainers, ...containers, ...ephemeralContainers].map((one) => one.name);
    const choice = names.join(' ');
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${choice}]`);
  }
  const known = [...initContainers, ...containers, ...ephemeralContainers].some((one) => one.name === wanted);
  if (!known) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  return wanted;
}

/**
 * Which run's log a request gets, by the container's status.
 * @returns the id of the run
 * @throws StatusError where there is none
 */
export function loggedRun(
  podName: string,
  status: PodStatus,
  container: string,
  options: LogOptions,
): string {
  const about = `container "${container}" in pod "${podName}"`;
  const found = statusOf(status, container);
  if (found === undefined) throw badRequest(`${about} is not available`);
  const { state, lastState } = found;
  const last = lastState.terminated?.containerID ?? '';
  if (options.previous === true) {
    if (last === '') throw badRequest(`previous terminated ${about} not found`);
    return bare(last);
  }
  if (state.running !== undefined) return bare(found.containerID ?? '');
  if (state.terminated !== undefined) {
    const ended = state.terminated.containerID ?? last;
    if (ended === '') throw badRequest(`${about} is terminated`);
    return bare(ended);
  }
  if (last !== '') return bare(last);
  throw badRequest(`${about} is waiting to start: ${waitingFor(state.waiting?.reason ?? '')}`);
}

function waitingFor(reason: string): string {
  if (reason === reasons.errImagePull) return "image can't be pulled";
  if (reason === reasons.imagePullBackOff) return 'trying and failing to pull image';
  return reason;
}

export function statusOf(status: PodStatus, container: string): ContainerStatus | undefined {
  return [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ].find(({ name }) => name === container);
}

function bare(id: string): string {
  return id.replace('containerd://', '');
}
