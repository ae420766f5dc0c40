/** A script that does not parse, in the words of ash without its `syntax error: ` in front. */
export class ShellSyntaxError extends Error {
  /** More lines could complete it. */
  readonly isIncomplete: boolean;

  constructor(message: string, isIncomplete = false) {
    super(message);
    this.name = 'ShellSyntaxError';
    this.isIncomplete = isIncomplete;
  }
}
