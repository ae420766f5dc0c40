import { isObject } from '../../../core/json.ts';
import { OBJECT_FIELDS, type ValidationSchema } from './schema.ts';

/**
 * A custom object without the fields that its schema does not have; metadata is left to its own type.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
export function prune(
  object: Readonly<Record<string, unknown>>,
  schema: ValidationSchema,
): Record<string, unknown> {
  return prunedFields(object, schema, true);
}

/** A value below the root, likewise. */
export function prunedValue(value: unknown, schema: ValidationSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => prunedValue(item, items));
  }
  if (!isObject(value)) return value;
  return prunedFields(value, schema, schema['x-kubernetes-embedded-resource'] === true);
}

function prunedFields(
  fields: Readonly<Record<string, unknown>>,
  schema: ValidationSchema,
  isResource: boolean,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = schema.properties?.[name];
    if (isResource && OBJECT_FIELDS.has(name)) result[name] = value;
    else if (field !== undefined) result[name] = prunedValue(value, field);
    else if (typeof schema.additionalProperties === 'object') {
      result[name] = prunedValue(value, schema.additionalProperties);
    } else if (keepsUnknown(schema)) result[name] = value;
  }
  return result;
}

function keepsUnknown(schema: ValidationSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}
