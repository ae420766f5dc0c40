/**
 * Request bodies of `application/vnd.kubernetes.protobuf`: kubectl and helm send what they create in it.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import { isObject } from '../../core/json.ts';
import type { AnyObject } from '../../model/objects.ts';
import { ParseError } from '../../model/parse-error.ts';
import { roundTrip } from '../../model/schema/round-trip.ts';
import { builtInTypes, schemaOf, typeNameOf } from '../../model/schema/schema.ts';
import { unpack } from '../../model/schema/unpack.ts';
import { packedProtobuf } from './data/protobuf.ts';
import { parseJson } from './json-document.ts';
import { WireReader } from './wire-format.ts';

/** Every body starts with `k8s` and a zero byte. */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];
const DEEPEST = 200;
const JSON_SCHEMA = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
const UNKNOWN = 'io.k8s.apimachinery.pkg.runtime.Unknown';

type Fields = Record<string, unknown>;

interface MessageField {
  /** As in JSON; empty for an embedded struct, whose fields JSON has in its place. */
  readonly name: string;
  readonly repeated: boolean;
  readonly map: boolean;
  /** `string`, `bytes`, `bool`, `int32`, `int64`, `double`, or the name of a message. */
  readonly type: string;
}

let packedMessages: Readonly<Record<string, string>> | undefined;
const messages = new Map<string, ReadonlyMap<number, MessageField>>();

function fieldsOfMessage(name: string): ReadonlyMap<number, MessageField> {
  let fields = messages.get(name);
  if (fields === undefined) {
    packedMessages ??= unpack(packedProtobuf) as Readonly<Record<string, string>>;
    fields = new Map(
      (packedMessages[name] ?? '').split(' ').map((text): [number, MessageField] => {
        const [number, field = '', shape = ''] = text.split(':');
        const map = shape.startsWith('{}');
        const repeated = shape.startsWith('[]');
        return [
          Number(number),
          { name: field, map, repeated, type: map || repeated ? shape.slice(2) : shape },
        ];
      }),
    );
    messages.set(name, fields);
  }
  return fields;
}

/** Whether a body is in this format. */
export function isProtobuf(body: Uint8Array): boolean {
  return MAGIC.every((byte, index) => body[index] === byte);
}

/**
 * The object in a body, as if it had come as JSON and gone through its Go type.
 * @throws {ParseError} for a body that is none, or of a kind that there is not.
 */
export function decodeProtobuf(body: Uint8Array): AnyObject {
  if (!isProtobuf(body)) {
    throw new ParseError(
      `provided data does not appear to be a protobuf message, expected prefix [${MAGIC.join(' ')}]`,
    );
  }
  const envelope = readMessage(body.subarray(MAGIC.length), UNKNOWN, 0);
  const typeMeta = isObject(envelope['typeMeta']) ? envelope['typeMeta'] : {};
  const apiVersion = textOf(typeMeta['apiVersion']);
  const kind = textOf(typeMeta['kind']);
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const typeName = typeNameOf(group, version, kind);
  const schema = schemaOf(group, version, kind);
  if (typeName === undefined || schema === undefined) {
    throw new ParseError(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    );
  }
  const raw = Buffer.from(textOf(envelope['raw']), 'base64');
  const object = roundTrip({ ...readMessage(raw, typeName, 0), apiVersion, kind }, schema);
  return object as AnyObject;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function readMessage(bytes: Uint8Array, type: string, depth: number): Fields {
  if (depth > DEEPEST) throw new ParseError('proto: exceeded max recursion depth');
  const fields = fieldsOfMessage(type);
  const reader = new WireReader(bytes);
  const result: Fields = {};
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    const field = fields.get(number);
    if (field === undefined) {
      reader.skip(wireType);
    } else if (field.map) {
      const [key, value] = readMapEntry(reader.chunk(), field.type, depth);
      result[field.name] = { ...(result[field.name] as Fields | undefined), [key]: value };
    } else if (field.repeated) {
      const items = (result[field.name] ?? []) as unknown[];
      items.push(readValue(reader, wireType, field.type, depth));
      result[field.name] = items;
    } else {
      const value = readValue(reader, wireType, field.type, depth);
      if (field.name === '') Object.assign(result, value);
      else result[field.name] = value;
    }
  }
  return result;
}

function readMapEntry(bytes: Uint8Array, type: string, depth: number): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown = isScalar(type) ? '' : fromMessage({}, type);
  while (!reader.done) {
    const { number, wireType } = reader.tag();
    if (number === 1) key = utf8.decode(reader.chunk());
    else if (number === 2) value = readValue(reader, wireType, type, depth);
    else reader.skip(wireType);
  }
  return [key, value];
}

const utf8 = new TextDecoder();

function isScalar(type: string): boolean {
  return !type.includes('.');
}

function readValue(reader: WireReader, wireType: number, type: string, depth: number): unknown {
  const expected = type === 'double' ? 1 : isScalar(type) && type !== 'string' && type !== 'bytes' ? 0 : 2;
  if (wireType !== expected) throw new ParseError(`proto: wrong wireType = ${wireType} for field of ${type}`);
  switch (type) {
    case 'string':
      return utf8.decode(reader.chunk());
    case 'bytes':
      return Buffer.from(reader.chunk()).toString('base64');
    case 'bool':
      return reader.varint() !== 0n;
    case 'int32':
    case 'int64':
      return Number(BigInt.asIntN(64, reader.varint()));
    case 'uint32':
    case 'uint64':
      return Number(reader.varint());
    case 'double':
      return reader.double();
    default:
      return fromMessage(readMessage(reader.chunk(), type, depth + 1), type);
  }
}

/** Messages that JSON writes in another way, by the last part of their names. */
const JSON_FORMS: Readonly<Record<string, (fields: Fields) => unknown>> = {
  Quantity: ({ string = '' }) => (string === '' ? '0' : string),
  IntOrString: ({ type, intVal = 0, strVal = '' }) => (type === 1 ? strVal : intVal),
  Time: (fields) => timeText(fields, 0),
  MicroTime: (fields) => timeText(fields, 6),
  RawExtension: ({ raw }) => jsonOf(raw),
  FieldsV1: ({ Raw }) => jsonOf(Raw),
  JSON: ({ raw }) => jsonOf(raw),
  ExtraValue: ({ items = [] }) => items,
  Verbs: ({ items = [] }) => items,
  // What schemas hold of schemas is any JSON in OpenAPI, so the round trip of the whole does not reach it.
  JSONSchemaProps: (fields) => {
    const type = builtInTypes.typeNamed(JSON_SCHEMA);
    return type === undefined ? fields : roundTrip(fields, type);
  },
  JSONSchemaPropsOrArray: ({ jSONSchemas, schema = null }) => jSONSchemas ?? schema,
  JSONSchemaPropsOrBool: ({ schema, allows = false }) => schema ?? allows,
  JSONSchemaPropsOrStringArray: ({ schema, property = null }) => schema ?? property,
};

function fromMessage(fields: Fields, type: string): unknown {
  const form = JSON_FORMS[type.slice(type.lastIndexOf('.') + 1)];
  return form === undefined ? fields : form(fields);
}

/** RFC 3339; null for Go's zero time, which is an empty message. */
function timeText(fields: Fields, digits: number): string | null {
  const { seconds, nanos } = fields;
  if (typeof seconds !== 'number' && typeof nanos !== 'number') return null;
  const text = new Date(Number(seconds ?? 0) * 1000).toISOString().slice(0, 19);
  const fraction = String(Number(nanos ?? 0))
    .padStart(9, '0')
    .slice(0, digits);
  return digits === 0 ? `${text}Z` : `${text}.${fraction}Z`;
}

function jsonOf(base64: unknown): unknown {
  const text = Buffer.from(textOf(base64), 'base64').toString();
  if (text === '') return null;
  try {
    return parseJson(text);
  } catch {
    throw new ParseError('invalid JSON in a raw extension');
  }
}
