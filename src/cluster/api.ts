import type { KubeObject, NewObject, ObjectReference, Scale, Status } from '../model/objects.ts';
import type { Resource } from '../model/resources.ts';
import type { LabelSelector } from '../model/objects.ts';

/**
 * The API as the parts inside the embedded cluster use it: synchronous, through the same admission, defaulting
 * and validation as a request over HTTPS, under the identity of the part. Made by the API server
 * (`apiserver.clientFor(identity)`), passed to every controller, the scheduler, the kubelet and the DNS server.
 *
 * Objects that come out are frozen and shared: change a copy. Every method throws {@link StatusError}.
 */
export interface Api {
  /** The object, or undefined where it does not exist. */
  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  /** All objects in name order, or those of a namespace, or those that match a selector. */
  list<T extends KubeObject>(
    resource: Resource<T>,
    options?: { namespace?: string; selector?: LabelSelector },
  ): readonly T[];
  create<T extends KubeObject>(resource: Resource<T>, object: NewObject<T>): T;
  /** Replaces all but the status. A `metadata.resourceVersion` that is not the stored one is a 409 conflict. */
  update<T extends KubeObject>(resource: Resource<T>, object: T): T;
  /**
   * Replaces the status only; with `annotations` these too, as the status subresource does: a Deployment's revision
   * is written so, because other changes of its annotations are a new generation. `approval` is the way of decisions
   * on requests for certificates.
   */
  updateStatus<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options?: { readonly annotations?: boolean; readonly subresource?: 'status' | 'approval' },
  ): T;
  /** Deletes as the API does: graceful for pods, waiting for finalizers, with owner propagation. */
  delete(resource: Resource, namespace: string | undefined, name: string, options?: DeleteOptions): void;
  /** The `scale` subresource of a workload. @throws StatusError 404 also where the resource has none */
  getScale(resource: Resource, namespace: string, name: string): Scale;
  /** @throws StatusError 409 for another version than the stored one */
  updateScale(resource: Resource, scale: Scale): Scale;
  /** Sets `spec.nodeName` and the PodScheduled condition, as the `binding` subresource does. */
  bind(namespace: string, pod: string, node: string): void;
  /**
   * Calls `handler` for every object that is there (as `ADDED`) and for every change after that, in order of
   * their revisions, as an informer would: in a simulation event of its own shortly after the change.
   * @returns a function that ends the watch.
   */
  watch<T extends KubeObject>(resource: Resource<T>, handler: (event: WatchEvent<T>) => void): () => void;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
  /** The object as it was before; absent on `ADDED`. */
  readonly old?: T;
}

/** An API error: the Status object that a client would get. */
export class StatusError extends Error {
  readonly status: Status & { readonly code: number };
  /** What the answer is to warn of besides. */
  warnings: readonly string[] = [];

  constructor(status: Status & { readonly code: number }) {
    super(status.message ?? status.reason ?? 'unknown');
    this.name = 'StatusError';
    this.status = status;
  }

  get code(): number {
    return this.status.code;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }
}

/**
 * Asks for a change that the API server may refuse: a policy, say, is against it, or the object is another one by now.
 * @returns whether it was done
 */
export function unlessRefused(request: () => unknown): boolean {
  try {
    request();
    return true;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return false;
  }
}

/**
 * Writes v1 Events with the correlation of client-go (same key: count + 1; more than ten similar in ten minutes:
 * combined; a burst of 25 an object and type). https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export interface EventRecorder {
  event(
    about: KubeObject | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
  ): void;
}
