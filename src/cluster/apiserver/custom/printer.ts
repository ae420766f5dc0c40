import type { AnyObject } from '../../../model/objects.ts';
import type { Cell, Column, Printer } from '../table/columns.ts';
import { since } from '../table/duration.ts';
import type { PrinterColumn } from './definition.ts';
import { valuesAt } from './json-path.ts';

const NAME: Column = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/**
 * The columns that a definition names, after the name; the age where it names none.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#additional-printer-columns
 */
export function customPrinter(sent: readonly PrinterColumn[] | undefined): Printer<AnyObject> {
  const named = sent === undefined || sent.length === 0 ? [AGE] : sent;
  return {
    columns: [NAME, ...named.map(columnOf)],
    row: (object, now) => ({
      cells: [object.metadata.name, ...named.map((column) => cell(object, column, now))],
    }),
  };
}

function columnOf({ name, type, format = '', description = '', priority = 0 }: PrinterColumn): Column {
  return { name, type: type as Column['type'], format, description, priority };
}

function cell(object: AnyObject, { type, jsonPath }: PrinterColumn, now: number): Cell {
  const values = valuesAt(object, jsonPath);
  const [first] = values;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'date':
      return since(typeof first === 'string' ? first : undefined, now);
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    default:
      return values.map(asText).join(' ');
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
