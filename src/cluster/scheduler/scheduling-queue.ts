import type { Pod } from '../../model/objects.ts';
import { MINUTE, SECOND } from '../simulation/simulation.ts';
import type { Micros, Simulation, Timer } from '../simulation/simulation.ts';
import { wakesOf } from './filters.ts';
import type { ClusterEvent, PluginName } from './filters.ts';

const FIRST_BACK_OFF: Micros = SECOND;
const LONGEST_BACK_OFF: Micros = 10 * SECOND;
/** A pod that no event has woken is tried again after this. */
const LONGEST_WAIT: Micros = 5 * MINUTE;

interface Entry {
  readonly uid: string;
  priority: number;
  readonly order: number;
  attempts: number;
  state: 'active' | 'woken' | 'unschedulable' | 'in-flight';
  refusedBy: ReadonlySet<PluginName>;
  /** Set when something happened that may help, while the pod was being tried. */
  wokenInFlight: boolean;
  timer: Timer | undefined;
}

/**
 * The pods that wait for a node. Those of higher priority come first; a pod that has failed waits for an event that
 * may help it. Pods that were woken so come after new ones, but do not sit out their back-off while there is nothing
 * else to do (SchedulerPopFromBackoffQ, on since 1.33); after an error of the API they do.
 */
export class SchedulingQueue {
  readonly #simulation: Simulation;
  readonly #owner: string;
  readonly #onReady: () => void;
  readonly #entries = new Map<string, Entry>();
  #order = 0;

  /** @param onReady is called when a pod can be taken */
  constructor(simulation: Simulation, owner: string, onReady: () => void) {
    this.#simulation = simulation;
    this.#owner = owner;
    this.#onReady = onReady;
  }

  has(pod: Pod): boolean {
    return this.#entries.has(pod.metadata.uid);
  }

  /** A new pod, or a waiting one whose spec or labels have changed. */
  add(pod: Pod): void {
    const { uid } = pod.metadata;
    const known = this.#entries.get(uid);
    if (known !== undefined) {
      this.#wake(known);
      return;
    }
    this.#entries.set(uid, {
      uid,
      priority: pod.spec.priority ?? 0,
      order: this.#order++,
      attempts: 0,
      state: 'active',
      refusedBy: new Set(),
      wokenInFlight: false,
      timer: undefined,
    });
    this.#onReady();
  }

  delete(pod: Pod): void {
    const entry = this.#entries.get(pod.metadata.uid);
    entry?.timer?.cancel();
    this.#entries.delete(pod.metadata.uid);
  }

  /** The uid of the next pod to try, which then is in flight. */
  take(): string | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.state !== 'active' && entry.state !== 'woken') continue;
      if (best === undefined || comesBefore(entry, best)) best = entry;
    }
    if (best === undefined) return undefined;
    best.timer?.cancel();
    best.timer = undefined;
    best.state = 'in-flight';
    best.wokenInFlight = false;
    best.attempts++;
    return best.uid;
  }

  /** The pod fits nowhere: it waits for an event that one of these plugins finds of interest. */
  refuse(uid: string, refusedBy: ReadonlySet<PluginName>): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.refusedBy = refusedBy;
    entry.state = 'unschedulable';
    entry.timer = this.#simulation.after(LONGEST_WAIT, this.#owner, () => {
      this.#wake(entry);
    });
    if (entry.wokenInFlight) this.#wake(entry);
  }

  /** The pod could not be placed for another reason: it is tried again after its back-off. */
  backOff(uid: string): void {
    const entry = this.#entries.get(uid);
    if (entry === undefined) return;
    entry.state = 'unschedulable';
    const delay = Math.min(FIRST_BACK_OFF * 2 ** (entry.attempts - 1), LONGEST_BACK_OFF);
    entry.timer = this.#simulation.after(delay, this.#owner, () => {
      this.#wake(entry);
    });
  }

  /** Something happened in the cluster. */
  notify(event: ClusterEvent): void {
    for (const entry of this.#entries.values()) {
      const isConcerned = [...entry.refusedBy].some((plugin) => wakesOf(plugin).includes(event));
      if (entry.state === 'in-flight') entry.wokenInFlight = true;
      else if (entry.state === 'unschedulable' && isConcerned) this.#wake(entry);
    }
  }

  #wake(entry: Entry): void {
    if (entry.state !== 'unschedulable') return;
    entry.timer?.cancel();
    entry.timer = undefined;
    entry.state = 'woken';
    this.#onReady();
  }
}

function comesBefore(a: Entry, b: Entry): boolean {
  if (a.state !== b.state) return a.state === 'active';
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order);
}
