import { Converter } from './convert.ts';
import type { ParserModule } from './parser-module.ts';
import { parserModule } from './parser-module.ts';
import { fieldOf, type Node } from './parser-nodes.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import { inAshWords, missingLength, openDocument, waitsFor } from './syntax-words.ts';
import type { Part, Statement } from './tree.ts';

type Parser = ReturnType<ParserModule['syntax']['NewParser']>;

let parser: Parser | undefined;
/** Scripts come back: probes and loops of `sh -c` run the same text again and again. */
const cache = new Map<string, readonly Statement[]>();
const CACHED = 200;
/** Characters of a script that is kept, and of all of them: a tree is a hundred times as large as its text. */
const LONGEST_CACHED = 4096;
const MOST_CACHED = 128 * 1024;
let cachedCharacters = 0;
/** The error of V8, which is of another realm where the parser throws it. */
const OUT_OF_STACK = 'Maximum call stack size exceeded';

/**
 * Parses a script.
 * @throws ShellSyntaxError in ash's words
 */
export function parseScript(text: string): readonly Statement[] {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const statements = convert(text);
  if (text.length > LONGEST_CACHED) return statements;
  if (cache.size >= CACHED || cachedCharacters > MOST_CACHED) {
    cache.clear();
    cachedCharacters = 0;
  }
  cache.set(text, statements);
  cachedCharacters += text.length;
  return statements;
}

/** Here-documents that may be open at the end of a script, and lengths that may be missing: each is another look at it. */
const MOST_MISSING = 8;

/**
 * Parses a script of which nothing more comes: here-documents that are open end with it.
 * @throws ShellSyntaxError
 */
export function parseToEnd(text: string, mayBeOpen = MOST_MISSING): readonly Statement[] {
  try {
    return parseScript(text);
  } catch (error) {
    const end = error instanceof ShellSyntaxError ? error.openDocument : undefined;
    if (end === undefined || mayBeOpen === 0) throw error;
    return parseToEnd(`${text}${text.endsWith('\n') ? '' : '\n'}${end}\n`, mayBeOpen - 1);
  }
}

function convert(text: string): readonly Statement[] {
  try {
    const { node, text: read } = parse(text);
    return new Converter(read, parseParts).statements(fieldOf(node, 'Stmts'));
  } catch (error) {
    // What is nested in itself a hundred times, or a chain of thousands of commands; no script that does anything.
    if ((error as { message?: unknown }).message !== OUT_OF_STACK) throw error;
    parser = undefined;
    throw new ShellSyntaxError('nested too deeply');
  }
}

/** Text as it stands between double quotes, where it is known to have none of its own. */
function parseParts(text: string): readonly Part[] {
  if (!/[$`\\]/.test(text)) return [{ kind: 'quoted', text: text.replaceAll('"', '') }];
  const [statement] = parseScript(`: "${text.replaceAll('"', '')}"`);
  const command = statement?.command;
  const [part] = (command?.kind === 'simple' ? command.words[1]?.parts : undefined) ?? [];
  return part?.kind === 'double' ? part.parts : [];
}

/** @returns also the text as the parser has taken it */
function parse(text: string, mayMiss = MOST_MISSING): { readonly node: Node; readonly text: string } {
  const { syntax } = parserModule();
  parser ??= syntax.NewParser(syntax.Variant(syntax.LangBash));
  try {
    return { node: parser.Parse(text, '').__internal_object__, text };
  } catch (error) {
    const { Error: words } = error as { Error?: () => string };
    if (words === undefined) throw error;
    const message = words.call(error);
    const missing = mayMiss === 0 ? undefined : missingLength(message, text);
    if (missing !== undefined) return parse(`${text.slice(0, missing)}0${text.slice(missing)}`, mayMiss - 1);
    throw new ShellSyntaxError(
      inAshWords(message, text),
      waitsFor(message, syntax.IsIncomplete(error)),
      openDocument(message),
    );
  }
}
