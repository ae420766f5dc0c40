import { equal, isObject, own } from '../../../core/json.ts';
import { goPattern } from './go-pattern.ts';
import type { FieldProblem } from '../pipeline.ts';
import { OBJECT_FIELDS, type ValidationSchema } from './schema.ts';

/**
 * What in a custom object breaks the schema of its definition, in the words of the API server's validator.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation
 */
export function schemaProblems(
  object: Readonly<Record<string, unknown>>,
  schema: ValidationSchema,
): readonly FieldProblem[] {
  const checking = new Checking();
  checking.object('', object, schema, true);
  return checking.problems;
}

/** What in a default breaks its schema. Only of such a value without a name says the server that it is in a body. */
export function defaultProblems(value: unknown, schema: ValidationSchema): readonly FieldProblem[] {
  const checking = new Checking();
  checking.value('', value, schema);
  return checking.problems.map((problem) =>
    problem.field === '<nil>'
      ? { ...problem, detail: problem.detail.replace(':  ', ':  in body ') }
      : problem,
  );
}

class Checking {
  readonly problems: FieldProblem[] = [];

  value(path: string, value: unknown, schema: ValidationSchema): void {
    if (value === null) {
      if (schema.nullable !== true && schema.type !== undefined) this.#wrongType(path, value, schema.type);
      return;
    }
    if (!this.#hasType(path, value, schema)) return;
    this.#enum(path, value, schema);
    if (typeof value === 'string') this.#text(path, value, schema);
    else if (typeof value === 'number') this.#number(path, value, schema);
    else if (Array.isArray(value)) this.#list(path, value, schema);
    else if (isObject(value)) {
      this.object(path, value, schema, schema['x-kubernetes-embedded-resource'] === true);
    }
    this.#junctors(path, value, schema);
  }

  object(
    path: string,
    fields: Readonly<Record<string, unknown>>,
    schema: ValidationSchema,
    isResource: boolean,
  ): void {
    const { properties = {}, additionalProperties, required = [], minProperties, maxProperties } = schema;
    const count = Object.keys(fields).length;
    if (minProperties !== undefined && count < minProperties) {
      this.#invalid(path, fields, `should have at least ${minProperties} properties`);
    }
    if (maxProperties !== undefined && count > maxProperties) {
      const detail = `Too many: ${count}: must have at most ${maxProperties} items`;
      this.#add('FieldValueTooMany', path, detail);
    }
    for (const [name, value] of Object.entries(fields)) {
      if (isResource && OBJECT_FIELDS.has(name)) continue;
      const field =
        own(properties, name) ??
        (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      if (field !== undefined) this.value(below(path, name), value, field);
    }
    for (const name of required) {
      if (fields[name] === undefined) this.#add('FieldValueRequired', below(path, name), 'Required value');
    }
    if (path === '') this.#junctors(path, fields, schema);
  }

  #list(path: string, items: readonly unknown[], schema: ValidationSchema): void {
    const { items: itemSchema, minItems, maxItems } = schema;
    if (itemSchema !== undefined) {
      items.forEach((item, index) => this.value(`${path}[${index}]`, item, itemSchema));
    }
    if (minItems !== undefined && items.length < minItems) {
      this.#invalid(path, items, `should have at least ${minItems} items`);
    }
    if (maxItems !== undefined && items.length > maxItems) {
      const detail = `Too many: ${items.length}: must have at most ${maxItems} items`;
      this.#add('FieldValueTooMany', path, detail);
    }
    if (schema.uniqueItems === true && hasTwins(items)) {
      this.#invalid(path, items, `shouldn't contain duplicates`);
    }
    this.#keys(path, items, schema);
  }

  /** Of a list that is a set or a map: no item comes twice. */
  #keys(path: string, items: readonly unknown[], schema: ValidationSchema): void {
    const type = schema['x-kubernetes-list-type'];
    if (type === undefined || type === 'atomic') return;
    const names = schema['x-kubernetes-list-map-keys'] ?? [];
    const seen = new Set<string>();
    items.forEach((item, index) => {
      const key = type === 'set' ? item : keyOf(item, names);
      const text = JSON.stringify(key);
      if (seen.has(text)) {
        this.#add('FieldValueDuplicate', `${path}[${index}]`, `Duplicate value: ${text}`);
      }
      seen.add(text);
    });
  }

  #text(path: string, value: string, schema: ValidationSchema): void {
    const length = Array.from(value).length;
    const { minLength, maxLength, pattern } = schema;
    if (maxLength !== undefined && length > maxLength) {
      const detail = `Too long: may not be more than ${maxLength} bytes`;
      this.#add('FieldValueTooLong', path, detail);
    }
    if (minLength !== undefined && length < minLength) {
      this.#invalid(path, value, `should be at least ${minLength} chars long`);
    }
    if (pattern !== undefined && goPattern(pattern)?.test(value) === false) {
      this.#invalid(path, value, `should match '${pattern}'`);
    }
    if (schema.format !== undefined && FORMATS[schema.format]?.test(value) === false) {
      const detail = `${bodyName(path)} must be of type ${schema.format}: ${written(value)}`;
      this.#add('FieldValueTypeInvalid', shown(path), `Invalid value: ${written(value)}: ${detail}`);
    }
  }

  #number(path: string, value: number, schema: ValidationSchema): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (maximum !== undefined && (exclusiveMaximum === true ? value >= maximum : value > maximum)) {
      const words = exclusiveMaximum === true ? 'less than' : 'less than or equal to';
      this.#invalid(path, value, `should be ${words} ${maximum}`);
    }
    if (minimum !== undefined && (exclusiveMinimum === true ? value <= minimum : value < minimum)) {
      const words = exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
      this.#invalid(path, value, `should be ${words} ${minimum}`);
    }
    if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
      this.#invalid(path, value, `should be a multiple of ${multipleOf}`);
    }
  }

  #enum(path: string, value: unknown, schema: ValidationSchema): void {
    const allowed = schema.enum;
    if (allowed === undefined || allowed.some((item) => equal(item, value))) return;
    const list = allowed.map((item) => JSON.stringify(item)).join(', ');
    const detail = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
    this.#add('FieldValueNotSupported', path, detail);
  }

  #junctors(path: string, value: unknown, { allOf = [], anyOf, oneOf, not }: ValidationSchema): void {
    const holds = (schema: ValidationSchema): boolean => {
      const inner = new Checking();
      inner.value(path, value, schema);
      return inner.problems.length === 0;
    };
    for (const schema of allOf) this.value(path, value, schema);
    if (anyOf !== undefined && !anyOf.some(holds)) {
      this.#junctor(path, value, 'must validate at least one schema (anyOf)');
    }
    const count = oneOf?.filter(holds).length ?? 1;
    if (count !== 1) {
      const found = count === 0 ? 'none valid' : `${count} valid alternatives`;
      this.#junctor(path, value, `must validate one and only one schema (oneOf). Found ${found}`);
    }
    if (not !== undefined && holds(not)) this.#junctor(path, value, 'must not validate the schema (not)');
  }

  #junctor(path: string, value: unknown, why: string): void {
    this.#add('FieldValueInvalid', shown(path), `Invalid value: ${written(value)}: "${path}" ${why}`);
  }

  #hasType(path: string, value: unknown, schema: ValidationSchema): boolean {
    const actual = typeOf(value);
    if (schema['x-kubernetes-int-or-string'] === true) {
      if (actual === 'integer' || actual === 'string') return true;
      this.#wrongType(path, value, 'integer,string');
      return false;
    }
    const { type } = schema;
    if (type === undefined || type === '' || actual === type) return true;
    if (type === 'number' && actual === 'integer') return true;
    this.#wrongType(path, value, type);
    return false;
  }

  #wrongType(path: string, value: unknown, type: string): void {
    const actual = typeOf(value);
    this.#add(
      'FieldValueTypeInvalid',
      shown(path),
      `Invalid value: "${actual}": ${bodyName(path)} must be of type ${type}: "${actual}"`,
    );
  }

  #invalid(path: string, value: unknown, why: string): void {
    this.#add('FieldValueInvalid', shown(path), `Invalid value: ${written(value)}: ${bodyName(path)} ${why}`);
  }

  #add(type: FieldProblem['type'], field: string, detail: string): void {
    this.problems.push({ type, field, detail });
  }
}

/** Formats whose text is looked at; the others are only words. */
const FORMATS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
  'date-time': /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[-+]\d{2}:\d{2})$/,
  ipv4: /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.|$)){4}(?<!\.)$/,
  uuid: /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i,
  byte: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  mac: /^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/,
};

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function shown(path: string): string {
  return path === '' ? '<nil>' : path;
}

function bodyName(path: string): string {
  return path === '' ? '' : `${path} in body`;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** A value as problems show it: JSON. */
function written(value: unknown): string {
  return JSON.stringify(value);
}

function hasTwins(items: readonly unknown[]): boolean {
  return items.some((item, index) => items.slice(0, index).some((other) => equal(item, other)));
}

function keyOf(item: unknown, names: readonly string[]): Record<string, unknown> {
  const fields = isObject(item) ? item : {};
  return Object.fromEntries(names.map((name) => [name, fields[name]]));
}
