/** Where an expression gets its variables from. */
export interface ArithmeticVariables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** In ash's words. */
export class ArithmeticError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArithmeticError';
  }
}

const SYNTAX = 'arithmetic syntax error';
const MAX_DEPTH = 100;

/** Left-associative operators, the ones that bind weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const TOKENS =
  /\s*(0[xX][0-9a-fA-F]+|\d+#[0-9a-zA-Z@_]+|\d+|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|&&|\|\||[-+*/%&|^<>=!]=|<<|>>|[-+*/%&|^<>=!~?:(),])/y;

/**
 * Calculates an expression of `$((…))` with 64-bit integers.
 * @throws ArithmeticError
 */
export function calculate(text: string, variables: ArithmeticVariables, depth = 0): bigint {
  if (depth > MAX_DEPTH) throw new ArithmeticError('expression recursion loop detected');
  const tokens = tokenize(text);
  if (tokens.length === 0) return 0n;
  const parser = new Parser(tokens, variables, depth);
  const value = parser.comma(true);
  parser.mustBeAtEnd();
  return value;
}

function tokenize(text: string): readonly string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKENS.lastIndex = 0;
  while (TOKENS.lastIndex < end) {
    const match = TOKENS.exec(text);
    if (match?.[1] === undefined) throw new ArithmeticError(SYNTAX);
    tokens.push(match[1]);
  }
  TOKENS.lastIndex = 0;
  return tokens;
}

/** Recursive descent; with `live` false it only reads over what is not to happen. */
class Parser {
  readonly #tokens: readonly string[];
  readonly #variables: ArithmeticVariables;
  readonly #depth: number;
  #index = 0;

  constructor(tokens: readonly string[], variables: ArithmeticVariables, depth: number) {
    this.#tokens = tokens;
    this.#variables = variables;
    this.#depth = depth;
  }

  mustBeAtEnd(): void {
    if (this.#index < this.#tokens.length) throw new ArithmeticError(SYNTAX);
  }

  comma(live: boolean): bigint {
    let value = this.#assignment(live);
    while (this.#take(',')) value = this.#assignment(live);
    return value;
  }

  #assignment(live: boolean): bigint {
    const name = this.#tokens[this.#index];
    const operator = this.#tokens[this.#index + 1];
    const assigns = operator !== undefined && /^(?:=|[-+*/%&|^]=|<<=|>>=)$/.test(operator);
    if (!assigns || name === undefined || !/^[A-Za-z_]/.test(name)) return this.#conditional(live);
    this.#index += 2;
    const operand = this.#assignment(live);
    if (!live) return 0n;
    const value =
      operator === '=' ? operand : this.#binary(operator.slice(0, -1), this.#variable(name), operand, live);
    this.#variables.set(name, String(value));
    return value;
  }

  #conditional(live: boolean): bigint {
    const condition = this.#or(live);
    if (!this.#take('?')) return condition;
    const isTrue = condition !== 0n;
    const then = this.#assignment(live && isTrue);
    if (!this.#take(':')) throw new ArithmeticError(SYNTAX);
    const otherwise = this.#assignment(live && !isTrue);
    return isTrue ? then : otherwise;
  }

  #or(live: boolean): bigint {
    let value = this.#and(live);
    while (this.#take('||')) {
      const right = this.#and(live && value === 0n);
      value = value !== 0n || right !== 0n ? 1n : 0n;
    }
    return value;
  }

  #and(live: boolean): bigint {
    let value = this.#level(0, live);
    while (this.#take('&&')) {
      const right = this.#level(0, live && value !== 0n);
      value = value !== 0n && right !== 0n ? 1n : 0n;
    }
    return value;
  }

  #level(level: number, live: boolean): bigint {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#power(live);
    let value = this.#level(level + 1, live);
    for (;;) {
      const operator = this.#tokens[this.#index];
      if (operator === undefined || !operators.includes(operator)) return value;
      this.#index++;
      value = this.#binary(operator, value, this.#level(level + 1, live), live);
    }
  }

  #power(live: boolean): bigint {
    const base = this.#unary(live);
    if (!this.#take('**')) return base;
    let exponent = this.#power(live);
    if (exponent < 0n) throw new ArithmeticError('exponent less than 0');
    let result = 1n;
    for (let square = base; exponent > 0n; exponent >>= 1n) {
      if ((exponent & 1n) === 1n) result = BigInt.asIntN(64, result * square);
      square = BigInt.asIntN(64, square * square);
    }
    return result;
  }

  #unary(live: boolean): bigint {
    const token = this.#tokens[this.#index++];
    switch (token) {
      case '-':
        return BigInt.asIntN(64, -this.#unary(live));
      case '+':
        return this.#unary(live);
      case '!':
        return this.#unary(live) === 0n ? 1n : 0n;
      case '~':
        return ~this.#unary(live);
      case '++':
      case '--':
        return this.#step(this.#tokens[this.#index++], token, live).after;
      case '(': {
        const value = this.comma(live);
        if (!this.#take(')')) throw new ArithmeticError(SYNTAX);
        return value;
      }
      case undefined:
        throw new ArithmeticError(SYNTAX);
      default:
        return this.#operand(token, live);
    }
  }

  #operand(token: string, live: boolean): bigint {
    if (/^\d/.test(token)) return numberOf(token);
    if (!/^[A-Za-z_]/.test(token)) throw new ArithmeticError(SYNTAX);
    const next = this.#tokens[this.#index];
    if (next === '++' || next === '--') {
      this.#index++;
      return this.#step(token, next, live).before;
    }
    return live ? this.#variable(token) : 0n;
  }

  #step(name: string | undefined, operator: string, live: boolean): { before: bigint; after: bigint } {
    if (name === undefined || !/^[A-Za-z_]/.test(name)) throw new ArithmeticError(SYNTAX);
    if (!live) return { before: 0n, after: 0n };
    const before = this.#variable(name);
    const after = BigInt.asIntN(64, operator === '++' ? before + 1n : before - 1n);
    this.#variables.set(name, String(after));
    return { before, after };
  }

  #variable(name: string): bigint {
    const text = this.#variables.get(name) ?? '';
    return /^\d+$/.test(text) ? numberOf(text) : calculate(text, this.#variables, this.#depth + 1);
  }

  #binary(operator: string, left: bigint, right: bigint, live: boolean): bigint {
    const truth = (value: boolean): bigint => (value ? 1n : 0n);
    switch (operator) {
      case '|':
        return left | right;
      case '^':
        return left ^ right;
      case '&':
        return left & right;
      case '==':
        return truth(left === right);
      case '!=':
        return truth(left !== right);
      case '<=':
        return truth(left <= right);
      case '>=':
        return truth(left >= right);
      case '<':
        return truth(left < right);
      case '>':
        return truth(left > right);
      case '<<':
        return BigInt.asIntN(64, left << (right & 63n));
      case '>>':
        return left >> (right & 63n);
      case '+':
        return BigInt.asIntN(64, left + right);
      case '-':
        return BigInt.asIntN(64, left - right);
      case '*':
        return BigInt.asIntN(64, left * right);
      default:
        return divide(operator, left, right, live);
    }
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#index] !== token) return false;
    this.#index++;
    return true;
  }
}

function divide(operator: string, left: bigint, right: bigint, live: boolean): bigint {
  if (right === 0n) {
    if (!live) return 0n;
    throw new ArithmeticError('divide by zero');
  }
  return BigInt.asIntN(64, operator === '/' ? left / right : left % right);
}

function numberOf(text: string): bigint {
  const based = /^(\d+)#(.+)$/.exec(text);
  if (based?.[2] !== undefined) {
    const base = BigInt(based[1] ?? 10);
    let value = 0n;
    for (const digit of based[2].toLowerCase()) {
      const worth = '0123456789abcdefghijklmnopqrstuvwxyz'.indexOf(digit);
      if (worth < 0 || BigInt(worth) >= base) throw new ArithmeticError(SYNTAX);
      value = BigInt.asIntN(64, value * base + BigInt(worth));
    }
    return value;
  }
  if (/^0[0-7]+$/.test(text)) return BigInt.asIntN(64, BigInt(`0o${text.slice(1)}`));
  if (/^0\d+$/.test(text)) throw new ArithmeticError(SYNTAX);
  return BigInt.asIntN(64, BigInt(text));
}
