import type { KubeObject, LabelSelector } from '../../model/objects.ts';
import type { Resource } from '../../model/resources.ts';
import { matchesSelector } from '../../model/selector.ts';
import type { Store } from '../store/store.ts';
import type { StateReader } from './pipeline.ts';

/** Reads straight from the store, in the form in which objects are stored. */
export class StoreReader implements StateReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#store.get(resource.id, resource.namespaced ? (namespace ?? '') : '', name) as T | undefined;
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    options: { namespace?: string; selector?: LabelSelector } = {},
  ): readonly T[] {
    const { namespace, selector } = options;
    const objects = this.#store.list(resource.id, namespace) as unknown as readonly T[];
    if (selector === undefined) return objects;
    return objects.filter(({ metadata }) => matchesSelector(selector, metadata.labels));
  }
}
