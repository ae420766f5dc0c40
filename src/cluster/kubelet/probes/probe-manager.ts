import type { Container, Pod, PodStatus, Probe } from '../../../model/objects.ts';
import type { EventRecorder } from '../../api.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import { isSidecar } from '../conditions.ts';
import type { PodContainers } from '../container-manager.ts';
import type { ContainerInstance } from '../types.ts';
import type { ProbeCounts } from './probe-counts.ts';
import { ProbeWorker } from './probe-worker.ts';
import type { ProbeKind, ProbeResult } from './probe-worker.ts';
import type { Prober } from './prober.ts';

export interface PodProbesOptions {
  readonly simulation: Simulation;
  readonly events: EventRecorder;
  readonly prober: Prober;
  readonly owner: string;
  readonly containers: PodContainers;
  readonly current: () => { readonly pod: Pod; readonly status: PodStatus };
  readonly changed: (kind: ProbeKind, container: string, result: ProbeResult) => void;
}

const KINDS: readonly { kind: ProbeKind; of: (container: Container) => Probe | undefined }[] = [
  { kind: 'Startup', of: (container) => container.startupProbe },
  { kind: 'Readiness', of: (container) => container.readinessProbe },
  { kind: 'Liveness', of: (container) => container.livenessProbe },
];

/** The probes of one pod. */
export class PodProbes {
  readonly #options: PodProbesOptions;
  readonly #workers = new Map<string, ProbeWorker>();

  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Starts the workers of all containers and sidecars; a second call does nothing. */
  start(pod: Pod): void {
    if (this.#workers.size > 0) return;
    for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) this.#add(container, 'init');
    for (const container of pod.spec.containers) this.#add(container, 'app');
  }

  /** Whether a running container counts as started. */
  started(instance: ContainerInstance): boolean {
    const worker = this.#workers.get(`Startup/${instance.spec.name}`);
    return worker === undefined || worker.resultFor(instance) === 'success';
  }

  /** Whether a running container counts as ready. */
  ready(instance: ContainerInstance): boolean {
    const worker = this.#workers.get(`Readiness/${instance.spec.name}`);
    return worker === undefined || worker.resultFor(instance) === 'success';
  }

  /** Has readiness probed at once where it is the one thing that is missing. */
  hurry(instance: ContainerInstance): void {
    this.#workers.get(`Readiness/${instance.spec.name}`)?.trigger();
  }

  /** The kind of probe that wants a running container killed. */
  verdict(instance: ContainerInstance): 'Liveness' | 'Startup' | undefined {
    for (const kind of ['Liveness', 'Startup'] as const) {
      if (this.#workers.get(`${kind}/${instance.spec.name}`)?.resultFor(instance) === 'failure') return kind;
    }
    return undefined;
  }

  /** How probes went so far, by container and kind. */
  counted(): readonly { readonly container: string; readonly kind: string; readonly counts: ProbeCounts }[] {
    return [...this.#workers].map(([key, { counts }]) => {
      const [kind = '', container = ''] = key.split('/');
      return { container, kind, counts };
    });
  }

  /** A status was written. */
  statusChanged(): void {
    for (const worker of this.#workers.values()) worker.statusChanged();
  }

  /** During termination only readiness is still asked for. */
  stopLivenessAndStartup(): void {
    for (const [key, worker] of this.#workers) if (!key.startsWith('Readiness/')) worker.stop();
  }

  pause(): void {
    for (const worker of this.#workers.values()) worker.pause();
  }

  resume(): void {
    for (const worker of this.#workers.values()) worker.resume();
  }

  stop(): void {
    for (const worker of this.#workers.values()) worker.stop();
    this.#workers.clear();
  }

  #add(container: Container, containerKind: 'init' | 'app'): void {
    const { simulation, events, prober, owner, containers, current, changed } = this.#options;
    for (const { kind, of } of KINDS) {
      const probe = of(container);
      if (probe === undefined) continue;
      const worker = new ProbeWorker({
        simulation,
        events,
        prober,
        owner: `${owner}/probe`,
        kind,
        probe,
        containerKind,
        container,
        current,
        instance: () => containers.latest(container.name),
        changed: (result) => changed(kind, container.name, result),
      });
      this.#workers.set(`${kind}/${container.name}`, worker);
    }
  }
}
