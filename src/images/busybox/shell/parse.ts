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
    throw new ShellSyntaxError(inAshWords(message, text), syntax.IsIncomplete(error));
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

/** The parser's messages in the words of ash, as far as they have a counterpart; the first that fits. */
const TRANSLATIONS: readonly (readonly [RegExp, (...match: string[]) => string])[] = [
  [/without closing quote `/, () => 'EOF in backquote substitution'],
  [/without closing quote/, () => 'unterminated quoted string'],
  [/reached EOF without matching \$?\(\(/, () => `missing '))'`],
  [/arithmetic|must be followed by an expression|not a valid/, () => 'arithmetic'],
  [/^"?([^" ]+)"? can only be used/, (_all, token = '') => `unexpected "${token}"`],
  [/ statement must end with "esac"/, () => missing(')')],
  [/ statement must end with "(\w+)"/, (_all, end = '') => `unexpected end of file (expecting "${end}")`],
  [
    /reached EOF without matching \S+ with (\S+)/,
    (_all, end = '') => `unexpected end of file (expecting "${end}")`,
  ],
  [/^"foo\(" must be followed by/, () => 'unexpected end of file (expecting ")")'],
  [/^"?(\w+)[^"]*"? must be followed by/, (_all, opening = '') => missing(EXPECTED[opening])],
  [/^(?:&&|\|\||\|) must be followed/, () => 'unexpected end of file'],
  [/unclosed here-document/, () => 'unterminated here-document'],
  [/^(\S+) (?:can only|is not|must)/, (_all, token = '') => `unexpected "${token.replaceAll('"', '')}"`],
  [/"([^"]+)"/, (_all, token = '') => `unexpected "${token}"`],
];

function missing(end: string | undefined): string {
  return end === undefined ? 'unexpected newline' : `unexpected end of file (expecting "${end}")`;
}

function inAshWords(message: string, script: string): string {
  if (/^"foo\(" must/.test(message) && /\(\s*[\w$]/.test(script)) return 'unexpected word (expecting ")")';
  for (const [pattern, words] of TRANSLATIONS) {
    const match = pattern.exec(message);
    if (match !== null) return words(...match);
  }
  return 'unexpected "("';
}
