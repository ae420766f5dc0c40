import { type Micros, SECOND } from '../../simulation/simulation.ts';

/** In seconds; how long probes that passed may have taken, as Prometheus' client counts by default. */
export const DURATION_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export const PROBE_OUTCOMES = ['failed', 'successful', 'unknown'] as const;
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** How often a container was probed in one way, and how long it took: `/metrics/probes`. */
export class ProbeCounts {
  readonly #outcomes = new Map<ProbeOutcome, number>();
  readonly #buckets = DURATION_BUCKETS.map(() => 0);
  #sum: Micros = 0;

  add(outcome: ProbeOutcome, took: Micros): void {
    this.#outcomes.set(outcome, this.of(outcome) + 1);
    if (outcome !== 'successful') return;
    this.#sum += took;
    DURATION_BUCKETS.forEach((bound, index) => {
      if (took <= bound * SECOND) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    });
  }

  of(outcome: ProbeOutcome): number {
    return this.#outcomes.get(outcome) ?? 0;
  }

  /** Of those that passed: how many took at most as long as each of {@link DURATION_BUCKETS}. */
  get buckets(): readonly number[] {
    return this.#buckets;
  }

  /** Of those that passed, together. */
  get seconds(): number {
    return this.#sum / SECOND;
  }
}
