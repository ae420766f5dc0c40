import type { Command } from '../command.ts';
import { MOST_KEPT, type Input } from '../streams.ts';
import { outOfMemory } from '../errors.ts';
import { type Layout, type Row, rowsOf } from './rows.ts';

const NEWLINE = 0x0a;

/** What is looked at. No more of it is read than was to be seen so far. */
export class Document {
  readonly name: string;
  /** Lines of the screen. */
  rows: Row[] = [];
  /** Whether its end has been read. */
  isWhole = false;
  readonly #command: Command;
  readonly #input: Input;
  readonly #layout: Layout;
  #lines: Uint8Array[] = [];
  #kept = 0;

  constructor(command: Command, input: Input, name: string, layout: Layout) {
    this.#command = command;
    this.#input = input;
    this.name = name;
    this.#layout = layout;
  }

  /** Lines of the file, as far as they are known; what is behind the last newline is none where it is empty. */
  get lineCount(): number {
    return this.#lines.length - (this.isWhole && this.#lines.at(-1)?.length === 0 ? 1 : 0);
  }

  /** Reads until there are so many rows, or to the end. @throws Failure */
  async fill(count: number): Promise<void> {
    while (!this.isWhole && this.rows.length < count) {
      const line = await this.#input.readUntil();
      const hasEnd = line?.at(-1) === NEWLINE;
      this.#add(line === undefined ? new Uint8Array() : hasEnd ? line.subarray(0, -1) : line);
      if (!hasEnd) this.isWhole = true;
    }
  }

  /** Lays everything out anew. */
  lay(): void {
    this.rows = this.#lines.flatMap((line, index) => rowsOf(line, index, this.#layout));
  }

  /** Gives the memory back. */
  close(): void {
    this.#command.context.memory.free(this.#kept);
    this.#kept = 0;
  }

  #add(line: Uint8Array): void {
    this.#kept += line.length;
    if (this.#kept > MOST_KEPT) outOfMemory();
    this.#command.context.memory.allocate(line.length);
    this.#lines.push(line);
    this.rows.push(...rowsOf(line, this.#lines.length - 1, this.#layout));
  }
}
