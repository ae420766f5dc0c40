import { isObject } from '../../../core/json.ts';
import { messageOf } from '../../../core/errors.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { ParseError } from '../../../model/parse-error.ts';
import { apiVersionOf } from '../../../model/resources.ts';
import { roundTrip } from '../../../model/schema/round-trip.ts';
import { schemaOf } from '../../../model/schema/schema.ts';
import type { TypeSchema } from '../../../model/schema/types.ts';
import { strictDecodingError, validateFields } from '../field-validation.ts';
import { goTypeOf, parseJson } from '../json-document.ts';
import type { CustomVersion } from '../custom/custom-version.ts';
import { decodeProtobuf } from '../protobuf.ts';
import type { ResourceRegistry } from '../resource-registry.ts';
import { badRequest, unsupportedMediaType } from '../status.ts';
import type { ApiRequest } from '../types.ts';
import { readYaml } from './yaml.ts';

/** The kind that a request's body is expected to have. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const decoder = new TextDecoder();
/** The type in Go that kind and version are read into. */
const HEAD =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const SHOWN_BYTES = 30;

/** The media type of the body, without parameters; JSON where the client does not say. */
export function mediaType(request: ApiRequest): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase() || 'application/json';
}

/** What decoding needs beside the body. */
export interface DecodingContext {
  readonly registry: ResourceRegistry;
  /** Of a custom resource. */
  readonly custom?: CustomVersion | undefined;
  /** What is done about unknown and duplicate fields. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  warn(text: string): void;
}

/**
 * The object in the body of a create or update, as its type reads it.
 * @throws StatusError 400 for a body that is not of the kind, 415 for a format that is not read
 */
export function decodeBody(request: ApiRequest, expected: ExpectedKind, context: DecodingContext): AnyObject {
  const sent = read(request, expected);
  const object = withKind(sent, expected, context.registry);
  const builtIn = schemaOf(expected.group, expected.version, expected.kind);
  const custom = builtIn === undefined ? context.custom : undefined;
  const type = builtIn ?? custom?.type;
  if (type === undefined) return object;
  const isJson = mediaType(request) === 'application/json';
  if (isJson || mediaType(request) === 'application/yaml') {
    checkFields(isJson ? decoder.decode(request.body) : object, type, expected, context);
  }
  return custom === undefined ? (roundTrip(object, type) as AnyObject) : custom.read(object);
}

function checkFields(
  body: string | Readonly<Record<string, unknown>>,
  type: TypeSchema,
  { kind, version }: ExpectedKind,
  context: DecodingContext,
): void {
  const { error, problems } = validateFields(body, type);
  const refuse = (why: string): Error =>
    badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
  if (error !== undefined) throw refuse(error);
  if (problems.length === 0 || context.fieldValidation === 'Ignore') return;
  if (context.fieldValidation === 'Strict') throw refuse(strictDecodingError(problems));
  for (const problem of problems) context.warn(problem);
}

/** Any body as plain data, for options and patches; undefined where there is none. */
export function decodeData(request: ApiRequest): unknown {
  if (request.body.length === 0) return undefined;
  return read(request, { group: '', version: 'v1', kind: 'DeleteOptions' });
}

function read(request: ApiRequest, expected: ExpectedKind): unknown {
  const text = (): string => decoder.decode(request.body);
  switch (mediaType(request)) {
    case 'application/json':
      return readJsonBody(text(), expected);
    case 'application/yaml':
      return readYaml(text());
    case 'application/vnd.kubernetes.protobuf':
      try {
        return decodeProtobuf(request.body);
      } catch (error) {
        throw error instanceof ParseError ? badRequest(error.message) : error;
      }
    default:
      throw unsupportedMediaType();
  }
}

function readJsonBody(text: string, { kind }: ExpectedKind): unknown {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw unrecognized(text, kind, `couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
  const mismatch = headMismatch(value);
  if (mismatch === undefined) return value;
  throw unrecognized(text, kind, `couldn't get version/kind; json parse error: json: ${mismatch}`);
}

/** Before anything else the server looks for kind and version alone; that has to be possible. */
function headMismatch(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (!isObject(value)) {
    return `cannot unmarshal ${goTypeOf(value)} into Go value of type ${HEAD}`;
  }
  for (const [field, inner] of Object.entries(value)) {
    if ((field !== 'kind' && field !== 'apiVersion') || inner === null || typeof inner === 'string') continue;
    return `cannot unmarshal ${goTypeOf(inner)} into Go struct field .${field} of type string`;
  }
  return undefined;
}

function unrecognized(body: string, kind: string, why: string): Error {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${beginningOf(body)})`,
  );
}

/** What a refusal shows of a body: objects as they are, anything else in hexadecimal digits, as it may be no text. */
function beginningOf(body: string): string {
  if (body === '') return '<empty>';
  const bytes = Buffer.from(body);
  const shown = bytes.subarray(0, SHOWN_BYTES).toString(body.startsWith('{') ? 'utf8' : 'hex');
  return bytes.length > SHOWN_BYTES ? `${shown} ...` : shown;
}

/** Checks kind and version; both may be missing, the path says them. */
function withKind(sent: unknown, expected: ExpectedKind, registry: ResourceRegistry): AnyObject {
  const wanted = apiVersionOf(expected);
  const fields = isObject(sent) ? sent : {};
  const kind = textOr(fields['kind'], expected.kind);
  const apiVersion = textOr(fields['apiVersion'], wanted);
  if (apiVersion.split('/').length > 2) {
    const body = JSON.stringify(sent);
    throw unrecognized(body, expected.kind, `unexpected GroupVersion string: ${apiVersion}`);
  }
  if (kind !== expected.kind || apiVersion !== wanted) {
    throw badRequest(kindProblem(kind, apiVersion, expected, registry));
  }
  const metadata = isObject(fields['metadata']) ? { ...fields['metadata'] } : {};
  return { ...fields, kind, apiVersion, metadata } as unknown as AnyObject;
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function kindProblem(
  kind: string,
  apiVersion: string,
  expected: ExpectedKind,
  registry: ResourceRegistry,
): string {
  const [first = '', second] = apiVersion.split('/');
  const group = second === undefined ? '' : first;
  const version = second ?? first;
  const known = [...registry.all()].some(
    ({ resource }) => resource.kind === kind && resource.group === group && resource.version === version,
  );
  const internal = expected.group === '' ? 'core' : (expected.group.split('.')[0] ?? '');
  const why = known
    ? `converting (${version}.${kind}) to (${internal}.${expected.kind}): unknown conversion`
    : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
  return `${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${why}`;
}
