/** What a construct waits for, by the word that opens it or leads to its next part. */
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
const OPENING: ReadonlySet<string> = new Set(['if', 'while', 'until', 'for', 'case', '{', '(']);
const CLOSING: ReadonlySet<string> = new Set(['fi', 'done', 'esac', '}', ')']);
/** Words behind which a command begins. */
const LEADING: ReadonlySet<string> = new Set([
  'if',
  'then',
  'elif',
  'else',
  'while',
  'until',
  'do',
  '{',
  '!',
]);

/** Quoted text, comments, separators, words. */
const TOKEN =
  /'[^']*'|"(?:[^"\\]|\\[^])*"|(?<=^|\s)#.*|\$?\(|\)|;;|&&|\|\||[;&|\n<>]|(?:\\[^]|[^\s;&|<>()'"\\])+/g;

type Translation = readonly [RegExp, (script: Script, ...match: string[]) => string];

/** The parser's messages in the words of ash, as far as they have a counterpart; the first that fits. */
const TRANSLATIONS: readonly Translation[] = [
  [/without closing quote `/, () => 'EOF in backquote substitution'],
  [/without closing quote/, () => 'unterminated quoted string'],
  [/reached EOF without matching \$?\(\(/, () => `missing '))'`],
  [/reached EOF without matching \$\{/, () => `missing '}'`],
  [/arithmetic|must be followed by an expression|not a valid/, () => 'arithmetic'],
  [/encountered (\S+)$/, (script, _all, token = '') => script.unexpected(token)],
  [/^"?([^" ]+)"? can only/, (script, _all, token = '') => script.unexpected(token)],
  [/ statement must end with "esac"|^case patterns/, () => ending(')')],
  [/ statement must end with "(\w+)"/, (_script, _all, end = '') => ending(end)],
  [/reached EOF without matching \S+ with (\S+)/, (_script, _all, end = '') => ending(end)],
  [/^"foo\(" must/, (script) => (script.next(2) === undefined ? ending(')') : WORD_IN_PARENTHESES)],
  [/^"for foo \[in words\]" must/, (script) => script.headWithout('do')],
  [/^"case x" must/, () => ending('in')],
  [/^(\S+) must be followed by/, (script, _all, token = '') => script.follows(token.replaceAll('"', ''))],
  [/^"(\w+)[^"]*" must be followed by/, (_script, _all, opening = '') => ending(EXPECTED[opening])],
  [/unclosed here-document/, () => 'unterminated here-document'],
  [/"([^"]+)"/, (script, _all, token = '') => script.unexpected(token)],
];
const WORD_IN_PARENTHESES = 'unexpected word (expecting ")")';

function ending(expected: string | undefined): string {
  return `unexpected end of file${expected === undefined ? '' : ` (expecting "${expected}")`}`;
}

/** @param message of the parser, `line:column: ` in front */
export function inAshWords(message: string, text: string): string {
  const [place = ''] = PLACE.exec(message) ?? [];
  const script = new Script(text, offsetOf(message, text));
  const words = message.slice(place.length);
  for (const [pattern, translate] of TRANSLATIONS) {
    const match = pattern.exec(words);
    if (match !== null) return translate(script, ...match);
  }
  return 'unexpected "("';
}

/** Where a message of the parser begins with a place. */
const PLACE = /^(\d+):(\d+): /;

function offsetOf(message: string, text: string): number {
  const [, line = '1', column = '1'] = PLACE.exec(message) ?? [];
  const before = text.split('\n').slice(0, Number(line) - 1);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1;
}

/** The place of the length that the parser misses in `${x:2:}`, which ash takes for a 0. */
export function missingLength(message: string, text: string): number | undefined {
  if (!message.endsWith(': : must be followed by an expression')) return undefined;
  const colon = offsetOf(message, text);
  return /^:\s*\}/.test(text.slice(colon)) ? colon + 1 : undefined;
}

/**
 * What a text that ends too early waits for. Inside quotes and here-documents nothing else means anything.
 * @param message of the parser
 * @param isIncomplete whether it says so itself; of here-documents with a quoted end it does not
 * @returns whether a line may bring that; undefined where no line does
 */
export function waitsFor(message: string, isIncomplete: boolean): ((line: string) => boolean) | undefined {
  const end = openDocument(message);
  if (end !== undefined) return (line) => line.replace(/^\t+|\n$/g, '') === end;
  if (!isIncomplete) return undefined;
  const [, quote] = /without closing quote (.)$/.exec(message) ?? [];
  return quote === undefined ? () => true : (line) => line.includes(quote);
}

/** The line that ends the here-document of which the parser says that it has no end. */
export function openDocument(message: string): string | undefined {
  return /unclosed here-document '([^]*)'$/.exec(message)?.[1];
}

/** A script and the place in it that the parser complains of. */
class Script {
  readonly #text: string;
  readonly #offset: number;

  constructor(text: string, offset: number) {
    this.#text = text;
    this.#offset = offset;
  }

  /** The token behind `count` others at the place. */
  next(count: number): string | undefined {
    return tokensOf(this.#text.slice(this.#offset)).filter((token) => token !== '\n')[count];
  }

  /** What stands where something else should: a construct that is open says what, unless it has just begun. */
  unexpected(token: string): string {
    const tokens = tokensOf(this.#text.slice(0, this.#offset));
    const last = tokens.findLast((each) => each !== '\n');
    const expected = last !== undefined && LEADING.has(last) ? undefined : openConstruct(tokens);
    return `unexpected "${token}"${expected === undefined ? '' : ` (expecting "${expected}")`}`;
  }

  /** What comes after a word or an operator that needs something else. */
  follows(token: string): string {
    const next = this.next(1);
    return next === undefined ? ending(EXPECTED[token]) : `unexpected "${next}"`;
  }

  headWithout(expected: string): string {
    const tokens = tokensOf(this.#text.slice(this.#offset));
    const end = tokens.findIndex((token) => token === ';' || token === '\n');
    const rest = end < 0 ? [] : tokens.slice(end + 1).filter((token) => token !== '\n');
    return rest.length === 0 ? ending(expected) : `unexpected word (expecting "${expected}")`;
  }
}

function tokensOf(text: string): readonly string[] {
  return (text.match(TOKEN) ?? []).filter((token) => !token.startsWith('#'));
}

/** What the innermost construct that is open at the end waits for. */
function openConstruct(tokens: readonly string[]): string | undefined {
  const open: string[] = [];
  let isCommand = true;
  for (const token of tokens) {
    const word = token === '$(' ? '(' : token;
    const isKeyword: boolean = isCommand || word === '(' || word === ')';
    const expected = EXPECTED[word];
    if (isKeyword && OPENING.has(word) && expected !== undefined) open.push(expected);
    else if (isKeyword && CLOSING.has(word)) open.pop();
    else if (isKeyword && expected !== undefined) open.splice(-1, 1, expected);
    isCommand = /^(\$?\(|;;?|&&?|\|\|?|\n)$/.test(token) || (isKeyword && LEADING.has(word));
  }
  return open.at(-1);
}
