import { parseScript } from './parse.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import type { Statement } from './tree.ts';

const always = (): boolean => true;

/** A script that comes line by line, typed or read. It is parsed where a line may have made whole commands of it. */
export class Lines {
  #text = '';
  #mayEndWith: (line: string) => boolean = always;

  /** What has come and is not whole yet. */
  get text(): string {
    return this.#text;
  }

  /** Whether all that has come is read again with this line. */
  readsAgainWith(line: string): boolean {
    return !/(^|[^\\])(\\\\)*\\\n$/.test(line) && this.#mayEndWith(line);
  }

  /**
   * @param line with its newline
   * @returns undefined where more lines are needed
   * @throws ShellSyntaxError
   */
  add(line: string): readonly Statement[] | undefined {
    this.#text += line;
    if (!this.readsAgainWith(line)) return undefined;
    try {
      const statements = parseScript(this.#text);
      this.#text = '';
      this.#mayEndWith = always;
      return statements;
    } catch (error) {
      if (!(error instanceof ShellSyntaxError) || error.mayEndWith === undefined) throw error;
      this.#mayEndWith = error.mayEndWith;
      return undefined;
    }
  }
}
