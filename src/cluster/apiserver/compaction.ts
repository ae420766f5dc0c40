import { MINUTE, type Simulation } from '../simulation/simulation.ts';
import type { Store } from '../store/store.ts';

/** How often the API server has etcd forget old revisions. */
const PERIOD = 5 * MINUTE;

/**
 * Every five minutes etcd forgets what was five minutes before, so that a list can be continued for five to ten
 * minutes. Worked out when it is asked for: nothing happens while nobody asks.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses
 */
export class Compaction {
  readonly #simulation: Simulation;
  readonly #store: Store;
  /** For periods with a write: the revision before their first one. */
  #starts: { readonly period: number; readonly revision: number }[] = [];

  constructor(simulation: Simulation, store: Store) {
    this.#simulation = simulation;
    this.#store = store;
    store.subscribe(({ revision }) => {
      const period = this.#period();
      if (this.#starts.at(-1)?.period === period) return;
      this.#starts = [
        ...this.#starts.filter((start) => start.period >= period - 2),
        { period, revision: revision - 1 },
      ];
    });
  }

  /** Whether lists at this revision cannot be told any more. */
  forgets(revision: number): boolean {
    return revision < this.#revisionAtStartOf(this.#period() - 1);
  }

  #revisionAtStartOf(period: number): number {
    const next = this.#starts.find((start) => start.period >= period);
    return next?.revision ?? this.#store.revision;
  }

  #period(): number {
    return Math.floor(this.#simulation.now / PERIOD);
  }
}
