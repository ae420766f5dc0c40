import type { Problems } from '../validation/problems.ts';
import type { DefinitionVersion, PrinterColumn, ScalePaths } from './definition.ts';
import { fieldNames } from './json-path.ts';
import type { ValidationSchema } from './schema.ts';

/** Where messages look for the parts of a version; undefined where a part is looked at elsewhere. */
export interface FieldPaths {
  readonly schema: string | undefined;
  readonly subresources: string | undefined;
  readonly columns: string | undefined;
  readonly selectableFields: string | undefined;
}

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE = ['boolean', 'integer', 'string'];

/** What a version has beside its schema: subresources, columns, and fields by which objects are selected. */
export function checkVersionFields(
  problems: Problems,
  { subresources, additionalPrinterColumns = [], selectableFields = [], schema }: DefinitionVersion,
  paths: FieldPaths,
): void {
  if (paths.subresources !== undefined && subresources?.scale !== undefined)
    checkScale(problems, `${paths.subresources}.scale`, subresources.scale);
  const { columns, selectableFields: fields } = paths;
  if (columns !== undefined) {
    additionalPrinterColumns.forEach((column, index) => {
      checkColumn(problems, `${columns}[${index}]`, column);
    });
  }
  if (fields === undefined) return;
  selectableFields.forEach(({ jsonPath }, index) => {
    checkSelectable(problems, `${fields}[${index}].jsonPath`, jsonPath, schema?.openAPIV3Schema);
  });
}

function checkScale(problems: Problems, path: string, scale: Partial<ScalePaths>): void {
  checkUnder(problems, `${path}.specReplicasPath`, scale.specReplicasPath ?? '', ['.spec']);
  checkUnder(problems, `${path}.statusReplicasPath`, scale.statusReplicasPath ?? '', ['.status']);
  const { labelSelectorPath = '' } = scale;
  if (labelSelectorPath !== '')
    checkUnder(problems, `${path}.labelSelectorPath`, labelSelectorPath, ['.spec', '.status']);
}

function checkUnder(problems: Problems, at: string, path: string, roots: readonly string[]): void {
  if (path === '') problems.required(at);
  else if (!path.startsWith('.')) problems.invalid(at, path, 'must be a simple json path starting with .');
  else if (!roots.some((root) => path.startsWith(`${root}.`))) {
    const words = roots.length === 1 ? roots.join('') : `either ${roots.join(' or ')}`;
    problems.invalid(at, path, `should be a json path under ${words}`);
  }
}

function checkColumn(problems: Problems, path: string, column: Partial<PrinterColumn>): void {
  const { name = '', type = '', format = '', jsonPath = '' } = column;
  const types = `must be one of ${COLUMN_TYPES.join(',')}`;
  if (name === '') problems.required(`${path}.name`);
  if (type === '') problems.required(`${path}.type`, types);
  else if (!COLUMN_TYPES.includes(type)) problems.invalid(`${path}.type`, type, types);
  if (format !== '' && !COLUMN_FORMATS.includes(format))
    problems.invalid(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`);
  if (jsonPath === '') problems.required(`${path}.JSONPath`);
  else if (!jsonPath.startsWith('.'))
    problems.invalid(`${path}.JSONPath`, jsonPath, 'must be a simple json path starting with .');
}

function checkSelectable(
  problems: Problems,
  at: string,
  path: string,
  root: ValidationSchema | undefined,
): void {
  const names = fieldNames(path);
  if (root === undefined || names === undefined) return;
  const field = names.reduce<ValidationSchema | undefined>(
    (schema, name) => schema?.properties?.[name],
    root,
  );
  if (field === undefined) {
    problems.invalid(at, path, 'is an invalid path: does not refer to a valid field');
  } else if (field.type !== undefined && !SELECTABLE.includes(field.type)) {
    const why =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
    problems.invalid(at, path, why);
  }
}
