import type { Command } from '../../command.ts';
import { Failure } from '../../errors.ts';
import { posixSource } from '../../common/regex.ts';
import { formatted, FUNCTIONS, regexOf, splitText, substituted } from './functions.ts';
import { Outputs } from './outputs.ts';
import type { Records } from './records.ts';
import type { AwkProgram, Expression, Rule, Statement } from './tree.ts';
import type { Value } from './values.ts';
import { compareValues, toNumber, toText, toTruth } from './values.ts';

type Table = Map<string, Value>;

class Flow extends Error {
  readonly kind: 'next' | 'break' | 'continue' | 'exit' | 'return';
  readonly value: Value;

  constructor(kind: Flow['kind'], value?: Value) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}

/** Steps that are charged together, and what that costs in microseconds. */
const STEPS = 200;
const COST = 2000;
const DEEPEST = 1000;

/** Where records come from when a program asks for one. */
export interface AwkInput {
  next(separator: string): Promise<string | undefined>;
  open(name: string): Records | undefined;
}

/** Runs a program over its input. */
export class Awk {
  readonly #command: Command;
  readonly #program: AwkProgram;
  readonly #input: AwkInput;
  readonly #outputs: Outputs;
  readonly #variables = new Map<string, Value>();
  readonly #tables = new Map<string, Table>();
  readonly #opened = new Map<string, Records | undefined>();
  readonly #inRange = new Set<Rule>();
  #locals: { readonly values: Map<string, Value>; readonly tables: Map<string, Table> } | undefined;
  #record = '';
  #fields: string[] | undefined;
  #steps = 0;
  #depth = 0;

  constructor(command: Command, program: AwkProgram, input: AwkInput) {
    this.#command = command;
    this.#program = program;
    this.#input = input;
    this.#outputs = new Outputs(command);
    const defaults = {
      FS: ' ',
      OFS: ' ',
      ORS: '\n',
      RS: '\n',
      SUBSEP: '\x1c',
      CONVFMT: '%.6g',
      OFMT: '%.6g',
    };
    for (const [name, value] of Object.entries({ ...defaults, NR: 0, NF: 0, FNR: 0 }))
      this.#variables.set(name, value);
    const environment: Table = new Map();
    for (const [name, value] of Object.entries(command.context.env)) environment.set(name, { input: value });
    this.#tables.set('ENVIRON', environment);
  }

  set(name: string, value: Value): void {
    const local = this.#locals?.values;
    if (local?.has(name) === true) local.set(name, value);
    else this.#variables.set(name, value);
    if (name === 'NF') this.#resize(toNumber(value));
  }

  setElement(name: string, key: string, value: Value): void {
    this.#table(name).set(key, value);
  }

  text(name: string): string {
    return toText(this.#get(name), '%.6g');
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    let status = 0;
    const guarded = async (run: () => Promise<void>): Promise<boolean> => {
      try {
        await run();
        return true;
      } catch (flow) {
        if (!(flow instanceof Flow) || flow.kind !== 'exit') throw flow;
        if (flow.value !== undefined) status = toNumber(flow.value) & 0xff;
        return false;
      }
    };
    const { rules } = this.#program;
    const isGoing = await guarded(async () => {
      await this.#runAll(rules.filter(({ when }) => when === 'BEGIN'));
      if (rules.every(({ when }) => when === 'BEGIN')) return;
      while (await this.#nextRecord()) await this.#runRules(rules);
    });
    const isFailed = !isGoing && status !== 0;
    if (!isFailed || rules.some(({ when }) => when === 'END')) {
      await guarded(() => this.#runAll(rules.filter(({ when }) => when === 'END')));
    }
    await this.#outputs.closeAll();
    return status;
  }

  async #runAll(rules: readonly Rule[]): Promise<void> {
    for (const { body } of rules) if (body !== undefined) await this.#execute(body);
  }

  async #nextRecord(): Promise<boolean> {
    const record = await this.#input.next(this.text('RS'));
    if (record === undefined) return false;
    this.#count();
    this.#setRecord(record);
    return true;
  }

  #count(): void {
    for (const name of ['NR', 'FNR']) this.#variables.set(name, toNumber(this.#variables.get(name)) + 1);
  }

  #setRecord(record: string): void {
    this.#record = record;
    this.#fields = undefined;
  }

  async #runRules(rules: readonly Rule[]): Promise<void> {
    try {
      for (const rule of rules) {
        if (rule.when === 'BEGIN' || rule.when === 'END' || !(await this.#applies(rule, rule.when))) continue;
        if (rule.body === undefined) this.#command.print(`${this.#record}${this.text('ORS')}`);
        else await this.#execute(rule.body);
      }
    } catch (flow) {
      if (!(flow instanceof Flow) || flow.kind !== 'next') throw flow;
    }
  }

  async #applies(
    rule: Rule,
    when: { readonly from?: Expression; readonly to?: Expression },
  ): Promise<boolean> {
    if (when.from === undefined) return true;
    if (when.to === undefined) return toTruth(await this.#evaluate(when.from));
    if (!this.#inRange.has(rule)) {
      if (!toTruth(await this.#evaluate(when.from))) return false;
      this.#inRange.add(rule);
    }
    if (toTruth(await this.#evaluate(when.to))) this.#inRange.delete(rule);
    return true;
  }

  async #breathe(): Promise<void> {
    if (++this.#steps % STEPS === 0) await this.#command.context.cpu.spend(COST);
  }

  async #execute(statement: Statement): Promise<void> {
    await this.#breathe();
    switch (statement.kind) {
      case 'expression':
        await this.#evaluate(statement.expression);
        return;
      case 'print':
        return this.#print(statement);
      case 'block':
        for (const each of statement.body) await this.#execute(each);
        return;
      case 'if':
        if (toTruth(await this.#evaluate(statement.condition))) await this.#execute(statement.then);
        else if (statement.otherwise !== undefined) await this.#execute(statement.otherwise);
        return;
      case 'while':
      case 'do':
      case 'for':
        return this.#loop(statement);
      case 'for-in':
        for (const key of [...this.#table(statement.name).keys()]) {
          this.set(statement.variable, { input: key });
          if (!(await this.#once(statement.body))) return;
        }
        return;
      case 'delete':
        if (statement.keys === undefined) this.#table(statement.name).clear();
        else this.#table(statement.name).delete(await this.#key(statement.keys));
        return;
      case 'next':
      case 'break':
      case 'continue':
        throw new Flow(statement.kind);
      case 'exit':
      case 'return':
        throw new Flow(statement.kind, statement.value && (await this.#evaluate(statement.value)));
    }
  }

  /** The body of a loop. @returns false after `break` */
  async #once(body: Statement): Promise<boolean> {
    try {
      await this.#execute(body);
      return true;
    } catch (flow) {
      if (flow instanceof Flow && flow.kind === 'continue') return true;
      if (flow instanceof Flow && flow.kind === 'break') return false;
      throw flow;
    }
  }

  async #loop(statement: Extract<Statement, { kind: 'while' | 'do' | 'for' }>): Promise<void> {
    const isTrue = async (): Promise<boolean> =>
      statement.condition === undefined || toTruth(await this.#evaluate(statement.condition));
    if (statement.kind === 'for' && statement.start !== undefined) await this.#execute(statement.start);
    if (statement.kind === 'do' && !(await this.#once(statement.body))) return;
    while (await isTrue()) {
      await this.#breathe();
      if (!(await this.#once(statement.body))) return;
      if (statement.kind === 'for' && statement.step !== undefined) await this.#execute(statement.step);
    }
  }

  async #print(statement: Extract<Statement, { kind: 'print' }>): Promise<void> {
    const values: Value[] = [];
    for (const arg of statement.args) values.push(await this.#evaluate(arg));
    const [format, ...rest] = values;
    const text = statement.isFormatted
      ? formatted(toText(format), rest)
      : `${values.length === 0 ? this.#record : values.map((value) => toText(value, this.text('OFMT'))).join(this.text('OFS'))}${this.text('ORS')}`;
    if (statement.redirection === undefined || statement.target === undefined) {
      this.#command.print(text);
      return;
    }
    this.#outputs.write(statement.redirection, toText(await this.#evaluate(statement.target)), text);
  }

  async #evaluate(expression: Expression): Promise<Value> {
    switch (expression.kind) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return regexOf(expression.source).test(this.#record) ? 1 : 0;
      case 'variable':
        return this.#get(expression.name);
      case 'element': {
        const table = this.#table(expression.name);
        const key = await this.#key(expression.keys);
        if (!table.has(key)) table.set(key, undefined);
        return table.get(key);
      }
      case 'field':
        return { input: this.#field(toNumber(await this.#evaluate(expression.index))) };
      case 'assign': {
        const value = await this.#evaluate(expression.value);
        if (expression.operator === '') return this.#assign(expression.target, value);
        const before = await this.#evaluate(expression.target);
        return this.#assign(
          expression.target,
          calculate(expression.operator, toNumber(before), toNumber(value)),
        );
      }
      case 'step': {
        const before = toNumber(await this.#evaluate(expression.target));
        await this.#assign(expression.target, before + expression.by);
        return expression.isPrefix ? before + expression.by : before;
      }
      case 'unary':
        return unary(expression.operator, await this.#evaluate(expression.operand));
      case 'binary':
        return this.#binary(expression);
      case 'conditional':
        return this.#evaluate(
          toTruth(await this.#evaluate(expression.condition)) ? expression.then : expression.otherwise,
        );
      case 'in':
        return this.#table(expression.name).has(await this.#key(expression.keys)) ? 1 : 0;
      case 'call':
        return this.#call(expression.name, expression.args);
      case 'getline':
        return this.#getline(expression);
    }
  }

  async #binary(expression: Extract<Expression, { kind: 'binary' }>): Promise<Value> {
    const { operator } = expression;
    const left = await this.#evaluate(expression.left);
    if (operator === '&&') return toTruth(left) && toTruth(await this.#evaluate(expression.right)) ? 1 : 0;
    if (operator === '||') return toTruth(left) || toTruth(await this.#evaluate(expression.right)) ? 1 : 0;
    if (operator === '~' || operator === '!~') {
      return (await this.#pattern(expression.right)).test(toText(left)) === (operator === '~') ? 1 : 0;
    }
    const right = await this.#evaluate(expression.right);
    if (operator === ' ')
      return limited(toText(left, this.text('CONVFMT')) + toText(right, this.text('CONVFMT')));
    if (/^[<>=!]/.test(operator)) return ordered(operator, compareValues(left, right)) ? 1 : 0;
    return calculate(operator, toNumber(left), toNumber(right));
  }

  async #pattern(expression: Expression): Promise<RegExp> {
    return regexOf(
      expression.kind === 'regex' ? expression.source : toText(await this.#evaluate(expression)),
    );
  }

  async #key(keys: readonly Expression[]): Promise<string> {
    const parts: string[] = [];
    for (const key of keys) parts.push(toText(await this.#evaluate(key)));
    return parts.join(this.text('SUBSEP'));
  }

  #get(name: string): Value {
    const local = this.#locals?.values;
    if (local?.has(name) === true) return local.get(name);
    if (name === 'NF') this.#split();
    return this.#variables.get(name);
  }

  #table(name: string): Table {
    const local = this.#locals;
    const tables =
      local?.values.has(name) === true || local?.tables.has(name) === true ? local.tables : this.#tables;
    let table = tables.get(name);
    if (table === undefined) {
      table = new Map();
      tables.set(name, table);
    }
    return table;
  }

  #split(): string[] {
    if (this.#fields === undefined) {
      this.#fields = [...splitText(this.#record, this.text('FS'))];
      this.#variables.set('NF', this.#fields.length);
    }
    return this.#fields;
  }

  #field(index: number): string {
    if (index < 0) throw new Failure('cmd. line:1: Access to negative field');
    return index === 0 ? this.#record : (this.#split()[index - 1] ?? '');
  }

  #resize(size: number): void {
    if (this.#fields === undefined) return;
    while (this.#fields.length < size) this.#fields.push('');
    this.#fields.length = Math.max(0, size);
    this.#record = this.#fields.join(this.text('OFS'));
  }

  async #assign(target: Expression, value: Value): Promise<Value> {
    switch (target.kind) {
      case 'variable':
        if (target.name === 'NF') this.#split();
        this.set(target.name, value);
        return value;
      case 'element':
        this.#table(target.name).set(await this.#key(target.keys), value);
        return value;
      case 'field': {
        const index = toNumber(await this.#evaluate(target.index));
        if (index === 0) this.#setRecord(toText(value));
        else {
          const fields = this.#split();
          while (fields.length < Math.min(index, 100_000)) fields.push('');
          fields[index - 1] = toText(value);
          this.#variables.set('NF', fields.length);
          this.#record = fields.join(this.text('OFS'));
        }
        return value;
      }
      default:
        throw new Failure('cmd. line:1: Unexpected token');
    }
  }

  async #getline(expression: Extract<Expression, { kind: 'getline' }>): Promise<Value> {
    const source = expression.source && toText(await this.#evaluate(expression.source));
    const separator = this.text('RS');
    let record: string | undefined;
    if (source === undefined) {
      record = await this.#input.next(separator);
      if (record !== undefined) this.#count();
    } else {
      if (!this.#opened.has(source)) {
        const isFile = expression.from === 'file';
        this.#opened.set(source, isFile ? this.#input.open(source) : this.#outputs.readFrom(source));
      }
      const records = this.#opened.get(source);
      if (records === undefined) return -1;
      record = await records.next(separator);
    }
    if (record === undefined) return 0;
    if (expression.target === undefined) this.#setRecord(record);
    else await this.#assign(expression.target, { input: record });
    return 1;
  }

  async #call(name: string, args: readonly Expression[]): Promise<Value> {
    const own = this.#program.functions.get(name);
    if (own !== undefined) return this.#callOwn(own.parameters, own.body, args);
    const [first, second, third] = args;
    switch (name) {
      case 'length':
        if (first?.kind === 'variable' && this.#tables.has(first.name)) return this.#table(first.name).size;
        return (first === undefined ? this.#record : toText(await this.#evaluate(first))).length;
      case 'split':
        return this.#callSplit(args);
      case 'match': {
        if (first === undefined || second === undefined) break;
        const match = (await this.#pattern(second)).exec(toText(await this.#evaluate(first)));
        this.set('RSTART', match === null ? 0 : match.index + 1);
        this.set('RLENGTH', match === null ? -1 : match[0].length);
        return match === null ? 0 : match.index + 1;
      }
      case 'sub':
      case 'gsub': {
        if (first === undefined || second === undefined) break;
        const target = third ?? ({ kind: 'field', index: { kind: 'number', value: 0 } } as const);
        const regex = await this.#pattern(first);
        const replacement = toText(await this.#evaluate(second));
        const text = toText(await this.#evaluate(target));
        const result = substituted(text, regex, replacement, name === 'gsub');
        if (result.count > 0) await this.#assign(target, limited(result.text));
        return result.count;
      }
      default:
    }
    const values: Value[] = [];
    for (const arg of args) values.push(await this.#evaluate(arg));
    return this.#callSystem(name, values);
  }

  async #callSystem(name: string, values: readonly Value[]): Promise<Value> {
    const { context } = this.#command;
    const text = toText(values[0]);
    switch (name) {
      case 'system':
        await this.#outputs.flush();
        return this.#command.run(['/bin/sh', '-c', text]);
      case 'close':
        this.#opened.delete(text);
        return this.#outputs.close(text);
      case 'fflush':
        return 0;
      case 'rand':
        return context.random.uint32() / 0x100000000;
      case 'srand':
        return 0;
      case 'systime':
        return Math.floor(context.clock.now() / 1000);
      default: {
        const builtin = FUNCTIONS[name];
        if (builtin === undefined) throw new Failure('cmd. line:1: Call to undefined function');
        return builtin(values);
      }
    }
  }

  async #callSplit(args: readonly Expression[]): Promise<Value> {
    const [text, target, separator] = args;
    if (text === undefined || target?.kind !== 'variable')
      throw new Failure('cmd. line:1: Not enough arguments');
    const value = toText(await this.#evaluate(text));
    const parts =
      separator === undefined
        ? splitText(value, this.text('FS'))
        : separator.kind === 'regex'
          ? value === ''
            ? []
            : value.split(new RegExp(posixSource(separator.source, true)))
          : splitText(value, toText(await this.#evaluate(separator)));
    const table = this.#table(target.name);
    table.clear();
    parts.forEach((part, index) => table.set(String(index + 1), { input: part }));
    return parts.length;
  }

  async #callOwn(
    parameters: readonly string[],
    body: Statement,
    args: readonly Expression[],
  ): Promise<Value> {
    if (this.#depth >= DEEPEST) throw new Failure('out of memory');
    const values = new Map<string, Value>();
    const tables = new Map<string, Table>();
    for (const [index, parameter] of parameters.entries()) {
      const arg = args[index];
      // A name that stands for an array (or for nothing yet) is passed as one as well.
      if (arg?.kind === 'variable' && this.#get(arg.name) === undefined)
        tables.set(parameter, this.#table(arg.name));
      values.set(parameter, arg && (await this.#evaluate(arg)));
    }
    const before = this.#locals;
    this.#depth++;
    await Promise.resolve();
    try {
      this.#locals = { values, tables };
      await this.#execute(body);
      return undefined;
    } catch (flow) {
      if (flow instanceof Flow && flow.kind === 'return') return flow.value;
      throw flow;
    } finally {
      this.#depth--;
      this.#locals = before;
    }
  }
}

function unary(operator: string, value: Value): Value {
  switch (operator) {
    case '!':
      return toTruth(value) ? 0 : 1;
    case '-':
      return -toNumber(value);
    case '+':
      return toNumber(value);
    default:
      return value;
  }
}

function ordered(operator: string, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>=':
      return order >= 0;
    default:
      return order > 0;
  }
}

function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '^':
    case '**':
      return left ** right;
    default:
      if (right === 0) throw new Failure('cmd. line:1: Division by zero');
      return operator === '/' ? left / right : left % right;
  }
}

/** No text may outgrow the host's memory. */
function limited(text: string): string {
  if (text.length > 16 * 1024 * 1024) throw new Failure('out of memory');
  return text;
}
