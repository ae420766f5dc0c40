/**
 * What an object looks like after the API server has decoded it into its Go type and written it out again: fields
 * that the type does not have are gone, so are empty values that Go leaves out, and structs that Go always
 * writes (`resources: {}`) are there.
 */
import { memoized } from '../../core/memo.ts';
import { isObject } from '../../core/json.ts';
import { canonicalQuantity, isQuantity } from '../quantity.ts';
import type { FieldSchema, Scalar, TypeSchema, ValueSchema } from './types.ts';

/** A new object of built-in type `type`, as the API server would store it. Does not fill in defaults. */
export function roundTrip(
  value: Readonly<Record<string, unknown>>,
  type: TypeSchema,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const given = value[name];
    const field = type.fields.get(name);
    if (given === undefined || given === null) continue;
    const written = field === undefined ? given : kept(field, roundTripValue(given, field.value));
    if (written !== undefined && (field !== undefined || type.open)) result[name] = written;
  }
  for (const field of writtenWhenAbsent(type)) {
    if (result[field.name] === undefined) result[field.name] = zeroOf(field);
  }
  return result;
}

const writtenWhenAbsent = memoized((type: TypeSchema): readonly FieldSchema[] =>
  [...type.fields.values()].filter((field) => zeroOf(field) !== undefined),
);

function roundTripValue(value: unknown, schema: ValueSchema): unknown {
  switch (schema.kind) {
    case 'struct':
      return isObject(value) ? roundTrip(value, schema.type) : value;
    case 'list':
      return Array.isArray(value) ? value.map((item) => roundTripItem(item, schema.items)) : value;
    case 'map': {
      if (!isObject(value)) return value;
      const entries = Object.entries(value).map(([key, item]) => [key, roundTripItem(item, schema.values)]);
      return Object.fromEntries(entries) as unknown;
    }
    case 'scalar':
      return roundTripScalar(value, schema.scalar);
    case 'any':
      return value;
  }
}

/** In a list or a map null is a value: the zero one. */
function roundTripItem(value: unknown, schema: ValueSchema): unknown {
  if (value !== null) return roundTripValue(value, schema);
  switch (schema.kind) {
    case 'struct':
      return roundTrip({}, schema.type);
    case 'scalar':
      // What is stored as protobuf has no bytes that are null.
      return STRUCT_SCALARS.get(schema.scalar) ?? ZEROS[schema.scalar] ?? '';
    case 'list':
    case 'map':
    case 'any':
      return null;
  }
}

function roundTripScalar(value: unknown, scalar: Scalar): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  switch (scalar) {
    case 'quantity':
      return isQuantity(value) ? canonicalQuantity(value) : value;
    case 'time':
      return typeof value === 'string' ? value.replace(/\.[0-9]+(?=Z$)/, '') : value;
    case 'microTime':
    case 'string':
    case 'boolean':
    case 'int32':
    case 'int64':
    case 'number':
    case 'bytes':
    case 'intOrString':
      return value;
  }
}

/** Scalars that are structs in Go, so that `omitempty` does not leave them out. */
const STRUCT_SCALARS = new Map<Scalar, unknown>([
  ['time', null],
  ['microTime', null],
  ['quantity', '0'],
  ['intOrString', 0],
]);

/** What Go writes for each where nothing was given. */
const ZEROS: Readonly<Record<Scalar, unknown>> = {
  boolean: false,
  int32: 0,
  int64: 0,
  number: 0,
  bytes: null,
  string: '',
  time: '',
  microTime: '',
  quantity: '',
  intOrString: '',
};

/** What Go writes for a field that was not given; undefined where it leaves the field out. */
function zeroOf({ presence, value }: FieldSchema): unknown {
  if (presence === 'unlessAbsent' || presence === 'unlessZero') return undefined;
  if (value.kind === 'struct') return roundTrip({}, value.type);
  if (value.kind === 'scalar' && STRUCT_SCALARS.has(value.scalar)) return STRUCT_SCALARS.get(value.scalar);
  if (presence === 'unlessEmpty') return undefined;
  if (value.kind !== 'scalar') return null;
  return ZEROS[value.scalar];
}

/** The value, or undefined where Go would leave it out. */
function kept({ presence, value: schema }: FieldSchema, value: unknown): unknown {
  if (presence === 'unlessAbsent' || presence === 'always') return value;
  if (schema.kind === 'struct' && presence === 'unlessEmpty') return value;
  if (schema.kind === 'scalar' && STRUCT_SCALARS.has(schema.scalar)) return value;
  const empty =
    value === '' || value === 0 || value === false || (isContainer(value) && Object.keys(value).length === 0);
  return empty ? undefined : value;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
