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
    const places = namespaces.flatMap((namespace) => kinds.map((resource) => ({ resource, namespace })));
    const found = await Promise.all(
      places.map(async ({ resource, namespace }): Promise<[string, AnyObject][]> => {
        const objects = await objectsOf(kube, resource, namespace);
        return objects.map((object) => [keyOf(resource, object.metadata), object as AnyObject]);
      }),
    );
    return new Baseline(Object.fromEntries(found.flat()));
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#objects[keyOf(resource, { namespace, name })] as T | undefined;
  }

  /** What there was of a kind in a namespace; of namespaces itself. */
  list<T extends KubeObject>(resource: Resource<T>, namespace: string): readonly T[] {
    if (!resource.namespaced)
      return [this.get(resource, undefined, namespace)].filter((object) => object !== undefined);
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

/** What there is of a kind in a namespace; of namespaces itself. */
export async function objectsOf(
  kube: KubeClient,
  resource: Resource,
  namespace: string,
): Promise<KubeObject[]> {
  if (resource.namespaced) return kube.list(resource, { namespace });
  const object = await kube.get(resource, undefined, namespace);
  return object === undefined ? [] : [object];
}

function keyOf(resource: Resource, of: { namespace?: string | undefined; name: string }): string {
  return resource.namespaced
    ? `${resource.id}/${of.namespace ?? ''}/${of.name}`
    : `${resource.id}//${of.name}`;
}
