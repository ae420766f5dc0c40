/**
 * The types that expressions are checked with.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#gradual-type-checking
 */
export type Type =
  | { readonly kind: Simple }
  | { readonly kind: 'list'; readonly items: Type }
  | { readonly kind: 'map'; readonly keys: Type; readonly values: Type }
  | { readonly kind: 'opaque'; readonly name: string; readonly parameters: readonly Type[] }
  | StructType
  | { readonly kind: 'type'; readonly of: Type }
  /** Stands for any type, the same wherever its name comes in a signature. */
  | { readonly kind: 'parameter'; readonly name: string };

type Simple = (typeof SIMPLE)[number];

/** An object whose fields are known. */
export interface StructType {
  readonly kind: 'struct';
  readonly name: string;
  /** undefined: there is no such field. */
  field(name: string): Type | undefined;
}

const SIMPLE = [
  'dyn',
  'null',
  'bool',
  'int',
  'uint',
  'double',
  'string',
  'bytes',
  'timestamp',
  'duration',
  'error',
] as const;

const simple = new Map<string, Type>(SIMPLE.map((kind) => [kind, { kind }]));

const OPTIONAL = 'optional_type';

export function optionalOf(type: Type): Type {
  return { kind: 'opaque', name: OPTIONAL, parameters: [type] };
}

/** What is in an optional type; undefined where it is none. */
export function unwrapped(type: Type): Type | undefined {
  return type.kind === 'opaque' && type.name === OPTIONAL ? type.parameters[0] : undefined;
}

const read = new Map<string, Type>();

/** A type by its text: `list(map(string, A))`, `optional_type(int)`, `kubernetes.Quantity`. */
export function typeOf(text: string): Type {
  let type = read.get(text);
  if (type === undefined) {
    type = readType(text.replaceAll(' ', ''));
    read.set(text, type);
  }
  return type;
}

function readType(text: string): Type {
  const known = simple.get(text);
  if (known !== undefined) return known;
  const open = text.indexOf('(');
  if (open < 0) {
    return /^[A-Z]$/.test(text)
      ? { kind: 'parameter', name: text }
      : { kind: 'opaque', name: text, parameters: [] };
  }
  const name = text.slice(0, open);
  const parameters = splitTop(text.slice(open + 1, -1)).map(readType);
  const [first = DYN, second = DYN] = parameters;
  if (name === 'list') return { kind: 'list', items: first };
  if (name === 'map') return { kind: 'map', keys: first, values: second };
  if (name === 'type') return { kind: 'type', of: first };
  return { kind: 'opaque', name, parameters };
}

function splitTop(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '(') depth++;
    else if (text[index] === ')') depth--;
    else if (text[index] === ',' && depth === 0) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  return [...parts, text.slice(from)];
}

export const DYN = typeOf('dyn');
export const BOOL = typeOf('bool');
export const STRING = typeOf('string');
export const ERROR = typeOf('error');

/** A type as messages show it. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.items)})`;
    case 'map':
      return `map(${formatType(type.keys)}, ${formatType(type.values)})`;
    case 'opaque':
      return type.parameters.length === 0
        ? type.name
        : `${type.name}(${type.parameters.map(formatType).join(', ')})`;
    case 'struct':
    case 'parameter':
      return type.name;
    case 'type':
      return `type(${type.of.kind === 'type' ? 'type' : formatType(type.of)})`;
    case 'error':
      return '!error!';
    default:
      return type.kind;
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'opaque' || a.kind === 'struct' || a.kind === 'parameter') {
    if (a.name !== (b as typeof a).name) return false;
  }
  const others = parametersOf(b);
  return parametersOf(a).every((parameter, index) => sameType(parameter, others[index] ?? DYN));
}

export function parametersOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list':
      return [type.items];
    case 'map':
      return [type.keys, type.values];
    case 'opaque':
      return type.parameters;
    default:
      return [];
  }
}

/** The type with other types in the places of its parameters. */
export function withParameters(type: Type, change: (type: Type) => Type): Type {
  switch (type.kind) {
    case 'list':
      return { kind: 'list', items: change(type.items) };
    case 'map':
      return { kind: 'map', keys: change(type.keys), values: change(type.values) };
    case 'opaque':
      return type.parameters.length === 0 ? type : { ...type, parameters: type.parameters.map(change) };
    case 'type':
      return { kind: 'type', of: change(type.of) };
    default:
      return type;
  }
}

/** Either could be meant where no type is known. */
function isLoose({ kind }: Type): boolean {
  return kind === 'dyn' || kind === 'error';
}

/** The more general one of two types of which one can be assigned to the other. */
export function mostGeneral(a: Type, b: Type): Type {
  return isAtLeastAsGeneral(a, b) ? a : b;
}

function isAtLeastAsGeneral(a: Type, b: Type): boolean {
  if (isLoose(a)) return true;
  if (isLoose(b) || a.kind !== b.kind) return a.kind === 'parameter';
  if (a.kind === 'parameter') return true;
  const others = parametersOf(b);
  return parametersOf(a).every((parameter, index) => isAtLeastAsGeneral(parameter, others[index] ?? DYN));
}

const NULLABLE: ReadonlySet<string> = new Set(['null', 'struct', 'opaque', 'timestamp', 'duration']);

/** What the parameters of signatures stand for in one expression. */
export class Substitution {
  #bound = new Map<string, Type>();
  #count = 0;

  /** A type of a signature with parameters that nothing else has. */
  fresh(types: readonly Type[]): readonly Type[] {
    const suffix = `#${this.#count++}`;
    const rename = (type: Type): Type =>
      type.kind === 'parameter'
        ? { kind: 'parameter', name: type.name + suffix }
        : withParameters(type, rename);
    return types.map(rename);
  }

  /** The type with what is known of its parameters; `dyn` for those of which nothing is. */
  resolve(type: Type, unknownIsDyn = false): Type {
    if (type.kind === 'parameter') {
      const bound = this.#bound.get(type.name);
      if (bound !== undefined) return this.resolve(bound, unknownIsDyn);
      return unknownIsDyn ? DYN : type;
    }
    return withParameters(type, (parameter) => this.resolve(parameter, unknownIsDyn));
  }

  /** Whether values of the types of `from` can stand where those of `to` are wanted; nothing is bound where not. */
  assign(to: readonly Type[], from: readonly Type[]): boolean {
    const before = new Map(this.#bound);
    if (to.length === from.length && to.every((type, index) => this.#assigns(type, from[index] ?? DYN)))
      return true;
    this.#bound = before;
    return false;
  }

  #assigns(to: Type, from: Type): boolean {
    if (from.kind === 'parameter') {
      const answer = this.#binds(from, to);
      if (answer !== undefined) return answer;
    }
    if (to.kind === 'parameter') {
      const answer = this.#binds(to, from);
      if (answer !== undefined) return answer;
    }
    if (isLoose(to) || isLoose(from)) return true;
    if (to.kind === 'null') return NULLABLE.has(from.kind);
    if (from.kind === 'null') return NULLABLE.has(to.kind);
    if (to.kind !== from.kind) return false;
    if ((to.kind === 'struct' || to.kind === 'opaque') && to.name !== (from as typeof to).name) return false;
    const others = parametersOf(from);
    return parametersOf(to).every((parameter, index) => this.#assigns(parameter, others[index] ?? DYN));
  }

  /** Binds a parameter, or compares with what it is bound to; undefined where it cannot be bound. */
  #binds(parameter: Type & { readonly kind: 'parameter' }, type: Type): boolean | undefined {
    if (sameType(parameter, type)) return true;
    const bound = this.#bound.get(parameter.name);
    if (bound !== undefined) {
      if (sameType(bound, type)) return true;
      if (!this.#assigns(type, bound)) return false;
      const general = mostGeneral(type, bound);
      if (!this.#mentions(general, parameter.name)) this.#bound.set(parameter.name, general);
      return true;
    }
    if (this.#mentions(type, parameter.name)) return undefined;
    this.#bound.set(parameter.name, type);
    return true;
  }

  #mentions(type: Type, name: string): boolean {
    if (type.kind !== 'parameter') return parametersOf(type).some((inner) => this.#mentions(inner, name));
    const bound = this.#bound.get(type.name);
    return type.name === name || (bound !== undefined && this.#mentions(bound, name));
  }
}
