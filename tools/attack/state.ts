import { copy, equal, isObject } from '../../src/core/json.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { AnyObject, KubeObject } from '../../src/model/objects.ts';
import { type Resource, resources } from '../../src/model/resources.ts';
import { type Reference, referenceOf } from './edits/edit.ts';

/** What a learner may edit; pods and what follows from them are not remembered. */
export const LOOKED_AT: readonly Resource[] = [
  resources.deployments,
  resources.statefulSets,
  resources.persistentVolumeClaims,
  resources.services,
  resources.configMaps,
  resources.secrets,
  resources.serviceAccounts,
  resources.networkPolicies,
  resources.limitRanges,
];

/** Objects of a lab at one moment. */
export class State {
  readonly objects: ReadonlyMap<Reference, AnyObject>;

  constructor(objects: ReadonlyMap<Reference, AnyObject>) {
    this.objects = objects;
  }

  /** Looks at the namespaces of a lab. */
  static async capture(kube: KubeClient, namespaces: readonly string[]): Promise<State> {
    const objects = new Map<Reference, AnyObject>();
    for (const namespace of namespaces) {
      for (const resource of LOOKED_AT) {
        for (const object of await kube.list(resource, { namespace }))
          objects.set(referenceOf(resource, object.metadata), copy(object) as AnyObject);
      }
    }
    return new State(objects);
  }

  /** An object as it was, undefined where it was not there. */
  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T | undefined {
    return this.objects.get(referenceOf(resource, { namespace, name })) as T | undefined;
  }

  list<T extends KubeObject>({ kind }: Resource<T>, namespace: string): readonly T[] {
    return [...this.objects.values()].filter(
      (object) => object.kind === kind && object.metadata.namespace === namespace,
    ) as KubeObject[] as T[];
  }
}

/** How an object differs between the healthy and the broken lab. */
export interface Difference {
  readonly of: Reference;
  readonly kind: 'changed' | 'gone' | 'new';
  /** JSON pointers of what is different, leaves and what they are in. */
  readonly paths: readonly string[];
}

/** What the fault did, without asking it. */
export function differences(healthy: State, broken: State): Difference[] {
  const names = new Set([...healthy.objects.keys(), ...broken.objects.keys()]);
  return [...names].sort().flatMap((of): Difference[] => {
    const [was, is] = [healthy.objects.get(of), broken.objects.get(of)];
    if (was === undefined) return [{ of, kind: 'new', paths: [] }];
    if (is === undefined) return [{ of, kind: 'gone', paths: [] }];
    const paths = [...new Set(differentPaths(contentOf(was), contentOf(is), ''))];
    return paths.length === 0 ? [] : [{ of, kind: 'changed', paths }];
  });
}

/** All of an object but what the server keeps: its metadata and status. */
export function contentOf(object: AnyObject): Record<string, unknown> {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, status: _status, ...content } = object;
  return content;
}

function differentPaths(was: unknown, is: unknown, path: string): string[] {
  if (equal(was, is)) return [];
  const children = (value: unknown): Record<string, unknown> =>
    Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : isObject(value) ? value : {};
  const [before, now] = [children(was), children(is)];
  const deeper = [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) =>
    differentPaths(before[key], now[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  );
  return path === '' ? deeper : [path, ...deeper];
}
