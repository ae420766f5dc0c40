import type { Micros, Simulation } from '../simulation/simulation.ts';
import { MILLISECOND } from '../simulation/simulation.ts';

/** Of kube-controller-manager's `--kube-api-burst` and `--kube-api-qps`, which hold for each controller by itself. */
const AT_ONCE = 30;
const INTERVAL: Micros = 50 * MILLISECOND;

/**
 * How fast a controller may send requests: whoever asks for a million pods gets them one after the other, and the
 * API server goes on answering meanwhile.
 * https://kubernetes.io/docs/reference/command-line-tools-reference/kube-controller-manager/
 */
export class RequestPace {
  readonly #simulation: Simulation;
  /** When the last request would be sent, if none were sent at once. */
  #paidUntil: Micros = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** How many requests may be sent now. */
  get allowance(): number {
    return Math.max(0, AT_ONCE - Math.ceil((this.#due() - this.#simulation.now) / INTERVAL));
  }

  /** Until one more may be sent than now. */
  get untilNext(): Micros {
    return (this.#due() - this.#simulation.now) % INTERVAL || INTERVAL;
  }

  spend(): void {
    this.#paidUntil = this.#due() + INTERVAL;
  }

  #due(): Micros {
    return Math.max(this.#paidUntil, this.#simulation.now);
  }
}
