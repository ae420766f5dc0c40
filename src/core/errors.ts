/** Who can mend an error: the person at the keyboard, the machine, nobody but a new lab, or we. */
export type ErrorKind = 'user' | 'environment' | 'lab' | 'bug';

export interface BreakfixErrorOptions {
  /** Stable code, upper case with underscores, e.g. `SCENARIO_UNKNOWN`. */
  readonly code: string;
  readonly kind: ErrorKind;
  /** What was given and what is allowed. */
  readonly message: string;
  /** A command to run or an edit to make. */
  readonly fix: string;
  /** Where to read on. */
  readonly docs?: string;
  readonly cause?: unknown;
}

/** The one error class that reaches a user; `cli/` alone prints it and picks the exit code from `kind`. */
export class BreakfixError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly fix: string;
  readonly docs: string | undefined;

  constructor(options: BreakfixErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'BreakfixError';
    this.code = options.code;
    this.kind = options.kind;
    this.fix = options.fix;
    this.docs = options.docs;
  }
}

/**
 * An error that is an answer, not a mishap: a connection that is refused, a file that is not there. It keeps no
 * stack, whose capture costs more than everything else about it.
 */
export class ExpectedError extends Error {
  constructor(message: string) {
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = depth;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
