import { Converter } from './convert.ts';
import type { ParserModule } from './parser-module.ts';
import { parserModule } from './parser-module.ts';
import { ShellSyntaxError } from './syntax-error.ts';
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
    const message = words.call(error).replace(/^(\d+:\d+: )?/, '');
    throw new ShellSyntaxError(inAshWords(message), syntax.IsIncomplete(error));
  }
}

/** What a construct waits for, by the word that opens it. */
const EXPECTED: Readonly<Record<string, string>> = {
  if: 'then',
  then: 'fi',
  elif: 'then',
  else: 'fi',
  while: 'do',
  until: 'do',
  for: 'do',
  do: 'done',
  '{': '}',
  '(': ')',
  case: 'esac',
};

/** The parser's messages in the words of ash, as far as they have a counterpart. */
function inAshWords(message: string): string {
  if (/without closing quote/.test(message)) {
    return message.includes('`') ? 'EOF in backquote substitution' : 'unterminated quoted string';
  }
  if (/reached EOF without matching \$?\(\(/.test(message)) return `missing '))'`;
  if (/arithmetic|must be followed by an expression|not a valid/.test(message)) return 'arithmetic';
  const stray = /^"?([^" ]+)"? can only be used/.exec(message);
  if (stray?.[1] !== undefined) return `unexpected "${stray[1]}"`;
  const unclosed = /^(\w+|[{(]) statement must end with "(\w+)"/.exec(message);
  if (unclosed?.[2] !== undefined) return `unexpected end of file (expecting "${unclosed[2]}")`;
  const unmatched = /reached EOF without matching (\S+) with (\S+)/.exec(message);
  if (unmatched?.[2] !== undefined) return `unexpected end of file (expecting "${unmatched[2]}")`;
  const followed = /^"?(\w+|foo\()[^"]*"? must be followed by/.exec(message);
  if (followed?.[1] !== undefined) {
    const expected = followed[1] === 'foo(' ? ')' : EXPECTED[followed[1]];
    return expected === undefined ? 'unexpected newline' : `unexpected end of file (expecting "${expected}")`;
  }
  if (/^(&&|\|\||\|) must be followed/.test(message)) return 'unexpected end of file';
  if (/unclosed here-document/.test(message)) return 'unterminated here-document';
  const token = /^(\S+) (?:can only|is not|must)/.exec(message);
  if (token?.[1] !== undefined) return `unexpected "${token[1].replaceAll('"', '')}"`;
  return `unexpected "${/"([^"]+)"/.exec(message)?.[1] ?? '('}"`;
}
