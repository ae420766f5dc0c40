/** A script that does not parse, in the words of ash without its `syntax error: ` in front. */
export class ShellSyntaxError extends Error {
  /** Whether it could end with such a line; undefined where more lines do not mend it. */
  readonly mayEndWith: ((line: string) => boolean) | undefined;
  /** The line that the here-document ends with which is open at the end. */
  readonly openDocument: string | undefined;

  constructor(message: string, mayEndWith?: (line: string) => boolean, openDocument?: string) {
    super(message);
    this.name = 'ShellSyntaxError';
    this.mayEndWith = mayEndWith;
    this.openDocument = openDocument;
  }
}
