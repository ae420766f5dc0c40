import { Failure } from '../../errors.ts';
import type { Token } from './tokens.ts';
import { tokenize } from './tokens.ts';
import type { AwkFunction, AwkProgram, Expression, Rule, Statement } from './tree.ts';

export function parseAwk(source: string): AwkProgram {
  return new AwkParser(tokenize(source)).program();
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'BEGIN END function func if else while for do break continue next exit return delete in getline print printf'.split(
    ' ',
  ),
);
/** Binary operators from the weakest; comparison and concatenation stand between. */
const ADDITIVE: readonly string[] = ['+', '-'];
const MULTIPLICATIVE: readonly string[] = ['*', '/', '%'];
const COMPARISONS: readonly string[] = ['<', '<=', '==', '!=', '>=', '>'];
const ASSIGNMENTS: readonly string[] = ['=', '+=', '-=', '*=', '/=', '%=', '^=', '**='];

class AwkParser {
  readonly #tokens: readonly Token[];
  #index = 0;
  /** `>` redirects in `print`. */
  #noGreater = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  program(): AwkProgram {
    const rules: Rule[] = [];
    const functions = new Map<string, AwkFunction>();
    for (;;) {
      this.#skipLines(true);
      if (this.#token.kind === 'end') return { rules, functions };
      if (this.#isWord('function') || this.#isWord('func')) {
        this.#index++;
        const name = this.#token.text;
        this.#index++;
        functions.set(name, this.#function());
      } else rules.push(this.#rule());
    }
  }

  get #token(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', text: '' };
  }

  #isWord(word: string): boolean {
    const { kind, text } = this.#token;
    return (kind === 'name' || kind === 'call') && text === word;
  }

  #is(mark: string): boolean {
    return this.#token.kind === 'punctuation' && this.#token.text === mark;
  }

  #take(mark: string): boolean {
    if (!this.#is(mark)) return false;
    this.#index++;
    return true;
  }

  #takeWord(word: string): boolean {
    if (!this.#isWord(word)) return false;
    this.#index++;
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) this.#fail();
  }

  #fail(): never {
    throw this.#failure();
  }

  #failure(): Failure {
    return new Failure('cmd. line:1: Unexpected token');
  }

  #skipLines(withSemicolons = false): void {
    while (this.#token.kind === 'newline' || (withSemicolons && this.#is(';'))) this.#index++;
  }

  #function(): AwkFunction {
    this.#expect('(');
    const parameters: string[] = [];
    while (!this.#take(')')) {
      parameters.push(this.#token.text);
      this.#index++;
      this.#take(',');
      this.#skipLines();
    }
    this.#skipLines();
    return { parameters, body: this.#block() };
  }

  #rule(): Rule {
    if (this.#takeWord('BEGIN')) return { when: 'BEGIN', body: this.#block() };
    if (this.#takeWord('END')) return { when: 'END', body: this.#block() };
    const from = this.#is('{') ? undefined : this.expression();
    let to: Expression | undefined;
    if (this.#take(',')) {
      this.#skipLines();
      to = this.expression();
    }
    const when = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    return { when, body: this.#is('{') ? this.#block() : undefined };
  }

  #block(): Statement {
    this.#skipLines();
    this.#expect('{');
    const body: Statement[] = [];
    for (;;) {
      this.#skipLines(true);
      if (this.#take('}')) return { kind: 'block', body };
      body.push(this.#statement());
    }
  }

  #statement(): Statement {
    this.#skipLines();
    if (this.#is('{')) return this.#block();
    if (this.#take(';')) return { kind: 'block', body: [] };
    if (this.#takeWord('if')) return this.#if();
    if (this.#takeWord('while')) {
      const condition = this.#parenthesized();
      return {
        kind: 'while',
        condition,
        body: this.#take(';') ? { kind: 'block', body: [] } : this.#statement(),
      };
    }
    if (this.#takeWord('do')) {
      const body = this.#statement();
      this.#skipLines(true);
      if (!this.#takeWord('while')) this.#fail();
      return { kind: 'do', body, condition: this.#parenthesized() };
    }
    if (this.#takeWord('for')) return this.#for();
    const statement = this.#simple();
    if (!this.#take(';') && this.#token.kind !== 'newline' && !this.#is('}') && this.#token.kind !== 'end')
      this.#fail();
    return statement;
  }

  #if(): Statement {
    const condition = this.#parenthesized();
    const then = this.#statement();
    const before = this.#index;
    this.#skipLines(true);
    if (this.#takeWord('else')) return { kind: 'if', condition, then, otherwise: this.#statement() };
    this.#index = before;
    return { kind: 'if', condition, then, otherwise: undefined };
  }

  #parenthesized(): Expression {
    this.#expect('(');
    const expression = this.expression();
    this.#expect(')');
    return expression;
  }

  #for(): Statement {
    this.#expect('(');
    const [variable, word, name, end] = this.#tokens.slice(this.#index, this.#index + 4);
    if (variable?.kind === 'name' && word?.text === 'in' && name?.kind === 'name' && end?.text === ')') {
      this.#index += 4;
      return { kind: 'for-in', variable: variable.text, name: name.text, body: this.#statement() };
    }
    const start = this.#is(';') ? undefined : this.#simple();
    this.#expect(';');
    this.#skipLines();
    const condition = this.#is(';') ? undefined : this.expression();
    this.#expect(';');
    this.#skipLines();
    const step = this.#is(')') ? undefined : this.#simple();
    this.#expect(')');
    const body: Statement = this.#take(';') ? { kind: 'block', body: [] } : this.#statement();
    return { kind: 'for', start, condition, step, body };
  }

  #simple(): Statement {
    const word = this.#token.text;
    if (!/^(name|call)$/.test(this.#token.kind) || !KEYWORDS.has(word) || word === 'getline') {
      return { kind: 'expression', expression: this.expression() };
    }
    this.#index++;
    switch (word) {
      case 'print':
      case 'printf':
        return this.#print(word === 'printf');
      case 'next':
      case 'break':
      case 'continue':
        return { kind: word };
      case 'exit':
      case 'return':
        return { kind: word, value: this.#isAtEnd() ? undefined : this.expression() };
      case 'delete': {
        const name = this.#token.text;
        this.#index++;
        return { kind: 'delete', name, keys: this.#take('[') ? this.#keys() : undefined };
      }
      default:
        throw this.#failure();
    }
  }

  #isAtEnd(): boolean {
    return this.#is(';') || this.#is('}') || this.#token.kind === 'newline' || this.#token.kind === 'end';
  }

  #print(isFormatted: boolean): Statement {
    let args: readonly Expression[] = [];
    this.#noGreater = true;
    if (!this.#isAtEnd() && !this.#isRedirection()) {
      args = this.#list();
      // `print (a, b)`: what looks like a group is the list.
      const [only] = args;
      if (args.length === 1 && only?.kind === 'call' && only.name === '(') args = only.args;
    }
    this.#noGreater = false;
    if (!this.#isRedirection()) {
      return { kind: 'print', isFormatted, args, redirection: undefined, target: undefined };
    }
    const redirection = this.#token.text as '>' | '>>' | '|';
    this.#index++;
    return { kind: 'print', isFormatted, args, redirection, target: this.#concatenation() };
  }

  #isRedirection(): boolean {
    return this.#is('>') || this.#is('>>') || this.#is('|');
  }

  #list(): readonly Expression[] {
    const list = [this.expression()];
    while (this.#take(',')) {
      this.#skipLines();
      list.push(this.expression());
    }
    return list;
  }

  #keys(): readonly Expression[] {
    const keys = this.#list();
    this.#expect(']');
    return keys;
  }

  expression(): Expression {
    const left = this.#conditional();
    const operator = this.#token.text;
    if (this.#token.kind !== 'punctuation' || !ASSIGNMENTS.includes(operator)) return left;
    if (!['variable', 'element', 'field'].includes(left.kind)) this.#fail();
    this.#index++;
    this.#skipLines();
    return { kind: 'assign', target: left, operator: operator.slice(0, -1), value: this.expression() };
  }

  #conditional(): Expression {
    const condition = this.#or();
    if (!this.#take('?')) return condition;
    this.#skipLines();
    const then = this.expression();
    this.#skipLines();
    this.#expect(':');
    this.#skipLines();
    return { kind: 'conditional', condition, then, otherwise: this.expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('||')) {
      this.#skipLines();
      left = { kind: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#take('&&')) {
      this.#skipLines();
      left = { kind: 'binary', operator: '&&', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (this.#takeWord('in')) {
      const keys = left.kind === 'call' && left.name === '(' ? left.args : [left];
      left = { kind: 'in', keys, name: this.#token.text };
      this.#index++;
    }
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    while (this.#is('~') || this.#is('!~')) {
      const operator = this.#token.text;
      this.#index++;
      left = { kind: 'binary', operator, left, right: this.#comparison() };
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#concatenation();
    const { text, kind } = this.#token;
    if (kind !== 'punctuation' || !COMPARISONS.includes(text) || (text === '>' && this.#noGreater))
      return left;
    this.#index++;
    return { kind: 'binary', operator: text, left, right: this.#concatenation() };
  }

  #concatenation(): Expression {
    let left = this.#additive();
    while (this.#startsOperand()) left = { kind: 'binary', operator: ' ', left, right: this.#additive() };
    while (this.#is('|') && this.#tokens[this.#index + 1]?.text === 'getline') {
      this.#index += 2;
      left = { kind: 'getline', target: this.#getlineTarget(), from: 'command', source: left };
    }
    return left;
  }

  #startsOperand(): boolean {
    const { kind, text } = this.#token;
    if (kind === 'number' || kind === 'string' || kind === 'regex') return true;
    if (kind === 'name' || kind === 'call') return !KEYWORDS.has(text);
    return kind === 'punctuation' && ['$', '!', '(', '-', '+', '++', '--'].includes(text);
  }

  #additive(): Expression {
    return this.#leftToRight(ADDITIVE, () => this.#leftToRight(MULTIPLICATIVE, () => this.#unary()));
  }

  #leftToRight(operators: readonly string[], operand: () => Expression): Expression {
    let left = operand();
    while (this.#token.kind === 'punctuation' && operators.includes(this.#token.text)) {
      const operator = this.#token.text;
      this.#index++;
      left = { kind: 'binary', operator, left, right: operand() };
    }
    return left;
  }

  #unary(): Expression {
    for (const operator of ['!', '-', '+']) {
      if (this.#take(operator)) return { kind: 'unary', operator, operand: this.#unary() };
    }
    return this.#power();
  }

  #power(): Expression {
    const left = this.#postfix();
    if (!this.#take('^') && !this.#take('**')) return left;
    return { kind: 'binary', operator: '^', left, right: this.#unary() };
  }

  #postfix(): Expression {
    const target = this.#primary();
    if (!['variable', 'element', 'field'].includes(target.kind)) return target;
    if (this.#take('++')) return { kind: 'step', target, by: 1, isPrefix: false };
    if (this.#take('--')) return { kind: 'step', target, by: -1, isPrefix: false };
    return target;
  }

  #primary(): Expression {
    const { kind, text } = this.#token;
    this.#index++;
    switch (kind) {
      case 'number':
        return { kind: 'number', value: /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text) };
      case 'string':
        return { kind: 'string', value: text };
      case 'regex':
        return { kind: 'regex', source: text };
      case 'call':
        return KEYWORDS.has(text) ? this.#keyword(text) : this.#call(text);
      case 'name':
        if (text === 'getline') return this.#getline();
        if (text === 'length') return { kind: 'call', name: 'length', args: [] };
        if (KEYWORDS.has(text)) return this.#keyword(text);
        return this.#take('[')
          ? { kind: 'element', name: text, keys: this.#keys() }
          : { kind: 'variable', name: text };
      case 'punctuation':
        return this.#marked(text);
      default:
        this.#index--;
        throw this.#failure();
    }
  }

  #keyword(text: string): Expression {
    if (text === 'getline') return this.#getline();
    this.#index--;
    throw this.#failure();
  }

  #marked(text: string): Expression {
    if (text === '$') {
      const by = this.#is('++') ? 1 : this.#is('--') ? -1 : undefined;
      if (by !== undefined) this.#index++;
      const inner = this.#primary();
      return {
        kind: 'field',
        index: by === undefined ? inner : { kind: 'step', target: inner, by, isPrefix: true },
      };
    }
    if (text === '++' || text === '--') {
      return { kind: 'step', target: this.#primary(), by: text === '++' ? 1 : -1, isPrefix: true };
    }
    if (text !== '(') {
      this.#index--;
      throw this.#failure();
    }
    const noGreater = this.#noGreater;
    this.#noGreater = false;
    const list = this.#list();
    this.#expect(')');
    this.#noGreater = noGreater;
    const [only] = list;
    // A group keeps concatenation and the like inside; a list is one of `print` or of `in`.
    return only !== undefined && list.length === 1
      ? { kind: 'unary', operator: '(', operand: only }
      : { kind: 'call', name: '(', args: list };
  }

  #call(name: string): Expression {
    this.#expect('(');
    this.#skipLines();
    const noGreater = this.#noGreater;
    this.#noGreater = false;
    const args = this.#is(')') ? [] : this.#list();
    this.#skipLines();
    this.#expect(')');
    this.#noGreater = noGreater;
    return { kind: 'call', name, args };
  }

  #getline(): Expression {
    const target = this.#getlineTarget();
    if (!this.#take('<')) return { kind: 'getline', target, from: 'main', source: undefined };
    return { kind: 'getline', target, from: 'file', source: this.#primary() };
  }

  #getlineTarget(): Expression | undefined {
    return this.#token.kind === 'name' || this.#is('$') ? this.#primary() : undefined;
  }
}
