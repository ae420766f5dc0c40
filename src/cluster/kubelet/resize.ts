import { equal } from '../../core/json.ts';
import type { Condition, Container, Pod, ResourceRequirements } from '../../model/objects.ts';
import type { EventRecorder } from '../api.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { limitsOf } from './container-config.ts';
import type { PodContainers } from './container-manager.ts';
import { reasons } from './reasons.ts';

/** Why a node cannot give what is asked: `OutOfcpu` with its message. */
export interface Shortage {
  readonly reason: string;
  readonly message: string;
}

export interface ResizeOptions {
  readonly simulation: Simulation;
  readonly events: EventRecorder;
  readonly containers: PodContainers;
  /** Whether the node has room for the pod as it asks now; `impossible` when even the empty node has not. */
  readonly fits: (pod: Pod) => { shortage: Shortage; impossible: boolean } | undefined;
}

/**
 * In-place resize of one pod: what its containers are granted, and what they run with.
 * https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
 */
export class PodResize {
  readonly #options: ResizeOptions;
  readonly #allocated = new Map<string, ResourceRequirements>();
  #pending: Condition | undefined;
  #inProgress: Condition | undefined;

  constructor(options: ResizeOptions, pod: Pod) {
    this.#options = options;
    for (const container of resizable(pod)) this.#allocated.set(container.name, container.resources);
  }

  /** What each container has been granted. */
  get allocated(): ReadonlyMap<string, ResourceRequirements> {
    return this.#allocated;
  }

  /** Whether a resize waits for room. */
  get pending(): boolean {
    return this.#pending !== undefined;
  }

  get conditions(): readonly Condition[] {
    return [this.#pending, this.#inProgress].filter((condition) => condition !== undefined);
  }

  /** Grants what the spec asks for, if the node has it; called before the status is made. */
  allocate(pod: Pod): void {
    if (!resizable(pod).some(({ name, resources }) => !equal(this.#allocated.get(name), resources))) {
      this.#pending = undefined;
      return;
    }
    const refusal = this.#options.fits(pod);
    if (refusal !== undefined) {
      this.#postpone(pod, refusal);
      return;
    }
    this.#pending = undefined;
    for (const container of resizable(pod)) this.#allocated.set(container.name, container.resources);
    if (this.#toChange(pod).length > 0) this.#inProgress = this.#condition(pod, 'PodResizeInProgress');
  }

  /** The containers that have to be restarted with what they were granted. */
  restarts(pod: Pod): ReadonlySet<string> {
    const names = this.#toChange(pod).filter((container) => this.#needsRestart(container));
    return new Set(names.map(({ name }) => name));
  }

  /** Changes the limits of running containers that need no restart. @returns whether anything changed */
  actuate(pod: Pod): boolean {
    const changes = this.#toChange(pod);
    if (changes.length === 0) return false;
    this.#report(pod, 'Normal', reasons.resizeStarted, 'Pod resize started');
    let changed = false;
    for (const container of changes) {
      if (this.#needsRestart(container)) continue;
      const granted = this.#allocated.get(container.name) ?? {};
      const instance = this.#options.containers.latest(container.name);
      if (instance?.runtime.resize(limitsOf(granted, 'limits'), limitsOf(granted, 'requests')) === true) {
        instance.resources = granted;
        changed = true;
      } else {
        const used = instance?.runtime.usage().memory ?? 0;
        const limit = limitsOf(granted, 'limits').memory ?? 0;
        const error = `attempting to set pod memory limit (${limit}) below current usage (${used})`;
        this.#inProgress = {
          ...this.#condition(pod, 'PodResizeInProgress'),
          reason: 'Error',
          message: error,
        };
        this.#report(pod, 'Warning', reasons.resizeError, 'Pod resize error', error);
      }
    }
    return changed;
  }

  /** Says that a resize is over once every container runs with what it was granted. */
  settle(pod: Pod): void {
    if (this.#inProgress === undefined || this.#toChange(pod).length > 0) return;
    this.#inProgress = undefined;
    this.#report(pod, 'Normal', reasons.resizeCompleted, 'Pod resize completed');
  }

  #postpone(pod: Pod, { shortage, impossible }: { shortage: Shortage; impossible: boolean }): void {
    const reason = impossible ? 'Infeasible' : 'Deferred';
    const before = this.#pending;
    const { message } = shortage;
    const same = before?.reason === reason && before.observedGeneration === pod.metadata.generation;
    if (same && before.message === message) return;
    this.#pending = { ...this.#condition(pod, 'PodResizePending'), reason, message };
    const event = impossible ? reasons.resizeInfeasible : reasons.resizeDeferred;
    this.#report(pod, 'Warning', event, `Pod resize ${shortage.reason}`, message);
  }

  #condition(pod: Pod, type: string): Condition {
    const now = this.#options.simulation.timestamp();
    const { generation } = pod.metadata;
    return {
      type,
      status: 'True',
      lastProbeTime: now,
      lastTransitionTime: now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  }

  /** Running containers that run with other resources than they were granted. */
  #toChange(pod: Pod): Container[] {
    return resizable(pod).filter(({ name }) => {
      const instance = this.#options.containers.latest(name);
      return instance?.state === 'running' && !equal(instance.resources, this.#allocated.get(name));
    });
  }

  #needsRestart(container: Container): boolean {
    const running = this.#options.containers.latest(container.name)?.resources ?? {};
    const granted = this.#allocated.get(container.name) ?? {};
    return (container.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) =>
        restartPolicy === 'RestartContainer' &&
        (running.limits?.[resourceName] !== granted.limits?.[resourceName] ||
          running.requests?.[resourceName] !== granted.requests?.[resourceName]),
    );
  }

  #report(pod: Pod, type: 'Normal' | 'Warning', reason: string, text: string, error?: string): void {
    const containers = pod.spec.containers.map(({ name, resources: { limits, requests } }) => ({
      name,
      resources: {
        ...(limits && { limits: sorted(limits) }),
        ...(requests && { requests: sorted(requests) }),
      },
    }));
    const details = { containers, generation: pod.metadata.generation, error };
    this.#options.events.event(pod, type, reason, `${text}: ${JSON.stringify(details)}`);
  }
}

function sorted<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function resizable(pod: Pod): Container[] {
  return [
    ...pod.spec.containers,
    ...(pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ];
}
