import type { Micros } from '../simulation/simulation.ts';

/** What has been used up to a moment, as a kubelet counts it. */
export interface UsagePoint {
  /** When what uses it began. */
  readonly startedAt: Micros;
  readonly at: Micros;
  /** Microseconds of CPU since {@link startedAt}. */
  readonly cpu: number;
  /** Bytes now. */
  readonly memory: number;
}

/** Use over a window. */
export interface Usage {
  /** The end of the window. */
  readonly at: Micros;
  readonly window: Micros;
  /** Cores · 10⁻⁹. */
  readonly nanocores: number;
  readonly bytes: number;
}

/** A container has to have run so long until its own start counts as the first of two points. */
const FRESH: Micros = 10_000_000;

/**
 * The last two points of everything by its name: rates need two. As metrics-server keeps them: what is not in a
 * scrape is forgotten, what has restarted begins again.
 */
export class UsageHistory {
  readonly #resolution: Micros;
  #last = new Map<string, UsagePoint>();
  #previous = new Map<string, UsagePoint>();

  constructor(resolution: Micros) {
    this.#resolution = resolution;
  }

  /** Whether there is a rate of anything. */
  get isReady(): boolean {
    return this.#previous.size > 0;
  }

  store(points: ReadonlyMap<string, UsagePoint>): void {
    const previous = new Map<string, UsagePoint>();
    for (const [key, point] of points) {
      const before = this.#before(key, point);
      if (before !== undefined) previous.set(key, before);
    }
    this.#last = new Map(points);
    this.#previous = previous;
  }

  #before(key: string, point: UsagePoint): UsagePoint | undefined {
    const age = point.at - point.startedAt;
    if (age < this.#resolution && age >= FRESH) return { ...point, at: point.startedAt, cpu: 0 };
    const last = this.#last.get(key);
    if (last === undefined || point.startedAt >= last.at) return undefined;
    return point.at > last.at ? last : this.#previous.get(key);
  }

  has(key: string): boolean {
    return this.#last.has(key);
  }

  /** Undefined where there are not two points. */
  usage(key: string): Usage | undefined {
    const last = this.#last.get(key);
    const previous = this.#previous.get(key);
    if (last === undefined || previous === undefined || last.cpu < previous.cpu) return undefined;
    const window = last.at - previous.at;
    if (window <= 0) return undefined;
    const nanocores = Math.floor(((last.cpu - previous.cpu) * 1e9) / window);
    return { at: last.at, window, nanocores, bytes: last.memory };
  }
}
