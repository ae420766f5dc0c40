import type { KubeObject } from '../../model/objects.ts';
import type { Resource } from '../../model/resources.ts';
import type { Api, WatchEvent } from '../api.ts';

type Handler = (event: WatchEvent) => void;

/**
 * One watch a resource for all controllers, as kube-controller-manager's shared informers: a change is one
 * simulation event, in which every controller that asked for the resource is told in the order of asking.
 */
export class SharedWatches {
  readonly #api: Api;
  readonly #handlers = new Map<string, Handler[]>();
  readonly #resources: Resource[] = [];
  #opened = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Handlers only put keys into queues; the work is done in a later event. */
  on<T extends KubeObject>(resource: Resource<T>, handler: (event: WatchEvent<T>) => void): void {
    const handlers = this.#handlers.get(resource.id);
    if (handlers !== undefined) {
      handlers.push(handler as Handler);
      return;
    }
    this.#handlers.set(resource.id, [handler as Handler]);
    this.#resources.push(resource);
  }

  /** Opens the watches that were asked for since the last call, so that nobody misses an object. */
  open(): void {
    for (; this.#opened < this.#resources.length; this.#opened++) {
      const resource = this.#resources[this.#opened];
      if (resource === undefined) return;
      const handlers = this.#handlers.get(resource.id) ?? [];
      this.#api.watch(resource, (event) => {
        for (const handler of handlers) handler(event);
      });
    }
  }
}
