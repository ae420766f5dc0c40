import type { AnyObject, KubeObject, LabelSelector } from '../../model/objects.ts';
import type { Resource } from '../../model/resources.ts';
import type { Tokens } from './auth/tokens.ts';
import type { Reinvocation } from './admission/reinvocation.ts';
import type { ApiRequest, UserInfo } from './types.ts';

/**
 * The stages that a request passes, as interfaces: authentication → authorization → decoding → field validation →
 * defaulting → mutating admission → validation → validating admission → storage. The API server is built from
 * them, so that a test can take trivial ones.
 * https://kubernetes.io/docs/concepts/security/controlling-access/
 */
export interface PipelineStages {
  /** Makes the tokens that the `token` subresource of ServiceAccounts hands out, and names the key to check them. */
  readonly tokens: Pick<Tokens, 'issue' | 'jwks'>;
  readonly authentication: Authentication;
  readonly authorizer: Authorizer;
  readonly applyDefaults: ApplyDefaults;
  readonly validateObject: ValidateObject;
  /** In the order in which they run; mutating ones of all plugins first, then the validating ones. */
  readonly admissionPlugins: readonly AdmissionPlugin[];
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface Authentication {
  /**
   * Who sends the request: the user in whose name it acts, so impersonation has happened already.
   * @param action what the request asks for
   * @throws StatusError 401 for unknown credentials, 403 for an impersonation that is not allowed
   */
  authenticate(request: ApiRequest, action: AuthorizationAttributes): UserInfo;
  /** The user of a bearer token, for TokenReview; undefined where the token is not valid. */
  reviewToken(token: string, audiences: readonly string[]): UserInfo | undefined;
}

/** What is to be allowed: a verb on a resource, or on a path that is none (`resource` undefined). */
export interface AuthorizationAttributes {
  /** get, list, watch, create, update, patch, delete, deletecollection; in lower case for paths, too. */
  readonly verb: string;
  readonly group?: string;
  readonly version?: string;
  /** Plural. */
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  /** Of a request that is not for a resource, e.g. `/healthz`. */
  readonly path?: string;
}

export interface Decision {
  readonly allowed: boolean;
  /** Goes into SubjectAccessReview answers and, after `: `, into a 403 message; may be empty. */
  readonly reason: string;
}

export interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface NonResourceRule {
  readonly verbs: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Authorizer {
  authorize(user: UserInfo, attributes: AuthorizationAttributes): Decision;
  /** All rules of the user in a namespace, for SelfSubjectRulesReview (`kubectl auth can-i --list`). */
  rulesFor(
    user: UserInfo,
    namespace: string,
  ): {
    readonly resourceRules: readonly ResourceRule[];
    readonly nonResourceRules: readonly NonResourceRule[];
  };
}

/** Fills in what the client left out; changes the draft in place. */
export type ApplyDefaults = (
  resource: Resource,
  object: AnyObject,
  context: { readonly operation: 'CREATE' | 'UPDATE'; readonly old?: AnyObject },
) => void;

/** One problem of a 422 answer. */
export interface FieldProblem {
  readonly type:
    | 'FieldValueInvalid'
    | 'FieldValueRequired'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
    | 'InternalError';
  /** Path as Kubernetes prints it: `spec.containers[0].image`. */
  readonly field: string;
  /** Everything after the field and a colon, e.g. `Invalid value: "x": must be …` or `Required value`. */
  readonly detail: string;
}

export type ValidateObject = (
  resource: Resource,
  object: AnyObject,
  context: {
    readonly operation: 'CREATE' | 'UPDATE';
    readonly old?: AnyObject;
    readonly subresource?: string;
  },
) => readonly FieldProblem[];

/** Reads of the current state, without authorization. */
export interface StateReader {
  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string | undefined,
    name: string,
  ): T | undefined;
  list<T extends KubeObject>(
    resource: Resource<T>,
    options?: { namespace?: string; selector?: LabelSelector },
  ): readonly T[];
}

/** What a plugin learns of a request. https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/ */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly resource: Resource;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  /** Empty on a create with generateName before the name is made. */
  readonly name: string;
  /** The object on its way in: a draft that `mutate` changes in place. Absent on DELETE. */
  readonly object: AnyObject | undefined;
  /** The stored object on UPDATE and DELETE; frozen. */
  readonly old: AnyObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly api: StateReader;
  /** Of a connection: the kind of its object. */
  readonly kind?: { readonly group: string; readonly version: string; readonly kind: string };
  /** Of a custom resource: an object as its schema lets it be, without unknown fields and with defaults. */
  readonly read?: (object: AnyObject) => AnyObject;
  /** Whether those that change the object are asked a second time. */
  readonly reinvocation: Reinvocation;
  /** The instant of the request as Kubernetes writes it. */
  readonly timestamp: string;
  /** Adds a `Warning` header to the answer. */
  warn(text: string): void;
}

/** One admission plugin. Both methods throw StatusError to refuse the request. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Whether it hears of connections (exec, attach, port-forward), too. */
  readonly connects?: boolean;
  mutate?(attributes: AdmissionAttributes): void;
  validate?(attributes: AdmissionAttributes): void;
}
