import type { Container, ContainerStateWaiting, Pod } from '../../model/objects.ts';
import type { Micros } from '../simulation/simulation.ts';
import type { PodSurroundings } from './container-config.ts';
import type { PodContainers } from './container-manager.ts';
import { goDuration } from './duration.ts';
import type { Refusal } from './image-manager.ts';
import type { NodeContext } from './node-context.ts';
import type { ContainerToStart } from './pod-actions.ts';
import { containerReference, podText } from './pod-names.ts';
import { reasons } from './reasons.ts';
import type { Step } from './task.ts';
import type { RegistryCredential, StoredImage } from './types.ts';

/** How a sync went: when the pod is looked at again depends on it. */
export interface SyncOutcome {
  failed: boolean;
  /** The earliest end of a restart back-off. */
  retryAt: Micros | undefined;
}

interface Scene {
  readonly context: NodeContext;
  readonly containers: PodContainers;
  /** Why containers do not run, by name. */
  readonly waiting: Map<string, ContainerStateWaiting>;
  readonly outcome: SyncOutcome;
}

interface Start extends ContainerToStart {
  readonly pod: Pod;
  readonly credentials: readonly RegistryCredential[];
  /** When the last run had ended, as of the beginning of the sync. */
  readonly finished: Micros | undefined;
  readonly around: PodSurroundings;
}

/**
 * Back-off, image, container: everything between wanting a container to run and its running.
 * @returns whether it runs
 */
export function* startContainer(scene: Scene, start: Start): Step<boolean> {
  const { context, containers, waiting, outcome } = scene;
  const { kind, container, pod, credentials, around } = start;
  const refusal = backOff(scene, start) ?? (yield* prepare());
  if (refusal === undefined) {
    waiting.delete(container.name);
    return true;
  }
  waiting.set(container.name, refusal);
  outcome.failed = true;
  return false;

  function* prepare(): Step<Refusal | undefined> {
    const image = yield* pull(container);
    if ('reason' in image) return image;
    const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name));
    for (const { name, image: source } of pod.spec.volumes ?? []) {
      if (source?.reference === undefined || !mounted.has(name)) continue;
      const { reference, pullPolicy = 'IfNotPresent' } = source;
      const found = yield* pull({ ...container, image: reference, imagePullPolicy: pullPolicy });
      if ('reason' in found) return found;
      around.volumes.provide(name, found.image);
    }
    return yield* containers.start(pod, kind, container, { image, around });
  }

  /** The image of the container, or of a volume that it mounts. */
  function* pull(wanted: Container): Step<StoredImage | Refusal> {
    const about = containerReference(pod, kind, container.name);
    const found = yield* context.images.ensure({ about, pod, container: wanted, credentials });
    if ('reason' in found) {
      context.deps.events.event(about, 'Warning', reasons.failed, `Error: ${found.reason}`);
    }
    return found;
  }
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts */
function backOff({ context, outcome }: Scene, start: Start): Refusal | undefined {
  const { kind, container, pod, finished } = start;
  if (finished === undefined) return undefined;
  const { restarts, deps } = context;
  const key = `${pod.metadata.uid}_${container.name}_${container.image}`;
  const { now } = deps.simulation;
  if (!restarts.waitsSince(key, finished, now)) {
    restarts.next(key, finished, now);
    return undefined;
  }
  const about = containerReference(pod, kind, container.name);
  const text = `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`;
  deps.events.event(about, 'Warning', reasons.backOff, text);
  const duration = restarts.get(key);
  outcome.retryAt = Math.min(outcome.retryAt ?? Infinity, finished + duration);
  const wanted = goDuration(duration);
  const message = `back-off ${wanted} restarting failed container=${container.name} pod=${podText(pod)}`;
  return { reason: reasons.crashLoopBackOff, message };
}
