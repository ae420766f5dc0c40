import { copy, equal, isObject } from '../../../core/json.ts';
import type { AnyObject } from '../../../model/objects.ts';
import { apiVersionOf, type Resource } from '../../../model/resources.ts';
import { roundTrip } from '../../../model/schema/round-trip.ts';
import { customTypeSchema, schemaOf } from '../../../model/schema/schema.ts';
import type { TypeSchema } from '../../../model/schema/types.ts';
import type { FieldProblem } from '../pipeline.ts';
import type { Printer } from '../table/columns.ts';
import { fillDefaults } from './defaulting.ts';
import type { DefinitionVersion, ScalePaths } from './definition.ts';
import { fieldNames } from './json-path.ts';
import { customPrinter } from './printer.ts';
import { prune } from './pruning.ts';
import { hasDefaults, type ValidationSchema } from './schema.ts';
import { schemaProblems } from './validation.ts';

/** What the API server knows of a custom resource in one version, from its definition. */
export interface CustomVersion {
  /** The fields, for field validation and server-side apply. */
  readonly type: TypeSchema;
  readonly printer: Printer<AnyObject>;
  /** Names of fields that objects can be selected by, `spec.color`. */
  readonly selectableFields: readonly string[];
  /** Whether the status has a subresource of its own. */
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  /** A sent object as it is stored: unknown fields are gone, defaults are there. A draft of its own. */
  read(sent: AnyObject): AnyObject;
  /** What the schema says against an object. */
  problems(object: AnyObject): readonly FieldProblem[];
  /** A stored object as this version shows it. The same one where nothing differs. */
  show(stored: AnyObject): AnyObject;
}

/** @param of the resource in this version */
export function customVersion(of: Resource, version: DefinitionVersion): CustomVersion {
  const schema = version.schema?.openAPIV3Schema;
  const defaults = schema !== undefined && hasDefaults(schema);
  const apiVersion = apiVersionOf(of);
  const shown = new WeakMap<AnyObject, AnyObject>();
  return {
    type: customTypeSchema(of.kind, schema),
    printer: customPrinter(version.additionalPrinterColumns),
    selectableFields: (version.selectableFields ?? []).flatMap(
      ({ jsonPath }) => fieldNames(jsonPath)?.join('.') ?? [],
    ),
    hasStatus: version.subresources?.status !== undefined,
    scale: version.subresources?.scale,
    read: (sent) => (schema === undefined ? readMetadata(copy(sent)) : readCustom(sent, schema)),
    problems: (object) => (schema === undefined ? [] : schemaProblems(object, schema)),
    show(stored) {
      if (!defaults && stored.apiVersion === apiVersion) return stored;
      let object = shown.get(stored);
      if (object === undefined) {
        const draft = { ...copy(stored), apiVersion };
        if (schema !== undefined) fillDefaults(draft, schema);
        object = equal(draft, stored) ? stored : draft;
        shown.set(stored, object);
      }
      return object;
    },
  };
}

function readCustom(sent: AnyObject, schema: ValidationSchema): AnyObject {
  const draft = copy(prune(sent, schema)) as AnyObject;
  fillDefaults(draft, schema);
  return readMetadata(draft);
}

function readMetadata(draft: AnyObject): AnyObject {
  const type = schemaOf('', 'v1', 'Secret')?.fields.get('metadata')?.value;
  const { metadata } = draft as { metadata?: unknown };
  if (type?.kind === 'struct' && isObject(metadata)) {
    draft.metadata = roundTrip(metadata, type.type) as unknown as AnyObject['metadata'];
  }
  return draft;
}
