import { copy, equal, freeze } from '../../../../src/core/json.ts';
import type {
  AnyObject,
  KubeObject,
  Namespace,
  NewObject,
  Pod,
  Scale,
} from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { Resource } from '../../../../src/model/resources.ts';
import { matchesSelector } from '../../../../src/model/selector.ts';
import { StatusError } from '../../../../src/cluster/api.ts';
import type { Api, DeleteOptions, WatchEvent } from '../../../../src/cluster/api.ts';
import { scaleOf, scaled } from '../../../../src/cluster/apiserver/subresources/scale.ts';
import { MILLISECOND } from '../../../../src/cluster/simulation/simulation.ts';
import type { Simulation } from '../../../../src/cluster/simulation/simulation.ts';

type Stored = KubeObject & { spec?: unknown; status?: unknown; data?: unknown };

/** An API without defaulting, validation or admission: what a controller's own logic needs, and no more. */
/** What a policy says: 403. */
export function refusedByPolicy(): StatusError {
  return statusError(403, 'Forbidden', 'not by this policy');
}

export class FakeApi implements Api {
  readonly #simulation: Simulation;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #watchers = new Map<string, ((event: WatchEvent) => void)[]>();
  #revision = 100;
  /** Throws to refuse a request. */
  refuse: (verb: string, resource: Resource, object: { metadata: { name?: string } }) => void = () => {};
  /** `verb resource name` of every write, in order. */
  readonly writes: string[] = [];

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#collection(resource).get(key(resource, namespace, name)) as T | undefined;
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    options: { namespace?: string; selector?: Parameters<typeof matchesSelector>[0] } = {},
  ): readonly T[] {
    return [...this.#collection(resource).entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object as unknown as T)
      .filter(
        ({ metadata }) =>
          (options.namespace === undefined || metadata.namespace === options.namespace) &&
          (options.selector === undefined || matchesSelector(options.selector, metadata.labels)),
      );
  }

  create<T extends KubeObject>(resource: Resource<T>, object: NewObject<T>): T {
    const draft = copy(object) as unknown as Stored;
    if (object.metadata.name === undefined)
      draft.metadata.name = `${draft.metadata.generateName ?? ''}${this.#random('name').suffix(5)}`;
    this.refuse('create', resource, draft);
    if (this.get(resource, draft.metadata.namespace, draft.metadata.name) !== undefined) {
      throw statusError(409, 'AlreadyExists', `${resource.id} "${draft.metadata.name}" already exists`);
    }
    draft.metadata.uid = this.#random('uid').uuid();
    draft.metadata.creationTimestamp = this.#simulation.timestamp();
    draft.metadata.generation = 1;
    draft.status ??= resource.id === 'pods' ? { phase: 'Pending' } : initialStatus(resource);
    return this.#store(resource, 'create', draft) as unknown as T;
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const stored = this.#expect(resource, object);
    const draft = copy(object) as unknown as Stored;
    draft.status = copy(stored.status);
    const isNew =
      !equal(draft.spec, stored.spec) ||
      // As the real one: a Deployment's annotations are part of what is observed.
      (resource.id === 'deployments.apps' && !equal(draft.metadata.annotations, stored.metadata.annotations));
    if (isNew) draft.metadata.generation = (stored.metadata.generation ?? 0) + 1;
    if (equal(draft, stored)) return stored as unknown as T;
    this.refuse('update', resource, draft);
    const isGone =
      draft.metadata.deletionTimestamp !== undefined && (draft.metadata.finalizers ?? []).length === 0;
    if (isGone && resource.id !== 'pods' && resource.id !== 'namespaces')
      return this.#remove(resource, draft) as unknown as T;
    return this.#store(resource, 'update', draft) as unknown as T;
  }

  updateStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: { readonly annotations?: boolean } = {},
  ): T {
    const stored = this.#expect(resource, object);
    const draft = copy(stored);
    draft.status = copy((object as unknown as Stored).status);
    if (options.annotations === true && object.metadata.annotations !== undefined) {
      draft.metadata.annotations = copy(object.metadata.annotations);
    }
    if (equal(draft, stored)) return stored as unknown as T;
    this.refuse('updateStatus', resource, draft);
    return this.#store(resource, 'updateStatus', draft) as unknown as T;
  }

  delete(resource: Resource, namespace: string | undefined, name: string, options: DeleteOptions = {}): void {
    const stored = this.get(resource, namespace, name) as Stored | undefined;
    if (stored === undefined) throw statusError(404, 'NotFound', `${resource.id} "${name}" not found`);
    const { uid } = options.preconditions ?? {};
    if (uid !== undefined && uid !== stored.metadata.uid) throw statusError(409, 'Conflict', 'wrong uid');
    this.refuse('delete', resource, stored);
    const draft = copy(stored);
    const finalizers = draft.metadata.finalizers ?? [];
    if (options.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.push('orphan');
    if (finalizers.length > 0) draft.metadata.finalizers = finalizers;
    const pod = resource.id === 'pods' ? (draft as unknown as Pod) : undefined;
    const grace =
      pod?.spec.nodeName === undefined
        ? 0
        : (options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds);
    if (finalizers.length === 0 && grace === 0) {
      this.#remove(resource, draft);
      return;
    }
    if (draft.metadata.deletionTimestamp !== undefined) return;
    draft.metadata.deletionTimestamp = this.#simulation.timestamp();
    draft.metadata.deletionGracePeriodSeconds = grace;
    this.#store(resource, 'delete', draft);
  }

  getScale(resource: Resource, namespace: string, name: string): Scale {
    const stored = this.get(resource, namespace, name);
    if (stored === undefined) throw statusError(404, 'NotFound', `${resource.id} "${name}" not found`);
    return scaleOf(stored as AnyObject);
  }

  updateScale(resource: Resource, scale: Scale): Scale {
    const { namespace = '', name } = scale.metadata;
    const stored = this.get(resource, namespace, name);
    if (stored === undefined) throw statusError(404, 'NotFound', `${resource.id} "${name}" not found`);
    return scaleOf(this.update(resource, scaled(stored as AnyObject, scale)) as AnyObject);
  }

  /** Marks a namespace as being deleted, which the API server does instead of deleting it. */
  terminate(namespace: Namespace): void {
    const draft = copy(namespace);
    draft.metadata.deletionTimestamp = this.#simulation.timestamp();
    draft.status.phase = 'Terminating';
    this.#store(resources.namespaces, 'delete', draft);
  }

  bind(namespace: string, name: string, node: string): void {
    const stored = this.get(resources.pods, namespace, name);
    if (stored === undefined) throw statusError(404, 'NotFound', `pods "${name}" not found`);
    const draft = copy(stored);
    draft.spec.nodeName = node;
    draft.status.conditions = [
      ...(draft.status.conditions ?? []).filter(({ type }) => type !== 'PodScheduled'),
      {
        type: 'PodScheduled',
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: this.#simulation.timestamp(),
      },
    ];
    this.#store(resources.pods, 'bind', draft);
  }

  watch<T extends KubeObject>(resource: Resource<T>, handler: (event: WatchEvent<T>) => void): () => void {
    let isOpen = true;
    const deliver = (event: WatchEvent): void => {
      if (isOpen) handler(event as unknown as WatchEvent<T>);
    };
    const watchers = this.#watchers.get(resource.id) ?? [];
    this.#watchers.set(resource.id, [...watchers, deliver]);
    for (const object of this.list(resource)) {
      this.#simulation.after(MILLISECOND, `fake-api/${resource.id}`, () => {
        deliver({ type: 'ADDED', object });
      });
    }
    return () => {
      isOpen = false;
    };
  }

  #collection(resource: Resource): Map<string, Stored> {
    const collection = this.#objects.get(resource.id) ?? new Map<string, Stored>();
    this.#objects.set(resource.id, collection);
    return collection;
  }

  #expect(resource: Resource, object: KubeObject): Stored {
    const { namespace, name, resourceVersion, uid } = object.metadata;
    const stored = this.get(resource, namespace, name);
    if (stored === undefined || stored.metadata.uid !== uid) {
      throw statusError(404, 'NotFound', `${resource.id} "${name}" not found`);
    }
    if (stored.metadata.resourceVersion !== resourceVersion) {
      throw statusError(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${resource.id} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
      );
    }
    return stored;
  }

  #store(resource: Resource, verb: string, draft: Stored): Stored {
    draft.metadata.resourceVersion = String(++this.#revision);
    const { namespace, name } = draft.metadata;
    const old = this.get(resource, namespace, name);
    const object = freeze(draft);
    this.#collection(resource).set(key(resource, namespace, name), object);
    this.writes.push(`${verb} ${resource.id} ${name}`);
    this.#notify(resource, old === undefined ? { type: 'ADDED', object } : { type: 'MODIFIED', object, old });
    return object;
  }

  #remove(resource: Resource, draft: Stored): Stored {
    const { namespace, name } = draft.metadata;
    const old = this.get(resource, namespace, name);
    draft.metadata.resourceVersion = String(++this.#revision);
    this.#collection(resource).delete(key(resource, namespace, name));
    this.writes.push(`remove ${resource.id} ${name}`);
    this.#notify(resource, { type: 'DELETED', object: freeze(draft), ...(old === undefined ? {} : { old }) });
    return draft;
  }

  #notify(resource: Resource, event: WatchEvent): void {
    for (const watcher of this.#watchers.get(resource.id) ?? []) {
      this.#simulation.after(MILLISECOND, `fake-api/${resource.id}`, () => {
        watcher(event);
      });
    }
  }

  #random(name: string): ReturnType<Simulation['random']['stream']> {
    return this.#simulation.random.stream(`fake-api/${name}`);
  }
}

function key(resource: Resource, namespace: string | undefined, name: string): string {
  return resource.namespaced ? `${namespace ?? ''}/${name}` : name;
}

function initialStatus(resource: Resource): unknown {
  const initial: Record<string, unknown> = {
    replicasets: { replicas: 0 },
    statefulsets: { replicas: 0 },
    daemonsets: {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    },
    namespaces: { phase: 'Active' },
    persistentvolumeclaims: { phase: 'Pending' },
    persistentvolumes: { phase: 'Pending' },
    poddisruptionbudgets: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  };
  const statusless = [
    'events',
    'leases',
    'configmaps',
    'secrets',
    'serviceaccounts',
    'endpoints',
    'endpointslices',
    'controllerrevisions',
    'storageclasses',
  ];
  return initial[resource.plural] ?? (statusless.includes(resource.plural) ? undefined : {});
}

export function statusError(
  code: number,
  reason: string,
  message: string,
  causes?: { reason: string; message: string; field?: string }[],
): StatusError {
  return new StatusError({
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code,
    reason,
    message,
    ...(causes === undefined ? {} : { details: { causes } }),
  });
}
