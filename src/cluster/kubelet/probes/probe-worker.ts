import type { Container, ContainerStatus, Pod, PodStatus, Probe } from '../../../model/objects.ts';
import { isOver } from '../../../model/pod-phase.ts';
import type { EventRecorder } from '../../api.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros, Simulation, Timer } from '../../simulation/simulation.ts';
import { restartsAfter } from '../restart-policy.ts';
import { containerReference } from '../pod-names.ts';
import { reasons } from '../reasons.ts';
import { Task } from '../task.ts';
import type { Step } from '../task.ts';
import type { ContainerInstance, ContainerKind } from '../types.ts';
import { ProbeCounts } from './probe-counts.ts';
import type { Prober } from './prober.ts';

export type ProbeKind = 'Readiness' | 'Liveness' | 'Startup';
export type ProbeResult = 'success' | 'failure' | 'unknown';

export interface ProbeWorkerOptions {
  readonly simulation: Simulation;
  readonly events: EventRecorder;
  readonly prober: Prober;
  readonly owner: string;
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly containerKind: ContainerKind;
  readonly container: Container;
  /** Pod and status as last written. */
  readonly current: () => { readonly pod: Pod; readonly status: PodStatus };
  readonly instance: () => ContainerInstance | undefined;
  /** The result that counts has changed. */
  readonly changed: (result: ProbeResult) => void;
}

/** Readiness begins as failed, liveness as passed: a container is neither ready nor restarted before the first probe. */
const INITIAL: Readonly<Record<ProbeKind, ProbeResult>> = {
  Readiness: 'failure',
  Liveness: 'success',
  Startup: 'unknown',
};
const MAX_TRIES = 3;

/** Probes one container in one way, at fixed instants from when the pod was seen. */
export class ProbeWorker {
  readonly counts = new ProbeCounts();
  readonly #options: ProbeWorkerOptions;
  #result: ProbeResult;
  /** The run that {@link #result} is about. */
  #containerId: string | undefined;
  #anchor: Micros;
  #timer: Timer | undefined;
  #task: Task | undefined;
  #lastOutcome: ProbeResult = 'unknown';
  #run = 0;
  /** After a failed liveness or startup probe there is nothing to ask until the next run. */
  #onHold = false;
  #stopped = false;
  #triggered = false;
  /** Nothing to ask until the status changes: a startup probe whose container has started. */
  #resting = false;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#result = INITIAL[options.kind];
    this.#anchor = options.simulation.now;
    this.#tick();
  }

  /** The result for a run, or undefined where that run was not probed yet. */
  resultFor({ statusId }: ContainerInstance): ProbeResult | undefined {
    return this.#containerId === statusId ? this.#result : undefined;
  }

  /** Probes now instead of at the next instant; the instants count from now on. */
  trigger(): void {
    if (this.#stopped || this.#task !== undefined) {
      this.#triggered = this.#task !== undefined;
      return;
    }
    this.#anchor = this.#options.simulation.now;
    this.#timer?.cancel();
    // In an event of its own: the caller is still making the status that the probe will read.
    this.#timer = this.#options.simulation.after(0, this.#options.owner, () => this.#tick());
  }

  /** Asks nothing until {@link resume}; results stay. */
  pause(): void {
    this.#timer?.cancel();
    this.#task?.cancel();
    this.#task = undefined;
  }

  resume(): void {
    if (!this.#stopped) this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#resting = false;
    this.pause();
  }

  /** The status was written: a run that has ended may be what {@link #resting} waited for. */
  statusChanged(): void {
    if (!this.#resting) return;
    this.#resting = false;
    this.#schedule();
  }

  #tick(): void {
    this.#timer = undefined;
    const target = this.#due();
    if (target === 'rest') {
      this.#resting = true;
      return;
    }
    if (target === 'stop') {
      this.stop();
      return;
    }
    if (target === 'wait') {
      this.#schedule();
      return;
    }
    const task = new Task(this.#probe(target), () => {
      this.#task = undefined;
      if (this.#stopped) return;
      if (this.#triggered) {
        this.#triggered = false;
        this.trigger();
      } else this.#schedule();
    });
    if (!task.finished) this.#task = task;
  }

  #schedule(): void {
    const { simulation, probe, owner } = this.#options;
    const period = probe.periodSeconds * SECOND;
    const passed = simulation.now - this.#anchor;
    const next = this.#anchor + (Math.floor(passed / period) + 1) * period;
    this.#timer = simulation.at(next, owner, () => this.#tick());
  }

  /** Whether there is something to probe at this instant. */
  #due(): ContainerInstance | 'wait' | 'rest' | 'stop' {
    const { kind, container } = this.#options;
    const { pod, status } = this.#options.current();
    if (isOver(status)) return 'stop';
    const seen = this.#statusOf(status);
    if (seen?.containerID === undefined) return 'wait';
    if (seen.containerID !== this.#containerId) this.#begin(seen.containerID);
    if (this.#onHold) return 'wait';
    if (seen.state.running === undefined) {
      this.#set('failure', { quiet: kind !== 'Readiness' });
      const { terminated } = seen.state;
      const isGone = terminated !== undefined && !restartsAfter(pod, container, terminated.exitCode);
      return isGone ? 'stop' : 'wait';
    }
    if (pod.metadata.deletionTimestamp !== undefined && kind !== 'Readiness') return 'stop';
    // Startup probes end where the others begin.
    if ((seen.started === true) === (kind === 'Startup')) return kind === 'Startup' ? 'rest' : 'wait';
    return this.#running() ?? 'wait';
  }

  /** The run, if it is past its initial delay. */
  #running(): ContainerInstance | undefined {
    const { simulation, probe } = this.#options;
    const instance = this.#options.instance();
    if (instance?.state !== 'running' || instance.statusId !== this.#containerId) return undefined;
    const delay = (probe.initialDelaySeconds ?? 0) * SECOND;
    return simulation.now - (instance.startedAt ?? 0) < delay ? undefined : instance;
  }

  /** A new run: what is known of the old one does not count. */
  #begin(id: string): void {
    this.#containerId = id;
    this.#onHold = false;
    this.#lastOutcome = 'unknown';
    this.#run = 0;
    this.#set(INITIAL[this.#options.kind]);
  }

  #statusOf(status: PodStatus): ContainerStatus | undefined {
    const statuses =
      this.#options.containerKind === 'init' ? status.initContainerStatuses : status.containerStatuses;
    return statuses?.find(({ name }) => name === this.#options.container.name);
  }

  *#probe(instance: ContainerInstance): Step {
    const { kind, probe, container, containerKind, prober, events, simulation } = this.#options;
    const { pod, status } = this.#options.current();
    const began = simulation.now;
    const target = { container, instance, podIp: status.podIP ?? '' };
    let outcome = yield* prober.probe(probe, target);
    for (let tries = 1; tries < MAX_TRIES && outcome.result === 'error'; tries++) {
      outcome = yield* prober.probe(probe, target);
    }
    const about = containerReference(pod, containerKind, container.name);
    const { result, output } = outcome;
    const took = simulation.now - began;
    if (result === 'error') {
      this.counts.add('unknown', took);
      const message = `${kind} probe errored and resulted in unknown state: ${output}`;
      events.event(about, 'Warning', reasons.unhealthy, message);
      return;
    }
    if (result === 'failure') {
      events.event(about, 'Warning', reasons.unhealthy, `${kind} probe failed: ${output}`);
    } else if (result === 'warning') {
      events.event(about, 'Warning', reasons.probeWarning, `${kind} probe warning: ${output}`);
    }
    this.counts.add(result === 'failure' ? 'failed' : 'successful', took);
    this.#count(result === 'failure' ? 'failure' : 'success');
  }

  #count(outcome: 'success' | 'failure'): void {
    const { kind, probe } = this.#options;
    if (outcome === this.#lastOutcome) this.#run++;
    else {
      this.#lastOutcome = outcome;
      this.#run = 1;
    }
    if (this.#run < (outcome === 'failure' ? probe.failureThreshold : probe.successThreshold)) return;
    if (outcome === 'failure' && kind !== 'Readiness') {
      this.#onHold = true;
      this.#run = 0;
    }
    this.#set(outcome);
  }

  #set(result: ProbeResult, options: { quiet?: boolean } = {}): void {
    if (result === this.#result) return;
    this.#result = result;
    if (options.quiet !== true) this.#options.changed(result);
  }
}
