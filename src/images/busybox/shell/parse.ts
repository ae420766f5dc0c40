import { Converter } from './convert.ts';
import type { ParserModule } from './parser-module.ts';
import { parserModule } from './parser-module.ts';
import { ShellSyntaxError } from './syntax-error.ts';
import { inAshWords } from './syntax-words.ts';
import type { Part, Statement } from './tree.ts';

type Parser = ReturnType<ParserModule['syntax']['NewParser']>;

let parser: Parser | undefined;
/** Scripts come back: probes and loops of `sh -c` run the same text again and again. */
const cache = new Map<string, readonly Statement[]>();
const CACHED = 200;

/**
 * Parses a script.
 * @throws ShellSyntaxError in ash's words
 */
export function parseScript(text: string): readonly Statement[] {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const { syntax } = parserModule();
  const file = parse(text) as { readonly Stmts: unknown };
  const statements = new Converter(syntax, text, parseParts).statements(file.Stmts);
  if (cache.size >= CACHED) cache.clear();
  cache.set(text, statements);
  return statements;
}

/** Text as it stands between double quotes, where it is known to have none of its own. */
function parseParts(text: string): readonly Part[] {
  if (!/[$`\\]/.test(text)) return [{ kind: 'quoted', text: text.replaceAll('"', '') }];
  const [statement] = parseScript(`: "${text.replaceAll('"', '')}"`);
  const command = statement?.command;
  const [part] = (command?.kind === 'simple' ? command.words[1]?.parts : undefined) ?? [];
  return part?.kind === 'double' ? part.parts : [];
}

function parse(text: string): unknown {
  const { syntax } = parserModule();
  parser ??= syntax.NewParser(syntax.Variant(syntax.LangBash));
  try {
    return parser.Parse(text, '');
  } catch (error) {
    const { Error: words } = error as { Error?: () => string };
    if (words === undefined) throw error;
    throw new ShellSyntaxError(inAshWords(words.call(error), text), syntax.IsIncomplete(error));
  }
}
