import { equal } from '../../../core/json.ts';
import type { AnyObject } from '../../../model/objects.ts';
import type { AdmissionAttributes, ApplyDefaults } from '../pipeline.ts';

/**
 * Puts what admission has made of an object in its place, with defaults for what is new.
 * @returns whether anything is different
 */
export function replaceObject(
  attributes: AdmissionAttributes,
  changed: AnyObject,
  applyDefaults: ApplyDefaults,
): boolean {
  const { object, operation, resource, old } = attributes;
  if (object === undefined || equal(object, changed)) return false;
  for (const field of Object.keys(object)) if (!(field in changed)) Reflect.deleteProperty(object, field);
  Object.assign(object, attributes.read?.(changed) ?? changed);
  if (operation === 'CREATE' || operation === 'UPDATE') {
    if (attributes.subresource !== 'status') {
      applyDefaults(resource, object, { operation, ...(old && { old }) });
    }
  }
  return true;
}
