import { copy, isObject } from '../../../core/json.ts';
import { messageOf } from '../../../core/errors.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { mergeApplied } from '../../../model/patch/apply/typed-value.ts';
import { objectSchema } from '../../../model/patch/apply/field-set.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../model/patch/json-patch.ts';
import type { TypeSchema, ValueSchema } from '../../../model/schema/types.ts';
import { isList, isMap, Struct, Unsigned, type Value } from '../expressions/values.ts';
import { JSON_PATCH, PATCH_OBJECT } from './declarations.ts';

/** Why a mutation cannot be made. */
export class MutationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MutationError';
  }
}

/**
 * The object with the fields that an expression has made (`Object{spec: Object.spec{…}}`), merged as server-side
 * apply merges.
 * @throws MutationError
 */
export function applyConfiguration(object: AnyObject, made: Value, type: TypeSchema | undefined): AnyObject {
  if (!(made instanceof Struct))
    throw new MutationError('unsupported return type from ApplyConfiguration expression');
  checkTypeNames(made, PATCH_OBJECT);
  const applied = toJson(made) as Record<string, unknown>;
  const schema: ValueSchema = type === undefined ? { kind: 'any' } : objectSchema(type);
  const atomic = atomics(applied, schema, '');
  if (atomic.length > 0) {
    throw new MutationError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`,
    );
  }
  return copy(mergeApplied(object, applied, schema)) as AnyObject;
}

/**
 * The object after the operations that an expression has made.
 * @throws MutationError
 */
export function applyPatches(object: AnyObject, made: Value): AnyObject {
  if (!isList(made)) {
    throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array');
  }
  const operations = made.map(operationOf);
  try {
    return applyJsonPatch(object, operations) as AnyObject;
  } catch (error) {
    // Where a test of a patch fails, nothing of it is done.
    if (/^test operation does not apply|: test failed$/.test(messageOf(error))) return object;
    throw new MutationError(`JSON Patch: ${messageOf(error)}`);
  }
}

function operationOf(made: Value): JsonPatchOperation {
  if (!(made instanceof Struct) || made.type !== JSON_PATCH) {
    throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  }
  const value = made.fields.get('value');
  if (value instanceof Struct) checkTypeNames(value, value.type);
  return toJson(made) as JsonPatchOperation;
}

/** The name of a made object's type is the path of the field that it is for. */
function checkTypeNames(value: Value, expected: string): void {
  if (isList(value)) for (const item of value) checkTypeNames(item, expected);
  if (isMap(value)) for (const [key, item] of value) checkTypeNames(item, `${expected}.${String(key)}`);
  if (!(value instanceof Struct)) return;
  if (value.type !== expected) {
    throw new MutationError(
      `type mismatch: unexpected type name ${JSON.stringify(value.type)}, expected ${JSON.stringify(expected)}, which matches field name path from root Object type`,
    );
  }
  for (const [name, field] of value.fields) checkTypeNames(field, `${expected}.${name}`);
}

/** Where a configuration would replace a whole that has parts which it does not know. */
function atomics(value: unknown, schema: ValueSchema, path: string): readonly string[] {
  if (isObject(value)) {
    const own = (schema.kind === 'struct' || schema.kind === 'map') && schema.atomic ? [path] : [];
    return [
      ...own,
      ...Object.entries(value).flatMap(([name, field]) => {
        const below =
          schema.kind === 'struct'
            ? schema.type.fields.get(name)?.value
            : schema.kind === 'map'
              ? schema.values
              : undefined;
        return below === undefined ? [] : atomics(field, below, `${path}.${name}`);
      }),
    ];
  }
  if (!Array.isArray(value) || schema.kind !== 'list') return [];
  const own = schema.listType === 'atomic' ? [path] : [];
  return [...own, ...value.flatMap((item, index) => atomics(item, schema.items, `${path}[${index}]`))];
}

/** A value as data. */
function toJson(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Unsigned) return Number(value.value);
  if (isList(value)) return value.map(toJson);
  if (isMap(value)) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item)]));
  }
  if (value instanceof Struct) {
    return Object.fromEntries([...value.fields].map(([name, field]) => [name, toJson(field)]));
  }
  if (typeof value === 'object' && value !== null) {
    throw new MutationError('JSONPath valueExpression evaluated to a type that could not marshal to JSON');
  }
  return value;
}
