import { copy, isObject } from '../../../core/json.ts';
import { OBJECT_FIELDS, type ValidationSchema } from './schema.ts';

/**
 * Fills in what the schema says where the object says nothing, in place.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting
 */
export function fillDefaults(object: Record<string, unknown>, schema: ValidationSchema): void {
  fill(object, schema, true);
}

function fill(value: unknown, schema: ValidationSchema, isResource: boolean): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) fill(item, items, isEmbedded(items));
    return;
  }
  if (!isObject(value)) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (isResource && OBJECT_FIELDS.has(name)) continue;
    const given = value[name];
    const missing = given === undefined || (given === null && field.nullable !== true);
    if (missing && field.default !== undefined) value[name] = copy(field.default);
    fill(value[name], field, isEmbedded(field));
  }
  const { additionalProperties } = schema;
  if (typeof additionalProperties !== 'object') return;
  for (const [name, item] of Object.entries(value)) {
    if (schema.properties?.[name] === undefined) {
      fill(item, additionalProperties, isEmbedded(additionalProperties));
    }
  }
}

function isEmbedded(schema: ValidationSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}
