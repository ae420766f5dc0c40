/**
 * Label and field selectors.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import { labelKeyProblems, labelValueProblems } from './label-syntax.ts';
import type { Labels, LabelSelector, NodeSelectorRequirement } from './objects.ts';
import { ParseError } from './parse-error.ts';

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

/** One term of a label selector; all terms of a selector must hold. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** One term of a field selector: `status.phase=Running`. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * Whether labels fit a selector. No selector (undefined) fits nothing, an empty one (`{}`) fits everything, as in
 * the API; where a field means something else by absence (NetworkPolicy peers), the caller decides first.
 */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels?.[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((expression) => {
    const value = labels?.[expression.key];
    switch (expression.operator) {
      case 'In':
        return value !== undefined && (expression.values ?? []).includes(value);
      case 'NotIn':
        return value === undefined || !(expression.values ?? []).includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
    }
  });
}

/** Whether labels fit every requirement. */
export function matchesRequirements(
  requirements: readonly Requirement[],
  labels: Labels | undefined,
): boolean {
  return requirements.every(({ key, operator, values }) => {
    const value = labels?.[key];
    switch (operator) {
      case 'exists':
        return value !== undefined;
      case '!':
        return value === undefined;
      case 'in':
      case '=':
      case '==':
        return value !== undefined && values.includes(value);
      case 'notin':
      case '!=':
        return value === undefined || !values.includes(value);
      case 'gt':
        return isInteger(value) && BigInt(value) > BigInt(values[0] ?? 0);
      case 'lt':
        return isInteger(value) && BigInt(value) < BigInt(values[0] ?? 0);
    }
  });
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^-?[0-9]{1,18}$/.test(text);
}

const OPERATORS_OF_OBJECTS = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
} as const;

/** A term of an object's selector, of labels or of nodes. */
export const requirementOf = ({ key, operator, values = [] }: NodeSelectorRequirement): Requirement => ({
  key,
  operator: OPERATORS_OF_OBJECTS[operator],
  values,
});

/** The terms of an object's selector, in the order of their keys. */
export function requirementsOf(selector: LabelSelector): Requirement[] {
  const requirements: Requirement[] = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]): Requirement => ({
      key,
      operator: '=',
      values: [value],
    })),
    ...(selector.matchExpressions ?? []).map(requirementOf),
  ];
  return sortedByKey(requirements);
}

/** Sorting by code units as Go does; `sort` is stable, so equal keys keep their order. */
function sortedByKey(requirements: Requirement[]): Requirement[] {
  return requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** A selector as `kubectl get -o wide` prints it: `app=web,tier in (a,b)`; `<none>` when it is empty or absent. */
export function formatSelector(selector: LabelSelector | undefined): string {
  const text = selector === undefined ? '' : formatRequirements(requirementsOf(selector));
  return text === '' ? '<none>' : text;
}

/** Requirements as text that {@link parseLabelSelector} reads back. */
export function formatRequirements(requirements: readonly Requirement[]): string {
  return requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const list = [...values].sort().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    case '=':
    case '==':
    case '!=':
      return `${key}${operator}${list}`;
  }
}

/** A token: a word, one of the symbols, or the empty text at the end. */
interface Token {
  readonly kind: 'word' | 'symbol' | 'end';
  readonly text: string;
}

const TOKEN = /[\s]*(?:(==|!=|[=!(),<>])|([^=!(),<>\s]+))/y;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [, symbol, word] = match;
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
  }
  return tokens;
}

/**
 * Reads the text of a `labelSelector` query parameter or of kubectl's `-l`, in the order of the keys.
 * @throws {ParseError} with the API server's words.
 */
export function parseLabelSelector(text: string): Requirement[] {
  return new LabelSelectorParser(tokensOf(text)).parse();
}

const OPERATORS = new Map<string, Operator>([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

class LabelSelectorParser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') return sortedByKey(requirements);
      if (!startsRequirement(token)) {
        throw new ParseError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const separator = this.#next();
      if (separator.kind === 'end') return sortedByKey(requirements);
      if (separator.text !== ',') {
        throw new ParseError(`found '${separator.text}', expected: ',' or 'end of string'`);
      }
      const following = this.#peek();
      if (!startsRequirement(following)) {
        throw new ParseError(`found '${following.text}', expected: identifier after ','`);
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '' };
  }

  #next(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }

  #requirement(): Requirement {
    let token = this.#next();
    const negated = token.kind === 'symbol';
    if (negated) token = this.#next();
    if (token.kind !== 'word') throw unreadable(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const problems = labelKeyProblems(key);
    if (problems.length > 0) {
      throw unreadable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problems.join('; ')}`);
    }
    if (negated) return { key, operator: '!', values: [] };
    const following = this.#peek();
    if (following.kind === 'end' || following.text === ',') return { key, operator: 'exists', values: [] };
    const symbol = this.#next();
    const operator = OPERATORS.get(symbol.text);
    if (operator === undefined) {
      throw unreadable(`found '${symbol.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#list() : [this.#exactValue()];
    return checked({ key, operator, values: [...new Set(values)].sort() });
  }

  #exactValue(): string {
    const token = this.#peek();
    if (token.kind === 'end' || token.text === ',') return '';
    this.#position++;
    if (token.kind !== 'word') throw unreadable(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** `(a,b)`; nothing between two commas is the empty value. */
  #list(): string[] {
    const open = this.#next();
    if (open.text !== '(') throw unreadable(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind !== 'word' && first.text !== ',' && first.text !== ')') {
      throw unreadable(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values: string[] = [];
    for (let afterWord = false; ;) {
      const token = this.#next();
      if (token.text === ')') {
        if (!afterWord) values.push('');
        return values;
      }
      if (token.kind === 'word' && !afterWord) {
        values.push(token.text);
        afterWord = true;
      } else if (token.text === ',') {
        if (!afterWord) values.push('');
        afterWord = false;
      } else if (afterWord) {
        throw unreadable(`found '${token.text}', expected: ',' or ')'`);
      } else {
        throw unreadable(`found '${token.text}', expected: ',', or identifier`);
      }
    }
  }
}

function startsRequirement(token: Token): boolean {
  return token.kind === 'word' || token.text === '!';
}

function unreadable(message: string): ParseError {
  return new ParseError(`unable to parse requirement: ${message}`);
}

function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement;
  const problems: string[] = [];
  values.forEach((value, index) => {
    if ((operator === 'gt' || operator === 'lt') && !isInteger(value)) {
      problems.push(
        `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    const syntax = labelValueProblems(value);
    if (syntax.length > 0) {
      problems.push(
        `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${syntax.join('; ')}`,
      );
    }
  });
  const [only] = problems;
  if (only === undefined) return requirement;
  throw unreadable(problems.length === 1 ? only : `[${problems.join(', ')}]`);
}

/**
 * Reads the text of a `fieldSelector` query parameter. Which fields a resource offers is up to the caller.
 * @throws {ParseError} with the API server's words.
 */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const terms = (text.match(/(?:\\[^]|[^\\,])+\\?/g) ?? []).sort();
  return terms.map((term) => {
    const match = /^(.*?)(!=|==|=)([^]*)$/.exec(term);
    const [, field = '', operator = '', value = ''] = match ?? [];
    if (match === null) throw new ParseError(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field, operator: operator === '!=' ? '!=' : '=', value: unescaped(value) };
  });
}

/** Undoes `\,`, `\=` and `\\` in a field selector's value. */
function unescaped(value: string): string {
  return value.replace(/\\([^]?)|([,=])/g, (_all, escaped: string | undefined, bare: string | undefined) => {
    if (bare !== undefined) {
      throw new ParseError(`invalid field selector: unescaped character in value: ${bare.charCodeAt(0)}`);
    }
    if (escaped === ',' || escaped === '=' || escaped === '\\') return escaped;
    throw new ParseError(`invalid field selector: invalid escape sequence: \\${escaped ?? ''}`);
  });
}
