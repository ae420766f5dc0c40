import { wallClock } from '../core/clock.ts';
import { isObject } from '../core/json.ts';
import type { KubeObject, Status } from '../model/objects.ts';
import { apiVersionOf } from '../model/resources.ts';
import type { Resource } from '../model/resources.ts';
import { KubeError } from './client.ts';
import type { KubeEvent, ListOptions } from './client.ts';
import { collectionPath, query } from './paths.ts';
import { askJson } from './transport.ts';
import type { Transport } from './transport.ts';

interface List<T> {
  readonly metadata: { readonly resourceVersion?: string };
  readonly items: readonly T[] | null;
}

/** The objects of a collection, each with the apiVersion and kind that lists leave out, and the list's revision. */
export async function list<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  options: ListOptions,
): Promise<{ items: T[]; revision: string }> {
  const { namespace, labelSelector, fieldSelector } = options;
  const path = collectionPath(resource, namespace) + query({ labelSelector, fieldSelector });
  const { items, metadata } = await askJson<List<T>>(transport, path);
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return {
    items: (items ?? []).map((item) => ({ ...type, ...item })),
    revision: metadata.resourceVersion ?? '',
  };
}

/** Milliseconds before a watch is opened again that ended twice without a word. */
const PAUSE = 1000;

/**
 * Follows a collection: what is there, then every change. It goes on from the last revision that it saw when the
 * stream ends, and compares a new list with what it knows when that revision has expired.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export class Watcher<T extends KubeObject> {
  readonly #transport: Transport;
  readonly #resource: Resource<T>;
  readonly #options: ListOptions;
  readonly #handler: (event: KubeEvent<T>) => void;
  #known = new Map<string, T>();
  #revision = '';

  constructor(
    transport: Transport,
    resource: Resource<T>,
    options: ListOptions,
    handler: (event: KubeEvent<T>) => void,
  ) {
    this.#transport = transport;
    this.#resource = resource;
    this.#options = options;
    this.#handler = handler;
  }

  /** Resolves when the signal aborts. @throws KubeError, ClusterUnreachable, and what the handler throws */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.#list();
      let silent = 0;
      while (!signal.aborted) {
        const before = this.#revision;
        if ((await this.#follow(signal)) === 'expired') await this.#list();
        silent = this.#revision === before ? silent + 1 : 0;
        if (silent > 1) await wallClock.wait(PAUSE, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #list(): Promise<void> {
    const { items, revision } = await list(this.#transport, this.#resource, this.#options);
    const before = this.#known;
    this.#known = new Map(items.map((item) => [key(item), item]));
    this.#revision = revision;
    for (const [id, object] of before) {
      if (!sameObject(this.#known.get(id), object)) this.#handler({ type: 'DELETED', object });
    }
    for (const [id, object] of this.#known) {
      const old = before.get(id);
      if (!sameObject(old, object)) this.#handler({ type: 'ADDED', object });
      else if (old?.metadata.resourceVersion !== object.metadata.resourceVersion) {
        this.#handler({ type: 'MODIFIED', object });
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<'ended' | 'expired'> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    const path =
      collectionPath(this.#resource, namespace) +
      query({
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#revision,
        labelSelector,
        fieldSelector,
      });
    try {
      for await (const line of this.#transport.lines(path, signal)) this.#take(line);
    } catch (error) {
      if (error instanceof KubeError && error.code === 410) return 'expired';
      throw error;
    }
    return 'ended';
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as {
      type: KubeEvent['type'] | 'BOOKMARK' | 'ERROR';
      object: T;
    };
    if (type === 'ERROR') throw errorOf(object);
    this.#revision = object.metadata.resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#known.delete(key(object));
    else this.#known.set(key(object), object);
    this.#handler({ type, object });
  }
}

function key({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** Whether both are the same object, not one that was deleted and another made under its name. */
function sameObject(a: KubeObject | undefined, b: KubeObject): boolean {
  return a !== undefined && a.metadata.uid === b.metadata.uid;
}

function errorOf(object: unknown): KubeError {
  const status = isObject(object) ? (object as Partial<Status>) : {};
  return new KubeError(status.code ?? 500, status.message ?? 'the watch failed', status as Status);
}
