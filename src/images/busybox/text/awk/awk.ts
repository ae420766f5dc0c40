import type { Applet, Command } from '../../command.ts';
import { escapes } from '../../common/escapes.ts';
import { UsageError } from '../../errors.ts';
import { Awk } from './interpreter.ts';
import { parseAwk } from './parse.ts';
import type { Records } from './records.ts';
import { openRecords } from './records.ts';

/** `awk`: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/awk.html */
export const awk: Applet = async (command) => {
  const options = command.options('+F:v:f:');
  let [...operands] = options.operands;
  const sources: string[] = [];
  for (const file of options.values('f')) sources.push(await command.readText(file));
  if (sources.length === 0) {
    const [first, ...rest] = operands;
    if (first === undefined) throw new UsageError();
    sources.push(first);
    operands = rest;
  }
  const program = parseAwk(sources.join('\n'));
  const files = new Operands(command, operands);
  const interpreter: Awk = new Awk(command, program, {
    next: (separator) => files.next(separator, interpreter),
    open: (name) => openRecords(command, name),
  });
  const separator = options.value('F');
  if (separator !== undefined)
    interpreter.memory.set('FS', separator === 't' ? '\t' : escapes(separator).text);
  for (const assignment of options.values('v')) assign(interpreter, assignment);
  ['awk', ...operands].forEach((argument, index) => {
    interpreter.memory.table('ARGV').set(String(index), { input: argument });
  });
  interpreter.memory.set('ARGC', operands.length + 1);
  const status = await interpreter.run();
  return status === 0 && files.hasFailed ? 1 : status;
};

function assign(interpreter: Awk, text: string): void {
  const index = text.indexOf('=');
  interpreter.memory.set(text.slice(0, index), { input: escapes(text.slice(index + 1)).text });
}

/** The files on the command line one after the other; `name=value` among them is an assignment. */
class Operands {
  readonly #command: Command;
  readonly #rest: string[];
  #current: Records | undefined;
  hasFailed = false;

  constructor(command: Command, operands: readonly string[]) {
    this.#command = command;
    const hasFiles = operands.some((operand) => !isAssignment(operand));
    this.#rest = hasFiles ? [...operands] : [...operands, '-'];
  }

  async next(separator: string, interpreter: Awk): Promise<string | undefined> {
    for (;;) {
      const record = await this.#current?.next(separator);
      if (record !== undefined) return record;
      const name = this.#rest.shift();
      if (name === undefined) return undefined;
      if (isAssignment(name)) {
        assign(interpreter, name);
        continue;
      }
      this.#current = openRecords(this.#command, name);
      if (this.#current === undefined) this.hasFailed = true;
      interpreter.memory.set('FILENAME', name === '-' ? '' : name);
      interpreter.memory.set('FNR', 0);
    }
  }
}

function isAssignment(operand: string): boolean {
  return /^[A-Za-z_]\w*=/.test(operand);
}
