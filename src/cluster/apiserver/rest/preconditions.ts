import type { AnyObject } from '../../../model/objects.ts';
import type { ResourceInfo } from '../resource-registry.ts';
import { conflict, statusError } from '../status.ts';
import { sentMetadata } from './metadata.ts';
import { CHANGED_BY_VERSION_ONLY } from './strategy.ts';

/** A replacement is for the object with the uid that it names. @throws StatusError 409 */
export function checkUid({ resource }: ResourceInfo, old: AnyObject, sent: AnyObject): void {
  const { uid = '' } = sentMetadata(sent);
  const { name, namespace } = old.metadata;
  if (uid === '' || uid === old.metadata.uid) return;
  const key = ['/registry', resource.plural, ...(namespace === undefined ? [] : [namespace]), name].join('/');
  throw conflict(
    resource,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ` +
      wrongUid(uid, old.metadata.uid),
  );
}

/** Why an object is not the one that a change is for. */
export function wrongUid(wanted: string, found: string): string {
  return `Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`;
}

/**
 * A change is for the version that it names, which it must do for some kinds.
 * @throws StatusError 409 for another version, 422 for none
 */
export function checkVersion(info: ResourceInfo, old: AnyObject, sent: AnyObject): void {
  const { resourceVersion = '' } = sentMetadata(sent);
  const { name } = old.metadata;
  if (resourceVersion !== '' && resourceVersion !== '0') {
    if (resourceVersion !== old.metadata.resourceVersion) throw conflict(info.resource, name);
  } else if (CHANGED_BY_VERSION_ONLY.has(info.storage) || info.custom !== undefined) {
    throw versionRequired(info, name);
  }
}

function versionRequired(info: ResourceInfo, name: string): Error {
  const message = 'Invalid value: 0: must be specified for an update';
  const { id, group, plural } = info.resource;
  return statusError(422, 'Invalid', `${id} "${name}" is invalid: metadata.resourceVersion: ${message}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind: plural,
    causes: [{ reason: 'FieldValueInvalid', message, field: 'metadata.resourceVersion' }],
  });
}
