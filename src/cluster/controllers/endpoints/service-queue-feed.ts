import { equal } from '../../../core/json.ts';
import type { Labels, Pod } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { matchesSelector } from '../../../model/selector.ts';
import type { Api, WatchEvent } from '../../api.ts';
import type { SharedWatches } from '../shared-watches.ts';
import type { WorkQueue } from '../work-queue.ts';
import { keyOf } from '../work-queue.ts';

/** Puts a Service into a queue when it or a pod that it selects (or selected) has changed. */
export class ServiceQueueFeed {
  readonly #api: Api;
  readonly #queue: WorkQueue;

  constructor(api: Api, queue: WorkQueue) {
    this.#api = api;
    this.#queue = queue;
  }

  watch(watches: SharedWatches): void {
    watches.on(resources.services, ({ object }) => {
      this.#queue.add(keyOf(object));
    });
    watches.on(resources.pods, (event) => {
      this.#onPod(event);
    });
  }

  #onPod({ type, object: pod, old }: WatchEvent<Pod>): void {
    if (type === 'MODIFIED' && old !== undefined && !concerns(old, pod)) return;
    for (const service of this.#api.list(resources.services, { namespace: pod.metadata.namespace ?? '' })) {
      const { selector } = service.spec;
      if (selector === undefined) continue;
      if (selects(selector, pod) || (old !== undefined && selects(selector, old)))
        this.#queue.add(keyOf(service));
    }
  }
}

function selects(selector: Labels, pod: Pod): boolean {
  return matchesSelector({ matchLabels: selector }, pod.metadata.labels);
}

/** Whether a change of a pod can change endpoints. */
function concerns(old: Pod, pod: Pod): boolean {
  return (
    pod.status.podIP !== old.status.podIP ||
    pod.status.phase !== old.status.phase ||
    pod.spec.nodeName !== old.spec.nodeName ||
    pod.metadata.deletionTimestamp !== old.metadata.deletionTimestamp ||
    !equal(pod.metadata.labels, old.metadata.labels) ||
    !equal(pod.status.conditions, old.status.conditions)
  );
}
