import type { Change } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import type { Simulation } from '../simulation/simulation.ts';

/** How long a watcher waits for a change; a real cluster takes a few milliseconds. */
export const WATCH_DELAY = MILLISECOND;

interface Subscription {
  /** Only changes after this revision are delivered. */
  readonly from: number;
  readonly handler: (change: Change) => void;
}

/** Hands changes to watchers: in the order of revisions, one simulation event for each change. */
export class WatchHub {
  readonly #simulation: Simulation;
  readonly #subscriptions = new Map<string, Set<Subscription>>();

  constructor(simulation: Simulation, store: Store) {
    this.#simulation = simulation;
    store.subscribe((change) => {
      const subscriptions = this.#subscriptions.get(change.resource);
      if (subscriptions === undefined || subscriptions.size === 0) return;
      simulation.after(WATCH_DELAY, owner(change.resource), () => this.#deliver(change));
    });
  }

  /**
   * @param resource {@link Resource.id} of what is stored
   * @param from the last revision that the watcher has seen
   * @returns a function that ends the watch
   */
  watch(resource: string, from: number, handler: (change: Change) => void): () => void {
    const subscriptions = this.#subscriptions.get(resource) ?? new Set<Subscription>();
    this.#subscriptions.set(resource, subscriptions);
    const subscription: Subscription = { from, handler };
    subscriptions.add(subscription);
    return () => subscriptions.delete(subscription);
  }

  #deliver(change: Change): void {
    const subscriptions = this.#subscriptions.get(change.resource);
    for (const subscription of [...(subscriptions ?? [])]) {
      if (subscriptions?.has(subscription) !== true || change.revision <= subscription.from) continue;
      try {
        subscription.handler(change);
      } catch (error) {
        // One watcher's failure must not cost the others their event.
        this.#simulation.onError(error, owner(change.resource));
      }
    }
  }
}

function owner(resource: string): string {
  return `apiserver/watch/${resource}`;
}
