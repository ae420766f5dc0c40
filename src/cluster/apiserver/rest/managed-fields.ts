import type { AnyObject, ManagedFieldsEntry } from '../../../model/objects.ts';
import { difference, type FieldSet, isEmptySet, LEAF } from '../../../model/patch/apply/field-set.ts';
import { fieldsOfEntry, trackUpdate } from '../../../model/patch/apply/managed-fields.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { schemaOf } from '../../../model/schema/schema.ts';
import type { TypeSchema } from '../../../model/schema/types.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import type { WriteContext } from './write-context.ts';

const NOT_STATUS: FieldSet = { 'f:status': {} };
const NOT_SPEC: FieldSet = { 'f:spec': {} };
const NEITHER: FieldSet = { ...NOT_SPEC, ...NOT_STATUS };
const REPLICAS: FieldSet = { 'f:spec': { 'f:replicas': LEAF } };
/** What is asked for in requests for certificates belongs to nobody. */
const CERTIFICATES = 'certificatesigningrequests.certificates.k8s.io';

/** The shape of a resource's objects in the version in which it is served. */
export function schemaFor({ resource, custom }: ResourceInfo): TypeSchema | undefined {
  return custom?.type ?? schemaOf(resource.group, resource.version, resource.kind);
}

/** Fields that a write does not touch, whoever sends them: the status, or for the status all the rest. */
export function resetFields(info: ResourceInfo, subresource: string | undefined): FieldSet | undefined {
  if (subresource === 'status' || subresource === 'approval') return NOT_SPEC;
  if (info.resource.id === CERTIFICATES) return NEITHER;
  const hasStatus = info.discovered.subresources?.some((item) => item.subresource === 'status');
  return hasStatus === true ? NOT_STATUS : undefined;
}

/**
 * Notes in `metadata.managedFields` who has set what.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
export function trackChange(
  context: WriteContext,
  info: ResourceInfo,
  time: string,
  change: { draft: AnyObject; old?: AnyObject; subresource?: string | undefined },
): void {
  const { draft, old, subresource } = change;
  const schema = schemaFor(info);
  if (schema === undefined) return;
  // What a client sends of it is not looked at, and not compared.
  if (old?.metadata.managedFields !== undefined) draft.metadata.managedFields = old.metadata.managedFields;
  const reset = resetFields(info, subresource);
  const entries = trackUpdate({
    operation: 'Update',
    manager: context.manager,
    apiVersion: apiVersionOf(info.resource),
    ...(subresource !== undefined && { subresource }),
    time,
    before: old,
    after: draft,
    schema,
    managedFields: old?.metadata.managedFields,
    ...(reset !== undefined && { resetFields: reset }),
  });
  const isIdle =
    subresource === 'scale' && info.custom === undefined && entries === old?.metadata.managedFields;
  const after = isIdle ? withoutReplicas(entries) : entries;
  draft.metadata.managedFields = after as AnyObject['metadata']['managedFields'] & object;
}

/**
 * Whoever scales to what is there already owns nothing by that, but who has set it by an update does not own it any
 * more: the API server carries owners over to the Scale and back, and finds those of another version no more.
 */
function withoutReplicas(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  return entries
    .map((entry) => {
      if (entry.operation !== 'Update' || entry.subresource === 'scale') return entry;
      return { ...entry, fieldsV1: difference(fieldsOfEntry(entry), REPLICAS) };
    })
    .filter(({ fieldsV1 }) => !isEmptySet(fieldsV1 as FieldSet));
}
