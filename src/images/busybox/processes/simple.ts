import { boundedRegex } from '../common/bounded-regex.ts';
import type { Applet } from '../command.ts';
import { echoText } from '../common/echo.ts';
import { killProcesses } from '../common/kill.ts';
import { printfText } from '../common/printf.ts';
import { evaluateTest, TestError } from '../common/test.ts';
import { posixSource } from '../common/regex.ts';
import { Failure, UsageError } from '../errors.ts';
import { terminalOf } from '../terminal/terminal.ts';

/** Milliseconds in `5`, `1.5`, `2m`. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text);
  if (match === null) throw new Failure(`invalid number '${text}'`);
  const unit = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * unit * 1000;
}

/** The longest that the C library sleeps at a time, in milliseconds. */
const LONGEST = 2_147_483_647_000;

const sleep: Applet = async (command) => {
  const [first] = command.args;
  if (first === undefined) throw new UsageError();
  // `infinity`, as many a manifest has it; busybox looks at no more of the word, and of the first only.
  while (/^inf/i.test(first)) await command.context.clock.sleep(LONGEST);
  const ms = command.args.map(duration).reduce((sum, each) => sum + each, 0);
  await command.context.clock.sleep(ms);
  return 0;
};

const usleep: Applet = async (command) => {
  await command.context.clock.sleep(Number(command.args[0] ?? 0) / 1000);
  return 0;
};

const echo: Applet = (command) => {
  command.print(echoText(command.args));
  return 0;
};

const printf: Applet = (command) => {
  const [format, ...args] = command.args;
  if (format === undefined) throw new UsageError();
  const { text, problems } = printfText(format, args);
  for (const problem of problems) command.warn(problem);
  command.print(text);
  return problems.length === 0 ? 0 : 1;
};

const test: Applet = (command) => {
  const { context, name } = command;
  const closing = name === '[[' ? ']]' : ']';
  const isBracket = name !== 'test';
  if (isBracket && command.args.at(-1) !== closing) throw new Failure(`missing ${closing}`, 2);
  const streams = [context.stdin, context.stdout, context.stderr];
  try {
    const args = isBracket ? command.args.slice(0, -1) : command.args;
    const host = {
      files: context.files,
      user: context.user,
      path: (path: string) => command.path(path),
      isTerminal: (fd: number) => {
        const stream = streams[fd];
        return stream !== undefined && terminalOf(stream) !== undefined;
      },
    };
    return evaluateTest(host, args, name === '[[') ? 0 : 1;
  } catch (error) {
    if (error instanceof TestError) throw new Failure(error.message, 2);
    throw error;
  }
};

const yes: Applet = async (command) => {
  const line = `${command.args.length === 0 ? 'y' : command.args.join(' ')}\n`;
  const block = line.repeat(Math.max(1, Math.floor(4096 / line.length)));
  for (;;) {
    command.print(block);
    await command.work(block.length * 20);
  }
};

const seq: Applet = async (command) => {
  const options = command.options('+ws:');
  const numbers = options.operands.map(Number);
  const wrong = options.operands.find((_operand, index) => Number.isNaN(numbers[index]));
  if (wrong !== undefined) throw new UsageError();
  const [a = 1, b, c] = numbers;
  if (options.operands.length === 0) throw new UsageError();
  const [first, step, last] = b === undefined ? [1, 1, a] : c === undefined ? [a, 1, b] : [a, b, c];
  const places = Math.max(...options.operands.map((text) => /\.(\d+)$/.exec(text)?.[1]?.length ?? 0));
  const separator = options.value('s') ?? '\n';
  const show = (value: number): string => value.toFixed(places);
  const width = options.has('w') ? Math.max(show(first).length, show(last).length) : 0;
  let chunk = '';
  const count = step === 0 && first <= last ? Infinity : Math.floor((last - first) / step + 1e-9);
  for (let index = 0; index <= count; index++) {
    chunk += (index === 0 ? '' : separator) + show(first + index * step).padStart(width, '0');
    if (chunk.length < 8192) continue;
    command.print(chunk);
    await command.work(chunk.length * 10);
    chunk = '';
  }
  command.print(count >= 0 ? `${chunk}\n` : chunk);
  return 0;
};

const kill: Applet = (command) =>
  killProcesses(command.context, command.args, {
    print: (text) => command.print(text),
    warn: (message) => command.warn(message),
  });

const expr: Applet = (command) => {
  const value = new Expression(command.args).evaluate();
  command.print(`${value}\n`);
  return value === '' || value === '0' ? 1 : 0;
};

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/expr.html */
class Expression {
  readonly #args: readonly string[];
  #index = 0;

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  evaluate(): string {
    if (this.#args.length === 0) throw new Failure('too few arguments', 2);
    const value = this.#level(0);
    if (this.#index < this.#args.length) throw new Failure('syntax error', 2);
    return value;
  }

  #level(level: number): string {
    const operators = [
      ['|'],
      ['&'],
      ['<', '<=', '=', '==', '!=', '>=', '>'],
      ['+', '-'],
      ['*', '/', '%'],
      [':'],
    ][level];
    if (operators === undefined) return this.#primary();
    let left = this.#level(level + 1);
    for (;;) {
      const operator = this.#args[this.#index];
      if (operator === undefined || !operators.includes(operator)) return left;
      this.#index++;
      left = apply(left, operator, this.#level(level + 1));
    }
  }

  #primary(): string {
    const token = this.#args[this.#index++];
    if (token === undefined) throw new Failure('syntax error', 2);
    if (token === '(') {
      const value = this.#level(0);
      if (this.#args[this.#index++] !== ')') throw new Failure('syntax error', 2);
      return value;
    }
    const rest = this.#args.length - this.#index;
    if (token === 'length' && rest > 0) return String(this.#primary().length);
    if (token === 'match' && rest > 1) return apply(this.#primary(), ':', this.#primary());
    if (token === 'index' && rest > 1) {
      const text = this.#primary();
      const characters = this.#primary();
      return String(text.split('').findIndex((character) => characters.includes(character)) + 1);
    }
    if (token === 'substr' && rest > 2) {
      const text = this.#primary();
      const from = Number(this.#primary());
      return text.slice(from - 1, from - 1 + Number(this.#primary()));
    }
    return token;
  }
}

function apply(left: string, operator: string, right: string): string {
  const isTrue = (text: string): boolean => text !== '' && text !== '0';
  switch (operator) {
    case '|':
      return isTrue(left) ? left : right;
    case '&':
      return isTrue(left) && isTrue(right) ? left : '0';
    case ':': {
      const match = boundedRegex(`^(?:${posixSource(right, false)})`, 's').exec(left);
      return right.includes('\\(') ? (match?.[1] ?? '') : String(match?.[0].length ?? 0);
    }
    default:
      return /^[<>=!]/.test(operator) ? compare(left, operator, right) : calculate(left, operator, right);
  }
}

const isInteger = (text: string): boolean => /^-?\d+$/.test(text);

function compare(left: string, operator: string, right: string): string {
  const byText = left < right ? -1 : left > right ? 1 : 0;
  const order = isInteger(left) && isInteger(right) ? Number(BigInt(left) - BigInt(right)) : byText;
  const results: Readonly<Record<string, boolean>> = {
    '<': order < 0,
    '<=': order <= 0,
    '>': order > 0,
    '>=': order >= 0,
    '!=': order !== 0,
  };
  return (results[operator] ?? order === 0) ? '1' : '0';
}

function calculate(left: string, operator: string, right: string): string {
  if (!isInteger(left) || !isInteger(right)) throw new Failure('non-numeric argument', 2);
  const [a, b] = [BigInt(left), BigInt(right)];
  if (operator === '+') return String(BigInt.asIntN(64, a + b));
  if (operator === '-') return String(BigInt.asIntN(64, a - b));
  if (operator === '*') return String(BigInt.asIntN(64, a * b));
  if (b === 0n) throw new Failure('division by zero', 2);
  return String(operator === '/' ? a / b : a % b);
}

export const simpleApplets: Readonly<Record<string, Applet>> = {
  true: () => 0,
  false: () => 1,
  sync: () => 0,
  sleep,
  usleep,
  echo,
  printf,
  test,
  '[': test,
  '[[': test,
  yes,
  seq,
  kill,
  expr,
  clear: (command) => {
    command.print('\x1b[H\x1b[J');
    return 0;
  },
  reset: (command) => {
    command.print('\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h');
    return 0;
  },
};
