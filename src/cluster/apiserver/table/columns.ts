/** meta/v1 TableColumnDefinition. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly format: string;
  readonly description: string;
  /** Above 0: shown with `-o wide` only. */
  readonly priority: number;
}

const PATTERN = /^(?:(integer|boolean|date|name) )?(.*?)(\*)?$/;

/**
 * Reads `Name, integer Desired, Age, Images*`: a type before the name where it is not a string, a star after it
 * where the column is for `-o wide`. A column called Name is the object's name; others that are names have `name` before
 * theirs.
 */
export function columns(text: string): Column[] {
  return text.split(', ').map((column) => {
    const [, type = 'string', name = '', wide] = PATTERN.exec(column) ?? [];
    const isName = type === 'name' || name === 'Name';
    return {
      name,
      type: type === 'name' ? 'string' : (type as Column['type']),
      format: isName ? 'name' : '',
      description: '',
      priority: wide === undefined ? 0 : 1,
    };
  });
}

/** One row's cells; `object` is the stored object of the kind that the printer is for. */
export type Cell = string | number | boolean | null;

export interface Row {
  readonly cells: readonly Cell[];
  /** Pods that are over, for clients that hide them. */
  readonly conditions?: readonly object[];
}

/** Prints the objects of one kind. */
export interface Printer<T> {
  readonly columns: readonly Column[];
  /** @param now microseconds */
  row(object: T, now: number): Row;
}

/** A printer from its columns and a function that gives the cells. */
export function printer<T>(text: string, cells: (object: T, now: number) => readonly Cell[]): Printer<T> {
  return { columns: columns(text), row: (object, now) => ({ cells: cells(object, now) }) };
}

/** `<none>` for what is empty or missing. */
export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '<none>' : text;
}

/** `a=b,c=d` in the order of keys, or `<none>`. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  return orNone(
    Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
  );
}
