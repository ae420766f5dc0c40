/** A word of a Corefile and the line it begins on. */
export interface Token {
  readonly line: number;
  readonly text: string;
  /** The file that it was imported from; absent for the Corefile's own. */
  readonly file?: string;
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
  readonly #file: string;
  readonly #tokens: Token[];
  #cursor = -1;
  #nesting = 0;

  constructor(file: string, tokens: readonly Token[]) {
    this.#file = file;
    this.#tokens = [...tokens];
  }

  get tokens(): readonly Token[] {
    return this.#tokens;
  }

  /** The file that the current token is of. */
  get file(): string {
    return this.token?.file ?? this.#file;
  }

  /** The current word; empty before the first. */
  get value(): string {
    return this.#tokens[this.#cursor]?.text ?? '';
  }

  get token(): Token | undefined {
    return this.#tokens[this.#cursor];
  }

  next(): boolean {
    if (this.#cursor >= this.#tokens.length - 1) return false;
    this.#cursor++;
    return true;
  }

  /** Goes back by one token that was read too far. */
  back(): void {
    this.#cursor--;
  }

  /** Puts others in the place of the last tokens that were read; the first of them is the current one then. */
  replace(count: number, tokens: readonly Token[]): void {
    this.#cursor -= count - 1;
    this.#tokens.splice(this.#cursor, count, ...tokens);
  }

  /** The next token, if it is on the same line. */
  nextArgument(): boolean {
    if (this.#cursor < 0) return this.next();
    const current = this.#tokens[this.#cursor];
    const following = this.#tokens[this.#cursor + 1];
    if (following === undefined || !isSameLine(current, following)) return false;
    this.#cursor++;
    return true;
  }

  /** Does the current token begin a line? */
  isNewLine(): boolean {
    return beginsLine(this.#tokens[this.#cursor - 1], this.#tokens[this.#cursor]);
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
    return this.#tokens[this.#cursor]?.line ?? 0;
  }
}

/** Does a token stand on the line on which the one before it ends? What is imported never does. */
export function isSameLine(before: Token | undefined, token: Token): boolean {
  return before !== undefined && before.file === token.file && lastLineOf(before) === token.line;
}

/** Does a token begin a line, after the one before it? The first one does. */
function beginsLine(before: Token | undefined, token: Token | undefined): boolean {
  if (before === undefined) return true;
  return token !== undefined && (before.file !== token.file || lastLineOf(before) < token.line);
}

function lastLineOf(token: Token): number {
  return token.line + token.text.split('\n').length - 1;
}
