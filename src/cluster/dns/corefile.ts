import { createHash } from 'node:crypto';
import { Dispenser, type Token } from './dispenser.ts';

/** One server block: its addresses, and the tokens of its directives, each directive's own among them. */
export interface ServerBlock {
  readonly keys: readonly string[];
  readonly directives: ReadonlyMap<string, readonly Token[]>;
}

/**
 * Groups the words of a Corefile by server block. https://coredns.io/manual/configuration/
 * @param known names of directives that exist; left out: every name will do
 * @throws CorefileError with CoreDNS' own words
 */
export function parseCorefile(file: string, text: string, known?: ReadonlySet<string>): ServerBlock[] {
  const input = new Dispenser(file, tokenize(text));
  const blocks: ServerBlock[] = [];
  while (input.next()) {
    const block = parseBlock(input, known);
    if (block.keys.length > 0) blocks.push(block);
  }
  return blocks;
}

/** SHA-512 of a configuration as the reload plugin prints it: comments and spacing do not count, lines do. */
export function configurationHash(blocks: readonly ServerBlock[]): string {
  const data = blocks.map(({ keys, directives }) => ({
    Keys: keys,
    Tokens: Object.fromEntries(
      [...directives]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, tokens]) => [
          name,
          tokens.map(({ line, text }) => ({ File: '', Line: line, Text: text })),
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

function parseBlock(input: Dispenser, known: ReadonlySet<string> | undefined): ServerBlock {
  const directives = new Map<string, Token[]>();
  const keys = parseAddresses(input);
  // A file of addresses and nothing else.
  if (keys.atEnd) return { keys: keys.found, directives };
  const braces = input.value === '{';
  if (!braces) input.back();
  while (input.next()) {
    if (input.value === '}') break;
    parseDirective(input, known, directives);
  }
  if (braces && lastWord(input) !== '}') throw input.syntaxError('}');
  return { keys: keys.found, directives };
}

/** The word that was read last; a function, for the compiler takes a getter's value to stay. */
function lastWord(input: Dispenser): string {
  return input.value;
}

function parseAddresses(input: Dispenser): { found: string[]; atEnd: boolean } {
  const found: string[] = [];
  let more = false;
  for (;;) {
    const key = input.value;
    if (key === '{') {
      if (more) throw input.error(`Expected another address but had '${key}' - check for extra comma`);
      return { found, atEnd: false };
    }
    if (key !== '') {
      more = key.endsWith(',');
      found.push(more ? key.slice(0, -1) : key);
    }
    const hasNext = input.next();
    if (!hasNext && more) throw input.error('Unexpected EOF');
    if (!hasNext) return { found, atEnd: true };
    if (!more && input.isNewLine()) return { found, atEnd: false };
  }
}

function parseDirective(
  input: Dispenser,
  known: ReadonlySet<string> | undefined,
  directives: Map<string, Token[]>,
): void {
  const name = input.value;
  if (known?.has(name) === false) throw input.error(`Unknown directive '${name}'`);
  const tokens = directives.get(name) ?? [];
  directives.set(name, tokens);
  let nesting = 0;
  const take = (): void => {
    if (input.token !== undefined) tokens.push(input.token);
  };
  take();
  while (input.next()) {
    if (input.value === '{') nesting++;
    else if (input.isNewLine() && nesting === 0) {
      input.back();
      break;
    } else if (input.value === '}') {
      if (nesting === 0) throw input.error(`Unexpected '}' because no matching opening brace`);
      nesting--;
    }
    take();
  }
  if (nesting > 0) throw input.error('Unexpected EOF');
}

/** Words of a Corefile: cut at white space, `"…"` kept whole, `#` to the end of the line left out. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let word: { line: number; text: string; quoted: boolean; escaped: boolean } | undefined;
  let comment = false;
  const finish = (): void => {
    if (word !== undefined) tokens.push({ line: word.line, text: word.text });
    word = undefined;
  };
  for (const char of text) {
    if (word?.quoted === true) {
      if (char === '\n') line++;
      if (!word.escaped && char === '\\') word.escaped = true;
      else if (!word.escaped && char === '"') finish();
      else {
        word.text += word.escaped && char !== '"' ? `\\${char}` : char;
        word.escaped = false;
      }
    } else if (/\s/.test(char)) {
      if (char === '\r') continue;
      if (char === '\n') {
        line++;
        comment = false;
      }
      finish();
    } else if (comment || char === '#') {
      comment = true;
    } else if (word === undefined) {
      const quoted = char === '"';
      word = { line, text: quoted ? '' : char, quoted, escaped: false };
    } else {
      word.text += char;
    }
  }
  finish();
  return tokens;
}
