import { KubeError } from '../kube/client.ts';
import type { ContainerStatus, Pod } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { fail, type LabView, type Observation } from './check.ts';
import type { Clone } from './clones.ts';
import type { WorkloadRef } from './workloads.ts';

/** Characters of a log line that are told: the learner finds the rest with `kubectl logs`. */
const LINE = 120;

/**
 * A clone that is not ready: says why where it is not for its probe. Nobody but the grader sees a clone, so what its container
 * said last is told too.
 */
export async function neverReady(lab: LabView, of: WorkloadRef, clone: Clone): Promise<Observation> {
  const pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
  const why = pod === undefined ? undefined : (whyNotPlaced(pod) ?? (await whyNotRunning(lab, of, pod)));
  return fail(`a new pod from the template does not become ready${why === undefined ? '' : `: ${why}`}`);
}

/** No node takes it, or one has refused it. */
function whyNotPlaced({ status }: Pod): string | undefined {
  const unplaced = status.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return unplaced?.message?.split('. ')[0] ?? status.reason;
}

/** Of the first container, in the order of their starts, that waits, or that has ended and should run. */
async function whyNotRunning(lab: LabView, of: WorkloadRef, pod: Pod): Promise<string | undefined> {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status;
  const container = [...initContainerStatuses, ...containerStatuses].find(
    ({ ready, state, lastState }) =>
      !ready && (state.running === undefined || lastState.terminated !== undefined),
  );
  if (container === undefined) return undefined;
  const { name, state, lastState } = container;
  const ended = state.terminated ?? lastState.terminated;
  const reason = state.waiting?.reason ?? ended?.reason;
  if (ended === undefined) return reason;
  const line = await lastLine(lab, pod, container);
  const said = line === undefined ? '' : `; the last line of its log: ${line}`;
  return `${name === of.name ? '' : `${name}: `}${reason ?? 'it ended'} (exit code ${ended.exitCode})${said}`;
}

/** What the container said last in the run that is over; undefined where it said nothing, or its log is gone. */
async function lastLine(
  lab: LabView,
  { metadata }: Pod,
  { name, state }: ContainerStatus,
): Promise<string | undefined> {
  // The log of one that waits for its next start is that of its last run.
  const previous = state.running !== undefined;
  try {
    const log = await lab.kube.logs(metadata.namespace ?? '', metadata.name, {
      container: name,
      previous,
      tail: 1,
    });
    const line = log.trim();
    return line === '' ? undefined : line.length > LINE ? `${line.slice(0, LINE)}…` : line;
  } catch (error) {
    if (error instanceof KubeError) return undefined;
    throw error;
  }
}
