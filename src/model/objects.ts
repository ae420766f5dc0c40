/**
 * Kubernetes objects as data, as the API server stores them: fields that defaulting fills in are required.
 * Objects that come out of a store are frozen; change a copy (`edit` in core/json.ts).
 * Field meanings: https://kubernetes.io/docs/reference/kubernetes-api/
 */
export type * from './objects/meta.ts';
export type * from './objects/pod.ts';
export type * from './objects/workloads.ts';
export type * from './objects/cluster.ts';
export type * from './objects/access.ts';
export type * from './objects/network-policy.ts';
export type * from './objects/batch.ts';
export type * from './objects/policy.ts';
export type * from './objects/autoscaling.ts';
