import type { KubeObject } from '../../../model/objects.ts';
import { printer } from './columns.ts';
import { since } from './duration.ts';

interface ResourceClaim extends KubeObject {
  status?: { allocation?: object; reservedFor?: object[] };
}

interface ResourceSlice extends KubeObject {
  spec: { nodeName?: string; driver: string; pool: { name: string } };
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */
export const resourceClaimPrinter = printer<ResourceClaim>('Name, State, Age', (claim, now) => [
  claim.metadata.name,
  stateOf(claim),
  since(claim.metadata.creationTimestamp, now),
]);

function stateOf({ metadata, status = {} }: ResourceClaim): string {
  const deleted = metadata.deletionTimestamp === undefined ? [] : ['deleted'];
  if (status.allocation === undefined) return ['pending', ...deleted].join(',');
  const reserved = (status.reservedFor ?? []).length === 0 ? [] : ['reserved'];
  return ['allocated', ...reserved, ...deleted].join(',');
}

export const resourceSlicePrinter = printer<ResourceSlice>(
  'Name, Node, Driver, Pool, Age',
  ({ metadata, spec }, now) => [
    metadata.name,
    spec.nodeName ?? '',
    spec.driver,
    spec.pool.name,
    since(metadata.creationTimestamp, now),
  ],
);
