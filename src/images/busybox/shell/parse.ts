import { Converter } from './convert.ts';
import type { ParserModule } from './parser-module.ts';
import { parserModule } from './parser-module.ts';
import { fieldOf, type Node } from './parser-nodes.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import { inAshWords, waitsFor } from './syntax-words.ts';
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

function convert(text: string): readonly Statement[] {
  try {
    return new Converter(text, parseParts).statements(fieldOf(parse(text), 'Stmts'));
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

function parse(text: string): Node {
  const { syntax } = parserModule();
  parser ??= syntax.NewParser(syntax.Variant(syntax.LangBash));
  try {
    return parser.Parse(text, '').__internal_object__;
  } catch (error) {
    const { Error: words } = error as { Error?: () => string };
    if (words === undefined) throw error;
    const message = words.call(error);
    throw new ShellSyntaxError(inAshWords(message, text), waitsFor(message, syntax.IsIncomplete(error)));
  }
}
