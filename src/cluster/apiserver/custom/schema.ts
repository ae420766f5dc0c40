import type { JsonSchema } from '../../../model/schema/from-openapi.ts';

/** The `openAPIV3Schema` of a CustomResourceDefinition: its shape and what values must keep to. */
export interface ValidationSchema extends JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, ValidationSchema>>;
  readonly additionalProperties?: ValidationSchema | boolean;
  readonly items?: ValidationSchema;
  readonly allOf?: readonly ValidationSchema[];
  readonly anyOf?: readonly ValidationSchema[];
  readonly oneOf?: readonly ValidationSchema[];
  readonly not?: ValidationSchema;
  readonly nullable?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** A rule in CEL that values have to keep to. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** What every object has, whatever its schema says. */
export const OBJECT_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Whether any value below the schema has a default. */
export function hasDefaults(schema: ValidationSchema): boolean {
  if (schema.default !== undefined) return true;
  const { properties = {}, items, additionalProperties } = schema;
  return (
    Object.values(properties).some(hasDefaults) ||
    (items !== undefined && hasDefaults(items)) ||
    (typeof additionalProperties === 'object' && hasDefaults(additionalProperties))
  );
}
