/**
 * The values that expressions work with. Whole numbers are bigints, so that they are no doubles.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#values
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Unsigned
  | Uint8Array
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Struct
  | Opaque
  | readonly Value[]
  | MapValue;

export type Key = string | boolean | bigint;
export type MapValue = ReadonlyMap<Key, Value>;

export class Unsigned {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export class Timestamp {
  /** Nanoseconds since 1970. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Duration {
  /** Nanoseconds. */
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A value or none: what `a.?b` gives. */
export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;
  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** What `type()` gives. */
export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What `Object.spec{replicas: 1}` makes. */
export class Struct {
  readonly type: string;
  readonly fields: ReadonlyMap<string, Value>;
  constructor(type: string, fields: ReadonlyMap<string, Value>) {
    this.type = type;
    this.fields = fields;
  }
}

/** A value of one of Kubernetes' own types: a quantity, a URL, an address. */
export abstract class Opaque {
  /** As `type()` names it. */
  abstract readonly type: string;
  abstract equals(other: Opaque): boolean;

  /** As `string()` writes it, where it does. */
  toString(): string {
    return this.type;
  }
}

/** What goes wrong while an expression runs; the text is CEL's own. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpressionError';
  }
}

/** The name of a value's type, as `type()` and messages have it. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: Value): string {
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Map) return 'map';
  if (value instanceof Unsigned) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  return (value as Struct | Opaque).type;
}

export function isMap(value: Value): value is MapValue {
  return value instanceof Map;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A number of any type as one that can be compared with the others; undefined for what is no number. */
export function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Unsigned ? value.value : undefined;
}

/** Whether two values are equal: numbers across their types, everything else only within one. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) return true;
  const [left, right] = [numberOf(a), numberOf(b)];
  // A bigint and a double are compared by their mathematical values.
  if (left !== undefined && right !== undefined) return left == right;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (isMap(a)) return isMap(b) && equalMaps(a, b);
  return equalObjects(a, b);
}

function equalObjects(a: object, b: object): boolean {
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  if (a instanceof Struct) return b instanceof Struct && a.type === b.type && equalMaps(a.fields, b.fields);
  return a instanceof Opaque && b instanceof Opaque && a.type === b.type && a.equals(b);
}

function equalOptionals(a: Optional, b: Optional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equals(a.value, b.value);
}

function equalLists(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, index) => equals(item, b[index] as Value));
}

function equalMaps(a: ReadonlyMap<Key, Value>, b: ReadonlyMap<Key, Value>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
}

/** The key under which a map keeps something; undefined where no map can have it. */
export function keyOf(value: Value): Key | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return value;
  if (value instanceof Unsigned) return value.value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return undefined;
}

const converted = new WeakMap<object, Value>();

/** Data as a value: whole numbers become ints. Frozen objects are converted once. */
export function fromJson(data: unknown): Value {
  if (typeof data === 'number') return Number.isSafeInteger(data) ? BigInt(data) : data;
  if (typeof data === 'string' || typeof data === 'boolean') return data;
  if (typeof data !== 'object' || data === null) return null;
  const known = converted.get(data);
  if (known !== undefined) return known;
  const value: Value = Array.isArray(data)
    ? data.map(fromJson)
    : new Map(
        Object.entries(data)
          .filter(([, item]) => item !== undefined)
          .map(([name, item]) => [name, fromJson(item)]),
      );
  if (Object.isFrozen(data)) converted.set(data, value);
  return value;
}
