import { createHash } from 'node:crypto';
import type { ServerBlock } from '../../model/corefile/corefile.ts';

/** SHA-512 of a configuration as the reload plugin prints it: comments and spacing do not count, lines do. */
export function configurationHash(blocks: readonly ServerBlock[]): string {
  const data = blocks.map(({ keys, directives }) => ({
    Keys: keys,
    Tokens: Object.fromEntries(
      [...directives]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, tokens]) => [
          name,
          tokens.map(({ file = '', line, text }) => ({ File: file, Line: line, Text: text })),
        ]),
    ),
  }));
  // As Go's encoder writes it.
  const json = JSON.stringify(data).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return createHash('sha512').update(json).digest('hex');
}
