import type { Container, Pod } from '../../model/objects.ts';
import { hasStartedOnce, isSidecar } from './conditions.ts';
import type { PodContainers } from './container-manager.ts';
import type { PodProbes } from './probes/probe-manager.ts';
import { restartsAfterProbe } from './restart-policy.ts';
import { shouldRun } from './status.ts';
import type { ContainerInstance, ContainerKind } from './types.ts';

export interface ContainerToStart {
  readonly kind: ContainerKind;
  readonly container: Container;
}
interface ContainerToKill {
  readonly instance: ContainerInstance;
  /** Absent: nothing in particular, the whole pod is stopped. */
  readonly message?: string;
  readonly graceSeconds: number;
}
export interface PodActions {
  readonly kill: readonly ContainerToKill[];
  readonly start: readonly ContainerToStart[];
}

interface Situation {
  readonly pod: Pod;
  readonly containers: PodContainers;
  readonly probes: Pick<PodProbes, 'verdict' | 'started'>;
  /** Names of containers whose resize needs a restart. */
  readonly resizeRestarts: ReadonlySet<string>;
}

/** What has to be stopped and started so that the pod is as its spec says. */
export function podActions(situation: Situation): PodActions {
  const { pod, containers } = situation;
  const kill: ContainerToKill[] = [];
  const start: ContainerToStart[] = [];
  for (const container of pod.spec.ephemeralContainers ?? []) {
    if (containers.latest(container.name) === undefined) start.push({ kind: 'ephemeral', container });
  }
  if (!initialize(situation, kill, start)) return { kill, start };
  for (const container of pod.spec.containers) {
    check(situation, { kind: 'app', container }, kill, start);
  }
  const kept = pod.spec.containers.some(({ name }) => {
    const latest = containers.latest(name);
    return latest?.state === 'running' && !kill.some(({ instance }) => instance === latest);
  });
  return kept || start.length > 0 ? { kill, start } : { kill: kill.map(asPartOfPod(pod)), start };
}

/** Where nothing is left to run it is the pod that is stopped, and no container is told why. */
const asPartOfPod =
  ({ spec }: Pod) =>
  ({ instance }: ContainerToKill): ContainerToKill => ({
    instance,
    graceSeconds: spec.terminationGracePeriodSeconds,
  });

/**
 * Init containers one after the other; sidecars stay and only have to have started.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/
 * @returns whether the containers proper may run
 */
function initialize(situation: Situation, kill: ContainerToKill[], start: ContainerToStart[]): boolean {
  const { pod, containers, probes } = situation;
  const over =
    pod.spec.containers.some(({ name }) => containers.latest(name) !== undefined) ||
    hasStartedOnce(pod.status);
  for (const container of pod.spec.initContainers ?? []) {
    const entry: ContainerToStart = { kind: 'init', container };
    const latest = containers.latest(container.name);
    if (isSidecar(container)) {
      check(situation, entry, kill, start);
      if (over) continue;
      const started = latest?.state === 'running' && probes.started(latest);
      if (!started) return false;
      continue;
    }
    if (over || latest?.termination?.exitCode === 0) continue;
    if (latest === undefined || shouldRun(pod, container, latest)) start.push(entry);
    return false;
  }
  return true;
}

function check(
  situation: Situation,
  entry: ContainerToStart,
  kill: ContainerToKill[],
  start: ContainerToStart[],
): void {
  const { pod, containers } = situation;
  const { container } = entry;
  const latest = containers.latest(container.name);
  if (latest?.state !== 'running') {
    if (shouldRun(pod, container, latest)) start.push(entry);
    return;
  }
  const found = reasonToKill(situation, entry, latest);
  if (found === undefined) return;
  kill.push({ instance: latest, message: found.message, graceSeconds: found.graceSeconds });
  if (found.restart) start.push(entry);
}

function reasonToKill(
  { pod, probes, resizeRestarts }: Situation,
  { kind, container }: ContainerToStart,
  latest: ContainerInstance,
): { message: string; graceSeconds: number; restart: boolean } | undefined {
  const name = `${kind === 'init' ? 'Init container' : 'Container'} ${container.name}`;
  // Of sidecars it goes without saying.
  const restarted = kind === 'init' ? '' : ', will be restarted';
  const graceSeconds = pod.spec.terminationGracePeriodSeconds;
  if (latest.spec.image !== container.image) {
    return { message: `${name} definition changed${restarted}`, graceSeconds, restart: true };
  }
  const verdict = probes.verdict(latest);
  if (verdict !== undefined) {
    const restart = restartsAfterProbe(pod, container);
    const probe = verdict === 'Liveness' ? container.livenessProbe : container.startupProbe;
    return {
      message: `${name} failed ${verdict.toLowerCase()} probe${restart ? restarted : ''}`,
      graceSeconds: probe?.terminationGracePeriodSeconds ?? graceSeconds,
      restart,
    };
  }
  if (!resizeRestarts.has(container.name)) return undefined;
  return { message: `${name} resize requires restart`, graceSeconds, restart: true };
}
