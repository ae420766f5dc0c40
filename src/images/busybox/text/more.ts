import type { Applet, Command } from '../command.ts';
import { cat } from '../files/cat.ts';
import { decode, type Input } from '../streams.ts';
import { type Terminal, terminalOf } from '../terminal/terminal.ts';
import { eachFile } from './each-file.ts';

const CTRL_C = '\x03';
const HELP = '(Enter:next line Space:next page Q:quit R:show the rest)';

/** A screen at a time, where there is one. */
export const more: Applet = async (command) => {
  const terminal = terminalOf(command.context.stdout);
  if (terminal === undefined) return cat(command);
  const { operands } = command.options('');
  const pager = new Pager(command, terminal);
  await eachFile(command, operands, (input, name) => pager.show(input, name));
  return pager.isInterrupted ? 1 : 0;
};

class Pager {
  /** Whether Ctrl-C has ended it. */
  isInterrupted = false;
  readonly #command: Command;
  readonly #terminal: Terminal;
  /** Lines until it asks. */
  #left: number;
  #isOver = false;

  constructor(command: Command, terminal: Terminal) {
    this.#command = command;
    this.#terminal = terminal;
    this.#left = this.#page;
  }

  get #page(): number {
    return this.#terminal.size.rows - 1;
  }

  async show(input: Input, name: string): Promise<void> {
    const { context } = this.#command;
    const size = name === '-' ? undefined : context.files.stat(this.#command.path(name)).size;
    let shown = 0;
    for (;;) {
      const line = this.#isOver ? undefined : await input.readUntil();
      if (line === undefined) return;
      if (this.#left === 0) await this.#ask(size === undefined ? undefined : [shown, size]);
      if (this.#isOver) return;
      this.#command.print(line);
      this.#left--;
      shown += line.length;
    }
  }

  /** @param bytes shown, and of the file */
  async #ask(bytes: readonly [number, number] | undefined): Promise<void> {
    let prompt = '--More-- ';
    if (bytes !== undefined) {
      const [shown, size] = bytes;
      prompt += `(${Math.floor((shown * 100) / size)}% of ${size} bytes)`;
    }
    while (this.#left === 0 && !this.#isOver) {
      this.#command.print(prompt);
      const key = await this.#key();
      this.#obey(key, prompt.length);
      prompt = HELP;
    }
  }

  #obey(key: string, prompted: number): void {
    if (key === CTRL_C) {
      this.#isOver = true;
      this.isInterrupted = true;
      this.#command.print('\n');
      return;
    }
    this.#command.print(`\r${' '.repeat(prompted)}\r`);
    switch (key) {
      case ' ':
        this.#left = this.#page;
        break;
      case '\r':
      case '\n':
        this.#left = 1;
        break;
      case 'r':
      case 'R':
        this.#left = Infinity;
        break;
      case 'q':
      case 'Q':
      case '':
        this.#isOver = true;
    }
  }

  /** One key, not a line; nothing at the end of the session. */
  #key(): Promise<string> {
    return this.#terminal.raw(async () => {
      const keys = await this.#terminal.read(this.#command.context);
      if (keys === undefined) return '';
      if (keys.length > 1) this.#terminal.unread(keys.subarray(1));
      return decode(keys.subarray(0, 1));
    });
  }
}
