import { posix } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { Dispenser, isSameLine, type Token } from './dispenser.ts';

/** One server block: its addresses, and the tokens of its directives, each directive's own among them. */
export interface ServerBlock {
  readonly keys: readonly string[];
  readonly directives: ReadonlyMap<string, readonly Token[]>;
}

/** Where `import` finds files. */
export interface ImportedFiles {
  /** The files that an absolute path with at most one `*` and one `?` fits. */
  find(pattern: string): readonly string[];
  /** @throws Error with what keeps a file from being read */
  read(path: string): string;
  /** Is told of a pattern that no file fits. */
  warn(words: string): void;
}

export interface CorefileOptions {
  /** Names of directives that exist; left out: every name will do. */
  readonly known?: ReadonlySet<string>;
  readonly files: ImportedFiles;
}

/**
 * Groups the words of a Corefile by server block, with snippets and files where they are imported.
 * https://coredns.io/manual/configuration/
 * @param file its path, which files are imported relative to
 * @throws CorefileError with CoreDNS' own words
 */
export function parseCorefile(file: string, text: string, options: CorefileOptions): ServerBlock[] {
  return new Parser(new Dispenser(file, tokenize(text)), options).parse();
}

/** How often snippets may be imported, and files as well: those that import each other would never end. */
const MOST_IMPORTS = 1000;

class Parser {
  readonly #input: Dispenser;
  readonly #options: CorefileOptions;
  readonly #snippets = new Map<string, readonly Token[]>();
  readonly #imports = { snippet: 0, file: 0 };

  constructor(input: Dispenser, options: CorefileOptions) {
    this.#input = input;
    this.#options = options;
  }

  parse(): ServerBlock[] {
    const blocks: ServerBlock[] = [];
    while (this.#input.next()) {
      const block = this.#block();
      if (block !== undefined && block.keys.length > 0) blocks.push(block);
    }
    return blocks;
  }

  /** A server block; undefined for a snippet. */
  #block(): ServerBlock | undefined {
    const input = this.#input;
    const directives = new Map<string, Token[]>();
    const { found: keys, atEnd } = this.#addresses();
    // A file of addresses and nothing else.
    if (atEnd) return { keys, directives };
    const snippet = keys.length === 1 ? /^\((.*)\)$/s.exec(keys[0] ?? '')?.[1] : undefined;
    if (snippet !== undefined) {
      this.#define(snippet);
      return undefined;
    }
    const braces = input.value === '{';
    if (!braces) input.back();
    while (input.next()) {
      if (input.value === '}') break;
      if (input.value === 'import') {
        this.#import();
        input.back();
      } else this.#directive(directives);
    }
    if (braces && lastWord(input) !== '}') throw input.syntaxError('}');
    return { keys, directives };
  }

  #addresses(): { found: string[]; atEnd: boolean } {
    const input = this.#input;
    const found: string[] = [];
    let more = false;
    for (;;) {
      const key = input.value;
      if (key === 'import' && input.isNewLine()) {
        this.#import();
        continue;
      }
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

  #directive(directives: Map<string, Token[]>): void {
    const input = this.#input;
    const name = input.value;
    if (this.#options.known?.has(name) === false) throw input.error(`Unknown directive '${name}'`);
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
      } else if (input.value === 'import' && input.isNewLine()) {
        this.#import();
        input.back();
        continue;
      }
      take();
    }
    if (nesting > 0) throw input.error('Unexpected EOF');
  }

  /** Keeps what is in the braces of a snippet for those who import it. */
  #define(name: string): void {
    const input = this.#input;
    if (this.#snippets.has(name)) throw input.error(`redeclaration of previously declared snippet ${name}`);
    if (lastWord(input) !== '{') throw input.syntaxError('{');
    const tokens: Token[] = [];
    let nesting = 1;
    while (input.next()) {
      if (input.value === '}' && --nesting === 0) break;
      if (input.value === '{') nesting++;
      if (input.token !== undefined) tokens.push(input.token);
    }
    if (nesting > 0) throw input.syntaxError('}');
    const importsItself = tokens.some(
      (token, index) =>
        token.text === 'import' && !isSameLine(tokens[index - 1], token) && tokens[index + 1]?.text === name,
    );
    if (importsItself) throw tooDeep(input, 'snippet');
    this.#snippets.set(name, tokens);
  }

  /** Puts what is imported in the place of `import` and its argument; its first token is the current one then. */
  #import(): void {
    const input = this.#input;
    const pattern = input.argument();
    if (pattern === '') throw input.error('Import requires a non-empty filepath');
    if (input.nextArgument()) throw input.error('Import takes only one argument (glob pattern or file)');
    const snippet = this.#snippets.get(pattern);
    const kind = snippet === undefined ? 'file' : 'snippet';
    if (this.#imports[kind]++ >= MOST_IMPORTS) throw tooDeep(input, kind);
    input.replace(2, snippet ?? this.#tokensOf(pattern));
  }

  #tokensOf(pattern: string): Token[] {
    const input = this.#input;
    const { files } = this.#options;
    const path = posix.resolve('/', posix.dirname(input.file), pattern);
    if (/\*.*\*|\?.*\?/s.test(path) || (path.includes('[') && path.includes(']'))) {
      throw input.error(`Glob pattern may only contain one wildcard (*), but has others: ${path}`);
    }
    if (path.includes('['))
      throw input.error(`Failed to use import pattern ${pattern}: syntax error in pattern`);
    const found = files.find(path);
    if (found.length === 0) {
      if (!/[*?\]]/.test(path)) throw input.error(`File to import not found: ${pattern}`);
      files.warn(`No files matching import glob pattern: ${pattern}`);
    }
    return found.flatMap((file) => {
      try {
        return tokenize(files.read(file)).map((token) => ({ ...token, file }));
      } catch (error) {
        throw input.error(`Could not import ${file}: ${messageOf(error)}`);
      }
    });
  }
}

function tooDeep(input: Dispenser, kind: 'snippet' | 'file'): Error {
  return input.error(`maximum ${kind} import depth (${MOST_IMPORTS}) exceeded`);
}

/** The word that was read last; a function, for the compiler takes a getter's value to stay. */
function lastWord(input: Dispenser): string {
  return input.value;
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
