import { BYTES_PER_MICROSECOND } from '../streams.ts';
import { OUT_OF_MEMORY } from '../errors.ts';
import { ShellError } from './control.ts';
import { expandFields } from './expand.ts';
import type { Shell } from './shell.ts';
import type { Word } from './tree.ts';

/** Bytes that the words of one command may take with their pointers. */
const MOST_WORDS = 16 * 1024 * 1024;

/** The words of a command, which pays for each of them. @throws ShellError where they take too much memory */
export async function expandWords(shell: Shell, words: readonly Word[]): Promise<readonly string[]> {
  const expanded: string[] = [];
  let size = 0;
  for (const word of words) {
    for (const field of await expandFields(shell, word)) {
      size += 8 + field.length;
      if (size > MOST_WORDS) throw new ShellError(OUT_OF_MEMORY);
      expanded.push(field);
    }
  }
  shell.step(expanded.length + size / BYTES_PER_MICROSECOND);
  return expanded;
}
