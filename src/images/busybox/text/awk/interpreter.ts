import { boundedRegex } from '../../common/bounded-regex.ts';
import type { Command } from '../../command.ts';
import { Failure, limited, outOfMemory } from '../../errors.ts';
import { formatDate } from '../../processes/date.ts';
import { posixSource } from '../../common/regex.ts';
import { AwkMemory } from './memory.ts';
import type { Table } from './memory.ts';
import { formatted, FUNCTIONS, generated, regexOf, splitText, substituted } from './functions.ts';
import { calculate, ordered, unary } from './operators.ts';
import { Outputs } from './outputs.ts';
import type { Records } from './records.ts';
import type { AwkProgram, Expression, Rule, Statement } from './tree.ts';
import type { Value } from './values.ts';
import { compareValues, toNumber, toText, toTruth } from './values.ts';

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
/** Texts up to so many characters cost nothing of their own; one of a longer text costs as much as so many bytes. */
const CHEAP = 256;
const PER_CHARACTER = 4;

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
  readonly memory = new AwkMemory();
  readonly #opened = new Map<string, Records | undefined>();
  readonly #inRange = new Set<Rule>();
  #steps = 0;
  #depth = 0;

  constructor(command: Command, program: AwkProgram, input: AwkInput) {
    this.#command = command;
    this.#program = program;
    this.#input = input;
    this.#outputs = new Outputs(command);
    const environment = this.memory.table('ENVIRON');
    for (const [name, value] of Object.entries(command.context.env)) environment.set(name, { input: value });
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
    const record = await this.#input.next(this.memory.text('RS'));
    if (record === undefined) return false;
    this.memory.count();
    this.memory.setRecord(record);
    return true;
  }

  async #runRules(rules: readonly Rule[]): Promise<void> {
    try {
      for (const rule of rules) {
        if (rule.when === 'BEGIN' || rule.when === 'END' || !(await this.#applies(rule, rule.when))) continue;
        if (rule.body === undefined) this.#command.print(`${this.memory.record}${this.memory.text('ORS')}`);
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
    await this.#command.breathe();
  }

  /** A value, whose length is what it costs: whatever is done to a long text takes longer. */
  async #evaluate(expression: Expression): Promise<Value> {
    const value = await this.#valueOf(expression);
    const text = typeof value === 'object' ? value.input : value;
    if (typeof text === 'string' && text.length > CHEAP) this.#command.owe(text.length * PER_CHARACTER);
    return value;
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
        return this.#if(statement);
      case 'while':
      case 'do':
      case 'for':
        return this.#loop(statement);
      case 'for-in':
        return this.#loopOverKeys(statement);
      case 'delete':
        if (statement.keys === undefined) this.memory.clear(this.memory.table(statement.name));
        else this.memory.deleteElement(this.memory.table(statement.name), await this.#key(statement.keys));
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

  async #if(statement: Extract<Statement, { kind: 'if' }>): Promise<void> {
    if (toTruth(await this.#evaluate(statement.condition))) await this.#execute(statement.then);
    else if (statement.otherwise !== undefined) await this.#execute(statement.otherwise);
  }

  async #loopOverKeys(statement: Extract<Statement, { kind: 'for-in' }>): Promise<void> {
    for (const key of [...this.memory.table(statement.name).keys()]) {
      this.memory.set(statement.variable, { input: key });
      if (!(await this.#once(statement.body))) return;
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
      : `${values.length === 0 ? this.memory.record : values.map((value) => toText(value, this.memory.text('OFMT'))).join(this.memory.text('OFS'))}${this.memory.text('ORS')}`;
    if (statement.redirection === undefined || statement.target === undefined) {
      this.#command.print(text);
      return;
    }
    this.#outputs.write(statement.redirection, toText(await this.#evaluate(statement.target)), text);
  }

  async #valueOf(expression: Expression): Promise<Value> {
    switch (expression.kind) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return regexOf(expression.source).test(this.memory.record) ? 1 : 0;
      case 'variable':
        return this.memory.get(expression.name);
      case 'element':
        return this.#element(expression.name, await this.#key(expression.keys));
      case 'field':
        return { input: this.memory.field(toNumber(await this.#evaluate(expression.index))) };
      case 'assign':
        return this.#assignWith(expression);
      case 'step':
        return this.#step(expression);
      case 'unary':
        return unary(expression.operator, await this.#evaluate(expression.operand));
      case 'binary':
        return this.#binary(expression);
      case 'conditional':
        return this.#evaluate(
          toTruth(await this.#evaluate(expression.condition)) ? expression.then : expression.otherwise,
        );
      case 'in':
        return this.memory.table(expression.name).has(await this.#key(expression.keys)) ? 1 : 0;
      case 'call':
        return this.#call(expression.name, expression.args);
      case 'getline':
        return this.#getline(expression);
    }
  }

  #element(name: string, key: string): Value {
    const table = this.memory.table(name);
    if (!table.has(key)) this.memory.setElement(table, key, undefined);
    return table.get(key);
  }

  async #assignWith(expression: Extract<Expression, { kind: 'assign' }>): Promise<Value> {
    const value = await this.#evaluate(expression.value);
    if (expression.operator === '') return this.#assign(expression.target, value);
    const before = await this.#evaluate(expression.target);
    return this.#assign(expression.target, calculate(expression.operator, toNumber(before), toNumber(value)));
  }

  async #step({ target, by, isPrefix }: Extract<Expression, { kind: 'step' }>): Promise<Value> {
    const before = toNumber(await this.#evaluate(target));
    await this.#assign(target, before + by);
    return isPrefix ? before + by : before;
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
      return limited(toText(left, this.memory.text('CONVFMT')) + toText(right, this.memory.text('CONVFMT')));
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
    return parts.join(this.memory.text('SUBSEP'));
  }

  async #assign(target: Expression, value: Value): Promise<Value> {
    switch (target.kind) {
      case 'variable':
        this.memory.set(target.name, value);
        return value;
      case 'element':
        this.memory.setElement(this.memory.table(target.name), await this.#key(target.keys), value);
        return value;
      case 'field':
        this.memory.setField(toNumber(await this.#evaluate(target.index)), toText(value));
        return value;
      default:
        throw new Failure('cmd. line:1: Unexpected token');
    }
  }

  async #getline(expression: Extract<Expression, { kind: 'getline' }>): Promise<Value> {
    const source = expression.source && toText(await this.#evaluate(expression.source));
    const separator = this.memory.text('RS');
    let record: string | undefined;
    if (source === undefined) {
      record = await this.#input.next(separator);
      if (record !== undefined) this.memory.count();
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
    if (expression.target === undefined) this.memory.setRecord(record);
    else await this.#assign(expression.target, { input: record });
    return 1;
  }

  async #call(name: string, args: readonly Expression[]): Promise<Value> {
    const own = this.#program.functions.get(name);
    if (own !== undefined) return this.#callOwn(own.parameters, own.body, args);
    const [first, second, third] = args;
    switch (name) {
      case 'length':
        if (first?.kind === 'variable' && this.memory.isTable(first.name))
          return this.memory.table(first.name).size;
        return (first === undefined ? this.memory.record : toText(await this.#evaluate(first))).length;
      case 'split':
        return this.#callSplit(args);
      case 'match':
        return first === undefined || second === undefined ? 0 : this.#match(first, second);
      case 'gensub':
        return this.#generate(args);
      case 'sub':
      case 'gsub': {
        const target = third ?? ({ kind: 'field', index: { kind: 'number', value: 0 } } as const);
        return first === undefined || second === undefined
          ? 0
          : this.#substitute(name === 'gsub', first, second, target);
      }
      default: {
        const values: Value[] = [];
        for (const arg of args) values.push(await this.#evaluate(arg));
        return this.#callSystem(name, values);
      }
    }
  }

  async #match(text: Expression, pattern: Expression): Promise<Value> {
    const match = (await this.#pattern(pattern)).exec(toText(await this.#evaluate(text)));
    this.memory.set('RSTART', match === null ? 0 : match.index + 1);
    this.memory.set('RLENGTH', match === null ? -1 : match[0].length);
    return match === null ? 0 : match.index + 1;
  }

  async #substitute(
    isGlobal: boolean,
    pattern: Expression,
    replacement: Expression,
    target: Expression,
  ): Promise<Value> {
    const regex = await this.#pattern(pattern);
    const text = toText(await this.#evaluate(replacement));
    const result = substituted(toText(await this.#evaluate(target)), regex, text, isGlobal);
    if (result.count > 0) await this.#assign(target, limited(result.text));
    return result.count;
  }

  /** What comes of the text, or of the record, which stays as it is. */
  async #generate([pattern, replacement, how, text]: readonly Expression[]): Promise<Value> {
    if (pattern === undefined || replacement === undefined || how === undefined) return '';
    const target = text ?? ({ kind: 'field', index: { kind: 'number', value: 0 } } as const);
    const regex = await this.#pattern(pattern);
    const by = toText(await this.#evaluate(replacement));
    const which = toText(await this.#evaluate(how));
    return limited(generated(toText(await this.#evaluate(target)), regex, by, which));
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
      case 'strftime':
        return formatDate(
          values[0] === undefined ? '%a %b %e %H:%M:%S %Z %Y' : text,
          values[1] === undefined ? context.clock.now() : Math.trunc(toNumber(values[1])) * 1000,
        );
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
        ? splitText(value, this.memory.text('FS'))
        : separator.kind === 'regex'
          ? value === ''
            ? []
            : value.split(boundedRegex(posixSource(separator.source, true)))
          : splitText(value, toText(await this.#evaluate(separator)));
    const table = this.memory.table(target.name);
    this.memory.clear(table);
    parts.forEach((part, index) => this.memory.setElement(table, String(index + 1), { input: part }));
    return parts.length;
  }

  async #callOwn(
    parameters: readonly string[],
    body: Statement,
    args: readonly Expression[],
  ): Promise<Value> {
    if (this.#depth >= DEEPEST) outOfMemory();
    const values = new Map<string, Value>();
    const tables = new Map<string, Table>();
    let size = 256;
    for (const [index, parameter] of parameters.entries()) {
      const arg = args[index];
      // A name that stands for an array (or for nothing yet) is passed as one as well.
      if (arg?.kind === 'variable' && this.memory.get(arg.name) === undefined)
        tables.set(parameter, this.memory.table(arg.name));
      const value = arg && (await this.#evaluate(arg));
      size += toText(value).length;
      values.set(parameter, value);
    }
    this.memory.grow(size);
    const before = this.memory.locals;
    this.#depth++;
    await Promise.resolve();
    try {
      this.memory.locals = { values, tables };
      await this.#execute(body);
      return undefined;
    } catch (flow) {
      if (flow instanceof Flow && flow.kind === 'return') return flow.value;
      throw flow;
    } finally {
      this.#depth--;
      this.memory.grow(-size);
      this.memory.locals = before;
    }
  }
}
