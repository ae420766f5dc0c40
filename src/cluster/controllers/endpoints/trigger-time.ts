import type { Pod, Service, Time } from '../../../model/objects.ts';
import { conditionOf } from '../pod-state.ts';

/** Says since when endpoints lag behind. */
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

/** Remembers what a controller has seen of each Service, to tell what caused its latest change. */
export class TriggerTimes {
  readonly #services = new Map<
    string,
    { readonly service: Time; readonly pods: ReadonlyMap<string, Time> }
  >();

  /** The instant of the oldest change since the last call; undefined when nothing that counts has changed. */
  next(key: string, service: Service, pods: readonly Pod[]): Time | undefined {
    const before = this.#services.get(key);
    const now = new Map<string, Time>();
    let oldest: Time | undefined;
    for (const pod of pods) {
      const changed = conditionOf(pod.status.conditions, 'Ready')?.lastTransitionTime ?? undefined;
      if (changed === undefined) continue;
      now.set(pod.metadata.uid, changed);
      const known = before?.pods.get(pod.metadata.uid);
      if ((known === undefined || changed > known) && (oldest === undefined || changed < oldest)) {
        oldest = changed;
      }
    }
    this.#services.set(key, { service: service.metadata.creationTimestamp, pods: now });
    return before === undefined ? service.metadata.creationTimestamp : oldest;
  }

  forget(key: string): void {
    this.#services.delete(key);
  }
}
