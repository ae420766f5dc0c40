import { edit, equal } from '../../core/json.ts';
import type { Condition, Node, PersistentVolumeClaim, Pod } from '../../model/objects.ts';
import { isOver } from '../../model/pod-phase.ts';
import { resources } from '../../model/resources.ts';
import { StatusError, unlessRefused } from '../api.ts';
import type { Api, EventRecorder, WatchEvent } from '../api.ts';
import { createEventRecorder } from '../events/recorder.ts';
import { MILLISECOND, MINUTE } from '../simulation/simulation.ts';
import type { Simulation, Timer } from '../simulation/simulation.ts';
import { ClusterState } from './cluster-state.ts';
import type { FilterContext } from './filter.ts';
import { claimNames, unboundClaims } from './filters/volumes.ts';
import { describeDiagnosis } from './fit-error.ts';
import { Placement } from './placement.ts';
import type { Misfit } from './placement.ts';
import { findVictims } from './preemption.ts';
import type { Candidate } from './preemption.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { bindVolumes } from './volume-binder.ts';

const OWNER = 'scheduler';
const NAME = 'default-scheduler';
/** How long a pod waits for its volumes. */
const BIND_TIMEOUT = 10 * MINUTE;
/** The longest text of an event. */
const NOTE_LENGTH = 1024;

export interface SchedulerDependencies {
  readonly simulation: Simulation;
  /** As user `system:kube-scheduler`, manager `kube-scheduler`. */
  readonly api: Api;
}

/** Gives every pod without a node one. https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/ */
export function startScheduler({ simulation, api }: SchedulerDependencies): void {
  new Scheduler(simulation, api).start();
}

class Scheduler {
  readonly #simulation: Simulation;
  readonly #api: Api;
  readonly #events: EventRecorder;
  readonly #state = new ClusterState();
  readonly #queue: SchedulingQueue;
  readonly #placement: Placement;
  /** Pods that have no node yet, by uid. */
  readonly #waiting = new Map<string, Pod>();
  /** Pods whose node is chosen and whose volumes are being bound, by uid. */
  readonly #binding = new Map<string, { readonly node: string; readonly timeout: Timer }>();
  #isScheduled = false;

  constructor(simulation: Simulation, api: Api) {
    this.#simulation = simulation;
    this.#api = api;
    this.#events = createEventRecorder({ api, simulation, component: NAME });
    this.#placement = new Placement(simulation.random.stream(OWNER));
    this.#queue = new SchedulingQueue(simulation, OWNER, () => {
      this.#scheduleNext();
    });
  }

  start(): void {
    const api = this.#api;
    api.watch(resources.nodes, (event) => {
      this.#onNode(event);
    });
    api.watch(resources.pods, (event) => {
      this.#onPod(event);
    });
    api.watch(resources.persistentVolumeClaims, (event) => {
      this.#onClaim(event);
    });
    const onVolume = (): void => {
      this.#queue.notify('volume');
    };
    api.watch(resources.persistentVolumes, onVolume);
    api.watch(resources.storageClasses, onVolume);
  }

  #onNode({ type, object: node, old }: WatchEvent<Node>): void {
    if (type === 'DELETED') {
      this.#state.deleteNode(node.metadata.name);
      return;
    }
    this.#state.setNode(node);
    const isNews =
      old === undefined ||
      !equal(old.spec, node.spec) ||
      !equal(old.metadata.labels, node.metadata.labels) ||
      !equal(old.status.allocatable, node.status.allocatable);
    if (isNews) this.#queue.notify('node');
  }

  #onPod(event: WatchEvent<Pod>): void {
    const { spec } = event.object;
    if ((spec.nodeName ?? '') !== '') this.#onPlacedPod(event);
    else if (spec.schedulerName === NAME) this.#onWaitingPod(event);
  }

  #onPlacedPod({ type, object: pod, old }: WatchEvent<Pod>): void {
    this.#forget(pod);
    if (type === 'DELETED' || isOver(pod.status)) {
      this.#state.deletePod(pod);
      if (old === undefined || !isOver(old.status)) this.#queue.notify('pod-removed');
      return;
    }
    this.#state.setPod(pod);
    const isNews = old === undefined || (old.spec.nodeName ?? '') === '';
    if (isNews || !equal(old.metadata.labels, pod.metadata.labels)) this.#queue.notify('pod-added');
  }

  #onWaitingPod({ type, object: pod, old }: WatchEvent<Pod>): void {
    if (type === 'DELETED' || isOver(pod.status) || pod.metadata.deletionTimestamp !== undefined) {
      this.#abandon(pod);
      return;
    }
    if ((pod.spec.schedulingGates ?? []).length > 0) return;
    this.#waiting.set(pod.metadata.uid, pod);
    if (this.#binding.has(pod.metadata.uid)) return;
    const isChanged =
      old === undefined || !equal(old.spec, pod.spec) || !equal(old.metadata.labels, pod.metadata.labels);
    if (isChanged || !this.#queue.has(pod)) this.#queue.add(pod);
  }

  #onClaim({ object: claim }: WatchEvent<PersistentVolumeClaim>): void {
    this.#queue.notify('volume');
    for (const uid of [...this.#binding.keys()]) {
      const pod = this.#waiting.get(uid);
      if (pod === undefined || pod.metadata.namespace !== claim.metadata.namespace) continue;
      if (claimNames(pod).includes(claim.metadata.name)) this.#bindWhenVolumesAre(pod);
    }
  }

  /** The pod has a node now. */
  #forget(pod: Pod): void {
    this.#waiting.delete(pod.metadata.uid);
    this.#queue.delete(pod);
  }

  /** The pod needs no node any more. */
  #abandon(pod: Pod): void {
    this.#forget(pod);
    const binding = this.#binding.get(pod.metadata.uid);
    if (binding === undefined) return;
    binding.timeout.cancel();
    this.#binding.delete(pod.metadata.uid);
    this.#state.node(binding.node)?.remove(pod);
    this.#queue.notify('pod-removed');
  }

  #scheduleNext(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const latency = this.#simulation.random.stream(`${OWNER}/latency`).between(MILLISECOND, 4 * MILLISECOND);
    this.#simulation.after(latency, OWNER, () => {
      this.#isScheduled = false;
      const uid = this.#queue.take();
      if (uid === undefined) return;
      const pod = this.#waiting.get(uid);
      if (pod !== undefined) this.#schedule(pod);
      this.#scheduleNext();
    });
  }

  #schedule(pod: Pod): void {
    const context: FilterContext = { api: this.#api, nodes: this.#state.nodes };
    const found = this.#placement.find(pod, context, this.#nominated());
    if ('diagnosis' in found) {
      this.#fail(pod, found, context);
      return;
    }
    // Its place is taken from now on, although the API does not know yet.
    found.add(pod);
    try {
      if (bindVolumes(this.#api, pod, found.node)) this.#waitForVolumes(pod, found.name);
      else this.#bind(pod, found.name);
    } catch (error) {
      this.#giveBack(pod, found.name, error);
    }
  }

  #waitForVolumes(pod: Pod, node: string): void {
    const timeout = this.#simulation.after(BIND_TIMEOUT, OWNER, () => {
      this.#binding.delete(pod.metadata.uid);
      this.#giveBack(
        pod,
        node,
        'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
      );
    });
    this.#binding.set(pod.metadata.uid, { node, timeout });
    // What takes a while is told. https://kep.k8s.io/5278
    this.#changeStatus(pod, (status) => (status.nominatedNodeName = node));
  }

  #bindWhenVolumesAre(pod: Pod): void {
    const binding = this.#binding.get(pod.metadata.uid);
    if (binding === undefined || unboundClaims(this.#api, pod).length > 0) return;
    binding.timeout.cancel();
    this.#binding.delete(pod.metadata.uid);
    try {
      this.#bind(pod, binding.node);
    } catch (error) {
      this.#giveBack(pod, binding.node, error);
    }
  }

  #bind(pod: Pod, node: string): void {
    const { namespace = '', name } = pod.metadata;
    this.#api.bind(namespace, name, node);
    this.#forget(pod);
    this.#state.setPod({ ...pod, spec: { ...pod.spec, nodeName: node } });
    this.#events.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`);
  }

  /** The pod could not be bound. */
  #giveBack(pod: Pod, node: string, error: unknown): void {
    if (error instanceof Error && !(error instanceof StatusError)) throw error;
    this.#state.node(node)?.remove(pod);
    if (error instanceof StatusError && error.code === 404) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#report(pod, 'SchedulerError', message);
    this.#queue.backOff(pod.metadata.uid);
  }

  #fail(pod: Pod, { diagnosis, refusedBy }: Misfit, context: FilterContext): void {
    const text = describeDiagnosis(diagnosis);
    if (diagnosis.nodeCount === 0) {
      this.#report(pod, 'Unschedulable', text);
      this.#queue.refuse(pod.metadata.uid, new Set(['NodeName']));
      return;
    }
    if (diagnosis.refusal !== undefined) {
      // What DynamicResources says when its own turn never came.
      this.#report(pod, 'Unschedulable', `${text} not found`);
      this.#queue.refuse(pod.metadata.uid, refusedBy);
      return;
    }
    const result = findVictims(pod, diagnosis.rejections, context);
    if (typeof result === 'string') {
      this.#report(pod, 'Unschedulable', `${text} ${result}`);
    } else {
      const isMade = this.#preempt(pod, result);
      this.#report(pod, 'Unschedulable', text, isMade ? result.node : undefined);
      if (!isMade) {
        this.#queue.backOff(pod.metadata.uid);
        return;
      }
    }
    this.#queue.refuse(pod.metadata.uid, refusedBy);
  }

  /** @returns whether room is being made: a policy may keep a victim */
  #preempt(pod: Pod, { node, victims }: Candidate): boolean {
    for (const victim of victims) {
      const { namespace, name } = victim.metadata;
      const stored = this.#api.get(resources.pods, namespace, name);
      if (stored === undefined) continue;
      this.#changeStatus(stored, (status) =>
        this.#setCondition(stored, status, {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'PreemptionByScheduler',
          message: `${NAME}: preempting to accommodate a higher priority pod`,
        }),
      );
      if (!unlessRefused(() => this.#api.delete(resources.pods, namespace, name))) return false;
      const text = `Preempted by pod ${pod.metadata.uid} on node ${node}`;
      this.#events.event(victim, 'Normal', 'Preempted', text);
    }
    return true;
  }

  /** Says that a pod has no node: event, condition and (when room is being made) the nominated node. */
  #report(pod: Pod, reason: string, message: string, nominatedNode?: string): void {
    const note =
      message.length > NOTE_LENGTH ? `${message.slice(0, NOTE_LENGTH - ' ...'.length)} ...` : message;
    this.#events.event(pod, 'Warning', 'FailedScheduling', note);
    this.#changeStatus(pod, (status) => {
      this.#setCondition(pod, status, { type: 'PodScheduled', status: 'False', reason, message });
      if (nominatedNode !== undefined) status.nominatedNodeName = nominatedNode;
    });
  }

  #setCondition(pod: Pod, status: Pod['status'], condition: Condition): void {
    const conditions = (status.conditions ??= []);
    const index = conditions.findIndex(({ type }) => type === condition.type);
    const known = conditions[index];
    const since =
      known?.status === condition.status ? known.lastTransitionTime : this.#simulation.timestamp();
    const { generation } = pod.metadata;
    const complete: Condition = {
      ...condition,
      lastProbeTime: null,
      ...(since === undefined ? {} : { lastTransitionTime: since }),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    if (known === undefined) conditions.push(complete);
    else conditions[index] = complete;
  }

  /** Nothing, where there is no such pod any more. */
  #changeStatus({ metadata }: Pod, change: (status: Pod['status']) => void): void {
    const stored = this.#api.get(resources.pods, metadata.namespace, metadata.name);
    if (stored?.metadata.uid !== metadata.uid) return;
    const changed = edit(stored, ({ status }) => change(status));
    if (equal(changed, stored)) return;
    // Where it is refused, the next try reports again.
    unlessRefused(() => {
      const updated = this.#api.updateStatus(resources.pods, changed);
      if (this.#waiting.has(metadata.uid)) this.#waiting.set(metadata.uid, updated);
    });
  }

  /** Pods that room is being made for, by node. */
  #nominated(): Map<string, Pod[]> {
    const byNode = new Map<string, Pod[]>();
    for (const pod of this.#waiting.values()) {
      const node = pod.status.nominatedNodeName ?? '';
      if (node === '' || this.#binding.has(pod.metadata.uid)) continue;
      byNode.set(node, [...(byNode.get(node) ?? []), pod]);
    }
    return byNode;
  }
}
