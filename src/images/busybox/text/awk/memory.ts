import { Failure } from '../../errors.ts';
import { splitText } from './functions.ts';
import type { Value } from './values.ts';
import { toNumber, toText } from './values.ts';

export type Table = Map<string, Value>;

/** Parameters of a function that is running. */
export interface Locals {
  readonly values: Map<string, Value>;
  readonly tables: Map<string, Table>;
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
    if (index > MOST_FIELDS) throw new Failure('out of memory');
    while (fields.length < index) fields.push('');
    fields[index - 1] = text;
    this.#variables.set('NF', fields.length);
    this.record = fields.join(this.text('OFS'));
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
    while (fields.length < Math.min(size, MOST_FIELDS)) fields.push('');
    fields.length = Math.max(0, size);
    this.record = fields.join(this.text('OFS'));
  }
}
