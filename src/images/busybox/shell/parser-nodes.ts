/**
 * The parser's tree as Go has it in JavaScript. What the parser gives out otherwise are objects that make a new object for
 * each field that is read and a function for each method: to read a tree of them takes fifty times as long as to parse it.
 * https://github.com/gopherjs/gopherjs#gopherjs-compiler
 */

/** A node: what its fields are called is what `mvdan.cc/sh/v3/syntax` calls them. */
export interface Node {
  readonly constructor: { readonly string: string };
  readonly [field: string]: unknown;
  Pos(): Position;
  End(): Position;
}

export interface Position {
  /** In bytes. */
  Offset(): number;
  Line(): number;
}

/** A file as the parser gives it out. */
export interface ParsedFile {
  readonly __internal_object__: Node;
}

interface Slice {
  readonly $array: readonly unknown[];
  readonly $offset: number;
  readonly $length: number;
}

/** What Go calls `CallExpr`, `Lit`, `ParamExp` … */
export const typeOf = (node: Node): string => node.constructor.string.slice('*syntax.'.length);

/** A field: a slice is an array, a string is text, and nothing of any type is null. */
export function fieldOf(node: Node, name: string): unknown {
  const value = node[name];
  if (typeof value === 'string') return textOf(value);
  if (typeof value !== 'object' || value === null) return value;
  if ('$array' in value) {
    const { $array, $offset, $length } = value as Slice;
    return $array.slice($offset, $offset + $length);
  }
  return isNil(value) ? null : value;
}

/** Every type of pointers has a nil of its own, and so have interfaces. */
function isNil(value: object): boolean {
  const type = value.constructor as { readonly nil?: unknown; readonly string?: string };
  return type.nil === value || type.string === undefined;
}

/** Go's strings are bytes. */
const textOf = (bytes: string): string =>
  /^[\0-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
