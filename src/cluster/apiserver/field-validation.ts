/**
 * What the API server finds in a body when it decodes it into a type: fields that the type does not have,
 * duplicates, and values of the wrong type.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#validation-for-unrecognized-or-duplicate-fields
 */
import { parseQuantity } from '../../model/quantity.ts';
import { messageOf } from '../../core/errors.ts';
import { notBase64At } from './base64.ts';
import { timeProblem } from './go-time.ts';
import type { FieldSchema, Scalar, TypeSchema, ValueSchema } from '../../model/schema/types.ts';
import { nodeOf, readJson } from './json-document.ts';
import type { JsonNode } from './json-document.ts';

export interface FieldValidation {
  /** A value of the wrong type: the request fails, whatever `fieldValidation` says. */
  readonly error: string | undefined;
  /**
   * `unknown field "spec.foo"`, `duplicate field "spec.x"`, in the order of the body: warnings for `Warn` (the
   * default), an error for `Strict`, nothing for `Ignore`.
   */
  readonly problems: readonly string[];
}

/**
 * Looks through a body.
 * @param body JSON text, or what was parsed from it (YAML), where duplicates can no longer be seen.
 * @param type of a built-in kind or a custom resource; values of custom resources are left to their schema.
 * @param words of Go's JSON decoder, or of the converter that takes the result of a strategic merge patch
 * @throws {ParseError} for text that is not JSON, with the decoder's words.
 */
export function validateFields(
  body: string | Readonly<Record<string, unknown>>,
  type: TypeSchema,
  words: Words = decoderWords,
): FieldValidation {
  const walk = new Decoding(type.name.startsWith('io.'), words);
  const node = typeof body === 'string' ? readJson(body) : nodeOf(body);
  const root: Place = { path: '', goPath: [], struct: '', goType: goTypeOf(type) };
  walk.value(node, { kind: 'struct', type, atomic: false }, root);
  return { error: walk.error, problems: [...walk.problems] };
}

/** The message of the 400 for problems under `fieldValidation=Strict`, to follow `… cannot be handled as a Kind: `. */
export function strictDecodingError(problems: readonly string[]): string {
  return `strict decoding error: ${problems.join(', ')}`;
}

/** Where a value is. */
export interface Place {
  /** As unknown fields name it: with list positions. */
  readonly path: string;
  /** As Go's decoder names it: without positions, with the names of embedded structs. */
  readonly goPath: readonly string[];
  /** The Go struct that has the field. */
  readonly struct: string;
  readonly goType: string;
}

/** `v1.Deployment` of `io.k8s.api.apps.v1.Deployment`. */
function goTypeOf(type: TypeSchema): string {
  return type.name.split('.').slice(-2).join('.');
}

const GO_SCALARS: Readonly<Record<Scalar, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  number: 'float64',
  bytes: '[]uint8',
  time: 'string',
  microTime: 'string',
  quantity: 'resource.Quantity',
  intOrString: 'int32',
};

/** How a value of the wrong type is called. */
export interface Words {
  /** @param value its kind, or `number 1.5` */
  mismatch(node: JsonNode, wanted: ValueSchema, place: Place, value: string): string;
  bytes(problem: string): string;
}

const decoderWords: Words = {
  mismatch: (_node, _wanted, { struct, goPath, goType }, value) => {
    const where = goPath.length === 0 ? `value` : `struct field ${struct}.${goPath.join('.')}`;
    return `json: cannot unmarshal ${value} into Go ${where} of type ${goType}`;
  },
  bytes: (problem) => problem,
};

/** Those of apimachinery's runtime.DefaultUnstructuredConverter. https://pkg.go.dev/k8s.io/apimachinery/pkg/runtime */
export const converterWords: Words = {
  mismatch(node, wanted, { goType }, value) {
    const kind = goKindOf(node);
    switch (wanted.kind) {
      case 'struct':
        return `cannot restore struct from: ${kind}`;
      case 'map':
        return `cannot restore map from ${kind}`;
      case 'list':
        return `cannot restore slice from ${kind}`;
      case 'any':
        return '';
      case 'scalar':
        break;
    }
    if (wanted.scalar === 'bytes') return `cannot restore slice from ${kind}`;
    // These read JSON themselves.
    if (['intOrString', 'time', 'microTime'].includes(wanted.scalar))
      return `json: cannot unmarshal ${value} into Go value of type ${goType}`;
    const isConvertible =
      node.kind === 'number' && (kind === 'int64' || goType !== 'string') && goType !== 'bool';
    return isConvertible ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${goType}`;
  },
  bytes: (problem) => `error decoding from json: ${problem}`,
};

/** What Go has in an interface{} for a value of JSON. */
function goKindOf(node: JsonNode): string {
  if (node.kind === 'number') return /^-?\d+$/.test(node.text) ? 'int64' : 'float64';
  return { object: 'map', array: 'slice', bool: 'bool', string: 'string', null: 'invalid' }[node.kind];
}

type ScalarSchema = Extract<ValueSchema, { kind: 'scalar' }>;

class Decoding {
  readonly problems = new Set<string>();
  error: string | undefined;
  readonly #checksTypes: boolean;

  readonly #words: Words;

  constructor(checksTypes: boolean, words: Words) {
    this.#checksTypes = checksTypes;
    this.#words = words;
  }

  value(node: JsonNode, schema: ValueSchema, place: Place): void {
    if (node.kind === 'null') return;
    switch (schema.kind) {
      case 'struct':
        if (node.kind === 'object') this.#fields(node.entries, schema.type, place);
        else this.#mismatch(node, schema, place);
        return;
      case 'map':
        if (node.kind === 'object') this.#mapEntries(node.entries, schema.values, place);
        else this.#mismatch(node, schema, place);
        return;
      case 'list':
        if (node.kind === 'array') {
          const goType = place.goType.startsWith('[]') ? place.goType.slice(2) : goTypeFor(schema.items);
          node.items.forEach((item, index) => {
            this.value(item, schema.items, { ...place, goType, path: `${place.path}[${index}]` });
          });
        } else {
          this.#mismatch(node, schema, place);
        }
        return;
      case 'scalar':
        this.#scalar(node, schema, place);
        return;
      case 'any':
        return;
    }
  }

  /** Go keeps the first error and goes on. */
  #fail(message: string): void {
    if (this.#checksTypes) this.error ??= message;
  }

  #mismatch(node: JsonNode, wanted: ValueSchema, place: Place, value: string = node.kind): void {
    this.#fail(this.#words.mismatch(node, wanted, place, value));
  }

  #fields(entries: readonly (readonly [string, JsonNode])[], type: TypeSchema, place: Place): void {
    const seen = new Set<string>();
    const struct = type.name.slice(type.name.lastIndexOf('.') + 1);
    for (const [name, node] of entries) {
      const path = place.path === '' ? name : `${place.path}.${name}`;
      const field = type.fields.get(name);
      if (field === undefined) {
        if (!type.open) this.problems.add(`unknown field ${JSON.stringify(path)}`);
        continue;
      }
      if (seen.has(name)) this.problems.add(`duplicate field ${JSON.stringify(path)}`);
      seen.add(name);
      const embedded = field.embeddedIn === undefined ? [] : field.embeddedIn.split('.');
      const goPath = [...place.goPath, ...embedded, name];
      this.value(node, field.value, { path, goPath, struct, goType: goTypeOfField(field) });
    }
  }

  #mapEntries(entries: readonly (readonly [string, JsonNode])[], values: ValueSchema, place: Place): void {
    const seen = new Set<string>();
    const goType = /^map\[\w+\]/.test(place.goType)
      ? place.goType.replace(/^map\[\w+\]/, '')
      : goTypeFor(values);
    for (const [name, node] of entries) {
      const path = `${place.path}.${name}`;
      if (seen.has(name)) this.problems.add(`duplicate field ${JSON.stringify(path)}`);
      seen.add(name);
      this.value(node, values, { ...place, path, goType });
    }
  }

  #scalar(node: JsonNode, wanted: ScalarSchema, place: Place): void {
    switch (wanted.scalar) {
      case 'string':
        if (node.kind !== 'string') this.#mismatch(node, wanted, place);
        return;
      case 'boolean':
        if (node.kind !== 'bool') this.#mismatch(node, wanted, place);
        return;
      case 'number':
        if (node.kind !== 'number') this.#mismatch(node, wanted, place);
        return;
      case 'int32':
      case 'int64':
        this.#integer(node, wanted.scalar, wanted, place);
        return;
      case 'intOrString':
        if (node.kind !== 'string') this.#integer(node, 'int32', wanted, { ...place, goType: 'int32' });
        return;
      case 'quantity':
        this.#quantity(node);
        return;
      case 'bytes':
        this.#bytes(node, wanted, place);
        return;
      case 'time':
      case 'microTime':
        this.#time(node, wanted.scalar, wanted, place);
        return;
    }
  }

  #integer(node: JsonNode, scalar: 'int32' | 'int64', wanted: ScalarSchema, place: Place): void {
    if (node.kind !== 'number') {
      this.#mismatch(node, wanted, place);
      return;
    }
    const limit = scalar === 'int32' ? 2n ** 31n : 2n ** 63n;
    const whole = /^-?[0-9]+$/.test(node.text) ? BigInt(node.text) : undefined;
    if (whole === undefined || whole >= limit || whole < -limit) {
      this.#mismatch(node, wanted, place, `number ${node.text}`);
    }
  }

  #quantity(node: JsonNode): void {
    const text = node.kind === 'string' || node.kind === 'number' ? node.text : node.kind;
    try {
      parseQuantity(text);
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #bytes(node: JsonNode, wanted: ScalarSchema, place: Place): void {
    if (node.kind !== 'string') {
      this.#mismatch(node, wanted, { ...place, goType: '[]uint8' });
      return;
    }
    const at = notBase64At(node.text);
    if (at !== undefined) this.#fail(this.#words.bytes(`illegal base64 data at input byte ${at}`));
  }

  #time(node: JsonNode, scalar: 'time' | 'microTime', wanted: ScalarSchema, place: Place): void {
    if (node.kind !== 'string') {
      this.#mismatch(node, wanted, { ...place, goType: 'string' });
      return;
    }
    const problem = timeProblem(node.text, scalar === 'time' ? '' : '.000000');
    if (problem !== undefined) this.#fail(problem);
  }
}

function goTypeOfField(field: FieldSchema): string {
  return field.goType ?? goTypeFor(field.value);
}

function goTypeFor(schema: ValueSchema): string {
  switch (schema.kind) {
    case 'scalar':
      return GO_SCALARS[schema.scalar];
    case 'struct':
      return goTypeOf(schema.type);
    case 'list':
      return `[]${goTypeFor(schema.items)}`;
    case 'map':
      return `map[string]${goTypeFor(schema.values)}`;
    case 'any':
      return 'interface {}';
  }
}
