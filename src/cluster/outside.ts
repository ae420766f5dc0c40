import type { ClusterFault, ClusterFaults } from './cluster-faults.ts';
import type { NodeImages } from './registry/node-images.ts';
import type { Outage, Registries } from './registry/registries.ts';

/**
 * What is done to a lab outside the Kubernetes API: to its registries, its network, its nodes and to what lies on them.
 * An input like a request: logged before it is applied, and replayed.
 */
export type OutsideChange =
  | {
      readonly what: 'tag';
      readonly host: string;
      readonly repository: string;
      /** A tag that is there. */
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly what: 'outage';
      readonly host: string;
      readonly outage: Outage;
    }
  /** `crictl rmi` */
  | { readonly what: 'remove-image'; readonly node: string; readonly reference: string }
  /** `forMs`: it ends by itself after so many milliseconds. */
  | { readonly what: 'fault'; readonly fault: ClusterFault; readonly forMs?: number }
  /** Takes a fault of this kind at this place away. */
  | { readonly what: 'mend'; readonly fault: ClusterFault };

/** Applies what is done outside the API. */
export class Outside {
  readonly #registries: Registries;
  readonly #images: ReadonlyMap<string, NodeImages>;
  readonly #faults: ClusterFaults;

  /** @param images of each node, by its name */
  constructor(registries: Registries, images: ReadonlyMap<string, NodeImages>, faults: ClusterFaults) {
    this.#registries = registries;
    this.#images = images;
    this.#faults = faults;
  }

  /** @throws RangeError where there is no such registry, tag or node, or no such fault to mend */
  apply(change: OutsideChange): void {
    switch (change.what) {
      case 'tag':
        this.#registries.tag(change.host, change.repository, change.from, change.to);
        break;
      case 'outage':
        this.#registries.setOutage(change.host, change.outage);
        break;
      case 'remove-image': {
        const images = this.#images.get(change.node);
        if (images === undefined) throw new RangeError(`there is no node ${change.node}`);
        images.remove(change.reference);
        break;
      }
      case 'fault':
        this.#faults.put(change.fault, change.forMs);
        break;
      case 'mend':
        if (!this.#faults.mend(change.fault)) throw new RangeError('there is no such fault');
    }
  }
}
