import type { AnyObject, ObjectMeta } from '../../../model/objects.ts';

/** The order in which the API server writes metadata. */
const METADATA_ORDER: readonly string[] = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
];

/**
 * The object as the server writes it: kind, apiVersion and metadata first and in their order, without metadata
 * that is empty. Lists rely on `kind` and `apiVersion` being the first two (see `listing.ts`).
 */
export function inOrder(object: AnyObject): AnyObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata: metadataInOrder(metadata), ...rest };
}

function metadataInOrder(metadata: ObjectMeta): ObjectMeta {
  const fields = metadata as unknown as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const field of METADATA_ORDER) {
    const value = fields[field];
    // An empty version keeps the place for the one that the store sets.
    if (!isEmpty(value) || (field === 'resourceVersion' && value === '')) result[field] = value;
  }
  return result as unknown as ObjectMeta;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  for (const _key in value) return false;
  return true;
}

/** Metadata of a draft, in which anything may still be missing. */
export function sentMetadata(draft: AnyObject): Partial<ObjectMeta> {
  return draft.metadata;
}
