/**
 * `/openapi/v2` in protobuf: kubectl still asks for it where a kind is none that OpenAPI v3 describes, and for lists.
 * It has the types and no paths.
 * https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v2
 */
import { isObject } from '../../../core/json.ts';
import { openApiSchemas } from '../../../model/schema/schema.ts';
import { discoveryDocuments } from '../data.ts';
import { WireWriter } from '../wire-writer.ts';

type Schema = Readonly<Record<string, unknown>>;

/** In v2 these are texts, whatever else they may be. */
const TEXTS: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { type: 'string', format: 'int-or-string' },
};

let definitions: Readonly<Record<string, Schema>> | undefined;
let asProtobuf: Uint8Array | undefined;

/** The document of what is built in, as a `openapi.v2.Document`. https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto */
export function openApiV2Protobuf(): Uint8Array {
  if (asProtobuf === undefined) {
    const { title, version } = info();
    const document = new WireWriter();
    document.text(1, '2.0');
    document.message(2, (body) => {
      body.text(1, title);
      body.text(2, version);
    });
    document.message(8, () => {});
    document.message(9, (body) => writeNamed(body, 1, allDefinitions()));
    asProtobuf = document.bytes();
  }
  return asProtobuf;
}

function info(): { readonly title: string; readonly version: string } {
  const { major = '', minor = '' } = discoveryDocuments().version;
  return { title: 'Kubernetes', version: `${major}.${minor}` };
}

function allDefinitions(): Readonly<Record<string, Schema>> {
  definitions ??= Object.fromEntries(
    Object.entries(openApiSchemas()).map(([name, schema]) => [
      name,
      TEXTS[name] ?? definitionOf(schema as Schema),
    ]),
  );
  return definitions;
}

/** A schema of v3 as v2 has it: references stand alone, and under another path. */
function definitionOf(schema: Schema): Schema {
  const reference = referenceOf(schema);
  if (reference !== undefined) return { $ref: reference.replace('#/components/schemas/', '#/definitions/') };
  const { properties, items, additionalProperties, oneOf: _oneOf, allOf: _allOf, ...rest } = schema;
  return {
    ...rest,
    ...(isObject(items) && { items: definitionOf(items) }),
    ...(isObject(additionalProperties) && { additionalProperties: definitionOf(additionalProperties) }),
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [name, definitionOf(inner as Schema)]),
      ),
    }),
  };
}

function referenceOf({ $ref, allOf }: Schema): string | undefined {
  const [first] = Array.isArray(allOf) ? (allOf as Schema[]) : [];
  const reference = $ref ?? first?.['$ref'];
  return typeof reference === 'string' ? reference : undefined;
}

/** `NamedSchema`s. */
function writeNamed(body: WireWriter, field: number, schemas: Readonly<Record<string, unknown>>): void {
  for (const [name, schema] of Object.entries(schemas)) {
    body.message(field, (named) => {
      named.text(1, name);
      named.message(2, (value) => writeSchema(value, schema as Schema));
    });
  }
}

function writeSchema(body: WireWriter, schema: Schema): void {
  const { $ref, format, required, type, items, properties, additionalProperties } = schema;
  if (typeof $ref === 'string') body.text(1, $ref);
  if (typeof format === 'string') body.text(2, format);
  if (Array.isArray(required)) for (const name of required) body.text(19, String(name));
  if (isObject(additionalProperties))
    body.message(21, (item) => item.message(1, (value) => writeSchema(value, additionalProperties)));
  if (typeof type === 'string') body.message(22, (item) => item.text(1, type));
  if (isObject(items)) body.message(23, (item) => item.message(1, (value) => writeSchema(value, items)));
  if (isObject(properties)) body.message(25, (all) => writeNamed(all, 1, properties));
  for (const [name, value] of Object.entries(schema)) {
    if (!name.startsWith('x-')) continue;
    body.message(31, (named) => {
      named.text(1, name);
      named.message(2, (any) => any.text(2, JSON.stringify(value)));
    });
  }
}
