import { expand } from './macros.ts';
import type { Entry, Expression, Field, Issue, Item } from './syntax.ts';
import { grammarIssue, SyntaxProblem, type Token, tokensOf } from './tokens.ts';

const PRECEDENCE: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['<', '<=', '>', '>=', '==', '!=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];
const START =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
/** Words that are no names. */
const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);
const DEEPEST = 250;

/**
 * Reads an expression.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 * @returns what is wrong with the text where it is none
 */
export function parse(source: string): Expression | readonly Issue[] {
  try {
    const { tokens, issues } = tokensOf(source);
    const parsed = attempt(tokens);
    if (issues.length === 0 && !('message' in parsed)) return parsed;
    return 'message' in parsed ? [...issues, parsed] : issues;
  } catch (error) {
    if (error instanceof SyntaxProblem) return [error.issue];
    throw error;
  }
}

function attempt(tokens: readonly Token[]): Expression | Issue {
  try {
    return new Parser(tokens).whole();
  } catch (error) {
    if (error instanceof SyntaxProblem) return error.issue;
    throw error;
  }
}

function grammar(at: number, message: string): SyntaxProblem {
  return new SyntaxProblem(at, grammarIssue(at, message).message);
}

class Parser {
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    if (this.#token.type === 'end') return expression;
    const isOnlyOne = this.#tokens[this.#index + 1]?.type === 'end';
    const { at, text } = this.#token;
    throw grammar(at, `${isOnlyOne ? 'extraneous' : 'mismatched'} input '${text}' expecting <EOF>`);
  }

  get #token(): Token {
    return this.#tokens[this.#index] as Token;
  }

  #next(): Token {
    const token = this.#token;
    if (token.type !== 'end') this.#index++;
    return token;
  }

  #is(text: string): boolean {
    const { type } = this.#token;
    return (type === 'symbol' || type === 'name') && this.#token.text === text;
  }

  #take(text: string): Token | undefined {
    return this.#is(text) ? this.#next() : undefined;
  }

  /** @param among of several words that could stand here, as messages list them */
  #expect(text: string, among?: string): Token {
    const token = this.#take(text);
    if (token !== undefined) return token;
    if (among !== undefined || text === ':') throw this.#unexpected(among ?? `'${text}'`);
    throw grammar(this.#token.at, `missing '${text}' at '${this.#token.text}'`);
  }

  #unexpected(expected: string, what = 'mismatched'): SyntaxProblem {
    return grammar(this.#token.at, `${what} input '${this.#token.text}' expecting ${expected}`);
  }

  /** The start of an expression is missing: what stands here is in the way of one, or something else. */
  #noStart(): SyntaxProblem {
    const after = this.#tokens[this.#index + 1];
    const isInTheWay =
      after !== undefined &&
      this.#token.type !== 'end' &&
      (after.type === 'literal' ||
        after.type === 'name' ||
        ['[', '{', '(', '.', '-', '!'].includes(after.text));
    return this.#unexpected(START, isInTheWay ? 'extraneous' : 'mismatched');
  }

  #expression(): Expression {
    if (++this.#depth > DEEPEST) throw tooDeep();
    const condition = this.#binary(0);
    const question = this.#take('?');
    this.#depth--;
    if (question === undefined) return condition;
    const then = this.#binary(0);
    this.#expect(':');
    return call('_?_:_', question.at, [condition, then, this.#expression()]);
  }

  #binary(level: number): Expression {
    const operators = PRECEDENCE[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((text) => this.#is(text));
      if (operator === undefined) return left;
      const { at } = this.#next();
      const right = this.#binary(level + 1);
      left = call(operator === 'in' ? '@in' : `_${operator}_`, at, [left, right]);
    }
  }

  #unary(): Expression {
    const sign = this.#take('!') ?? this.#take('-');
    if (sign === undefined) return this.#member();
    if (sign.text === '-' && this.#token.type === 'literal') {
      const { value } = this.#token;
      if (typeof value === 'bigint' || typeof value === 'number') {
        this.#next();
        return this.#suffixes({ kind: 'literal', at: sign.at, value: -value });
      }
    }
    if (++this.#depth > DEEPEST) throw tooDeep();
    const operand = this.#unary();
    this.#depth--;
    return call(`${sign.text}_`, sign.at, [operand]);
  }

  #member(): Expression {
    return this.#suffixes(this.#primary());
  }

  #suffixes(start: Expression): Expression {
    let result = start;
    for (;;) {
      if (this.#is('.')) result = this.#selection(result);
      else if (this.#is('[')) result = this.#indexing(result);
      else if (this.#is('{') && typeNameIn(result) !== undefined)
        result = this.#struct(typeNameIn(result) ?? '');
      else return result;
    }
  }

  #selection(of: Expression): Expression {
    const dot = this.#next();
    const optional = this.#take('?') !== undefined;
    const { type, text } = this.#token;
    if (type !== 'name') throw this.#noAlternative();
    this.#next();
    const open = optional ? undefined : this.#take('(');
    if (open === undefined) return { kind: 'select', at: dot.at, of, field: text, test: false, optional };
    return expand({ kind: 'call', at: open.at, name: text, target: of, parameters: this.#parameters(')') });
  }

  #noAlternative(): SyntaxProblem {
    const { at, text, type } = this.#token;
    return grammar(at, `no viable alternative at input '.${type === 'end' ? '' : text}'`);
  }

  #indexing(of: Expression): Expression {
    const bracket = this.#next();
    const optional = this.#take('?') !== undefined;
    const index = this.#expression();
    this.#expect(']');
    return call(optional ? '_[?_]' : '_[_]', bracket.at, [of, index]);
  }

  #parameters(end: string): readonly Expression[] {
    const parameters: Expression[] = [];
    if (this.#take(end) !== undefined) return parameters;
    do parameters.push(this.#expression());
    while (this.#take(',') !== undefined);
    this.#expect(end);
    return parameters;
  }

  #primary(): Expression {
    const token = this.#token;
    if (token.type === 'literal' && token.value !== undefined) {
      this.#next();
      if (token.value === TOO_LARGE) throw new SyntaxProblem(token.at, 'invalid int literal');
      return { kind: 'literal', at: token.at, value: token.value };
    }
    if (this.#take('(') !== undefined) {
      const inner = this.#expression();
      this.#expect(')');
      return inner;
    }
    if (this.#is('[')) return this.#list();
    if (this.#is('{')) return this.#map();
    return this.#name();
  }

  #name(): Expression {
    const dot = this.#take('.');
    const token = this.#token;
    if (token.type !== 'name' || token.text === 'in') {
      throw dot === undefined ? this.#noStart() : this.#noAlternative();
    }
    this.#next();
    if (RESERVED.has(token.text)) throw new SyntaxProblem(token.at, `reserved identifier: ${token.text}`);
    const open = this.#take('(');
    if (open !== undefined) {
      const parameters = this.#parameters(')');
      return expand({ kind: 'call', at: open.at, name: token.text, target: undefined, parameters });
    }
    return { kind: 'name', at: (dot ?? token).at, name: token.text };
  }

  #list(): Expression {
    const { at } = this.#next();
    const items: Item[] = [];
    while (this.#take(']') === undefined) {
      const optional = this.#take('?') !== undefined;
      items.push({ value: this.#expression(), optional });
      if (!this.#is(']')) this.#expect(',', "{']', ','}");
    }
    return { kind: 'list', at, items };
  }

  #map(): Expression {
    const { at } = this.#next();
    const entries: Entry[] = [];
    while (this.#take('}') === undefined) {
      const optional = this.#take('?') !== undefined;
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), optional });
      if (!this.#is('}')) this.#expect(',', "{'}', ','}");
    }
    return { kind: 'map', at, entries };
  }

  #struct(type: string): Expression {
    const { at } = this.#next();
    const fields: Field[] = [];
    while (this.#take('}') === undefined) {
      const optional = this.#take('?') !== undefined;
      const name = this.#token;
      if (name.type !== 'name') throw this.#unexpected("{'}', ',', IDENTIFIER}");
      this.#next();
      const colon = this.#expect(':');
      fields.push({
        at: colon.at,
        name: name.text,
        value: this.#expression(),
        optional,
      });
      if (!this.#is('}')) this.#expect(',', "{'}', ','}");
    }
    return { kind: 'struct', at, type, fields };
  }
}

function tooDeep(): SyntaxProblem {
  return new SyntaxProblem(0, `expression recursion limit exceeded: ${DEEPEST}`);
}

/** One more than the largest int: it is one only behind a minus. */
const TOO_LARGE = 2n ** 63n;

function call(name: string, at: number, parameters: readonly Expression[]): Expression {
  return { kind: 'call', at, name, target: undefined, parameters };
}

/** `a.b.c`, where an expression is nothing but names. */
export function typeNameIn(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name;
  if (expression.kind !== 'select' || expression.test || expression.optional) return undefined;
  const of = typeNameIn(expression.of);
  return of === undefined ? undefined : `${of}.${expression.field}`;
}
