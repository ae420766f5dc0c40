import type { KubeObject, ObjectReference, OwnerReference } from '../../../model/objects.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import type { Resource } from '../../../model/resources.ts';

/** An object as the garbage collector knows it. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly reference: ObjectReference;
}

/** Who owns whom, by uid. */
export class OwnershipGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** In the order in which they were seen. */
  dependentsOf(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  set(resource: Resource, { metadata }: KubeObject): void {
    const { uid, namespace, name, ownerReferences = [] } = metadata;
    this.#unlink(uid);
    this.#nodes.set(uid, {
      uid,
      resource,
      namespace,
      name,
      owners: ownerReferences,
      reference: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        ...(namespace === undefined ? {} : { namespace }),
        name,
        uid,
      },
    });
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      dependents.add(uid);
      this.#dependents.set(owner.uid, dependents);
    }
  }

  delete(uid: string): void {
    this.#unlink(uid);
    this.#nodes.delete(uid);
  }

  #unlink(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}
