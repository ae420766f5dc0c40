import { StatusError } from '../api.ts';
import { MILLISECOND, SECOND } from '../simulation/simulation.ts';
import type { Micros, Simulation, Timer } from '../simulation/simulation.ts';
import type { RequestPace } from './request-pace.ts';

/** client-go's ItemExponentialFailureRateLimiter. */
const FIRST_RETRY: Micros = 5 * MILLISECOND;
const LONGEST_RETRY: Micros = 1000 * SECOND;

/**
 * A controller's work queue: every key is there once, and keys are worked on one at a time, each in a
 * simulation event of its own. A sync that throws a StatusError is tried again after 5 ms · 2ⁿ, as client-go does;
 * any other exception is a bug of ours and goes to the simulation.
 */
export class WorkQueue {
  readonly #simulation: Simulation;
  readonly #owner: string;
  readonly #sync: (key: string) => void;
  readonly #waiting = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, Timer>();
  readonly #pace: RequestPace | undefined;
  #scheduled = false;

  /**
   * @param name of the controller: its events are owned by `controller/<name>`, its latencies drawn from that stream
   * @param pace of the controller, if it has one: no sync begins while no request may be sent
   */
  constructor(simulation: Simulation, name: string, sync: (key: string) => void, pace?: RequestPace) {
    this.#pace = pace;
    this.#simulation = simulation;
    this.#owner = `controller/${name}`;
    this.#sync = sync;
  }

  /** Has `key` worked on as soon as its turn comes. */
  add(key: string): void {
    this.#waiting.add(key);
    this.#schedule();
  }

  /** Has `key` worked on after `delay`, unless that is due earlier already. */
  after(key: string, delay: Micros): void {
    if (delay <= 0) {
      this.add(key);
      return;
    }
    const due = this.#simulation.now + Math.floor(delay);
    const known = this.#timers.get(key);
    if (known !== undefined && known.at <= due) return;
    known?.cancel();
    const timer = this.#simulation.at(due, this.#owner, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, timer);
  }

  /** Has `key` worked on after its next back-off, as if its sync had failed. */
  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.after(key, Math.min(FIRST_RETRY * 2 ** failures, LONGEST_RETRY));
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0) return;
    this.#scheduled = true;
    const latency = this.#simulation.random.stream(this.#owner).between(MILLISECOND / 2, 3 * MILLISECOND);
    // A worker that has no request to send waits; who came first is first afterwards too.
    const wait = this.#pace?.allowance === 0 ? this.#pace.untilNext : 0;
    this.#simulation.after(wait + latency, this.#owner, () => {
      this.#scheduled = false;
      this.#work();
      this.#schedule();
    });
  }

  #work(): void {
    const [key] = this.#waiting;
    if (key === undefined) return;
    this.#waiting.delete(key);
    try {
      this.#sync(key);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.retry(key);
      return;
    }
    this.#failures.delete(key);
  }
}

/** `namespace/name`, or the name of an object without a namespace. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** The parts of a key of {@link keyOf} for a namespaced object. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
