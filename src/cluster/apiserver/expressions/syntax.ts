import type { Value } from './values.ts';

/** The syntax tree of an expression; `at` is the offset in its text that complaints point to. */
export type Expression =
  | { readonly kind: 'literal'; readonly at: number; readonly value: Value }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | Select
  | Call
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Item[] }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'struct'; readonly at: number; readonly type: string; readonly fields: readonly Field[] }
  | Comprehension
  | Binding;

export interface Select {
  readonly kind: 'select';
  readonly at: number;
  readonly of: Expression;
  readonly field: string;
  /** `has(a.b)`: whether the field is there. */
  readonly test: boolean;
  /** `a.?b`: an optional value. */
  readonly optional: boolean;
}

/** A function, a method, or an operator (`_+_`, `_&&_`, `_[_]` …). */
export interface Call {
  readonly kind: 'call';
  readonly at: number;
  readonly name: string;
  readonly target: Expression | undefined;
  readonly parameters: readonly Expression[];
}

export interface Item {
  readonly value: Expression;
  /** `[?a]`: left out where the optional value is none. */
  readonly optional: boolean;
}

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
  readonly optional: boolean;
}

export interface Field {
  readonly at: number;
  readonly name: string;
  readonly value: Expression;
  readonly optional: boolean;
}

export type Macro =
  'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'transformList' | 'transformMap' | 'transformMapEntry';

/** A macro that goes through a list or a map: `range.macro(variables, condition, result)`. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly at: number;
  readonly macro: Macro;
  readonly range: Expression;
  /** One, or the index or key and the value. */
  readonly variables: readonly string[];
  /** Which elements count; undefined: all of them. */
  readonly condition: Expression | undefined;
  /** What becomes of an element, of macros that make something. */
  readonly result: Expression | undefined;
}

/** `value.optMap(name, body)` and `optFlatMap` of an optional value. */
export interface Binding {
  readonly kind: 'binding';
  readonly at: number;
  readonly how: 'optMap' | 'optFlatMap';
  readonly name: string;
  readonly value: Expression;
  readonly body: Expression;
}

/** A complaint about an expression, at an offset of its text. */
export interface Issue {
  readonly at: number;
  readonly message: string;
}

/** Complaints as Kubernetes shows them: the line, and a caret below the place. */
export function formatIssues(source: string, issues: readonly Issue[]): string {
  return issues
    .toSorted((a, b) => a.at - b.at)
    .map((issue) => formatIssue(source, issue))
    .join('\n');
}

function formatIssue(source: string, { at, message }: Issue): string {
  const before = source.slice(0, at).split('\n');
  const line = before.length;
  const column = Array.from(before.at(-1) ?? '').length;
  const text = (source.split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
  const dots = Array.from(text)
    .slice(0, column)
    .map((character) => (character.charCodeAt(0) > 127 ? '．' : '.'))
    .join('')
    .padEnd(column, '.');
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${dots}^`;
}
