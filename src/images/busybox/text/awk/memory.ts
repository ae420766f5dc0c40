import { Failure, limited, LONGEST_TEXT, outOfMemory } from '../../errors.ts';
import { MOST_KEPT } from '../../streams.ts';
import { splitText } from './functions.ts';
import type { Value } from './values.ts';
import { toNumber, toText } from './values.ts';

export type Table = Map<string, Value>;

/** Parameters of a function that is running. */
export interface Locals {
  readonly values: Map<string, Value>;
  readonly tables: Map<string, Table>;
}

/** What an element takes, about. */
function sizeOf(key: string, value: Value): number {
  const text = typeof value === 'object' ? value.input : value;
  return 64 + key.length + (typeof text === 'string' ? text.length : 0);
}

/** No field may lie so far out that the host's memory ends before. */
const MOST_FIELDS = 100_000;

/** The variables of a program, its arrays, and the record with its fields. */
export class AwkMemory {
  record = '';
  locals: Locals | undefined;
  readonly #variables = new Map<string, Value>();
  readonly #tables = new Map<string, Table>();
  #fields: string[] | undefined;
  #size = 0;

  constructor() {
    const defaults = {
      FS: ' ',
      OFS: ' ',
      ORS: '\n',
      RS: '\n',
      SUBSEP: '\x1c',
      CONVFMT: '%.6g',
      OFMT: '%.6g',
    };
    for (const [name, value] of Object.entries({ ...defaults, NR: 0, NF: 0, FNR: 0 })) {
      this.#variables.set(name, value);
    }
  }

  get(name: string): Value {
    const local = this.locals?.values;
    if (local?.has(name) === true) return local.get(name);
    if (name === 'NF') this.#split();
    return this.#variables.get(name);
  }

  set(name: string, value: Value): void {
    const local = this.locals?.values;
    if (local?.has(name) === true) {
      local.set(name, value);
      return;
    }
    if (name === 'NF') this.#resize(toNumber(value));
    this.#variables.set(name, value);
  }

  text(name: string): string {
    return toText(this.get(name));
  }

  /** One more record has been read. */
  count(): void {
    for (const name of ['NR', 'FNR']) this.#variables.set(name, toNumber(this.#variables.get(name)) + 1);
  }

  setRecord(record: string): void {
    this.record = record;
    this.#fields = undefined;
  }

  isTable(name: string): boolean {
    return this.locals?.tables.has(name) === true || this.#tables.has(name);
  }

  /** The array of that name, which comes into being when it is looked at. */
  table(name: string): Table {
    const { locals } = this;
    const isLocal = locals?.values.has(name) === true || locals?.tables.has(name) === true;
    const tables = isLocal ? locals.tables : this.#tables;
    let table = tables.get(name);
    if (table === undefined) {
      table = new Map();
      tables.set(name, table);
    }
    return table;
  }

  field(index: number): string {
    if (index < 0) throw new Failure('cmd. line:1: Access to negative field');
    return index === 0 ? this.record : (this.#split()[index - 1] ?? '');
  }

  setField(index: number, text: string): void {
    if (index === 0) {
      this.setRecord(text);
      return;
    }
    const fields = this.#split();
    this.#widen(fields, index);
    fields[index - 1] = text;
    this.#variables.set('NF', fields.length);
    this.#join(fields);
  }

  /** The value of an element; what all elements take has an end. @throws Failure */
  setElement(table: Table, key: string, value: Value): void {
    this.grow(sizeOf(key, value) - (table.has(key) ? sizeOf(key, table.get(key)) : 0));
    table.set(key, value);
  }

  deleteElement(table: Table, key: string): void {
    if (table.has(key)) this.grow(-sizeOf(key, table.get(key)));
    table.delete(key);
  }

  clear(table: Table): void {
    for (const [key, value] of table) this.grow(-sizeOf(key, value));
    table.clear();
  }

  /** Counts bytes that arrays and calls take. @throws Failure */
  grow(bytes: number): void {
    this.#size += bytes;
    if (this.#size > MOST_KEPT) outOfMemory();
  }

  #split(): string[] {
    if (this.#fields === undefined) {
      // Of paragraphs each line is a field at least.
      const parts = this.text('RS') === '' ? this.record.split('\n') : [this.record];
      this.#fields = parts.flatMap((part) => splitText(part, this.text('FS')));
      this.#variables.set('NF', this.#fields.length);
    }
    return this.#fields;
  }

  #resize(size: number): void {
    const fields = this.#split();
    this.#widen(fields, size);
    fields.length = Math.max(0, Math.trunc(size) || 0);
    this.#join(fields);
  }

  #widen(fields: string[], size: number): void {
    if (size > MOST_FIELDS) outOfMemory();
    while (fields.length < size) fields.push('');
  }

  #join(fields: readonly string[]): void {
    const separator = this.text('OFS');
    if (fields.length * separator.length > LONGEST_TEXT) outOfMemory();
    this.record = limited(fields.join(separator));
  }
}
