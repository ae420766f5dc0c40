import type { AnyObject } from '../../../model/objects.ts';
import type { FieldProblem } from '../pipeline.ts';
import type { ScalePaths } from './definition.ts';
import { valuesAt } from './json-path.ts';

const MOST = 2 ** 31 - 1;

/** What keeps the `scale` subresource of a custom resource from reading an object. */
export function scaleProblems(object: AnyObject, paths: ScalePaths): readonly FieldProblem[] {
  return [
    ...countProblems(object, paths.specReplicasPath),
    ...countProblems(object, paths.statusReplicasPath),
    ...(paths.labelSelectorPath === undefined ? [] : selectorProblems(object, paths.labelSelectorPath)),
  ];
}

function countProblems(object: AnyObject, path: string): FieldProblem[] {
  const [value] = valuesAt(object, path);
  if (value === undefined) return [];
  if (typeof value !== 'number' || !Number.isInteger(value)) return unreadable(path, value, '0', 'int64');
  if (value < 0) return wrong(path, `Invalid value: ${value}: should be a non-negative integer`);
  if (value <= MOST) return [];
  return wrong(path, `Invalid value: ${value}: should be less than or equal to ${MOST}`);
}

function selectorProblems(object: AnyObject, path: string): FieldProblem[] {
  const [value] = valuesAt(object, path);
  return value === undefined || typeof value === 'string' ? [] : unreadable(path, value, '""', 'string');
}

/** In the words of the API server's reader, which knows the types of Go; of lists and objects it says more. */
function unreadable(path: string, value: unknown, instead: string, wanted: string): FieldProblem[] {
  const type =
    typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? numberType(value) : typeof value;
  const why = `${path} accessor error: ${String(value)} is of the type ${type}, expected ${wanted}`;
  return wrong(path, `Invalid value: ${instead}: ${why}`);
}

const numberType = (value: number): string => (Number.isInteger(value) ? 'int64' : 'float64');

function wrong(field: string, detail: string): FieldProblem[] {
  return [{ type: 'FieldValueInvalid', field, detail }];
}
