import type { Library, Overload } from './library.ts';
import { typeNameIn } from './parser.ts';
import type { Binding, Call, Comprehension, Expression, Issue, Select } from './syntax.ts';
import {
  BOOL,
  DYN,
  ERROR,
  formatType,
  mostGeneral,
  optionalOf,
  sameType,
  STRING,
  Substitution,
  type Type,
  typeOf,
  unwrapped,
} from './types.ts';
import { typeNameOf, type Value } from './values.ts';

/** What an expression may refer to. */
export interface Declarations {
  readonly library: Library;
  /** By full name, `authorizer.requestResource`. */
  readonly variables: ReadonlyMap<string, Type>;
  /** The fields of a type that expressions can make (`Object.spec{…}`); undefined where there is no such type. */
  readonly structType?: (name: string) => Type | undefined;
}

export interface Checked {
  readonly type: Type;
  readonly issues: readonly Issue[];
  /** What Kubernetes forbids beyond the language; it counts where there are no other issues. */
  readonly late: readonly Issue[];
}

/** What is wrong with an expression's types, in the words of CEL's own checker, and the type that it has. */
export function check(expression: Expression, declarations: Declarations): Checked {
  const checker = new Checker(declarations);
  const type = checker.typeOf(expression);
  return { type: checker.types.resolve(type, true), issues: checker.issues, late: checker.late };
}

const TYPE_NAMES: ReadonlyMap<string, Type> = new Map(
  Object.entries({
    bool: 'bool',
    bytes: 'bytes',
    double: 'double',
    duration: 'duration',
    int: 'int',
    list: 'list(dyn)',
    map: 'map(dyn, dyn)',
    null_type: 'null',
    string: 'string',
    timestamp: 'timestamp',
    uint: 'uint',
    type: 'type(dyn)',
    'google.protobuf.Duration': 'duration',
    'google.protobuf.Timestamp': 'timestamp',
    optional_type: 'optional_type(dyn)',
    'net.IP': 'net.IP',
    'net.CIDR': 'net.CIDR',
  }).map(([name, text]) => [name, { kind: 'type', of: typeOf(text) }]),
);

/** Whether a name is that of a type, which is a value, too. */
export function isTypeName(name: string): boolean {
  return TYPE_NAMES.has(name);
}

class Checker {
  readonly issues: Issue[] = [];
  readonly late: Issue[] = [];
  readonly types = new Substitution();
  readonly #declarations: Declarations;
  #scopes: ReadonlyMap<string, Type>[] = [];
  /** Within what is given to `format()`, lists may have items of several types. */
  #isMixed = false;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  typeOf(expression: Expression): Type {
    switch (expression.kind) {
      case 'literal':
        return literalType(expression.value);
      case 'name':
        return this.#named(expression.name) ?? this.#undeclared(expression.at, expression.name);
      case 'select':
        return this.#select(expression);
      case 'call':
        return this.#call(expression);
      case 'list':
        return this.#list(expression.items);
      case 'map':
        return this.#map(expression.entries);
      case 'struct':
        return this.#struct(expression);
      case 'comprehension':
        return this.#comprehension(expression);
      case 'binding':
        return this.#binding(expression);
    }
  }

  #issue(at: number, message: string): Type {
    this.issues.push({ at, message });
    return ERROR;
  }

  #undeclared(at: number, name: string): Type {
    return this.#issue(at, `undeclared reference to '${name}' (in container '')`);
  }

  #show(type: Type): string {
    return formatType(this.types.resolve(type, false)).replaceAll(/([A-Z])#\d+/g, 'dyn');
  }

  #named(name: string): Type | undefined {
    for (const scope of this.#scopes) {
      const type = scope.get(name);
      if (type !== undefined) return type;
    }
    return this.#declarations.variables.get(name) ?? TYPE_NAMES.get(name);
  }

  #select(select: Select): Type {
    const qualified = select.test ? undefined : this.#qualified(select);
    if (qualified !== undefined) return qualified;
    const of = this.types.resolve(this.typeOf(select.of));
    const inner = unwrapped(of);
    const type = this.#field(select, inner ?? of);
    if (select.test) return BOOL;
    return inner === undefined && !select.optional ? type : optionalOf(type);
  }

  /** A variable whose name has dots. */
  #qualified(select: Select): Type | undefined {
    const name = typeNameIn(select);
    if (name === undefined || this.#isLocal(name.split('.')[0] ?? '')) return undefined;
    return this.#declarations.variables.get(name) ?? TYPE_NAMES.get(name);
  }

  #isLocal(name: string): boolean {
    return this.#scopes.some((scope) => scope.has(name));
  }

  #field({ at, field, test }: Select, of: Type): Type {
    switch (of.kind) {
      case 'dyn':
      case 'error':
      case 'parameter':
        return DYN;
      case 'map':
        return of.values;
      case 'struct':
        return of.field(field) ?? this.#issue(at, `undefined field '${field}'`);
      default:
        if (test && of.kind === 'null') return DYN;
        return this.#issue(at, `type '${this.#show(of)}' does not support field selection`);
    }
  }

  #call(call: Call): Type {
    if (call.name === '_&&_' || call.name === '_||_') return this.#logical(call.parameters);
    const wasMixed = this.#isMixed;
    this.#isMixed ||= call.name === 'format';
    const type = this.#called(call);
    this.#isMixed = wasMixed;
    return type;
  }

  #logical(sides: readonly Expression[]): Type {
    for (const side of sides) this.#isBool(side, this.typeOf(side));
    return BOOL;
  }

  #isBool({ at }: Expression, type: Type): void {
    if (this.types.assign([BOOL], [type])) return;
    this.#issue(at, `expected type 'bool' but found '${this.#show(this.types.resolve(type))}'`);
  }

  #called(call: Call): Type {
    const { target, name, at } = call;
    const space = target === undefined ? undefined : typeNameIn(target);
    const full = space === undefined || this.#isLocal(space) ? undefined : `${space}.${name}`;
    const asFunction = full === undefined ? undefined : this.#declarations.library.get(full);
    const overloads = asFunction ?? this.#declarations.library.get(name);
    const isMember = target !== undefined && asFunction === undefined;
    const values = isMember ? [target, ...call.parameters] : call.parameters;
    const fits = overloads?.filter((overload) => overload.isMember === isMember);
    if (fits === undefined || fits.length === 0) {
      if (overloads === undefined || isMember) {
        for (const value of values) this.typeOf(value);
        if (overloads === undefined) return this.#undeclared(at, name);
      }
    }
    const given = values.map((value) => this.types.resolve(this.typeOf(value)));
    return this.#resolve(asFunction === undefined ? name : (full ?? name), at, fits ?? [], given, isMember);
  }

  #resolve(
    name: string,
    at: number,
    overloads: readonly Overload[],
    given: readonly Type[],
    isMember: boolean,
  ): Type {
    let result: Type | undefined;
    for (const overload of overloads) {
      const fresh = this.types.fresh([overload.result, ...overload.parameters]);
      const [returned = DYN, ...wanted] = fresh;
      if (!this.types.assign(wanted, given)) continue;
      const type = this.types.resolve(returned);
      if (result === undefined) result = type;
      else if (result.kind !== 'dyn' && !sameType(type, result)) result = DYN;
    }
    if (result !== undefined) return result;
    if (given.some(({ kind }) => kind === 'error')) return ERROR;
    const shown = given.map((type) => this.#show(type));
    const signature = isMember ? `${shown[0] ?? ''}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
    return this.#issue(at, `found no matching overload for '${name}' applied to '${signature}'`);
  }

  #list(items: readonly { readonly value: Expression; readonly optional: boolean }[]): Type {
    const joined = new Joined();
    for (const { value, optional } of items) this.#join(joined, value, optional);
    return { kind: 'list', items: joined.type ?? this.#unknown() };
  }

  #map(entries: Extract<Expression, { kind: 'map' }>['entries']): Type {
    const keys = new Joined();
    const values = new Joined();
    for (const { key, value, optional } of entries) {
      this.#join(keys, key, false);
      this.#join(values, value, optional);
    }
    return { kind: 'map', keys: keys.type ?? this.#unknown(), values: values.type ?? this.#unknown() };
  }

  #unknown(): Type {
    return this.types.fresh([typeOf('A')])[0] ?? DYN;
  }

  /** Adds to what is known of the items of a literal, all of which must be of one type. */
  #join(joined: Joined, value: Expression, optional: boolean): void {
    const given = this.types.resolve(this.typeOf(value));
    const type = optional ? this.#insideOptional(value.at, given) : given;
    const known = joined.type === undefined ? type : this.types.resolve(joined.type);
    joined.type = this.types.assign([known], [type]) ? mostGeneral(known, type) : DYN;
    joined.first ??= type;
    if (!this.#isMixed) this.#requireSame(joined, joined.first, type, value.at);
  }

  #requireSame(joined: Joined, first: Type, type: Type, at: number): void {
    const [wanted, found] = [this.types.resolve(first), this.types.resolve(type)];
    if (joined.isUnequal || sameType(wanted, found)) return;
    joined.isUnequal = true;
    this.late.push({ at, message: `expected type '${this.#show(wanted)}' but found '${this.#show(found)}'` });
  }

  #insideOptional(at: number, type: Type): Type {
    if (type.kind === 'dyn' || type.kind === 'error') return type;
    const inner = unwrapped(type);
    if (inner !== undefined) return inner;
    return this.#issue(at, `expected type '${formatType(optionalOf(type))}' but found '${this.#show(type)}'`);
  }

  #struct({ at, type: name, fields }: Extract<Expression, { kind: 'struct' }>): Type {
    const type = this.#declarations.structType?.(name);
    if (type === undefined) {
      for (const { value } of fields) this.typeOf(value);
      return this.#undeclared(at, name);
    }
    if (type.kind !== 'struct') return this.#issue(at, `'${name}' is not a message type`);
    for (const field of fields) {
      const given = this.types.resolve(this.typeOf(field.value));
      const value = field.optional ? this.#insideOptional(field.at, given) : given;
      const wanted = type.field(field.name);
      if (wanted === undefined) this.#issue(field.at, `undefined field '${field.name}'`);
      else if (!this.types.assign([wanted], [value])) {
        const words = `expected type of field '${field.name}' is '${this.#show(wanted)}' but provided type is '${this.#show(value)}'`;
        this.#issue(field.at, words);
      }
    }
    return type;
  }

  #comprehension(comprehension: Comprehension): Type {
    const { range, variables, condition, result } = comprehension;
    const over = this.types.resolve(this.typeOf(range));
    return this.#within(this.#variablesOf(over, range.at, variables), () => {
      const test = condition === undefined ? DYN : this.typeOf(condition);
      const made = result === undefined ? undefined : this.types.resolve(this.typeOf(result));
      const element = this.#named(variables[0] ?? '') ?? DYN;
      return this.#made(comprehension, test, made, element);
    });
  }

  /** The type that a comprehension has. */
  #made({ at, macro, condition }: Comprehension, test: Type, made: Type | undefined, element: Type): Type {
    switch (macro) {
      case 'all':
      case 'exists':
        if (condition !== undefined) this.#isBool(condition, test);
        return BOOL;
      case 'exists_one':
        this.#combine('_?_:_', at, [test, typeOf('int'), typeOf('int')]);
        return BOOL;
      case 'transformMap':
        return this.#chosen(at, test, { kind: 'map', keys: element, values: made ?? DYN });
      case 'transformMapEntry':
        return this.#chosen(at, test, made?.kind === 'map' ? made : typeOf('map(dyn, dyn)'));
      default:
        return this.#chosen(at, test, { kind: 'list', items: made ?? element });
    }
  }

  /** What is made of the elements for which a condition holds. */
  #chosen(at: number, test: Type, type: Type): Type {
    this.#combine('_?_:_', at, [test, type, type]);
    return type;
  }

  #combine(name: string, at: number, given: readonly Type[]): Type {
    return this.#resolve(name, at, this.#declarations.library.get(name) ?? [], given, false);
  }

  #variablesOf(over: Type, at: number, names: readonly string[]): ReadonlyMap<string, Type> {
    const [first = '', second] = names;
    const pair = this.#elementsOf(over, at);
    if (second !== undefined)
      return new Map([
        [first, pair.key],
        [second, pair.value],
      ]);
    return new Map([[first, over.kind === 'map' ? pair.key : pair.value]]);
  }

  #elementsOf(over: Type, at: number): { readonly key: Type; readonly value: Type } {
    switch (over.kind) {
      case 'dyn':
      case 'error':
      case 'parameter':
        return { key: DYN, value: DYN };
      case 'list':
        return { key: typeOf('int'), value: over.items };
      case 'map':
        return { key: over.keys, value: over.values };
      default: {
        const must = 'cannot be range of a comprehension (must be list, map, or dynamic)';
        this.#issue(at, `expression of type '${this.#show(over)}' ${must}`);
        return { key: ERROR, value: ERROR };
      }
    }
  }

  #binding({ at, how, name, value, body }: Binding): Type {
    const bound = this.types.resolve(this.typeOf(value));
    const inner = unwrapped(bound);
    if (inner === undefined && bound.kind !== 'dyn' && bound.kind !== 'error') {
      return this.#issue(at, `found no matching overload for '${how}' applied to '${this.#show(bound)}.()'`);
    }
    const result = this.#within(new Map([[name, inner ?? DYN]]), () => this.types.resolve(this.typeOf(body)));
    return how === 'optMap' ? optionalOf(result) : result;
  }

  #within(scope: ReadonlyMap<string, Type>, work: () => Type): Type {
    this.#scopes.unshift(scope);
    try {
      return work();
    } finally {
      this.#scopes.shift();
    }
  }
}

/** What the items of a literal have in common. */
class Joined {
  type: Type | undefined;
  first: Type | undefined;
  /** Whether it has been said that they are of several types. */
  isUnequal = false;
}

const LITERALS: Readonly<Record<string, Type>> = { null_type: typeOf('null'), string: STRING, bool: BOOL };

function literalType(value: Value): Type {
  const name = typeNameOf(value);
  return LITERALS[name] ?? typeOf(name);
}
