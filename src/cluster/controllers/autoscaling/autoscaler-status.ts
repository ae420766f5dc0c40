import { copy, equal } from '../../../core/json.ts';
import type { Condition, HorizontalPodAutoscaler, MetricStatus } from '../../../model/objects.ts';

type Status = HorizontalPodAutoscaler['status'];

/** The status of an autoscaler while it is being worked out. */
export class AutoscalerStatus {
  readonly #before: Status;
  readonly #now: string;
  #status: Status;

  /** @param now the instant as Kubernetes writes it */
  constructor(before: Status, now: string) {
    this.#before = before;
    this.#status = copy(before);
    this.#now = now;
  }

  /** The status now; equal to the stored one where nothing has changed. */
  get value(): Status {
    return this.#status;
  }

  get isChanged(): boolean {
    return !equal(this.#before, this.#status);
  }

  condition(type: string, status: 'True' | 'False', reason: string, message: string): void {
    const conditions: Condition[] = (this.#status.conditions ??= []);
    let condition = conditions.find((known) => known.type === type);
    if (condition === undefined) {
      condition = { type, status: 'Unknown' };
      conditions.push(condition);
    }
    if (condition.status !== status) condition.lastTransitionTime = this.#now;
    Object.assign(condition, { status, reason, message });
  }

  /** @param desired undefined: as it was */
  replicas(current: number, desired: number | undefined, metrics: MetricStatus[] | null): void {
    const { lastScaleTime, desiredReplicas, conditions } = this.#status;
    this.#status = {
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
      ...(current === 0 ? {} : { currentReplicas: current }),
      desiredReplicas: desired ?? desiredReplicas,
      currentMetrics: metrics,
      ...(conditions === undefined ? {} : { conditions }),
    };
  }

  /** The workload has just been scaled. */
  rescaled(): void {
    this.#status = { ...this.#status, lastScaleTime: this.#now };
  }
}
