import type { FileStat, FileSystem } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { compilePattern } from './pattern.ts';

/** What `test` looks at. */
export interface TestHost {
  readonly files: FileSystem;
  readonly user: { readonly uid: number; readonly gid: number };
  path(path: string): string;
  isTerminal(fd: number): boolean;
}

/** A wrong expression, in busybox' words; the status is 2. */
export class TestError extends Error {}

const BINARY: ReadonlySet<string> = new Set([
  '=',
  '==',
  '!=',
  '<',
  '>',
  '-eq',
  '-ne',
  '-lt',
  '-le',
  '-gt',
  '-ge',
  '-nt',
  '-ot',
  '-ef',
  '=~',
]);

/**
 * Evaluates the arguments of `test` (or of `[` without its `]`).
 * @param hasPatterns whether `==` compares with a pattern, as in `[[`
 * @throws TestError
 */
export function evaluateTest(host: TestHost, args: readonly string[], hasPatterns = false): boolean {
  if (args.length === 0) return false;
  const parser = new Parser(host, args, hasPatterns);
  const value = parser.or();
  parser.mustBeAtEnd();
  return value;
}

class Parser {
  readonly #host: TestHost;
  readonly #args: readonly string[];
  readonly #hasPatterns: boolean;
  #index = 0;

  constructor(host: TestHost, args: readonly string[], hasPatterns: boolean) {
    this.#host = host;
    this.#args = args;
    this.#hasPatterns = hasPatterns;
  }

  mustBeAtEnd(): void {
    const next = this.#args[this.#index];
    if (next !== undefined) throw new TestError(`${next}: unknown operand`);
  }

  or(): boolean {
    let value = this.#and();
    while (this.#take('-o') || this.#take('||')) value = this.#and() || value;
    return value;
  }

  #and(): boolean {
    let value = this.#not();
    while (this.#take('-a') || this.#take('&&')) value = this.#not() && value;
    return value;
  }

  #not(): boolean {
    const left = this.#args.length - this.#index;
    if (this.#args[this.#index] === '!' && left > 1 && !this.#isBinary(this.#args[this.#index + 1], left)) {
      this.#index++;
      return !this.#not();
    }
    return this.#primary();
  }

  #isBinary(operator: string | undefined, left: number): boolean {
    return left === 3 && operator !== undefined && BINARY.has(operator);
  }

  #primary(): boolean {
    const first = this.#args[this.#index++];
    if (first === undefined) throw new TestError('argument expected');
    const operator = this.#args[this.#index];
    if (operator !== undefined && BINARY.has(operator)) {
      const right = this.#args[this.#index + 1];
      if (right === undefined) throw new TestError('argument expected');
      this.#index += 2;
      return this.#compare(first, operator, right);
    }
    if (first === '(' && operator !== undefined) {
      const value = this.or();
      if (!this.#take(')')) throw new TestError('closing paren expected');
      return value;
    }
    if (/^-[a-zA-Z]$/.test(first) && operator !== undefined) {
      const value = this.#unary(first, operator);
      if (value !== undefined) {
        this.#index++;
        return value;
      }
    }
    return first !== '';
  }

  #compare(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case '=':
      case '==':
        return this.#hasPatterns ? compilePattern(right).matches(left) : left === right;
      case '!=':
        return !(this.#hasPatterns ? compilePattern(right).matches(left) : left === right);
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '=~':
        return new RegExp(right).test(left);
      case '-nt':
        return (this.#stat(left)?.modified ?? 0) > (this.#stat(right)?.modified ?? 0);
      case '-ot':
        return (this.#stat(left)?.modified ?? 0) < (this.#stat(right)?.modified ?? 0);
      case '-ef':
        return this.#stat(left) !== undefined && this.#host.path(left) === this.#host.path(right);
      default:
        return compareNumbers(numberOf(left), operator, numberOf(right));
    }
  }

  #unary(operator: string, operand: string): boolean | undefined {
    switch (operator.charAt(1)) {
      case 'n':
        return operand !== '';
      case 'z':
        return operand === '';
      case 't':
        return this.#host.isTerminal(Number(numberOf(operand)));
      case 'e':
        return this.#stat(operand) !== undefined;
      case 'f':
        return this.#stat(operand)?.type === 'file';
      case 'd':
        return this.#stat(operand)?.type === 'directory';
      case 'c':
        return this.#stat(operand)?.type === 'device';
      case 'b':
      case 'p':
      case 'S':
      case 'g':
      case 'u':
      case 'k':
        return false;
      case 'h':
      case 'L':
        return this.#linkStat(operand)?.type === 'symlink';
      case 's':
        return (this.#stat(operand)?.size ?? 0) > 0;
      case 'r':
        return this.#mayAccess(operand, 4);
      case 'w':
        return this.#mayAccess(operand, 2);
      case 'x':
        return this.#mayAccess(operand, 1);
      case 'O':
        return this.#stat(operand)?.uid === this.#host.user.uid;
      case 'G':
        return this.#stat(operand)?.gid === this.#host.user.gid;
      default:
        return undefined;
    }
  }

  #mayAccess(path: string, want: number): boolean {
    const stat = this.#stat(path);
    if (stat === undefined) return false;
    const { uid, gid } = this.#host.user;
    if (uid === 0) return want !== 1 || stat.type === 'directory' || (stat.mode & 0o111) !== 0;
    const shift = uid === stat.uid ? 6 : gid === stat.gid ? 3 : 0;
    return ((stat.mode >> shift) & want) !== 0;
  }

  #stat(path: string): FileStat | undefined {
    return tryStat(() => this.#host.files.stat(this.#host.path(path)));
  }

  #linkStat(path: string): FileStat | undefined {
    return tryStat(() => this.#host.files.lstat(this.#host.path(path)));
  }

  #take(token: string): boolean {
    if (this.#args[this.#index] !== token) return false;
    this.#index++;
    return true;
  }
}

function tryStat(stat: () => FileStat): FileStat | undefined {
  try {
    return stat();
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

function numberOf(text: string): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: bad number`);
  return BigInt(text.trim().replace(/^\+/, ''));
}

function compareNumbers(left: bigint, operator: string, right: bigint): boolean {
  switch (operator) {
    case '-eq':
      return left === right;
    case '-ne':
      return left !== right;
    case '-lt':
      return left < right;
    case '-le':
      return left <= right;
    case '-gt':
      return left > right;
    default:
      return left >= right;
  }
}
