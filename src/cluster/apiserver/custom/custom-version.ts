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
import { hasRules, ruleProblems } from './rules.ts';
import { scaleProblems } from './scale-checks.ts';
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
  /**
   * What the schema and its rules say against an object.
   * @param old what is stored; undefined for a new object
   * @param warn told of broken rules that an update may leave broken
   */
  problems(
    object: AnyObject,
    old: AnyObject | undefined,
    warn: (text: string) => void,
  ): readonly FieldProblem[];
  /** A stored object as this version shows it. The same one where nothing differs. */
  show(stored: AnyObject): AnyObject;
}

/** @param of the resource in this version */
export function customVersion(of: Resource, version: DefinitionVersion): CustomVersion {
  const schema = version.schema?.openAPIV3Schema;
  const rules = schema !== undefined && hasRules(schema);
  const defaults = schema !== undefined && hasDefaults(schema);
  const apiVersion = apiVersionOf(of);
  const shown = new WeakMap<AnyObject, AnyObject>();
  const scale = version.subresources?.scale;
  return {
    type: customTypeSchema(of.kind, schema),
    printer: customPrinter(version.additionalPrinterColumns),
    selectableFields: (version.selectableFields ?? []).flatMap(
      ({ jsonPath }) => fieldNames(jsonPath)?.join('.') ?? [],
    ),
    hasStatus: version.subresources?.status !== undefined,
    scale,
    read: (sent) => (schema === undefined ? readMetadata(copy(sent)) : readCustom(sent, schema)),
    problems: (object, old, warn) =>
      schema === undefined ? [] : problemsOf(object, { old, schema, scale, rules, warn }),
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

/** After these mistakes of a value, its rules would only say what is wrong in other words. */
const BLOCKING: ReadonlySet<FieldProblem['type']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
const NOT_CHECKED: FieldProblem = {
  type: 'FieldValueInvalid',
  field: '<nil>',
  detail:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

function problemsOf(
  object: AnyObject,
  about: {
    readonly old: AnyObject | undefined;
    readonly schema: ValidationSchema;
    readonly scale: ScalePaths | undefined;
    readonly rules: boolean;
    readonly warn: (text: string) => void;
  },
): readonly FieldProblem[] {
  const { old, schema, scale, rules, warn } = about;
  const ofSchema = schemaProblems(object, schema);
  const found = [...ofSchema, ...(scale === undefined ? [] : scaleProblems(object, scale))];
  if (!rules) return found;
  if (ofSchema.some(({ type }) => BLOCKING.has(type))) return [...found, NOT_CHECKED];
  const { problems, ignored } = ruleProblems(object, old, schema);
  for (const { field, detail } of ignored) warn(`${field}: ${detail}`);
  return [...found, ...problems];
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
