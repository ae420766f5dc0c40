import { copy, equal } from '../../core/json.ts';
import type { ContainerStateWaiting, Pod, PodStatus } from '../../model/objects.ts';
import { resources } from '../../model/resources.ts';
import { unlessRefused } from '../api.ts';
import type { Api } from '../api.ts';
import { type Micros, SECOND, type Simulation } from '../simulation/simulation.ts';
import { containersReady, KUBELET_CONDITIONS, podReady } from './conditions.ts';
import type { PodContainers } from './container-manager.ts';
import type { PodProbes } from './probes/probe-manager.ts';
import type { PodResize, Shortage } from './resize.ts';
import { uidOf } from './static-pods.ts';
import { podStatus, settled, type Verdict } from './status.ts';
import type { Sandbox } from './types.ts';

/** How often a kubelet looks for what the API server has not taken yet. */
const SYNC: Micros = 10 * SECOND;

export interface StatusWriterOptions {
  readonly simulation: Simulation;
  /** Of its events in the simulation. */
  readonly owner: string;
  readonly api: Api;
  readonly nodeIp: string;
  readonly containers: PodContainers;
  readonly probes: PodProbes;
  readonly resize: PodResize;
  readonly waiting: ReadonlyMap<string, ContainerStateWaiting>;
}

interface Moment {
  readonly pod: Pod;
  readonly sandbox: Sandbox | undefined;
  readonly ended: boolean;
  readonly mayRun: boolean;
  readonly verdict: Verdict | undefined;
}

/** Writes the status of one pod to the API, and only when it is news. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  #last: PodStatus = { phase: 'Pending' };
  #written = false;
  #startTime: string | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** The status as last written. */
  get last(): PodStatus {
    return this.#last;
  }

  get ready(): boolean {
    return this.#condition('Ready') === 'True';
  }

  /** When the kubelet saw the pod first. */
  startTime(pod: Pod): string {
    this.#startTime ??= pod.status.startTime ?? this.#options.simulation.timestamp();
    return this.#startTime;
  }

  write(moment: Moment): PodStatus {
    const { simulation, containers, probes, resize, waiting, nodeIp } = this.#options;
    const { pod, sandbox, ended, verdict } = moment;
    const status = podStatus(simulation, {
      pod: { ...pod, status: this.#written ? { ...pod.status, ...this.#known(pod) } : pod.status },
      containers,
      sandbox,
      nodeIp,
      waiting,
      probes,
      startTime: this.startTime(pod),
      ended,
      verdict,
      resize: resize.conditions,
      allocated: resize.allocated,
    });
    const before: Pod = this.#written ? { ...pod, status: this.#last } : pod;
    this.#put(pod, settled(before, status, moment.mayRun));
    this.#hurryReadiness();
    return status;
  }

  /** A readiness probe has changed its mind: written at once, without waiting for the next sync. */
  setReady(pod: Pod, container: string, ready: boolean): void {
    const status = copy(this.#last);
    const entries = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
    const entry = entries.find(({ name }) => name === container);
    if (entry?.state.running === undefined || entry.ready === ready) return;
    entry.ready = ready;
    const foreign = (status.conditions ?? []).filter(({ type }) => !KUBELET_CONDITIONS.includes(type));
    const containers = containersReady(pod, status, status.phase);
    const outcomes = { ContainersReady: containers, Ready: podReady(pod, foreign, containers) };
    for (const condition of status.conditions ?? []) {
      const outcome = outcomes[condition.type as keyof typeof outcomes] as typeof containers | undefined;
      if (outcome === undefined) continue;
      if (condition.status !== outcome.status)
        condition.lastTransitionTime = this.#options.simulation.timestamp();
      condition.status = outcome.status;
      delete condition.reason;
      delete condition.message;
      if (outcome.reason !== undefined) condition.reason = outcome.reason;
      if (outcome.message !== undefined) condition.message = outcome.message;
    }
    this.#put(pod, status);
  }

  /** The sandbox is there; the rest of the status follows with the next sync. */
  setReadyToStart(pod: Pod): void {
    const status = copy(this.#last);
    const condition = status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers');
    if (condition === undefined || condition.status === 'True') return;
    condition.status = 'True';
    condition.lastTransitionTime = this.#options.simulation.timestamp();
    this.#put(pod, status);
  }

  /** The node does not take the pod. */
  reject(pod: Pod, rejection: Shortage): void {
    const { generation } = pod.metadata;
    const status = copy(pod.status);
    // The kubelet writes a status of its own; of the old one stays what others have said.
    const foreign = status.conditions?.filter(({ type }) => !KUBELET_CONDITIONS.includes(type)) ?? [];
    delete status.conditions;
    this.#put(pod, {
      ...status,
      ...(foreign.length === 0 ? {} : { conditions: foreign }),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      phase: 'Failed',
      reason: rejection.reason,
      message: `Pod was rejected: ${rejection.message}`,
      startTime: this.startTime(pod),
    });
  }

  /** Whether somebody else has changed what kubelets own, or what readiness gates look at. */
  disputed(pod: Pod): boolean {
    const { namespace, name, resourceVersion } = pod.metadata;
    // News of our own earlier writes come late; only the newest object can tell.
    const newest = this.#options.api.get(resources.pods, namespace, name)?.metadata.resourceVersion;
    return this.#written && newest === resourceVersion && !equal(pod.status, this.#last);
  }

  /** Deletes the object, if it is still this pod; again and again where a policy is against it. */
  remove(pod: Pod): void {
    const { api, simulation } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    const stored = api.get(resources.pods, namespace, name);
    if (stored === undefined || uidOf(stored) !== uid) return;
    const options = { gracePeriodSeconds: 0, preconditions: { uid: stored.metadata.uid } };
    if (unlessRefused(() => api.delete(resources.pods, namespace, name, options))) return;
    simulation.after(SYNC, this.#options.owner, () => this.remove(pod));
  }

  #known(pod: Pod): PodStatus {
    // Conditions of others come from the object, our own from what was written.
    const foreign = (pod.status.conditions ?? []).filter(({ type }) => !KUBELET_CONDITIONS.includes(type));
    const own = (this.#last.conditions ?? []).filter(({ type }) => KUBELET_CONDITIONS.includes(type));
    return { ...this.#last, conditions: [...foreign, ...own] };
  }

  #put(pod: Pod, status: PodStatus): void {
    this.#write(pod, status);
    this.#options.probes.statusChanged();
  }

  #write(pod: Pod, status: PodStatus): void {
    const { api } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    const stored = api.get(resources.pods, namespace, name);
    if (stored === undefined || uidOf(stored) !== uid) {
      this.#last = status;
      return;
    }
    this.#written = true;
    if (stored.status.nominatedNodeName !== undefined)
      status.nominatedNodeName = stored.status.nominatedNodeName;
    this.#last = status;
    if (equal(stored.status, status)) return;
    // What is refused is written with the next change; containers are started and stopped all the same.
    unlessRefused(() => api.updateStatus(resources.pods, { ...stored, status }));
  }

  /** A pod that lacks only readiness is probed at once whenever its status is made. */
  #hurryReadiness(): void {
    const { containers, probes } = this.#options;
    for (const { name, state, ready, started } of this.#last.containerStatuses ?? []) {
      const instance = containers.latest(name);
      if (state.running === undefined || started !== true || ready || instance === undefined) continue;
      probes.hurry(instance);
    }
  }

  #condition(type: string): string | undefined {
    return this.#last.conditions?.find((condition) => condition.type === type)?.status;
  }
}
