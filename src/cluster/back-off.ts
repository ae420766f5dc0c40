import type { Micros } from './simulation/simulation.ts';
import { SECOND } from './simulation/simulation.ts';

interface Entry {
  backOff: Micros;
  updated: Micros;
}

/**
 * Exponential back-off by key, as the kubelet counts it for pulls and for restarts, and the controller of DaemonSets
 * for pods that failed. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-restarts
 */
export class BackOff {
  readonly #entries = new Map<string, Entry>();
  readonly #initial: Micros;
  readonly #longest: Micros;

  constructor(initial: Micros = 10 * SECOND, longest: Micros = 300 * SECOND) {
    this.#initial = initial;
    this.#longest = longest;
  }

  /** How long `key` has to wait now; 0 where it was never set. */
  get(key: string): Micros {
    return this.#entries.get(key)?.backOff ?? 0;
  }

  /** Whether `event` (the end of a run) is so recent that `key` still has to wait at `now`. */
  waitsSince(key: string, event: Micros, now: Micros): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, event)) return false;
    return now - event < entry.backOff;
  }

  /** Whether `key` still has to wait, counted from its last failure. */
  waits(key: string, now: Micros): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, now)) return false;
    return now - entry.updated < entry.backOff;
  }

  /** A failure at `event`: doubles the wait, or starts anew where the last one is long past. */
  next(key: string, event: Micros, now: Micros): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, event)) {
      this.#entries.set(key, { backOff: this.#initial, updated: now });
      return;
    }
    entry.backOff = Math.min(2 * entry.backOff, this.#longest);
    entry.updated = now;
  }

  /** Forgets everything of a pod. */
  drop(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }

  #expired(entry: Entry, event: Micros): boolean {
    return event - entry.updated > 2 * this.#longest;
  }
}
