/**
 * Kubernetes objects as data, as the API server stores them: fields that defaulting fills in are required.
 * Objects that come out of a store are frozen; change a copy (`edit` in core/json.ts).
 * Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/
 */

/** RFC 3339 in whole seconds, e.g. `2026-11-22T09:51:51Z`. */
export type Time = string;
/** RFC 3339 with microseconds. */
export type MicroTime = string;
/** `500m`, `1Gi`, `2`; see quantity.ts. */
export type Quantity = string | number;
export type Labels = Record<string, string>;
export type ResourceList = Record<string, Quantity>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: Time;
  fieldsType: 'FieldsV1';
  fieldsV1: Record<string, unknown>;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: Time;
  deletionTimestamp?: Time;
  deletionGracePeriodSeconds?: number;
  labels?: Labels;
  annotations?: Labels;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** What every object has. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object whose kind is not known when this is compiled. */
export interface AnyObject extends KubeObject {
  [field: string]: unknown;
}

/** An object on its way in: metadata may still lack what the server fills in. */
export type NewObject<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & {
  metadata: Partial<ObjectMeta>;
  status?: unknown;
};

export interface LabelSelector {
  matchLabels?: Labels;
  matchExpressions?: {
    key: string;
    operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    values?: string[];
  }[];
}

export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  /** `null` where a client wrote the condition and did not say. */
  lastTransitionTime?: Time | null;
  lastUpdateTime?: Time;
  lastProbeTime?: Time | null;
  lastHeartbeatTime?: Time;
  observedGeneration?: number;
}

/** meta/v1 Status: the body of every API error. */
export interface Status {
  apiVersion: 'v1';
  kind: 'Status';
  metadata: Record<string, unknown>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: {
    name?: string;
    group?: string;
    kind?: string;
    uid?: string;
    causes?: { reason?: string; message?: string; field?: string }[];
    retryAfterSeconds?: number;
  };
  code?: number;
}
