import type { ArithmeticVariables } from './arithmetic.ts';
import { ArithmeticError, calculate } from './arithmetic.ts';
import { LONGEST_TEXT, outOfMemory } from '../errors.ts';
import { ShellError } from './control.ts';
import type { GlobHost } from './glob.ts';
import { findPaths } from './glob.ts';
import { compilePattern, isPattern, quotePattern } from '../common/pattern.ts';
import type { Parameter, Part, Statement, Word } from './tree.ts';

/** What expansions need of a shell. */
export interface ExpansionHost extends ArithmeticVariables, GlobHost {
  readonly positional: readonly string[];
  hasOption(letter: string): boolean;
  /** `$?`, `$$`, `$!`, `$-`, `$0` and variables. */
  parameter(name: string): string | undefined;
  home(user: string): string | undefined;
  substitute(body: readonly Statement[]): Promise<string>;
}

/** A piece of a word on its way. */
interface Piece {
  readonly text: string;
  readonly isQuoted: boolean;
  /** Comes out of an expansion outside of quotes: blanks in it end fields. */
  readonly splits: boolean;
}

/** Characters of a value that a microsecond of CPU looks through for a pattern. */
const CHANGED_A_MICROSECOND = 10;

type ConditionalOperator = '-' | ':-' | '=' | ':=' | '?' | ':?' | '+' | ':+';

/** Between the values of `"$@"`. */
const BREAK = 'break';
type Pieces = (Piece | typeof BREAK)[];

/** A word as the fields that it makes. */
export async function expandFields(host: ExpansionHost, word: Word): Promise<readonly string[]> {
  if (word.literal !== undefined) return [word.literal];
  const pieces = await expandParts(host, word.parts, { isQuoted: false, hasTilde: true });
  const fields = splitFields(pieces, host.parameter('IFS') ?? ' \t\n');
  if (host.hasOption('f')) return fields.map(plain);
  const expanded: string[] = [];
  for (const field of fields) {
    const pattern = patternOf(field);
    const paths = isPattern(pattern) ? await findPaths(host, pattern) : [];
    if (paths.length === 0) expanded.push(plain(field));
    else for (const path of paths) expanded.push(path);
  }
  return expanded;
}

/** A word that stays one: an assignment's value, a file name, what `case` looks at. */
export async function expandText(host: ExpansionHost, word: Word, inAssignment = false): Promise<string> {
  if (word.literal !== undefined) return word.literal;
  const pieces = await expandParts(host, word.parts, { isQuoted: false, hasTilde: true, inAssignment });
  return plain(pieces.map((piece) => (piece === BREAK ? space : piece)));
}

/** A word as a pattern: what was quoted stands for itself. */
export async function expandPattern(host: ExpansionHost, word: Word): Promise<string> {
  const pieces = await expandParts(host, word.parts, { isQuoted: false, hasTilde: true });
  return patternOf(pieces.map((piece) => (piece === BREAK ? space : piece)));
}

const space: Piece = { text: ' ', isQuoted: false, splits: false };

function plain(field: readonly Piece[]): string {
  return field.map(({ text }) => text).join('');
}

function patternOf(field: readonly Piece[]): string {
  return field.map(({ text, isQuoted }) => (isQuoted ? quotePattern(text) : text)).join('');
}

interface Context {
  readonly isQuoted: boolean;
  readonly hasTilde: boolean;
  readonly inAssignment?: boolean;
}

async function expandParts(host: ExpansionHost, parts: readonly Part[], context: Context): Promise<Pieces> {
  const pieces: Pieces = [];
  const { isQuoted } = context;
  for (const [index, part] of parts.entries()) {
    switch (part.kind) {
      case 'text': {
        const isLast = index === parts.length - 1;
        const value = isQuoted ? part.text : withTildes(host, part.text, context, index === 0, isLast);
        pieces.push({ text: value, isQuoted, splits: false });
        break;
      }
      case 'quoted':
        pieces.push({ text: part.text, isQuoted: true, splits: false });
        break;
      case 'double': {
        const inner = await expandParts(host, part.parts, { isQuoted: true, hasTilde: false });
        const isAll = part.parts.length === 1 && isAllParameters(part.parts[0]);
        if (inner.length === 0 && !isAll) pieces.push({ text: '', isQuoted: true, splits: false });
        pieces.push(...inner);
        break;
      }
      case 'parameter':
        pieces.push(...(await expandParameter(host, part, isQuoted)));
        break;
      case 'command':
        pieces.push({ text: await host.substitute(part.body), isQuoted, splits: !isQuoted });
        break;
      case 'arithmetic': {
        const text = await arithmeticText(host, part.parts);
        pieces.push({ text: String(evaluate(host, text)), isQuoted, splits: !isQuoted });
      }
    }
  }
  return pieces;
}

function isAllParameters(part: Part | undefined): boolean {
  return part?.kind === 'parameter' && part.name === '@' && part.operator === undefined;
}

async function arithmeticText(host: ExpansionHost, parts: readonly Part[]): Promise<string> {
  const pieces = await expandParts(host, parts, { isQuoted: true, hasTilde: false });
  return plain(pieces.map((piece) => (piece === BREAK ? space : piece)));
}

function evaluate(host: ExpansionHost, text: string): bigint {
  try {
    return calculate(text, host);
  } catch (error) {
    if (error instanceof ArithmeticError) throw new ShellError(error.message);
    throw error;
  }
}

function withTildes(
  host: ExpansionHost,
  text: string,
  context: Context,
  isFirst: boolean,
  isLast: boolean,
): string {
  if (!context.hasTilde || !text.includes('~')) return text;
  const replace = (prefix: string, user: string, rest: string): string =>
    rest === '' && !isLast ? `${prefix}~${user}` : `${prefix}${host.home(user) ?? `~${user}`}${rest}`;
  const expanded = isFirst
    ? text.replace(/^~([\w.-]*)(?=([/:]|$))/, (_match, user: string, rest: string) => replace('', user, rest))
    : text;
  if (context.inAssignment !== true) return expanded;
  return expanded.replace(/:~([\w.-]*)(?=([/:]|$))/g, (_match, user: string, rest: string) =>
    replace(':', user, rest),
  );
}

async function expandParameter(host: ExpansionHost, part: Parameter, isQuoted: boolean): Promise<Pieces> {
  const { name, operator } = part;
  const isList = name === '@' || name === '*';
  if (isList && wantsList(host, operator)) return expandList(host, name, isQuoted);
  const value = isList ? listValue(host, name) : host.parameter(name);
  const piece = (text: string): Pieces => [{ text, isQuoted, splits: !isQuoted }];
  switch (operator) {
    case undefined:
      return piece(value ?? unsetValue(host, name));
    case 'length':
      return piece(isList ? String(host.positional.length) : lengthOf(host, name, value));
    case 'slice':
    case '%':
    case '%%':
    case '#':
    case '##':
    case '/':
    case '//':
      return piece(await changed(host, value ?? unsetValue(host, name), part, operator));
    default:
      return expandConditionally(host, part, operator, value, isQuoted);
  }
}

function lengthOf(host: ExpansionHost, name: string, value: string | undefined): string {
  return String((value ?? unsetValue(host, name)).length);
}

/** `-`, `=`, `?` and `+`: with a colon an empty value is as good as none. */
async function expandConditionally(
  host: ExpansionHost,
  part: Parameter,
  operator: ConditionalOperator,
  value: string | undefined,
  isQuoted: boolean,
): Promise<Pieces> {
  const { name, word = { parts: [], literal: '' } } = part;
  const isMissing = value === undefined || (operator.startsWith(':') && value === '');
  const piece = (text: string): Pieces => [{ text, isQuoted, splits: !isQuoted }];
  switch (operator) {
    case '+':
    case ':+':
      return isMissing ? [] : operand(host, word, isQuoted);
    case '-':
    case ':-':
      return isMissing ? operand(host, word, isQuoted) : piece(value);
    case '=':
    case ':=': {
      if (!isMissing) return piece(value);
      const text = await expandText(host, word);
      host.set(name, text);
      return piece(text);
    }
    case '?':
    case ':?': {
      if (!isMissing) return piece(value);
      const text = await expandText(host, word);
      const unset = operator === '?' ? 'parameter not set' : 'parameter not set or null';
      throw new ShellError(`${name}: ${text === '' ? unset : text}`);
    }
  }
}

/** `%`, `#`, `/` and slices. */
async function changed(
  host: ExpansionHost,
  value: string,
  part: Parameter,
  operator: '%' | '%%' | '#' | '##' | '/' | '//' | 'slice',
): Promise<string> {
  const word = part.word ?? { parts: [], literal: '' };
  if (operator === 'slice') return slice(host, value, word, part.second);
  // Every match is a step of its own.
  host.step(value.length / CHANGED_A_MICROSECOND);
  const pattern = await expandPattern(host, word);
  if (operator === '/' || operator === '//') {
    const text = part.second === undefined ? '' : await expandText(host, part.second);
    return replacePattern(value, pattern, text, operator === '//');
  }
  return removeMatch(value, pattern, operator);
}

/** An operand keeps its own quoting; outside of quotes what is not quoted in it is split. */
async function operand(host: ExpansionHost, word: Word, isQuoted: boolean): Promise<Pieces> {
  const pieces = await expandParts(host, word.parts, { isQuoted, hasTilde: !isQuoted });
  return pieces.map((piece) =>
    piece === BREAK || piece.isQuoted || isQuoted ? piece : { ...piece, splits: true },
  );
}

/** Do all positional parameters stand here, each for itself? */
function wantsList(host: ExpansionHost, operator: Parameter['operator']): boolean {
  if (operator === undefined) return true;
  return host.positional.length > 0 && (operator === '-' || operator === ':-');
}

function listValue(host: ExpansionHost, name: string): string | undefined {
  if (host.positional.length === 0) return undefined;
  const separator = name === '*' ? (host.parameter('IFS') ?? ' ').slice(0, 1) : ' ';
  return host.positional.join(separator);
}

function expandList(host: ExpansionHost, name: string, isQuoted: boolean): Pieces {
  if (isQuoted && name === '*') return [{ text: listValue(host, '*') ?? '', isQuoted: true, splits: false }];
  return host.positional.flatMap((text, index): Pieces => [
    ...(index === 0 ? [] : [BREAK as typeof BREAK]),
    { text, isQuoted, splits: !isQuoted },
  ]);
}

function unsetValue(host: ExpansionHost, name: string): string {
  if (host.hasOption('u')) throw new ShellError(`${name}: parameter not set`);
  return '';
}

async function slice(
  host: ExpansionHost,
  value: string,
  offsetWord: Word,
  lengthWord: Word | undefined,
): Promise<string> {
  const size = value.length;
  let start = Number(evaluate(host, await expandText(host, offsetWord)));
  if (start < 0) start += size;
  if (start < 0) return '';
  if (lengthWord === undefined) return value.slice(start);
  const length = Number(evaluate(host, await expandText(host, lengthWord)));
  return value.slice(start, length < 0 ? Math.max(start, size + length) : start + length);
}

function removeMatch(value: string, text: string, operator: '%' | '%%' | '#' | '##'): string {
  const pattern = compilePattern(text);
  const source = pattern.source(operator.length === 2 ? 'most' : 'least');
  switch (operator) {
    case '#':
    case '##': {
      const [match] = new RegExp(`^${source}`).exec(value) ?? [];
      return match === undefined ? value : value.slice(match.length);
    }
    case '%%': {
      const match = new RegExp(`${source}$`).exec(value);
      return match === null ? value : value.slice(0, match.index);
    }
    case '%':
      // What stands in front of it takes as much as it can.
      return new RegExp(`^([^]*)${source}$`).exec(value)?.[1] ?? value;
  }
}

/** The longest match at each place; ash knows no anchors here. */
function replacePattern(value: string, pattern: string, text: string, all: boolean): string {
  if (pattern === '') return value;
  const regex = new RegExp(compilePattern(pattern).source('most'), all ? 'g' : '');
  let size = value.length;
  return value.replace(regex, (match) => {
    // Nothing is no match, not even of a star.
    if (match === '') return '';
    size += text.length - match.length;
    if (size > LONGEST_TEXT) outOfMemory();
    return text;
  });
}

/** Fields out of pieces: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_06_05 */
function splitFields(pieces: Pieces, separators: string): readonly (readonly Piece[])[] {
  const fields: Piece[][] = [];
  let field: Piece[] | undefined;
  const end = (): void => {
    if (field !== undefined) fields.push(field);
    field = undefined;
  };
  for (const piece of pieces) {
    if (piece === BREAK) {
      end();
      continue;
    }
    if (!piece.splits) {
      if (piece.text !== '' || piece.isQuoted) (field ??= []).push(piece);
      continue;
    }
    const split = splitText(piece.text, separators, field !== undefined);
    if (split.startsAnew && field !== undefined) end();
    split.fields.forEach((text, index) => {
      if (index > 0) end();
      (field ??= []).push({ ...piece, text });
    });
    if (split.endsField) end();
  }
  end();
  return fields;
}

/** Blanks of IFS run together; every other separator ends a field of its own. */
function splitText(
  text: string,
  separators: string,
  hasField: boolean,
): { readonly fields: readonly string[]; readonly startsAnew: boolean; readonly endsField: boolean } {
  if (separators === '') return { fields: text === '' ? [] : [text], startsAnew: false, endsField: false };
  const isBlank = (character: string): boolean => ' \t\n'.includes(character);
  const fields: string[] = [];
  let current: string | undefined;
  let startsAnew = false;
  let endsField = false;
  let sawSeparator = false;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (!separators.includes(character)) {
      current = (current ?? '') + character;
      endsField = false;
      sawSeparator = false;
      continue;
    }
    if (index === 0) startsAnew = true;
    endsField = true;
    const hadField = current !== undefined;
    if (current !== undefined) fields.push(current);
    current = undefined;
    if (isBlank(character)) continue;
    if (!hadField && (sawSeparator || (fields.length === 0 && !hasField))) fields.push('');
    sawSeparator = true;
  }
  if (current !== undefined) fields.push(current);
  return { fields, startsAnew, endsField };
}
