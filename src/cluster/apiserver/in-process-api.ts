import { copy } from '../../core/json.ts';
import type { AnyObject, KubeObject, LabelSelector, NewObject, Scale } from '../../model/objects.ts';
import { type Resource, resources } from '../../model/resources.ts';
import { type Api, type DeleteOptions, StatusError, type WatchEvent } from '../api.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { Store } from '../store/store.ts';
import type { RequestCounts } from './metrics/request-counts.ts';
import type { RequestLabels } from './metrics/request-labels.ts';
import type { StateReader } from './pipeline.ts';
import type { ResourceInfo, ResourceRegistry } from './resource-registry.ts';
import type { Deleter } from './rest/deleter.ts';
import { exceptStatus, nothingButStatus, statusAndAnnotations } from './rest/writer.ts';
import type { Target, UpdateOptions, Writer } from './rest/writer.ts';
import type { WriteContext } from './rest/write-context.ts';
import { notFound, resourceNotServed } from './status.ts';
import { bindPod } from './subresources/binding.ts';
import { scaleOf, scaled } from './subresources/scale.ts';
import type { UserInfo } from './types.ts';
import { WATCH_DELAY } from './watch-hub.ts';
import type { WatchHub } from './watch-hub.ts';

/** Under which name a part of the cluster writes. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** Field manager, e.g. `kube-controller-manager`. */
  readonly manager: string;
}

export interface InProcessParts {
  readonly simulation: Simulation;
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly reader: StateReader;
  readonly writer: Writer;
  readonly deleter: Deleter;
  readonly hub: WatchHub;
  /** Of what is asked inside. */
  readonly counts: RequestCounts;
}

/** The API for the parts inside the cluster: the same way into the store as over HTTPS, without the wire. */
export class InProcessApi implements Api {
  readonly #parts: InProcessParts;
  readonly #context: WriteContext;

  constructor(parts: InProcessParts, identity: Identity) {
    this.#parts = parts;
    const user: UserInfo = { name: identity.user, groups: identity.groups };
    this.#context = { user, isRemote: false, manager: identity.manager, dryRun: false, warn: () => {} };
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#parts.reader.get(resource, namespace, name);
  }

  list<T extends KubeObject>(
    resource: Resource<T>,
    options?: { namespace?: string; selector?: LabelSelector },
  ): readonly T[] {
    return this.#parts.reader.list(resource, options);
  }

  create<T extends KubeObject>(resource: Resource<T>, object: NewObject<T>): T {
    const draft = copy(object) as unknown as AnyObject;
    const created = this.#counted(resource, 'POST', '', () =>
      this.#parts.writer.create(
        this.#context,
        this.#info(resource),
        namespaceOf(resource, draft.metadata.namespace),
        draft,
      ),
    );
    return created as unknown as T;
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const { status: _status, ...sent } = object as unknown as AnyObject;
    const { managedFields, ...metadata } = sent.metadata;
    const draft = (): AnyObject => {
      const copied = copy<AnyObject>({ ...sent, metadata });
      // Who owns which fields is the server's to say: its own list is shared, not copied.
      if (managedFields !== undefined) copied.metadata.managedFields = managedFields;
      return copied;
    };
    return this.#update(resource, object, draft, { apply: exceptStatus });
  }

  updateStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: { readonly annotations?: boolean; readonly subresource?: 'status' | 'approval' } = {},
  ): T {
    const { metadata, status } = object as unknown as AnyObject;
    const { apiVersion, kind } = object;
    return this.#update(
      resource,
      object,
      () => ({ apiVersion, kind, metadata: { ...metadata }, status: copy(status) }),
      {
        subresource: options.subresource ?? 'status',
        apply: options.annotations === true ? statusAndAnnotations : nothingButStatus,
      },
    );
  }

  delete(resource: Resource, namespace: string | undefined, name: string, options: DeleteOptions = {}): void {
    this.#counted(resource, 'DELETE', '', () => {
      this.#parts.deleter.delete(this.#context, this.#target(resource, namespace, name), options);
    });
  }

  getScale(resource: Resource, namespace: string, name: string): Scale {
    const target = this.#scaleTarget(resource, namespace, name);
    const stored = this.#parts.store.get(target.info.storage, namespace, name);
    if (stored === undefined) throw notFound(resource, name);
    return scaleOf(stored);
  }

  updateScale(resource: Resource, scale: Scale): Scale {
    const { namespace = '', name } = scale.metadata;
    const target = this.#scaleTarget(resource, namespace, name);
    const written = this.#counted(resource, 'PUT', 'scale', () =>
      this.#parts.writer.update(this.#context, target, (old) => scaled(old, scale), {
        subresource: 'scale',
      }),
    );
    return scaleOf(written);
  }

  bind(namespace: string, pod: string, node: string): void {
    const { store, simulation } = this.#parts;
    this.#counted(resources.pods, 'POST', 'binding', () => {
      bindPod({ store, simulation }, { namespace, pod, node });
    });
  }

  watch<T extends KubeObject>(resource: Resource<T>, handler: (event: WatchEvent<T>) => void): () => void {
    const { store, simulation, hub, counts } = this.#parts;
    const watching = counts.watching(labelsOf(resource, 'WATCH', '', 'cluster'));
    const tell = (event: WatchEvent<T>): void => {
      watching.event();
      handler(event);
    };
    const present = store.list(resource.id) as unknown as readonly T[];
    let open = true;
    simulation.after(WATCH_DELAY, `apiserver/watch/${resource.id}`, () => {
      for (const object of present) if (open) tell({ type: 'ADDED', object });
    });
    const end = hub.watch(resource.id, store.revision, (change) => {
      tell(change as unknown as WatchEvent<T>);
    });
    return () => {
      open = false;
      watching.end();
      end();
    };
  }

  #update<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    draft: () => AnyObject,
    options?: UpdateOptions,
  ): T {
    const { name, namespace } = object.metadata;
    const target = this.#target(resource, namespace, name);
    return this.#counted(resource, 'PUT', options?.subresource ?? '', () =>
      this.#parts.writer.update(this.#context, target, draft, options),
    ) as unknown as T;
  }

  #counted<R>(resource: Resource, verb: 'DELETE' | 'POST' | 'PUT', subresource: string, ask: () => R): R {
    const labels = labelsOf(resource, verb, subresource, 'resource');
    try {
      const answer = ask();
      this.#parts.counts.answeredInside(labels, verb === 'POST' ? 201 : 200);
      return answer;
    } catch (error) {
      if (error instanceof StatusError) this.#parts.counts.answeredInside(labels, error.code);
      throw error;
    }
  }

  #target(resource: Resource, namespace: string | undefined, name: string): Target {
    return { info: this.#info(resource), namespace: namespaceOf(resource, namespace), name };
  }

  #scaleTarget(resource: Resource, namespace: string, name: string): Target {
    const target = this.#target(resource, namespace, name);
    const { subresources = [] } = target.info.discovered;
    if (!subresources.some(({ subresource }) => subresource === 'scale')) throw resourceNotServed();
    return target;
  }

  #info(resource: Resource): ResourceInfo {
    const info = this.#parts.registry.stored(resource.id);
    if (info === undefined) throw resourceNotServed();
    return info;
  }
}

function namespaceOf(resource: Resource, namespace: string | undefined): string {
  return resource.namespaced ? (namespace ?? '') : '';
}

function labelsOf(
  { group, version, plural }: Resource,
  verb: string,
  subresource: string,
  scope: RequestLabels['scope'],
): RequestLabels {
  return { component: 'apiserver', dry_run: '', group, resource: plural, scope, subresource, verb, version };
}
