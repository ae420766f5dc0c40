import type { AnyObject, KubeObject, NewObject, Status } from '../model/objects.ts';
import type { Resource } from '../model/resources.ts';

/**
 * A cluster as checks, faults and the engine use it, the same for every provider: requests by path, objects as
 * plain JSON, which are not to be changed: they may be the cluster's own (`edit` of core/json.ts makes a changed copy).
 * Every method throws {@link KubeError} where the API server refuses and {@link ClusterUnreachable} where none answers.
 * `namespace` is undefined for what is not namespaced.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
export interface KubeClient {
  /** The object, or undefined where it does not exist. */
  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<T[]>;
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: NewObject<T>,
    options?: DryRunOptions,
  ): Promise<T>;
  /** Replaces an object (or, with `subresource`, a part of it); a stale resourceVersion is a 409. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
    body: unknown,
    options: PatchOptions,
  ): Promise<T>;
  /** Server-side apply. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
  apply<T extends KubeObject = AnyObject>(object: Manifest, options: ApplyOptions): Promise<T>;
  /** Applies all: namespaces and custom resource definitions first, the others in their order. */
  applyAll(objects: readonly Manifest[], options: ApplyOptions): Promise<AnyObject[]>;
  /** Whether there was something to delete; it may still be there until its finalizers or its grace are over. */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<boolean>;
  /**
   * Calls `handler` for every object that is there (as `ADDED`) and for every change, until `signal` aborts; then
   * it resolves. Goes on by itself after an idle time-out, a closed connection and an expired revision (410).
   */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions,
    handler: (event: KubeEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void>;
  logs(namespace: string, pod: string, options?: LogOptions): Promise<string>;
  /**
   * Runs a command to its end.
   * @throws KubeError where the container does not exist or the command cannot be started; the signal's reason
   * or a `TimeoutError` where it does not end in time
   */
  exec(namespace: string, pod: string, options: ExecOptions): Promise<ExecResult>;
  /** A port on 127.0.0.1 that leads to one of a pod; every connection to it is a connection in the pod. */
  portForward(namespace: string, pod: string, port: number): Promise<PortForward>;
  /** Any request; a status of 400 and more is an answer like any other. */
  raw(path: string, options?: RawOptions): Promise<RawResponse>;
  /** Whether somebody may do something. https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
  reviewAccess(subject: AccessSubject, attributes: AccessAttributes): Promise<AccessReview>;
  version(): Promise<{ major: string; minor: string; gitVersion: string }>;
}

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

interface WriteOptions {
  readonly subresource?: string;
  readonly fieldManager?: string;
}

interface DryRunOptions extends WriteOptions {
  /** The server says whether it would take the object, and what it would make of it, and keeps nothing. */
  readonly dryRun?: boolean;
}

export interface PatchOptions extends DryRunOptions {
  readonly type: 'json' | 'merge' | 'strategic';
}

export interface ApplyOptions {
  /** The field manager that will own the fields. */
  readonly manager: string;
  /** Takes fields over from other managers instead of failing with a conflict. */
  readonly force?: boolean;
}

interface DeleteOptions {
  /** Seconds. */
  readonly grace?: number;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

/** An object on its way in, of a kind that its own `apiVersion` and `kind` name. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface KubeEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

interface LogOptions {
  readonly container?: string;
  /** Of the instance before the last restart. */
  readonly previous?: boolean;
  /** Lines from the end. */
  readonly tail?: number;
}

export interface ExecOptions {
  readonly container?: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PortForward extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
}

export interface RawOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  readonly accept?: string;
  readonly body?: string;
  /** Of the body; JSON where absent. */
  readonly contentType?: string;
}

export interface RawResponse {
  readonly status: number;
  readonly body: string;
}

export type AccessSubject =
  | { readonly user: string; readonly groups?: readonly string[] }
  | { readonly serviceAccount: { readonly namespace: string; readonly name: string } };

export type AccessAttributes =
  | {
      readonly verb: string;
      readonly resource: string;
      readonly group?: string;
      readonly subresource?: string;
      readonly namespace?: string;
      readonly name?: string;
    }
  | { readonly verb: string; readonly path: string };

interface AccessReview {
  readonly allowed: boolean;
  /** The authorizer's words, such as the binding that allows it. */
  readonly reason: string;
}

/** The API server's refusal. */
export class KubeError extends Error {
  /** HTTP status. */
  readonly code: number;
  /** `NotFound`, `Forbidden`, `Conflict`…; empty where the answer was no Status. */
  readonly reason: string;
  readonly status: Status | undefined;

  constructor(code: number, message: string, status?: Status) {
    super(message);
    this.name = 'KubeError';
    this.code = code;
    this.reason = status?.reason ?? '';
    this.status = status;
  }

  /**
   * Whether what was asked for is not taken: the server says no, or has to ask a webhook that does not answer, which it words as
   * an error of its own. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy
   */
  get isRefusal(): boolean {
    return this.code < 500 || this.message.includes('failed calling webhook');
  }
}

/** No API server answers: connection refused, TLS failure, time-out. Says nothing about what was asked. */
export class ClusterUnreachable extends Error {
  constructor(server: string, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    super(`the API server ${server} does not answer: ${detail}`, { cause });
    this.name = 'ClusterUnreachable';
  }
}

/** Whether it is the cluster's doing that something could not be asked: it does not answer, or refuses. */
export function isClusterError(error: unknown): boolean {
  return error instanceof ClusterUnreachable || error instanceof KubeError;
}
