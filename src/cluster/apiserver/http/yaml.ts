import { parse as parseYaml, YAMLParseError } from 'yaml';
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
    return bounded(encodedJson(text) ?? parseYaml(text, QUIETLY), text);
  } catch (error) {
    const twin = twinKey(text, error);
    if (twin === undefined) throw refused(error);
    if (validation.fieldValidation === 'Strict') throw badRequest(`${PREFIX}unmarshal errors:\n  ${twin}`);
    if (validation.fieldValidation === 'Warn') validation.warn(twin);
    try {
      return bounded(parseYaml(text, { ...QUIETLY, uniqueKeys: false }), text);
    } catch (again) {
      throw refused(again);
    }
  }
}

const PREFIX = 'error decoding YAML: error converting YAML to JSON: yaml: ';

function refused(error: unknown): Error {
  const message = messageOf(error);
  // The parser goes as deep as the stack lets it.
  return badRequest(PREFIX + (message.startsWith('Maximum call stack') ? TOO_DEEP : message));
}

const TOO_DEEP = `exceeded max depth of ${DEEPEST}`;

/** What it finds strange is no business of this process. */
const QUIETLY = { logLevel: 'error' } as const;
/** So many values may be in any text, however short. */
const LEAST_VALUES = 10_000;
const STRICT = { fieldValidation: 'Strict', warn: () => {} } as const;

/**
 * What a text has been read as, unless it is nested too deeply, or is much more than the text: aliases are values that
 * stand in several places, and whatever walks through them goes to each.
 * @throws {ParseError} with the words of Go's parser
 */
function bounded(value: unknown, text: string): unknown {
  let left = Math.max(LEAST_VALUES, text.length);
  const visit = (one: unknown, levels: number): void => {
    if (left-- === 0) throw new ParseError('document contains excessive aliasing');
    if (typeof one !== 'object' || one === null) return;
    if (levels === 0) throw new ParseError(TOO_DEEP);
    for (const item of Object.values(one)) visit(item, levels - 1);
  };
  visit(value, DEEPEST);
  return value;
}

/** `line 9: key "foo" already set in map`, where that is what the parser complains of. */
function twinKey(text: string, error: unknown): string | undefined {
  if (!(error instanceof YAMLParseError) || error.code !== 'DUPLICATE_KEY') return undefined;
  const position = error.linePos?.[0];
  if (position === undefined) return undefined;
  const line = text.split('\n')[position.line - 1]?.slice(position.col - 1) ?? '';
  const [key = ''] = /^[^:]+/.exec(line) ?? [];
  return `line ${position.line}: key ${JSON.stringify(key.trim().replace(/^(['"])(.*)\1$/, '$2'))} already set in map`;
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
