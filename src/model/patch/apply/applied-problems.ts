/** What keeps an applied configuration from being read as its type. */
import { isObject } from '../../../core/json.ts';
import type { ListSchema, Scalar, TypeSchema, ValueSchema } from '../../schema/types.ts';
import { goText } from '../go-text.ts';
import { itemElement, objectSchema, pathsOf } from './field-set.ts';

/** The problems, each with its path in front, in the API server's words. */
export function appliedProblems(applied: Readonly<Record<string, unknown>>, type: TypeSchema): string[] {
  const problems: string[] = [];
  check(applied, objectSchema(type), '', problems);
  return problems;
}

function check(value: unknown, schema: ValueSchema, path: string, problems: string[]): void {
  if (value === null || value === undefined) return;
  switch (schema.kind) {
    case 'struct':
    case 'map':
      if (isObject(value)) checkFields(value, schema, path, problems);
      else problems.push(`${path}: expected map, got &{${goText(value)}}`);
      return;
    case 'list':
      if (Array.isArray(value)) checkItems(value, schema, path, problems);
      else problems.push(`${path}: expected list, got &{${goText(value)}}`);
      return;
    case 'scalar': {
      const expected = expectedOf(schema.scalar, value);
      if (expected !== undefined) {
        problems.push(
          `${path}: expected ${expected}, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`,
        );
      }
      return;
    }
    case 'any':
      return;
  }
}

/** Ends at the first field that the schema does not know: what stands behind it in the object is not looked at. */
function checkFields(
  value: Record<string, unknown>,
  schema: Extract<ValueSchema, { kind: 'struct' | 'map' }>,
  path: string,
  problems: string[],
): void {
  for (const [name, item] of Object.entries(value)) {
    const below = schema.kind === 'map' ? schema.values : schema.type.fields.get(name)?.value;
    if (below !== undefined) check(item, below, `${path}.${name}`, problems);
    else if (schema.kind === 'struct' && !schema.type.open) {
      problems.push(`${path}.${name}: field not declared in schema`);
      return;
    }
  }
}

function checkItems(value: readonly unknown[], schema: ListSchema, path: string, problems: string[]): void {
  if (schema.listType === 'atomic') {
    value.forEach((item, index) => check(item, schema.items, `${path}[${index}]`, problems));
    return;
  }
  const seen = new Set<string>();
  value.forEach((item, index) => {
    const element = itemElement(schema, item);
    if (element === undefined) {
      const keys = schema.keys.map((key) => JSON.stringify(key)).join(' ');
      problems.push(
        `${path}: element ${index}: associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
      );
      return;
    }
    const [text = ''] = pathsOf({ [element]: {} });
    if (seen.has(element)) problems.push(`${path}: duplicate entries for key ${text}`);
    seen.add(element);
    check(item, schema.items, `${path}${text}`, problems);
  });
}

/** What was expected instead; undefined for a value of the right type. */
function expectedOf(scalar: Scalar, value: unknown): string | undefined {
  switch (scalar) {
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'boolean';
    case 'int32':
    case 'int64':
    case 'number':
      return typeof value === 'number' ? undefined : 'numeric (int or float)';
    case 'string':
    case 'bytes':
    case 'time':
    case 'microTime':
      return typeof value === 'string' ? undefined : 'string';
    case 'quantity':
    case 'intOrString':
      return typeof value === 'object' ? 'scalar' : undefined;
  }
}
