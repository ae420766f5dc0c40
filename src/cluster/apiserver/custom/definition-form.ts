import type { DefinitionVersion } from './definition.ts';
import type { ValidationRule, ValidationSchema } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What all versions of a definition have alike. The server keeps it once, with the definition, and that is where its
 * messages look for it.
 */
export interface Shared {
  readonly schema: boolean;
  readonly subresources: boolean;
  readonly columns: boolean;
  readonly selectableFields: boolean;
}

/** Versions as the structures inside the server print themselves. */
export function versionsForm(versions: readonly DefinitionVersion[] | undefined, shared: Shared): unknown {
  if (versions === undefined) return null;
  return versions.map(
    (version: DefinitionVersion & { deprecated?: boolean; deprecationWarning?: string }) => {
      const { name, served, storage, schema, subresources, additionalPrinterColumns, selectableFields } =
        version;
      const { deprecated = false, deprecationWarning = null } = version;
      const root = schema?.openAPIV3Schema;
      return {
        Name: name,
        Served: served,
        Storage: storage,
        Deprecated: deprecated,
        DeprecationWarning: deprecationWarning,
        Schema: shared.schema || root === undefined ? null : { OpenAPIV3Schema: schemaForm(root) },
        Subresources: shared.subresources ? null : subresourcesForm(subresources),
        AdditionalPrinterColumns: shared.columns ? null : (additionalPrinterColumns?.map(columnForm) ?? null),
        SelectableFields: shared.selectableFields
          ? null
          : (selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ?? null),
      };
    },
  );
}

function subresourcesForm(subresources: DefinitionVersion['subresources']): unknown {
  if (subresources === undefined) return null;
  const { status = null, scale } = subresources;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath = null } = scale ?? {};
  return {
    Status: status,
    Scale: scale && {
      SpecReplicasPath: specReplicasPath,
      StatusReplicasPath: statusReplicasPath,
      LabelSelectorPath: labelSelectorPath,
    },
  };
}

function columnForm(column: NonNullable<DefinitionVersion['additionalPrinterColumns']>[number]): unknown {
  const { name, type, format = '', description = '', priority = 0, jsonPath } = column;
  return {
    Name: name,
    Type: type,
    Format: format,
    Description: description,
    Priority: priority,
    JSONPath: jsonPath,
  };
}

/** How a field of a schema that is not set is printed, in the order of the server's type. */
const SCHEMA: readonly (readonly [name: string, wire: string, empty: '' | false | null])[] = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref', null],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default', null],
  ['Maximum', 'maximum', null],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength', null],
  ['MinLength', 'minLength', null],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf', null],
  ['Enum', 'enum', null],
  ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null],
  ['Required', 'required', null],
  ['Items', 'items', null],
  ['AllOf', 'allOf', null],
  ['OneOf', 'oneOf', null],
  ['AnyOf', 'anyOf', null],
  ['Not', 'not', null],
  ['Properties', 'properties', null],
  ['AdditionalProperties', 'additionalProperties', null],
  ['PatternProperties', 'patternProperties', null],
  ['Dependencies', 'dependencies', null],
  ['AdditionalItems', 'additionalItems', null],
  ['Definitions', 'definitions', null],
  ['ExternalDocs', 'externalDocs', null],
  ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
  ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null],
  ['XValidations', 'x-kubernetes-validations', null],
];

/** What is inside a schema and has a form of its own; the rest is written as it is. */
const INNER: Readonly<Record<string, (value: never) => unknown>> = {
  items: (items: ValidationSchema) => ({ Schema: schemaForm(items), JSONSchemas: null }),
  allOf: formsOf,
  oneOf: formsOf,
  anyOf: formsOf,
  not: schemaForm,
  properties: (properties: Readonly<Record<string, ValidationSchema>>) =>
    Object.fromEntries(
      Object.entries(properties)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, schema]) => [name, schemaForm(schema)]),
    ),
  additionalProperties: (schema: ValidationSchema | boolean) =>
    typeof schema === 'boolean'
      ? { Allows: schema, Schema: null }
      : { Allows: true, Schema: schemaForm(schema) },
  'x-kubernetes-validations': (rules: readonly ValidationRule[]) => rules.map(ruleForm),
};

function formsOf(schemas: readonly ValidationSchema[]): unknown {
  return schemas.map(schemaForm);
}

function schemaForm(schema: ValidationSchema): unknown {
  const fields = schema as Fields;
  return Object.fromEntries(
    SCHEMA.map(([name, wire, empty]) => {
      const value = fields[wire] ?? undefined;
      if (value === undefined) return [name, empty];
      return [name, INNER[wire]?.(value as never) ?? value];
    }),
  );
}

/** A rule as the server's own type of it is written. */
export function ruleForm(rule: Partial<ValidationRule>): unknown {
  const {
    message = '',
    messageExpression = '',
    reason = null,
    fieldPath = '',
    optionalOldSelf = null,
  } = rule;
  return {
    Rule: rule.rule ?? '',
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf,
  };
}
