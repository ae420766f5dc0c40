import type { Container, ContainerStatus, Pod } from '../../../model/objects.ts';
import { columns, orNone } from './columns.ts';
import type { Cell, Printer, Row } from './columns.ts';
import { since } from './duration.ts';

const SUCCEEDED = [
  { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
];
const FAILED = [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];

/** What the STATUS, READY and RESTARTS columns are made of. */
interface Summary {
  reason: string;
  ready: number;
  restarts: number;
  /** When a container last ended before it was started again. */
  lastRestart: string | undefined;
}

export const podPrinter: Printer<Pod> = {
  columns: columns('Name, Ready, Status, Restarts, Age, IP*, Node*, Nominated Node*, Readiness Gates*'),
  row(pod, now): Row {
    const { phase } = pod.status;
    const cells = cellsOf(pod, now);
    if (phase === 'Succeeded') return { cells, conditions: SUCCEEDED };
    if (phase === 'Failed') return { cells, conditions: FAILED };
    return { cells };
  },
};

function cellsOf(pod: Pod, now: number): Cell[] {
  const { spec, status, metadata } = pod;
  const sidecars = (spec.initContainers ?? []).filter(isSidecar);
  const { reason, ready, restarts, lastRestart } = summarise(pod);
  const restartsCell =
    restarts > 0 && lastRestart !== undefined
      ? `${restarts} (${since(lastRestart, now)} ago)`
      : String(restarts);
  return [
    metadata.name,
    `${ready}/${spec.containers.length + sidecars.length}`,
    reason,
    restartsCell,
    since(metadata.creationTimestamp, now),
    orNone(status.podIPs?.[0]?.ip),
    orNone(spec.nodeName),
    orNone(status.nominatedNodeName),
    readinessGates(pod),
  ];
}

function summarise(pod: Pod): Summary {
  const { status, metadata } = pod;
  const gated = status.conditions?.some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  const summary: Summary = {
    reason:
      gated === true
        ? 'SchedulingGated'
        : status.reason !== undefined && status.reason !== ''
          ? status.reason
          : status.phase,
    ready: 0,
    restarts: 0,
    lastRestart: undefined,
  };
  const sidecarRestarts = { restarts: 0, lastRestart: undefined as string | undefined };
  const initializing = summariseInitContainers(pod, summary, sidecarRestarts);
  if (!initializing || conditionIsTrue(pod, 'Initialized')) {
    Object.assign(summary, sidecarRestarts);
    summariseContainers(pod, summary);
  }
  if (metadata.deletionTimestamp !== undefined) {
    if (status.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (status.phase !== 'Succeeded' && status.phase !== 'Failed') summary.reason = 'Terminating';
  }
  return summary;
}

/** @returns whether an init container is what the pod waits for */
function summariseInitContainers(
  pod: Pod,
  summary: Summary,
  sidecarRestarts: { restarts: number; lastRestart: string | undefined },
): boolean {
  const specs = new Map((pod.spec.initContainers ?? []).map((container) => [container.name, container]));
  for (const [index, container] of (pod.status.initContainerStatuses ?? []).entries()) {
    countRestarts(summary, container);
    const spec = specs.get(container.name);
    const sidecar = spec !== undefined && isSidecar(spec);
    if (sidecar) countRestarts(sidecarRestarts, container);
    const { terminated, waiting } = container.state;
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started === true) {
      if (container.ready) summary.ready++;
      continue;
    }
    if (terminated !== undefined) summary.reason = `Init:${terminationText(terminated)}`;
    else if (waiting?.reason !== undefined && waiting.reason !== '' && waiting.reason !== 'PodInitializing') {
      summary.reason = `Init:${waiting.reason}`;
    } else summary.reason = `Init:${index}/${specs.size}`;
    return true;
  }
  return false;
}

function summariseContainers(pod: Pod, summary: Summary): void {
  let running = false;
  for (const container of (pod.status.containerStatuses ?? []).toReversed()) {
    countRestarts(summary, container);
    const { waiting, terminated } = container.state;
    if (waiting?.reason !== undefined && waiting.reason !== '') summary.reason = waiting.reason;
    else if (terminated !== undefined) summary.reason = terminationText(terminated);
    else if (container.ready && container.state.running !== undefined) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason === 'Completed' && running) {
    summary.reason = conditionIsTrue(pod, 'Ready') ? 'Running' : 'NotReady';
  }
}

function countRestarts(
  into: { restarts: number; lastRestart: string | undefined },
  container: ContainerStatus,
): void {
  into.restarts += container.restartCount;
  const finished = container.lastState.terminated?.finishedAt ?? undefined;
  if (finished !== undefined && (into.lastRestart === undefined || into.lastRestart < finished)) {
    into.lastRestart = finished;
  }
}

function terminationText({
  reason,
  signal,
  exitCode,
}: {
  reason?: string;
  signal?: number;
  exitCode: number;
}): string {
  if (reason !== undefined && reason !== '') return reason;
  return signal !== undefined && signal !== 0 ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

function conditionIsTrue(pod: Pod, type: string): boolean {
  return (
    pod.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') ===
    true
  );
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const conditions = new Map(status.conditions?.map(({ type, status: value }) => [type, value]));
  return `${gates.filter(({ conditionType }) => conditions.get(conditionType) === 'True').length}/${gates.length}`;
}
