import type { AnyObject } from '../../model/objects.ts';
import { StatusError } from '../api.ts';
import { Collection } from './collection.ts';
import { History, HISTORY_LIMITS } from './history.ts';
import type { Change, HistoryLimits } from './history.ts';
import { seal } from './seal.ts';

/** Called within the write, in the order of revisions. */
export type ChangeListener = (change: Change) => void;

/** Bytes of memory that all objects may take, roughly; a real etcd has 2 GiB on its disk. */
export const QUOTA = 128 * 1024 * 1024;

/**
 * What etcd is to a cluster: objects by resource, namespace and name, one counter of revisions, and the last
 * writes in order. Objects go in as drafts and are frozen; readers share them.
 *
 * It knows nothing of the API's rules; `apiserver/rest` does, and compares resource versions before it writes.
 */
export class Store {
  readonly #collections = new Map<string, Map<string, Collection>>();
  readonly #history: History;
  readonly #listeners = new Set<ChangeListener>();
  readonly #quota: number;
  /** Of each object, what it takes. */
  readonly #sizes = new WeakMap<AnyObject, number>();
  #size = 0;
  #revision = 1;

  constructor(limits: HistoryLimits = HISTORY_LIMITS, quota = QUOTA) {
    this.#history = new History(limits);
    this.#quota = quota;
  }

  /**
   * Whether there is no room for more. It is for those who write to ask: what keeps a cluster going (leases, the
   * status of nodes) is written all the same.
   */
  get isFull(): boolean {
    return this.#size >= this.#quota;
  }

  /** The revision of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** @param namespace empty for what belongs to none */
  get(resource: string, namespace: string, name: string): AnyObject | undefined {
    return this.#collections.get(resource)?.get(namespace)?.get(name);
  }

  /** All objects of a resource, or of one namespace of it, in etcd's order of keys. */
  list(resource: string, namespace?: string): readonly AnyObject[] {
    const namespaces = this.#collections.get(resource);
    if (namespaces === undefined) return [];
    if (namespace !== undefined) return namespaces.get(namespace)?.list() ?? [];
    const [first] = namespaces.values();
    if (namespaces.size === 1 && first !== undefined) return first.list();
    return [...namespaces.keys()].sort(byKey).flatMap((name) => namespaces.get(name)?.list() ?? []);
  }

  count(resource: string): number {
    let count = 0;
    for (const collection of this.#collections.get(resource)?.values() ?? []) count += collection.size;
    return count;
  }

  /** Writes an object under its metadata's namespace and name, with the next revision as its resourceVersion. */
  put(resource: string, draft: AnyObject): AnyObject {
    const { namespace = '', name } = draft.metadata;
    const old = this.get(resource, namespace, name);
    const revision = ++this.#revision;
    const object = withRevision(draft, revision);
    const bytes = seal(object);
    this.#collection(resource, namespace).set(name, object);
    this.#resize(old, object, bytes);
    this.#publish(
      { revision, type: old === undefined ? 'ADDED' : 'MODIFIED', resource, object, ...(old && { old }) },
      bytes,
    );
    return object;
  }

  /** Removes an object. @returns its last state with the revision of the removal, or undefined if it was not there */
  remove(resource: string, namespace: string, name: string): AnyObject | undefined {
    const old = this.get(resource, namespace, name);
    if (old === undefined) return undefined;
    const revision = ++this.#revision;
    const object = withRevision(old, revision);
    const bytes = seal(object);
    const namespaces = this.#collections.get(resource);
    const collection = namespaces?.get(namespace);
    collection?.delete(name);
    if (collection?.size === 0) namespaces?.delete(namespace);
    this.#size -= this.#sizes.get(old) ?? 0;
    this.#publish({ revision, type: 'DELETED', resource, object, old }, bytes);
    return object;
  }

  /**
   * The writes to a resource after a revision, oldest first.
   * @throws StatusError 410 Expired where they are forgotten
   */
  changesAfter(resource: string, revision: number): readonly Change[] {
    const oldest = this.#history.oldest;
    if (oldest !== undefined && revision < oldest) {
      throw tooOld(revision, oldest);
    }
    return this.#history.after(revision).filter((change) => change.resource === resource);
  }

  /**
   * The list as it was at an earlier revision.
   * @throws StatusError 410 Expired where that is forgotten
   */
  listAt(resource: string, namespace: string | undefined, revision: number): readonly AnyObject[] {
    const changes = this.changesAfter(resource, revision).filter(
      ({ object }) => namespace === undefined || (object.metadata.namespace ?? '') === namespace,
    );
    if (changes.length === 0) return this.list(resource, namespace);
    const objects = new Map(this.list(resource, namespace).map((object) => [keyOf(object), object]));
    for (const { object, old } of changes.toReversed()) {
      if (old === undefined) objects.delete(keyOf(object));
      else objects.set(keyOf(object), old);
    }
    return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  }

  /** @returns a function that ends the subscription */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is new of an object is known, and of what was before that it was no more than the largest. */
  #resize(old: AnyObject | undefined, object: AnyObject, bytes: number): void {
    const before = old === undefined ? 0 : (this.#sizes.get(old) ?? 0);
    const size = Math.max(before, bytes);
    this.#sizes.set(object, size);
    this.#size += size - before;
  }

  #publish(change: Change, bytes: number): void {
    this.#history.add(change, bytes);
    for (const listener of this.#listeners) listener(change);
  }

  #collection(resource: string, namespace: string): Collection {
    const namespaces = this.#collections.get(resource) ?? new Map<string, Collection>();
    this.#collections.set(resource, namespaces);
    const collection = namespaces.get(namespace) ?? new Collection();
    namespaces.set(namespace, collection);
    return collection;
  }
}

/** The object's key below its resource: what lists are sorted by and continue tokens point to. */
export function keyOf(object: AnyObject): string {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Namespaces in the order of `namespace/`, in which `a-b` comes before `a`. */
function byKey(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : 1;
}

function withRevision(object: AnyObject, revision: number): AnyObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function tooOld(revision: number, oldest: number): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `too old resource version: ${revision} (${oldest})`,
    reason: 'Expired',
    code: 410,
  });
}
