import { equal, isObject } from '../../../core/json.ts';
import type { Problems } from '../validation/problems.ts';
import { patternProblem } from './go-pattern.ts';
import { prunedValue } from './pruning.ts';
import { checkRulesOf } from './rule-checks.ts';
import type { ValidationSchema } from './schema.ts';
import { defaultProblems } from './validation.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'set', 'map'];

export interface Place {
  readonly isRoot: boolean;
  /** The list above whose items cannot be told from one another, so that no rule compares them with older ones. */
  readonly uncorrelated: string | undefined;
}

/** The schema of a list's items; what is none counts as left out. */
function itemsOf(
  problems: Problems,
  path: string,
  { type, items }: ValidationSchema,
): ValidationSchema | undefined {
  if (isObject(items)) return items;
  if (Array.isArray(items) && items.length > 0) {
    problems.forbidden(`${path}.items`, 'items must be a schema object and not an array');
  } else if (type === 'array') problems.required(`${path}.items`, 'must be specified');
  return undefined;
}

/** Every value has a type, unless the schema lets it be anything. */
export function checkSchema(problems: Problems, path: string, schema: ValidationSchema, place: Place): void {
  const { isRoot, uncorrelated } = place;
  const inner = { isRoot: false, uncorrelated };
  if (schema.$ref !== undefined) {
    problems.forbidden(`${path}.$ref`, '$ref is not supported');
    return;
  }
  const anything =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true;
  if (!isRoot && schema.type === undefined && !anything) {
    problems.required(`${path}.type`, 'must not be empty for specified object fields');
  }
  problems.oneOf(`${path}.type`, schema.type, TYPES);
  checkWords(problems, path, schema);
  checkList(problems, path, schema);
  checkJunctors(problems, path, schema);
  if (!isRoot) checkDefault(problems, path, schema);
  const items = itemsOf(problems, path, schema);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!isRoot || name !== 'metadata') checkSchema(problems, `${path}.properties[${name}]`, field, inner);
  }
  if (items !== undefined) {
    const isMap = schema['x-kubernetes-list-type'] === 'map';
    const below = { isRoot: false, uncorrelated: uncorrelated ?? (isMap ? undefined : path) };
    checkSchema(problems, `${path}.items`, items, below);
  }
  if (typeof schema.additionalProperties === 'object') {
    checkSchema(problems, `${path}.additionalProperties`, schema.additionalProperties, inner);
  }
  const root = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  checkRulesOf(problems, path, schema, { root, uncorrelated });
}

/** What a schema says beside its types. */
function checkWords(problems: Problems, path: string, schema: ValidationSchema): void {
  const { pattern, uniqueItems, properties, additionalProperties } = schema;
  const wrong = pattern === undefined ? undefined : patternProblem(pattern);
  if (wrong !== undefined) {
    const why = `must be a valid regular expression, but isn't: error parsing regexp: ${wrong}`;
    problems.invalid(`${path}.pattern`, pattern, why);
  }
  if (uniqueItems === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    problems.forbidden(`${path}.uniqueItems`, why);
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    problems.invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined');
  }
  if (properties !== undefined && isObject(additionalProperties)) {
    const why = 'additionalProperties and properties are mutual exclusive';
    problems.forbidden(`${path}.additionalProperties`, why);
  }
}

/** Items of a set are compared as a whole, those of a map by fields that each of them has. */
function checkList(problems: Problems, path: string, schema: ValidationSchema): void {
  const listType: string | undefined = schema['x-kubernetes-list-type'];
  const at = `${path}.x-kubernetes-list-type`;
  if (listType === undefined) return;
  if (schema.type !== 'array') {
    const shown = schema.type ?? '';
    problems.invalid(`${path}.type`, shown, 'must be array if x-kubernetes-list-type is specified');
  }
  problems.oneOf(at, listType, LIST_TYPES);
  const { items } = schema;
  if (listType === 'set' && items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    problems.invalid(`${path}.items.x-kubernetes-map-type`, items['x-kubernetes-map-type'] ?? null, why);
  }
  if (listType === 'map') checkKeys(problems, path, schema);
}

function checkKeys(problems: Problems, path: string, { items, ...schema }: ValidationSchema): void {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (keys.length === 0) {
    const why = 'must not be empty if x-kubernetes-list-type is map';
    problems.required(`${path}.x-kubernetes-list-map-keys`, why);
  }
  for (const key of keys) {
    const property = items?.properties?.[key];
    if (property === undefined || property.default !== undefined || items?.required?.includes(key) === true) {
      continue;
    }
    const why =
      'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
    problems.required(`${path}.items.properties[${key}].default`, why);
  }
}

/** Types stand outside of what a value may be beside them. */
function checkJunctors(problems: Problems, path: string, schema: ValidationSchema): void {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  const inner: (readonly [string, ValidationSchema])[] = [
    ...allOf.map((each, index) => [`${path}.allOf[${index}]`, each] as const),
    ...anyOf.map((each, index) => [`${path}.anyOf[${index}]`, each] as const),
    ...oneOf.map((each, index) => [`${path}.oneOf[${index}]`, each] as const),
    ...(not === undefined ? [] : [[`${path}.not`, not] as const]),
  ];
  for (const [at, { type }] of inner) {
    if (type !== undefined && schema['x-kubernetes-int-or-string'] !== true)
      problems.forbidden(`${at}.type`, 'must be empty to be structural');
  }
}

/** What stands for a value that is left out has to keep to the schema as well. */
function checkDefault(problems: Problems, path: string, schema: ValidationSchema): void {
  const value = schema.default;
  if (value === undefined || value === null) return;
  const at = `${path}.default`;
  if (!equal(prunedValue(value, schema), value)) problems.invalid(at, value, 'must not have unknown fields');
  for (const { type, field, detail } of defaultProblems(value, schema)) {
    problems.list.push({ type, field: field === '<nil>' || field === '' ? at : `${at}.${field}`, detail });
  }
}
