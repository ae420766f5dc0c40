import { createHash } from 'node:crypto';
import type { DiscoveredResource } from '../resource-registry.ts';

/** Resources that are stored in another group or version than the one in which they are served first. */
const STORED_ELSEWHERE: Readonly<Record<string, string>> = {
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicies': 'admissionregistration.k8s.io/v1beta1',
  'admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings': 'admissionregistration.k8s.io/v1beta1',
  'apiextensions.k8s.io/v1/customresourcedefinitions': 'apiextensions.k8s.io/v1beta1',
  'autoscaling/v1/horizontalpodautoscalers': 'autoscaling/v2',
  'events.k8s.io/v1/events': '/v1',
};

/**
 * What tells clients that objects have come to be stored in another version: a hash of group, version and kind.
 * Empty for what is not stored, such as reviews.
 */
export function storageVersionHash(
  { resource, responseKind, verbs }: DiscoveredResource,
  group: string,
  version: string,
): { readonly storageVersionHash?: string } {
  if (!verbs.includes('watch')) return {};
  const stored = STORED_ELSEWHERE[`${group}/${version}/${resource}`] ?? `${group}/${version}`;
  const digest = createHash('sha256').update(`${stored}/${responseKind.kind}`).digest();
  return { storageVersionHash: digest.subarray(0, 8).toString('base64') };
}
