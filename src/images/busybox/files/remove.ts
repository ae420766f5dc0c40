import { FileError } from '../../../cluster/runtime/types.ts';
import type { Applet, Command } from '../command.ts';
import { errorWords, UsageError } from '../errors.ts';
import type { Options } from '../options.ts';
import { join, statOf } from './tree.ts';

/** `rm`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/rm.html */
export const rm: Applet = async (command) => {
  const options = command.options('fiRrv');
  if (!options.has('f') && options.operands.length === 0) throw new UsageError();
  const removal = new Removal(command, options);
  let status = 0;
  for (const operand of options.operands) {
    if (/(^|\/)\.\.?\/*$/.test(operand)) {
      command.warn("can't remove '.' or '..'");
      status = 1;
    } else if (!(await removal.remove(operand))) status = 1;
  }
  return status;
};

class Removal {
  readonly #command: Command;
  readonly #isForced: boolean;
  readonly #isRecursive: boolean;
  readonly #asks: boolean;

  constructor(command: Command, options: Options) {
    this.#command = command;
    this.#isForced = options.has('f');
    this.#isRecursive = options.has('r') || options.has('R');
    this.#asks = options.letters.findLast((letter) => letter === 'f' || letter === 'i') === 'i';
  }

  /** @returns false where something of it is left */
  async remove(name: string): Promise<boolean> {
    const { files } = this.#command.context;
    const path = this.#command.path(name);
    try {
      const stat = statOf(files, path, false);
      if (stat === undefined && this.#isForced) return true;
      if (stat?.type === 'directory') return await this.#removeFolder(name);
      if (stat !== undefined && !(await this.#isWanted(`remove '${name}'`))) return true;
      files.remove(path);
      return true;
    } catch (error) {
      this.#command.warn(`can't remove '${name}': ${errorWords(error)}`);
      return false;
    }
  }

  /** @throws FileError */
  async #removeFolder(name: string): Promise<boolean> {
    const { files } = this.#command.context;
    if (!this.#isRecursive) {
      this.#command.warn(`'${name}' is a directory`);
      return false;
    }
    if (!(await this.#isWanted(`descend into directory '${name}'`))) return true;
    let isEmpty = true;
    for (const entry of this.#entriesOf(name)) {
      isEmpty = (await this.remove(join(name, entry))) && isEmpty;
    }
    if (!isEmpty) return false;
    if (await this.#isWanted(`remove directory '${name}'`)) files.remove(this.#command.path(name));
    return true;
  }

  #entriesOf(name: string): readonly string[] {
    try {
      return this.#command.context.files.list(this.#command.path(name));
    } catch (error) {
      // An empty one goes all the same; others say why they do not.
      if (error instanceof FileError) return [];
      throw error;
    }
  }

  async #isWanted(question: string): Promise<boolean> {
    if (!this.#asks) return true;
    this.#command.context.stderr.write(`rm: ${question}? `);
    return /^[yY]/.test((await this.#command.stdin.readLine()) ?? '');
  }
}
