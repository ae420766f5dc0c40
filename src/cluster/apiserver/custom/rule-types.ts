import { isObject } from '../../../core/json.ts';
import { parseDuration, parseTimestamp } from '../expressions/functions/times.ts';
import { DYN, type Type, typeOf } from '../expressions/types.ts';
import { ExpressionError, type Key, type Value } from '../expressions/values.ts';
import type { ValidationSchema } from './schema.ts';

const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(
    ' ',
  ),
);
const ESCAPED: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};
const TEXT: ValidationSchema = { type: 'string' };
/** What rules see of the root of a resource beyond its schema. */
const ROOT: Readonly<Record<string, ValidationSchema>> = {
  apiVersion: TEXT,
  kind: TEXT,
  metadata: { type: 'object', properties: { name: TEXT, generateName: TEXT } },
};

/**
 * The name of a field in rules.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 * @returns undefined where rules cannot name it
 */
export function ruleName(field: string): string | undefined {
  if (RESERVED.has(field)) return `__${field}__`;
  if (!/^[A-Za-z_.\-/][\w.\-/]*$/.test(field)) return undefined;
  return field.replaceAll(/__|[.\-/]/g, (part) => ESCAPED[part] ?? part);
}

function isRoot(schema: ValidationSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** The fields of an object that rules can see. */
function propertiesOf(schema: ValidationSchema, root: boolean): Readonly<Record<string, ValidationSchema>> {
  return root ? { ...schema.properties, ...ROOT } : (schema.properties ?? {});
}

/** The type of the values of a schema; undefined for what rules cannot see. */
export function ruleType(schema: ValidationSchema, root: boolean): Type | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return DYN;
  switch (root ? 'object' : schema.type) {
    case 'array': {
      const items = schema.items && ruleType(schema.items, isRoot(schema.items));
      return items && { kind: 'list', items };
    }
    case 'object':
      return objectType(schema, root);
    case 'string':
      return typeOf(TEXT_TYPES[schema.format ?? ''] ?? 'string');
    case 'boolean':
      return typeOf('bool');
    case 'number':
      return typeOf('double');
    case 'integer':
      return typeOf('int');
    default:
      return undefined;
  }
}

const TEXT_TYPES: Readonly<Record<string, string>> = {
  byte: 'bytes',
  duration: 'duration',
  date: 'timestamp',
  'date-time': 'timestamp',
};

function objectType(schema: ValidationSchema, root: boolean): Type | undefined {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') {
    const values = ruleType(additionalProperties, isRoot(additionalProperties));
    return values && { kind: 'map', keys: typeOf('string'), values };
  }
  const fields = new Map(
    Object.entries(propertiesOf(schema, root)).flatMap(([name, field]) => {
      const seen = ruleName(name);
      return seen === undefined ? [] : [[seen, field] as const];
    }),
  );
  return {
    kind: 'struct',
    name: 'object',
    field(name) {
      const field = fields.get(name);
      return field && ruleType(field, isRoot(field));
    },
  };
}

/** Data as rules see it: with the types and names of its schema, without what that does not have. */
export function ruleValue(data: unknown, schema: ValidationSchema, root: boolean): Value {
  if (data === null || data === undefined) return null;
  if (typeof data === 'boolean') return data;
  if (typeof data === 'number') return numberValue(data, schema);
  if (typeof data === 'string') return textValue(data, schema);
  if (Array.isArray(data)) {
    const { items = {} } = schema;
    return data.map((item) => ruleValue(item, items, isRoot(items)));
  }
  return isObject(data) ? objectValue(data, schema, root) : null;
}

function numberValue(data: number, schema: ValidationSchema): Value {
  return schema.type !== 'number' && Number.isSafeInteger(data) ? BigInt(data) : data;
}

function textValue(data: string, { format = '' }: ValidationSchema): Value {
  try {
    switch (TEXT_TYPES[format]) {
      case 'bytes':
        return Uint8Array.from(Buffer.from(data, 'base64'));
      case 'duration':
        return parseDuration(data);
      case 'timestamp':
        return parseTimestamp(format === 'date' ? `${data}T00:00:00Z` : data);
      default:
        return data;
    }
  } catch (error) {
    // The schema complains of it itself.
    if (error instanceof ExpressionError) return data;
    throw error;
  }
}

function objectValue(data: Record<string, unknown>, schema: ValidationSchema, root: boolean): Value {
  const { additionalProperties } = schema;
  const map = new Map<Key, Value>();
  if (typeof additionalProperties === 'object') {
    for (const [key, value] of Object.entries(data)) {
      map.set(key, ruleValue(value, additionalProperties, isRoot(additionalProperties)));
    }
    return map;
  }
  for (const [name, field] of Object.entries(propertiesOf(schema, root))) {
    const seen = ruleName(name);
    if (seen !== undefined && data[name] !== undefined) {
      map.set(seen, ruleValue(data[name], field, isRoot(field)));
    }
  }
  return map;
}
