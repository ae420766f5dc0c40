import {
  Composer,
  type CST,
  type Document,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type YAMLMap,
} from 'yaml';
import { messageOf } from '../../../core/errors.ts';
import { ParseError } from '../../../model/parse-error.ts';
import { DEEPEST } from '../json-document.ts';
import { badRequest } from '../status.ts';
import type { DecodingContext } from './decoding.ts';

/**
 * @param validation what is done about keys that come twice
 * @throws StatusError 400
 */
export function readYaml(
  text: string,
  validation: Pick<DecodingContext, 'fieldValidation' | 'warn'> = STRICT,
): unknown {
  try {
    return bounded(encodedJson(text) ?? parseYaml(text, validation), text);
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${messageOf(error)}`);
  }
}

const tooDeep = (levels: number): ParseError => new ParseError(`exceeded max depth of ${levels}`);

/** The library reads with a call a level, and large ones: V8 ends the process where a regular expression finds no more room. */
const DEEPEST_TEXT = 250;

/** So many values may be in any text, however short. */
const LEAST_VALUES = 10_000;
const STRICT = { fieldValidation: 'Strict', warn: () => {} } as const;

/**
 * The first document of a text, as Go's parser reads it. @throws {ParseError} of the first mistake: to look for all of
 * them may take minutes
 */
function parseYaml(
  text: string,
  { fieldValidation, warn }: Pick<DecodingContext, 'fieldValidation' | 'warn'>,
): unknown {
  const lines = new LineCounter();
  const at = (offset: number): string => `line ${lines.linePos(offset).line}: `;
  // Whether keys are unique is looked at below: the library compares each with each.
  const [document] = new Composer({ uniqueKeys: false, logLevel: 'error' }).compose(
    tokensOf(text, lines),
    true,
    text.length,
  );
  if (document === undefined) return undefined;
  const [error] = document.errors;
  if (error !== undefined) throw new ParseError(at(error.pos[0]) + error.message);
  const twin = fieldValidation === 'Ignore' ? undefined : twinKey(document);
  if (twin !== undefined) {
    const words = `${at(twin.offset)}key ${JSON.stringify(twin.key)} already set in map`;
    if (fieldValidation === 'Strict') throw new ParseError(`unmarshal errors:\n  ${words}`);
    warn(words);
  }
  return document.toJS();
}

/** Up to the first error. What is nested too deeply is not even read. */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token, void> {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      yield token;
      if (token.type === 'error') return;
    }
    if (parser.stack.length > DEEPEST_TEXT + OUTSIDE) throw tooDeep(DEEPEST_TEXT);
  }
  yield* parser.end();
}

/** What a parser has on its stack of a text without nesting: the document, and a scalar. */
const OUTSIDE = 2;

/** The first key that its map has already. */
function twinKey(document: Document): { readonly key: string; readonly offset: number } | undefined {
  let twin: { readonly key: string; readonly offset: number } | undefined;
  visit(document, {
    Map: (_key, map: YAMLMap) => {
      const known = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (known.has(key.value)) {
          twin = { key: String(key.value), offset: key.range?.[0] ?? 0 };
          return visit.BREAK;
        }
        known.add(key.value);
      }
      return undefined;
    },
  });
  return twin;
}

/**
 * What a text has been read as, unless it is nested too deeply, or is much more than the text: aliases are values that
 * stand in several places, and whatever walks through them goes to each.
 * @throws {ParseError} with the words of Go's parser
 */
function bounded(value: unknown, text: string): unknown {
  let left = Math.max(LEAST_VALUES, text.length);
  const visitAll = (one: unknown, levels: number): void => {
    if (left-- === 0) throw new ParseError('document contains excessive aliasing');
    if (typeof one !== 'object' || one === null) return;
    if (levels === 0) throw tooDeep(DEEPEST);
    for (const item of Object.values(one)) visitAll(item, levels - 1);
  };
  visitAll(value, DEEPEST);
  return value;
}

/**
 * The object that an encoder has written as JSON, as kubectl and client libraries send it: a YAML parser takes a
 * hundred times as long for it. Undefined for every other text, such as one with a key that comes twice.
 */
function encodedJson(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const object = JSON.parse(text) as object;
    return JSON.stringify(object) === text.trimEnd() ? object : undefined;
  } catch {
    return undefined;
  }
}
