/** JSON text as Go's decoder sees it: keys in order with their duplicates, numbers as they are written. */
import { isDeeperThan, isObject } from '../../core/json.ts';
import { ParseError } from '../../model/parse-error.ts';

export type JsonNode =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: JsonNode])[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'bool' }
  | { readonly kind: 'null' };

/** Go's decoder goes ten times as deep; here everything that walks through an object has to come back from there. */
export const DEEPEST = 1000;
const LITERALS = ['true', 'false', 'null'] as const;

/** What Go's decoder calls a value that is of another type than was wanted. */
export function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** @throws {ParseError} with the words of Go's decoder. */
export function readJson(text: string): JsonNode {
  return new Scanner(text).document();
}

/** The value in a text. @throws {ParseError} with the words of Go's decoder */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    readJson(text);
    throw error;
  }
  // A level takes two characters, one to open it and one to close it.
  if (text.length > 2 * DEEPEST && isDeeperThan(DEEPEST, value)) throw tooDeep();
  return value;
}

function tooDeep(): ParseError {
  return new ParseError('exceeded max depth');
}

/** The same of what has been parsed already; duplicates and the spelling of numbers are lost. */
export function nodeOf(value: unknown): JsonNode {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(nodeOf) };
  if (isObject(value)) {
    return { kind: 'object', entries: Object.entries(value).map(([key, item]) => [key, nodeOf(item)]) };
  }
  switch (typeof value) {
    case 'string':
      return { kind: 'string', text: value };
    case 'number':
      return { kind: 'number', text: String(value) };
    case 'boolean':
      return { kind: 'bool' };
    default:
      return { kind: 'null' };
  }
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonNode {
    const node = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
    return node;
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #unexpected(where: string): ParseError {
    const character = this.#text.charAt(this.#at);
    if (character === '') return new ParseError('unexpected end of JSON input');
    const shown = character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${escaped(character)}'`;
    return new ParseError(`invalid character ${shown} ${where}`);
  }

  #value(depth: number): JsonNode {
    if (depth > DEEPEST) throw tooDeep();
    this.#space();
    const character = this.#text.charAt(this.#at);
    if (character === '{') return this.#object(depth);
    if (character === '[') return this.#array(depth);
    if (character === '"') return { kind: 'string', text: this.#string() };
    if (/[-0-9]/.test(character)) return this.#number();
    const literal = LITERALS.find((word) => word.startsWith(character));
    if (character === '' || literal === undefined) throw this.#unexpected('looking for beginning of value');
    return this.#literal(literal);
  }

  #literal(word: (typeof LITERALS)[number]): JsonNode {
    for (const expected of word) {
      if (this.#text.charAt(this.#at) !== expected) {
        throw this.#unexpected(`in literal ${word} (expecting '${expected}')`);
      }
      this.#at++;
    }
    return word === 'null' ? { kind: 'null' } : { kind: 'bool' };
  }

  #number(): JsonNode {
    const pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) {
      this.#at++;
      throw this.#unexpected('in numeric literal');
    }
    this.#at += match[0].length;
    return { kind: 'number', text: match[0] };
  }

  #string(): string {
    const pattern = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y; // eslint-disable-line no-control-regex
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) throw this.#badString();
    this.#at += match[0].length;
    return JSON.parse(match[0]) as string;
  }

  /** Finds what is wrong in a string that is not one. */
  #badString(): ParseError {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character < ' ') return this.#unexpected('in string literal');
      if (character !== '\\') continue;
      this.#at++;
      const escape = this.#text.charAt(this.#at);
      if (escape === 'u') {
        const digits = /[0-9a-fA-F]{0,4}/y;
        digits.lastIndex = this.#at + 1;
        const length = digits.exec(this.#text)?.[0].length ?? 0;
        this.#at += length;
        if (length === 4) continue;
        this.#at++;
        return this.#unexpected('in \\u hexadecimal character escape');
      }
      if (!'"\\/bfnrt'.includes(escape) || escape === '') return this.#unexpected('in string escape code');
    }
    return this.#unexpected('in string literal');
  }

  #array(depth: number): JsonNode {
    const items: JsonNode[] = [];
    this.#at++;
    this.#space();
    if (this.#text.charAt(this.#at) === ']') {
      this.#at++;
      return { kind: 'array', items };
    }
    for (;;) {
      items.push(this.#value(depth + 1));
      this.#space();
      const character = this.#text.charAt(this.#at);
      if (character !== ',' && character !== ']') throw this.#unexpected('after array element');
      this.#at++;
      if (character === ']') return { kind: 'array', items };
    }
  }

  #object(depth: number): JsonNode {
    const entries: [string, JsonNode][] = [];
    this.#at++;
    this.#space();
    if (this.#text.charAt(this.#at) === '}') {
      this.#at++;
      return { kind: 'object', entries };
    }
    for (;;) {
      this.#space();
      if (this.#text.charAt(this.#at) !== '"') {
        throw this.#unexpected('looking for beginning of object key string');
      }
      const key = this.#string();
      this.#space();
      if (this.#text.charAt(this.#at) !== ':') throw this.#unexpected('after object key');
      this.#at++;
      entries.push([key, this.#value(depth + 1)]);
      this.#space();
      const character = this.#text.charAt(this.#at);
      if (character !== ',' && character !== '}') throw this.#unexpected('after object key:value pair');
      this.#at++;
      if (character === '}') return { kind: 'object', entries };
    }
  }
}

/** As strconv.Quote writes a character: control characters by their code. */
function escaped(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0x80 && code < 0xa0) return `\\u${code.toString(16).padStart(4, '0')}`;
  const isNamed = /[\n\r\t\b\f]/.test(character);
  if (code === 0x7f || (code < 0x20 && !isNamed)) return `\\x${code.toString(16).padStart(2, '0')}`;
  return JSON.stringify(character).slice(1, -1);
}
