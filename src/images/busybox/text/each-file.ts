import type { Command } from '../command.ts';
import { errorWords } from '../errors.ts';
import type { Input } from '../streams.ts';

/**
 * Runs over the named files, or over standard input without any; a file that cannot be opened is reported, and the
 * others are gone through all the same.
 * @returns the exit code
 */
export async function eachFile(
  command: Command,
  operands: readonly string[],
  run: (input: Input, name: string, index: number) => Promise<void>,
  words = (name: string, reason: string) => `${name}: ${reason}`,
): Promise<number> {
  let status = 0;
  for (const [index, name] of (operands.length === 0 ? ['-'] : operands).entries()) {
    let input: Input;
    try {
      input = command.open(name);
    } catch (error) {
      command.warn(words(name, errorWords(error)));
      status = 1;
      continue;
    }
    await run(input, name, index);
  }
  return status;
}

/** Calls `run` with every line (without its end) as it comes. @param run gives false to stop */
export async function eachLine(
  command: Command,
  input: Input,
  run: (line: string) => boolean,
): Promise<void> {
  let read = 0;
  for (let line = await input.readLine(); line !== undefined; line = await input.readLine()) {
    if (!run(line)) return;
    read += line.length + 20;
    if (read < 16_384) continue;
    await command.work(read * 4);
    read = 0;
  }
  await command.work(read * 4);
}
