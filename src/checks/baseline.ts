import type { AnyObject, KubeObject, Pod } from '../model/objects.ts';
import { type Resource, resources } from '../model/resources.ts';
import type { KubeClient } from '../kube/client.ts';

/** What is remembered of the healthy shop; pods only by count and identity, since they come and go. */
const REMEMBERED: readonly Resource[] = [
  resources.namespaces,
  resources.deployments,
  resources.statefulSets,
  resources.services,
  resources.configMaps,
  resources.secrets,
  resources.serviceAccounts,
  resources.persistentVolumeClaims,
  resources.networkPolicies,
  resources.limitRanges,
  resources.pods,
  resources.endpointSlices,
];

/** Objects as they were when the shop was healthy, before the fault: identities, replicas, specs. Plain JSON. */
export class Baseline {
  readonly #objects: Readonly<Record<string, AnyObject>>;

  constructor(objects: Readonly<Record<string, AnyObject>>) {
    this.#objects = objects;
  }

  /** Remembers the namespaces and, of kube-system, what DNS is made of. */
  static async capture(
    kube: KubeClient,
    namespaces: readonly string[],
    kinds: readonly Resource[] = REMEMBERED,
  ): Promise<Baseline> {
    const objects: Record<string, AnyObject> = {};
    for (const namespace of namespaces) {
      for (const resource of kinds) {
        const found = resource.namespaced
          ? await kube.list(resource, { namespace })
          : [await kube.get(resource, undefined, namespace)];
        for (const object of found) {
          if (object !== undefined) objects[keyOf(resource, object.metadata)] = object as AnyObject;
        }
      }
    }
    return new Baseline(objects);
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#objects[keyOf(resource, { namespace, name })] as T | undefined;
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace: string): readonly T[] {
    const prefix = `${resource.id}/${namespace}/`;
    return Object.entries(this.#objects)
      .filter(([key]) => key.startsWith(prefix))
      .map(([, object]) => object as unknown as T);
  }

  /** How many pods of these labels were there. */
  podCount(namespace: string, labels: Readonly<Record<string, string>>): number {
    return this.list<Pod>(resources.pods, namespace).filter((pod) =>
      Object.entries(labels).every(([label, value]) => pod.metadata.labels?.[label] === value),
    ).length;
  }

  toJSON(): Readonly<Record<string, AnyObject>> {
    return this.#objects;
  }
}

function keyOf(resource: Resource, of: { namespace?: string | undefined; name: string }): string {
  return resource.namespaced
    ? `${resource.id}/${of.namespace ?? ''}/${of.name}`
    : `${resource.id}//${of.name}`;
}
