import { isTypeName } from './checker.ts';
import type { Library, Overload, Running } from './library.ts';
import { typeNameIn } from './parser.ts';
import type { Binding, Call, Comprehension, Expression, Select } from './syntax.ts';
import type { Type } from './types.ts';
import {
  Duration,
  ExpressionError,
  isList,
  isMap,
  type Key,
  keyOf,
  Opaque,
  Optional,
  Struct,
  Timestamp,
  typeNameOf,
  TypeValue,
  Unsigned,
  type Value,
} from './values.ts';

/** What the work of an expression costs so far, and how much it may. One object may serve several expressions. */
export interface Budget {
  spent: number;
  readonly limit: number;
}

/** Gives the value of a variable by its full name; undefined where there is none. */
export type Variables = (name: string) => Value | undefined;

/** What using up the budget of an expression says. */
export const OUT_OF_BUDGET = 'operation cancelled: actual cost limit exceeded';

const LIST_COST = 10;
const MAP_COST = 30;
const STRUCT_COST = 40;

/**
 * Runs an expression.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#evaluation
 * @throws ExpressionError
 */
export function evaluate(
  expression: Expression,
  {
    library,
    variables,
    budget,
  }: { readonly library: Library; readonly variables: Variables; readonly budget: Budget },
): Value {
  return new Interpreter(library, budget).value(expression, variables);
}

class Interpreter implements Running {
  readonly #library: Library;
  readonly #budget: Budget;

  constructor(library: Library, budget: Budget) {
    this.#library = library;
    this.#budget = budget;
  }

  spend(cost: number): void {
    this.#budget.spent += cost;
    if (this.#budget.spent > this.#budget.limit) throw new BudgetExceeded();
  }

  value(expression: Expression, scope: Variables): Value {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name':
        this.spend(1);
        return this.#named(expression.name, scope);
      case 'select':
        return this.#select(expression, scope);
      case 'call':
        return this.#call(expression, scope);
      case 'list':
        return this.#list(expression.items, scope);
      case 'map':
        return this.#map(expression.entries, scope);
      case 'struct':
        return this.#struct(expression, scope);
      case 'comprehension':
        return this.#comprehension(expression, scope);
      case 'binding':
        return this.#binding(expression, scope);
    }
  }

  #named(name: string, scope: Variables): Value {
    const value = scope(name);
    if (value !== undefined) return value;
    if (isTypeName(name)) return new TypeValue(TYPE_ALIASES[name] ?? name);
    throw new ExpressionError(`no such attribute(s): ${name}`);
  }

  #select(select: Select, scope: Variables): Value {
    const name = typeNameIn(select);
    if (name !== undefined) {
      const qualified = scope(name);
      if (qualified !== undefined) return qualified;
      if (isTypeName(name)) return new TypeValue(name);
    }
    const of = this.value(select.of, scope);
    if (select.test) return fieldOf(unwrap(of), select.field, true) !== undefined;
    this.spend(1);
    if (select.optional || of instanceof Optional) return this.#optionalField(of, select.field);
    const value = fieldOf(of, select.field, false);
    if (value === undefined) throw new ExpressionError(`no such key: ${select.field}`);
    return value;
  }

  #optionalField(of: Value, field: Value): Value {
    const inner = unwrap(of);
    return inner === undefined ? Optional.none : new Optional(elementOf(inner, field));
  }

  #call(call: Call, scope: Variables): Value {
    const { name, parameters } = call;
    const [first, second, third] = parameters;
    if (name === '_&&_' && first && second) return this.#both(false, first, second, scope);
    if (name === '_||_' && first && second) return this.#both(true, first, second, scope);
    this.spend(1);
    if (name === '_?_:_' && first && second && third) {
      const condition = this.value(first, scope);
      if (typeof condition !== 'boolean') throw new ExpressionError('no such overload');
      return this.value(condition ? second : third, scope);
    }
    if ((name === '_[_]' || name === '_[?_]') && first && second) {
      return this.#index(this.value(first, scope), this.value(second, scope), name === '_[?_]');
    }
    return this.#function(call, scope);
  }

  #index(of: Value, index: Value, optional: boolean): Value {
    if (optional || of instanceof Optional) return this.#optionalField(of, index);
    const value = elementOf(of, index);
    if (value !== undefined) return value;
    if (isList(of)) throw new ExpressionError(`index out of bounds: ${shown(index)}`);
    throw new ExpressionError(`no such key: ${shown(index)}`);
  }

  #function(call: Call, scope: Variables): Value {
    const { target, name, parameters } = call;
    // `optional.of`: what looks like a method of a variable is a function of that name.
    const space = target === undefined ? undefined : typeNameIn(target);
    const full = space === undefined ? undefined : `${space}.${name}`;
    const isFunction = full !== undefined && this.#library.has(full) && scope(space ?? '') === undefined;
    const overloads = this.#library.get(isFunction ? full : name) ?? [];
    const isMember = target !== undefined && !isFunction;
    if (isMember && LAZY.has(name))
      return this.#alternative(name, this.value(target, scope), parameters, scope);
    const given = (isMember ? [target, ...parameters] : parameters).map((each) => this.value(each, scope));
    const found = overloads.find((overload) => overload.isMember === isMember && fits(overload, given));
    if (found === undefined) throw new ExpressionError(noOverload(isFunction ? full : name, isMember, given));
    return found.run(given, this);
  }

  /** `or` and `orValue` of an optional value look at their parameter only where there is no value. */
  #alternative(name: string, of: Value, [other]: readonly Expression[], scope: Variables): Value {
    if (!(of instanceof Optional) || other === undefined) throw new ExpressionError('no such overload');
    if (of.value !== undefined) return name === 'or' ? of : of.value;
    return this.value(other, scope);
  }

  /** `&&` and `||`: an error of one side does not matter where the other decides. */
  #both(decisive: boolean, first: Expression, second: Expression, scope: Variables): boolean {
    const left = this.#attempt(first, scope);
    if (left === decisive) return decisive;
    const right = this.#attempt(second, scope);
    if (right === decisive) return decisive;
    return merged(decisive, left, right);
  }

  /** A value, or the error that there is none. */
  #attempt(expression: Expression, scope: Variables): Value | ExpressionError {
    try {
      return this.value(expression, scope);
    } catch (error) {
      if (error instanceof ExpressionError && !(error instanceof BudgetExceeded)) return error;
      throw error;
    }
  }

  #list(items: Extract<Expression, { kind: 'list' }>['items'], scope: Variables): Value {
    if (!items.every(({ value }) => value.kind === 'literal')) this.spend(LIST_COST);
    const list: Value[] = [];
    for (const { value, optional } of items) {
      const item = this.#given(value, optional, scope);
      if (item !== undefined) list.push(item);
    }
    return list;
  }

  #map(entries: Extract<Expression, { kind: 'map' }>['entries'], scope: Variables): Value {
    this.spend(MAP_COST);
    const map = new Map<Key, Value>();
    for (const { key, value, optional } of entries) {
      const at = keyOf(this.value(key, scope));
      if (at === undefined) throw new ExpressionError('unsupported key type');
      const item = this.#given(value, optional, scope);
      if (item === undefined) continue;
      map.set(at, item);
    }
    return map;
  }

  #struct({ type, fields }: Extract<Expression, { kind: 'struct' }>, scope: Variables): Value {
    this.spend(STRUCT_COST);
    const values = new Map<string, Value>();
    for (const { name, value, optional } of fields) {
      const given = this.#given(value, optional, scope);
      if (given !== undefined) values.set(name, given);
    }
    return new Struct(type, values);
  }

  /** What a literal gets; undefined where an optional value is none. */
  #given(expression: Expression, optional: boolean, scope: Variables): Value | undefined {
    const value = this.value(expression, scope);
    if (!optional) return value;
    if (!(value instanceof Optional)) {
      throw new ExpressionError(`cannot initialize optional entry from non-optional value ${shown(value)}`);
    }
    return value.value;
  }

  #binding({ how, name, value, body }: Binding, scope: Variables): Value {
    const given = this.value(value, scope);
    if (!(given instanceof Optional)) throw new ExpressionError('no such overload');
    if (given.value === undefined) return given;
    const result = this.value(body, with1(scope, name, given.value));
    return how === 'optMap' ? new Optional(result) : result;
  }

  #comprehension(comprehension: Comprehension, scope: Variables): Value {
    const elements = elementsOf(this.value(comprehension.range, scope));
    switch (comprehension.macro) {
      case 'all':
        return this.#quantified(comprehension, elements, scope, false);
      case 'exists':
        return this.#quantified(comprehension, elements, scope, true);
      case 'exists_one':
        return [...this.#selected(comprehension, elements, scope)].length === 1;
      case 'filter':
        return [...this.#selected(comprehension, elements, scope)].map(({ only }) => only);
      case 'map':
      case 'transformList':
        return this.#results(comprehension, elements, scope).map(({ value }) => value);
      case 'transformMap':
        return new Map(this.#results(comprehension, elements, scope).map(({ key, value }) => [key, value]));
      case 'transformMapEntry':
        return this.#entries(this.#results(comprehension, elements, scope).map(({ value }) => value));
    }
  }

  #quantified(of: Comprehension, elements: readonly Element[], scope: Variables, decisive: boolean): boolean {
    let result: Value | ExpressionError = !decisive;
    for (const element of elements) {
      this.spend(1);
      const { condition } = of;
      const test = condition === undefined ? !decisive : this.#attempt(condition, within(scope, of, element));
      if (test === decisive) return decisive;
      // Nothing but a later decision makes up for an error.
      if (result === !decisive) result = test;
    }
    return merged(decisive, result, result);
  }

  *#selected(of: Comprehension, elements: readonly Element[], scope: Variables): Generator<Element> {
    for (const element of elements) {
      this.spend(1);
      const { condition } = of;
      const test = condition === undefined || this.value(condition, within(scope, of, element));
      if (typeof test !== 'boolean') throw new ExpressionError('no such overload');
      if (test) yield element;
    }
  }

  #results(of: Comprehension, elements: readonly Element[], scope: Variables): { key: Key; value: Value }[] {
    const { result } = of;
    if (result === undefined) return [];
    return [...this.#selected(of, elements, scope)].map((element) => {
      this.spend(LIST_COST);
      return { key: element.key, value: this.value(result, within(scope, of, element)) };
    });
  }

  #entries(maps: readonly Value[]): Value {
    const result = new Map<Key, Value>();
    for (const map of maps) {
      if (!isMap(map)) throw new ExpressionError('no such overload');
      for (const [key, value] of map) {
        if (result.has(key)) throw new ExpressionError(`insert failed: key ${shown(key)} already exists`);
        result.set(key, value);
      }
    }
    return result;
  }
}

/** Not even `&&` and `||` go on after it. */
class BudgetExceeded extends ExpressionError {
  constructor() {
    super(OUT_OF_BUDGET);
  }
}

/** What a comprehension goes through. */
interface Element {
  readonly key: Key;
  readonly value: Value;
  /** What a macro with one variable sees: an item of a list, a key of a map. */
  readonly only: Value;
}

const LAZY: ReadonlySet<string> = new Set(['or', 'orValue']);
const TYPE_ALIASES: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
};

function elementsOf(range: Value): readonly Element[] {
  if (isList(range)) return range.map((value, index) => ({ key: BigInt(index), value, only: value }));
  if (isMap(range)) return [...range].map(([key, value]) => ({ key, value, only: key }));
  throw new ExpressionError(`no such overload`);
}

function within(scope: Variables, { variables }: Comprehension, { key, value, only }: Element): Variables {
  const [first = '', second] = variables;
  if (second === undefined) return with1(scope, first, only);
  return with1(with1(scope, first, key), second, value);
}

function with1(scope: Variables, name: string, value: Value): Variables {
  return (wanted) => {
    if (wanted === name) return value;
    // A local variable hides variables that begin with its name.
    return wanted.startsWith(`${name}.`) ? undefined : scope(wanted);
  };
}

function merged(decisive: boolean, left: Value | ExpressionError, right: Value | ExpressionError): boolean {
  if (left instanceof ExpressionError) throw left;
  if (right instanceof ExpressionError) throw right;
  if (typeof left !== 'boolean' || typeof right !== 'boolean') throw new ExpressionError('no such overload');
  return !decisive;
}

function unwrap(value: Value): Value | undefined {
  return value instanceof Optional ? value.value : value;
}

function fieldOf(of: Value | undefined, field: string, test: boolean): Value | undefined {
  if (of === undefined) return undefined;
  if (isMap(of)) return of.get(field);
  if (of instanceof Struct) return of.fields.get(field);
  if (test && of === null) throw new ExpressionError('invalid type for field selection.');
  throw new ExpressionError(`no such key: ${field}`);
}

/** An item of a list, or what a map has under a key; undefined where there is none. */
function elementOf(of: Value, index: Value): Value | undefined {
  if (isMap(of)) {
    const key = keyOf(index);
    return key === undefined ? undefined : of.get(key);
  }
  if (of instanceof Struct && typeof index === 'string') return of.fields.get(index);
  if (!isList(of)) throw new ExpressionError(`no such key: ${shown(index)}`);
  const at = keyOf(index);
  if (typeof at !== 'bigint')
    throw new ExpressionError(`unsupported index type '${typeNameOf(index)}' in list`);
  return of[Number(at)];
}

/** A value as messages show it. */
function shown(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  return value instanceof Unsigned ? String(value.value) : typeNameOf(value);
}

function noOverload(name: string, isMember: boolean, given: readonly Value[]): string {
  if (isMember || OPERATOR.test(name)) return 'no such overload';
  // Conversions say of what, other functions do not.
  const signature = CONVERSIONS.has(name) ? `(${given.map(typeNameOf).join(', ')})` : '';
  return `no such overload: ${name}${signature}`;
}

const OPERATOR = /^[!\-_@]/;
const CONVERSIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration int string timestamp uint'.split(' '),
);

/** Whether values can be given to a function: what the checker could not know of `dyn`. */
function fits({ parameters }: Overload, given: readonly Value[]): boolean {
  return (
    parameters.length === given.length && parameters.every((type, index) => isOf(type, given[index] as Value))
  );
}

function isOf(type: Type, value: Value): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'parameter':
      return true;
    case 'null':
      return value === null;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'list':
      return isList(value) && isOfAll(type.items, value);
    case 'map':
      return isMap(value);
    case 'opaque':
      return typeNameOf(value) === type.name || (value instanceof Opaque && value.type === type.name);
    case 'struct':
      return isMap(value) || value instanceof Struct;
    default:
      return typeNameOf(value) === type.kind;
  }
}

/** Overloads by what is in a list are told apart by its first item. */
function isOfAll(items: Type, list: readonly Value[]): boolean {
  const [first] = list;
  return first === undefined || items.kind === 'parameter' || items.kind === 'dyn' || isOf(items, first);
}
