import type { ScalingPolicy, ScalingRules } from '../../../model/objects.ts';
import { SECOND } from '../../simulation/simulation.ts';
import type { Micros } from '../../simulation/simulation.ts';

/** An entry is written over when it is too old to count. */
interface Recommendation {
  readonly replicas: number;
  readonly at: Micros;
}
interface Rescale {
  /** How many pods more, or fewer. */
  readonly change: number;
  readonly at: Micros;
}

/** How a wish came out, and with which reason and message the condition says so. */
export interface Limited {
  readonly replicas: number;
  readonly reason: string;
  readonly message: string;
}

/** kube-controller-manager's --horizontal-pod-autoscaler-downscale-stabilization. */
export const DOWNSCALE_WINDOW_SECONDS = 300;

const LARGEST = 2 ** 31 - 1;
const SMALLEST = -(2 ** 31);

const WITHIN_RANGE = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
};
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const TOO_FAST_UP = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const TOO_FAST_DOWN = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
export const UP_STABILIZED = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
export const DOWN_STABILIZED = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};

/** Rules of one direction with nothing left out. */
type Rules = Required<Pick<ScalingRules, 'stabilizationWindowSeconds' | 'selectPolicy' | 'policies'>>;

/** Both directions of an autoscaler's `behavior`. */
export interface Behavior {
  readonly up: Rules;
  readonly down: Rules;
}

/** Where the workload is, where it may go, and where its metrics want it. */
export interface Wish {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
}

/** What an autoscaler remembers: what it wanted lately, and what it did. It is in memory only, as in Kubernetes. */
export class ScalingHistory {
  readonly #recommendations: Recommendation[] = [];
  readonly #ups: Rescale[] = [];
  readonly #downs: Rescale[] = [];

  /** @param current replicas when the workload is first looked at: the first recommendation */
  constructor(current: number, now: Micros) {
    this.#recommendations.push({ replicas: current, at: now });
  }

  /** Without `behavior`: the highest of the last five minutes. Remembers `desired`. */
  stabilize(desired: number, now: Micros): number {
    const cutoff = now - DOWNSCALE_WINDOW_SECONDS * SECOND;
    let highest = desired;
    let old = -1;
    for (const [index, { replicas, at }] of this.#recommendations.entries()) {
      if (at < cutoff) old = index;
      else highest = Math.max(highest, replicas);
    }
    put(this.#recommendations, old, { replicas: desired, at: now });
    return highest;
  }

  /** With `behavior`: not above the lowest of the window for up, not below the highest of that for down. */
  stabilizeWith({ up, down }: Behavior, { current, desired }: Wish, now: Micros): Limited {
    const upCutoff = now - up.stabilizationWindowSeconds * SECOND;
    const downCutoff = now - down.stabilizationWindowSeconds * SECOND;
    let lowest = desired;
    let highest = desired;
    let old = -1;
    for (const [index, { replicas, at }] of this.#recommendations.entries()) {
      if (at > upCutoff) lowest = Math.min(lowest, replicas);
      if (at > downCutoff) highest = Math.max(highest, replicas);
      if (at < upCutoff && at < downCutoff) old = index;
    }
    put(this.#recommendations, old, { replicas: desired, at: now });
    const replicas = Math.min(Math.max(current, lowest), highest);
    return { replicas, ...(desired >= current ? UP_STABILIZED : DOWN_STABILIZED) };
  }

  /** Applies the policies' rates, and the bounds. */
  limitWith({ up, down }: Behavior, { current, desired, min, max }: Wish, now: Micros): Limited {
    if (desired > current) {
      const limit = Math.max(current, this.#upLimit(up, current, now));
      const [most, why] = max > limit ? [limit, TOO_FAST_UP] : [max, TOO_MANY];
      if (desired > most) return { replicas: most, ...why };
    } else if (desired < current) {
      const limit = Math.min(current, this.#downLimit(down, current, now));
      const [least, why] = min < limit ? [limit, TOO_FAST_DOWN] : [min, TOO_FEW];
      if (desired < least) return { replicas: least, ...why };
    }
    return { replicas: desired, ...WITHIN_RANGE };
  }

  /** Remembers that the workload was scaled under a `behavior`. */
  scaled({ up, down }: Behavior, from: number, to: number, now: Micros): void {
    const [events, rules] = to > from ? [this.#ups, up] : [this.#downs, down];
    const cutoff = now - Math.max(0, ...rules.policies.map(({ periodSeconds }) => periodSeconds)) * SECOND;
    put(
      events,
      events.findLastIndex(({ at }) => at < cutoff),
      { change: Math.abs(to - from), at: now },
    );
  }

  #upLimit({ selectPolicy, policies }: Rules, current: number, now: Micros): number {
    if (selectPolicy === 'Disabled') return current;
    const limits = policies.map((policy) => {
      const start = this.#periodStart(policy, current, now);
      return policy.type === 'Pods'
        ? start + policy.value
        : // Rounded up, or a workload of one pod would never grow.
          Math.ceil(start * (1 + policy.value / 100));
    });
    return selectPolicy === 'Min' ? Math.min(LARGEST, ...limits) : Math.max(SMALLEST, ...limits);
  }

  #downLimit({ selectPolicy, policies }: Rules, current: number, now: Micros): number {
    if (selectPolicy === 'Disabled') return current;
    const limits = policies.map((policy) => {
      const start = this.#periodStart(policy, current, now);
      return policy.type === 'Pods' ? start - policy.value : Math.trunc(start * (1 - policy.value / 100));
    });
    return selectPolicy === 'Min' ? Math.max(SMALLEST, ...limits) : Math.min(LARGEST, ...limits);
  }

  /** How many replicas there were when the policy's period began. */
  #periodStart({ periodSeconds }: ScalingPolicy, current: number, now: Micros): number {
    const cutoff = now - periodSeconds * SECOND;
    const since = (events: readonly Rescale[]): number =>
      events.reduce((sum, { change, at }) => (at > cutoff ? sum + change : sum), 0);
    return current - since(this.#ups) + since(this.#downs);
  }
}

/** Without `behavior`: within the bounds, and no more than twice as many at once (or four). */
export function limit({ current, desired, min, max }: Wish): Limited {
  const fastest = Math.max(2 * current, 4);
  const [most, why] = max > fastest ? [fastest, TOO_FAST_UP] : [max, TOO_MANY];
  if (desired < min) return { replicas: min, ...TOO_FEW };
  if (desired > most) return { replicas: most, ...why };
  return { replicas: desired, ...WITHIN_RANGE };
}

/** In place of the entry at `index`, or at the end where that is -1. */
function put<T>(entries: T[], index: number, entry: T): void {
  if (index < 0) entries.push(entry);
  else entries[index] = entry;
}
