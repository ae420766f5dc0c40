import type { Value } from './values.ts';
import { Unsigned } from './values.ts';
import type { Issue } from './syntax.ts';

/** A word of an expression's text. */
export interface Token {
  readonly type: 'name' | 'literal' | 'symbol' | 'end';
  readonly at: number;
  readonly text: string;
  /** Of a literal. */
  readonly value?: Value;
}

/** Why a text is no expression. */
export class SyntaxProblem extends Error {
  readonly issue: Issue;

  constructor(at: number, message: string) {
    super(message);
    this.name = 'SyntaxProblem';
    this.issue = { at, message };
  }
}

/** What a text breaks of the grammar. */
export function grammarIssue(at: number, message: string): Issue {
  return { at, message: `Syntax error: ${message}` };
}

const SKIPPED = /(?:[\t\n\f\r ]+|\/\/[^\n]*)+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER =
  /0x[0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|[0-9]+[uU]?/y;
const STRING =
  /([rR]?[bB]|[bB]?[rR])?(?:"""([^]*?(?<!\\)(?:\\\\)*)"""|'''([^]*?(?<!\\)(?:\\\\)*)'''|"((?:[^"\\\n\r]|\\.)*)"|'((?:[^'\\\n\r]|\\.)*)')/y;
const RAW_STRING = /([rR][bB]?|[bB][rR])(?:"""([^]*?)"""|'''([^]*?)'''|"([^"\n\r]*)"|'([^'\n\r]*)')/y;
const SYMBOL = /&&|\|\||==|!=|<=|>=|[[\]{}().,\-+*/%<>!?:]/y;
const ESCAPE =
  /\\(?:(?<plain>[abfnrtv\\?"'`])|[xX](?<hex>[0-9a-fA-F]{2})|u(?<four>[0-9a-fA-F]{4})|U(?<eight>[0-9a-fA-F]{8})|(?<octal>[0-3][0-7]{2})|.)/gs;
const ESCAPED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const LARGEST_INT = 2n ** 63n;
const LARGEST_UINT = 2n ** 64n;

/**
 * The words of an expression, the last of them its end, and complaints about what are no words.
 * @throws SyntaxProblem
 */
export function tokensOf(source: string): {
  readonly tokens: readonly Token[];
  readonly issues: readonly Issue[];
} {
  const tokens: Token[] = [];
  const issues: Issue[] = [];
  let at = 0;
  while (at < source.length) {
    at += match(SKIPPED, source, at)?.[0].length ?? 0;
    if (at >= source.length) break;
    const token = tokenAt(source, at);
    const text = token?.text ?? unknownAt(source, at);
    if (token !== undefined) tokens.push(token);
    else issues.push(grammarIssue(at, `token recognition error at: '${text}'`));
    at += text.length;
  }
  tokens.push({ type: 'end', at: source.length, text: '<EOF>' });
  return { tokens, issues };
}

function tokenAt(source: string, at: number): Token | undefined {
  const string = match(RAW_STRING, source, at) ?? match(STRING, source, at);
  if (string !== null) return { type: 'literal', at, text: string[0], value: stringValue(string, at) };
  const name = match(NAME, source, at);
  if (name !== null) {
    const [text] = name;
    const constant = CONSTANTS.get(text);
    return constant === undefined
      ? { type: 'name', at, text }
      : { type: 'literal', at, text, value: constant };
  }
  const number = match(NUMBER, source, at);
  if (number !== null) return { type: 'literal', at, text: number[0], value: numberValue(number[0], at) };
  const symbol = match(SYMBOL, source, at);
  return symbol === null ? undefined : { type: 'symbol', at, text: symbol[0] };
}

/** A text that never ends is wrong to its end. */
function unknownAt(source: string, at: number): string {
  const wrong = String.fromCodePoint(source.codePointAt(at) ?? 0);
  return /["']/.test(wrong) ? source.slice(at) : wrong;
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function numberValue(text: string, at: number): Value {
  if (/^0x/.test(text) || /^[0-9]+[uU]?$/.test(text)) {
    const isUnsigned = /[uU]$/.test(text);
    const value = BigInt(isUnsigned ? text.slice(0, -1) : text);
    if (isUnsigned) {
      if (value >= LARGEST_UINT) throw new SyntaxProblem(at, 'invalid uint literal');
      return new Unsigned(value);
    }
    // The smallest number is this one with a minus, which comes as a sign of its own.
    if (value > LARGEST_INT) throw new SyntaxProblem(at, 'invalid int literal');
    return value;
  }
  return Number(text);
}

function stringValue(found: RegExpExecArray, at: number): Value {
  const prefix = (found[1] ?? '').toLowerCase();
  const body = (found[2] ?? found[3] ?? found[4] ?? found[5] ?? '').replaceAll('\r\n', '\n');
  const text = prefix.includes('r') ? body : unescape(body, prefix.includes('b'), at);
  if (!prefix.includes('b')) return text;
  return prefix.includes('r') ? new TextEncoder().encode(text) : bytesOf(text);
}

function unescape(body: string, isBytes: boolean, at: number): string {
  return body.replaceAll(ESCAPE, (...found) => {
    const { plain, hex, four, eight, octal } = found.at(-1) as Record<string, string | undefined>;
    if (plain !== undefined) return ESCAPED[plain] ?? plain;
    const digits = hex ?? four ?? eight;
    if (digits === undefined && octal === undefined) throw new SyntaxProblem(at, 'unable to unescape string');
    const code = octal === undefined ? Number.parseInt(digits ?? '', 16) : Number.parseInt(octal, 8);
    const isByte = isBytes && (hex !== undefined || octal !== undefined);
    return isByte ? BYTE + String.fromCharCode(code) : String.fromCodePoint(code);
  });
}

/** Stands before an escaped byte of a bytes literal, so that it is not encoded. */
const BYTE = '\uE000';

function bytesOf(text: string): Uint8Array {
  const parts = text.split(BYTE);
  const encoder = new TextEncoder();
  const chunks = parts.map((part, index) =>
    index === 0 ? encoder.encode(part) : [part.charCodeAt(0), ...encoder.encode(part.slice(1))],
  );
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}
