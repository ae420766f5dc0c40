/** A word of a Corefile and the line it begins on. */
export interface Token {
  readonly line: number;
  readonly text: string;
}

/** A Corefile that CoreDNS does not take; the message is CoreDNS' own. */
export class CorefileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CorefileError';
  }
}

/**
 * Hands out tokens one by one, as plugins read their part of a Corefile. The current token stays readable after
 * the last one, which is what makes error messages name the last word.
 */
export class Dispenser {
  readonly file: string;
  readonly tokens: readonly Token[];
  #cursor = -1;
  #nesting = 0;

  constructor(file: string, tokens: readonly Token[]) {
    this.file = file;
    this.tokens = tokens;
  }

  /** The current word; empty before the first. */
  get value(): string {
    return this.tokens[this.#cursor]?.text ?? '';
  }

  get token(): Token | undefined {
    return this.tokens[this.#cursor];
  }

  next(): boolean {
    if (this.#cursor >= this.tokens.length - 1) return false;
    this.#cursor++;
    return true;
  }

  /** Goes back by one token that was read too far. */
  back(): void {
    this.#cursor--;
  }

  /** The next token, if it is on the same line. */
  nextArgument(): boolean {
    if (this.#cursor < 0) return this.next();
    const current = this.tokens[this.#cursor];
    const following = this.tokens[this.#cursor + 1];
    if (current === undefined || following === undefined) return false;
    if (lastLineOf(current) !== following.line) return false;
    this.#cursor++;
    return true;
  }

  /** Does the current token begin a line? */
  isNewLine(): boolean {
    const current = this.tokens[this.#cursor];
    const before = this.tokens[this.#cursor - 1];
    if (this.#cursor < 1 || before === undefined) return true;
    return current !== undefined && lastLineOf(before) < current.line;
  }

  /** The next line's first word inside the braces that open on this line; false behind the closing one. */
  nextInBlock(): boolean {
    if (this.#nesting > 0) {
      if (this.next() && this.value !== '}') return true;
      this.#nesting--;
      return false;
    }
    if (!this.nextArgument()) return false;
    if (this.value !== '{') {
      this.back();
      return false;
    }
    this.#nesting++;
    return this.nextInBlock();
  }

  /** What is left of this line, up to an opening brace. */
  remaining(): string[] {
    const result: string[] = [];
    while (this.nextArgument()) {
      if (this.value === '{') {
        this.back();
        break;
      }
      result.push(this.value);
    }
    return result;
  }

  /** The one argument that must follow. @throws CorefileError */
  argument(): string {
    if (!this.nextArgument()) throw this.argumentError();
    return this.value;
  }

  error(message: string): CorefileError {
    return new CorefileError(`${this.file}:${this.#line()} - Error during parsing: ${message}`);
  }

  argumentError(): CorefileError {
    if (this.value === '{') return this.error(`Unexpected token '{', expecting argument`);
    return this.error(`Wrong argument count or unexpected line ending after '${this.value}'`);
  }

  syntaxError(expected: string): CorefileError {
    return new CorefileError(
      `${this.file}:${this.#line()} - Syntax error: Unexpected token '${this.value}', expecting '${expected}'`,
    );
  }

  #line(): number {
    return this.tokens[this.#cursor]?.line ?? 0;
  }
}

function lastLineOf(token: Token): number {
  return token.line + token.text.split('\n').length - 1;
}
