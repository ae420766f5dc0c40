import { escapes } from '../../common/escapes.ts';
import { Failure } from '../../errors.ts';

export interface Token {
  readonly kind: 'number' | 'string' | 'regex' | 'name' | 'call' | 'punctuation' | 'newline' | 'end';
  readonly text: string;
}

const PUNCTUATION =
  /^(\*\*=|\|\||&&|\+\+|--|\+=|-=|\*=|\/=|%=|\^=|==|<=|>=|!=|!~|>>|\*\*|[-+*/%^!<>|?:~$=,;(){}[\]])/;
/** Behind these a slash divides; elsewhere it begins a regular expression. */
const ENDS_OPERAND = /^(?:number|string|name)$/;

/** What a token looks like, with the part of it that counts; the first that fits. */
const SHAPES: readonly (readonly [Token['kind'], RegExp])[] = [
  ['newline', /^(\n)/],
  ['number', /^(0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/],
  ['string', /^"((?:[^"\\\n]|\\[^])*)"/],
  ['call', /^([A-Za-z_]\w*)(?=\()/],
  ['name', /^([A-Za-z_]\w*)/],
  ['regex', /^\/((?:[^/\\\n[]|\\.|\[(?:\^?\]?)(?:[^\]\n])*\])*)\//],
  ['punctuation', PUNCTUATION],
];

export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let rest = source;
  while (rest !== '') {
    const blank = /^(?:[ \t\r]+|\\\n|#[^\n]*)/.exec(rest)?.[0];
    if (blank !== undefined) {
      rest = rest.slice(blank.length);
      continue;
    }
    const token = nextToken(rest, tokens.at(-1));
    if (token === undefined) {
      throw new Failure(`cmd. line:1: Unexpected ${/^["/]/.test(rest) ? 'end of string' : 'token'}`);
    }
    tokens.push(token);
    rest = rest.slice(token.length);
  }
  return [...tokens, { kind: 'end', text: '' }];
}

function nextToken(rest: string, last: Token | undefined): (Token & { readonly length: number }) | undefined {
  const isAfterOperand =
    last !== undefined && (ENDS_OPERAND.test(last.kind) || [')', ']', '++', '--'].includes(last.text));
  for (const [kind, shape] of SHAPES) {
    const match = kind === 'regex' && isAfterOperand ? null : shape.exec(rest);
    if (match === null) continue;
    const text = match[1] ?? '';
    const { length } = match[0];
    if (kind !== 'string' && kind !== 'regex') return { kind, text, length };
    const plain = text.replaceAll('\\/', '/');
    return { kind, text: kind === 'string' ? escapes(plain).text : plain, length };
  }
  return undefined;
}
