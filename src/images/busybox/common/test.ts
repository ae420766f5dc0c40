import type { FileStat, FileSystem } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { compilePattern } from './pattern.ts';
import { posixRegex } from './regex.ts';

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
  '=~',
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
]);

/** Kinds of files by the letter that asks for them; of the ones in `ABSENT` there are none here. */
const TYPES: Readonly<Record<string, FileStat['type']>> = { f: 'file', d: 'directory', c: 'device' };
const ABSENT = 'bpSguk';
const ACCESS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };

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
      if (right === undefined) throw new TestError(`${operator}: argument expected`);
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
    const age = (path: string): number => this.#stat(path)?.modified ?? 0;
    switch (operator) {
      case '=':
      case '==':
        return this.#isEqual(left, right);
      case '!=':
        return !this.#isEqual(left, right);
      case '=~':
        return posixRegex(right, true).test(left);
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '-nt':
        return age(left) > age(right);
      case '-ot':
        return age(left) < age(right);
      case '-ef':
        return this.#stat(left) !== undefined && this.#host.path(left) === this.#host.path(right);
      default:
        return compareNumbers(numberOf(left), operator, numberOf(right));
    }
  }

  #isEqual(left: string, right: string): boolean {
    return this.#hasPatterns ? compilePattern(right).matches(left) : left === right;
  }

  /** @returns undefined where there is no such operator */
  #unary(operator: string, operand: string): boolean | undefined {
    const letter = operator.charAt(1);
    const type = TYPES[letter];
    if (type !== undefined) return this.#stat(operand)?.type === type;
    if (ABSENT.includes(letter)) return false;
    const bits = ACCESS[letter];
    if (bits !== undefined) return this.#mayAccess(operand, bits);
    switch (letter) {
      case 'n':
        return operand !== '';
      case 'z':
        return operand === '';
      case 't':
        return this.#host.isTerminal(Number(numberOf(operand)));
      case 'e':
        return this.#stat(operand) !== undefined;
      case 'h':
      case 'L':
        return this.#linkStat(operand)?.type === 'symlink';
      case 's':
        return (this.#stat(operand)?.size ?? 0) > 0;
      case 'O':
      case 'G':
        return this.#isOwn(operand, letter === 'O' ? 'uid' : 'gid');
      default:
        return undefined;
    }
  }

  #isOwn(path: string, kind: 'uid' | 'gid'): boolean {
    return this.#stat(path)?.[kind] === this.#host.user[kind];
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
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(text === '' ? 'bad number' : `${text}: bad number`);
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
