import type { FieldProblem } from '../pipeline.ts';

/** What is wrong with an object, in the order in which it was found and in the API server's words. */
export class Problems {
  readonly list: FieldProblem[] = [];

  #add(type: FieldProblem['type'], field: string, detail: string): void {
    this.list.push({ type, field, detail });
  }

  required(field: string, why = ''): void {
    this.#add('FieldValueRequired', field, why === '' ? 'Required value' : `Required value: ${why}`);
  }

  invalid(field: string, value: unknown, why: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${written(value)}: ${why}`);
  }

  /** A value that is not shown. */
  wrong(field: string, why: string): void {
    this.#add('FieldValueInvalid', field, `Invalid value: ${why}`);
  }

  /** One problem for each of several reasons, none for none. */
  invalidFor(field: string, value: unknown, reasons: readonly string[]): void {
    for (const why of reasons) this.invalid(field, value, why);
  }

  forbidden(field: string, why: string): void {
    this.#add('FieldValueForbidden', field, `Forbidden: ${why}`);
  }

  unsupported(field: string, value: unknown, supported: readonly string[]): void {
    const list = supported.map((name) => `"${name}"`).join(', ');
    this.#add(
      'FieldValueNotSupported',
      field,
      `Unsupported value: ${written(value)}: supported values: ${list}`,
    );
  }

  duplicate(field: string, value: unknown, why = ''): void {
    this.#add(
      'FieldValueDuplicate',
      field,
      `Duplicate value: ${written(value)}${why === '' ? '' : `: ${why}`}`,
    );
  }

  notFound(field: string, value: unknown): void {
    this.#add('FieldValueNotFound', field, `Not found: ${written(value)}`);
  }

  tooLong(field: string, limit: number): void {
    this.#add('FieldValueTooLong', field, `Too long: may not be more than ${limit} bytes`);
  }

  tooMany(field: string, count: number, limit: number): void {
    this.#add('FieldValueTooMany', field, `Too many: ${count}: must have at most ${limit} items`);
  }

  /** Complains unless the value is absent or one of the list. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (value !== undefined && !supported.includes(value)) this.unsupported(field, value, supported);
  }

  notNegative(field: string, value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(field, value, 'must be greater than or equal to 0');
  }

  port(field: string, value: number): void {
    if (!isPort(value)) this.invalid(field, value, PORT_RANGE);
  }

  /** A field that may not change once it is there. */
  immutable(field: string, value: unknown, isSame: boolean): void {
    if (!isSame) this.invalid(field, value, 'field is immutable');
  }
}

const PORT_RANGE = 'must be between 1 and 65535, inclusive';

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function written(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}
