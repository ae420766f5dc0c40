import { regexOf } from './functions.ts';
import type { Command } from '../../command.ts';
import { errorWords } from '../../errors.ts';
import type { Input } from '../../streams.ts';
import { decode } from '../../streams.ts';

/** Records of an input, which RS divides. */
export class Records {
  readonly #command: Command;
  readonly #input: Input;
  #paragraphs: string[] | undefined;
  #read = 0;

  constructor(command: Command, input: Input) {
    this.#command = command;
    this.#input = input;
  }

  async next(separator: string): Promise<string | undefined> {
    if (separator.length === 1) return this.#until(separator);
    if (this.#paragraphs === undefined) {
      const text = decode(await this.#input.readAll()).replace(/\n+$/, '');
      const all = separator === '' ? text.replace(/^\n+/, '').split(/\n\n+/) : text.split(regexOf(separator));
      this.#paragraphs = text === '' ? [] : all;
    }
    return this.#paragraphs.shift();
  }

  async #until(separator: string): Promise<string | undefined> {
    const bytes = await this.#input.readUntil(separator.charCodeAt(0));
    if (bytes === undefined) return undefined;
    this.#read += bytes.length + 50;
    if (this.#read > 8192) {
      await this.#command.work(this.#read * 20);
      this.#read = 0;
    }
    const text = decode(bytes);
    return text.endsWith(separator) ? text.slice(0, -1) : text;
  }
}

/** Opens a file for reading; a missing one is reported. */
export function openRecords(command: Command, name: string): Records | undefined {
  try {
    return new Records(command, command.open(name));
  } catch (error) {
    command.warn(`${name}: ${errorWords(error)}`);
    return undefined;
  }
}
