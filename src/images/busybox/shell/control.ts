/** An error of the shell itself: a message, and in a script the end of it. */
export class ShellError extends Error {
  readonly status: number;

  constructor(message: string, status = 2) {
    super(message);
    this.name = 'ShellError';
    this.status = status;
  }
}

/** How the flow of a script leaves its path. */
export abstract class Jump extends Error {
  readonly status: number;

  constructor(status: number) {
    super('the flow of a script has left its path');
    this.status = status;
  }
}

export class Exit extends Jump {}
export class Return extends Jump {}

/** An error that has been reported ends a script, or leads back to the prompt. */
export class Abort extends Jump {}

export class LoopJump extends Jump {
  readonly kind: 'break' | 'continue';
  /** How many loops it leaves. */
  readonly levels: number;

  constructor(kind: 'break' | 'continue', levels: number) {
    super(0);
    this.kind = kind;
    this.levels = levels;
  }
}

/** Ctrl-C at an interactive shell: back to the prompt. */
export class Interrupt extends Jump {
  constructor() {
    super(130);
  }
}
