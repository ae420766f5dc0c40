import { createRequire } from 'node:module';
import type * as re2js from 're2js';
import { define, method, type Overload, type Running } from '../library.ts';
import { ExpressionError } from '../values.ts';

/** How many characters cost as much as one call, and how many of a pattern. */
const CHEAP = 10;
const CHEAP_PATTERN = 4;
const KEPT = 1000;
type Library = typeof re2js;

let library: Library | undefined;

/** Large, and few clusters meet an expression with a pattern: it is loaded when one does. */
function re2(): Library {
  library ??= createRequire(import.meta.url)('re2js') as Library;
  return library;
}

const patterns = new Map<string, re2js.RE2JS>();

/**
 * A pattern of RE2's syntax, whose work grows with the text only: no expression can make the cluster stand still.
 * @throws ExpressionError
 */
export function patternOf(pattern: string): re2js.RE2JS {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = compile(pattern);
    if (patterns.size >= KEPT) patterns.clear();
    patterns.set(pattern, compiled);
  }
  return compiled;
}

function compile(pattern: string): re2js.RE2JS {
  try {
    return re2().RE2JS.compile(pattern);
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : 'error parsing regexp');
  }
}

function scanning(text: string, pattern: string, running: Running): void {
  running.spend((text.length / CHEAP) * Math.max(1, pattern.length / CHEAP_PATTERN));
}

function matches(text: string, pattern: string, running: Running): boolean {
  scanning(text, pattern, running);
  return patternOf(pattern).matcher(text).find();
}

function findAll(text: string, pattern: string, limit: bigint, running: Running): readonly string[] {
  scanning(text, pattern, running);
  const matcher = patternOf(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-regex-library */
export const regex: readonly Overload[] = [
  define<[string, string]>('matches', ['string', 'string'], 'bool', matches),
  method<[string, string]>('string', 'matches', ['string'], 'bool', matches),
  method<[string, string]>('string', 'find', ['string'], 'string', (text, pattern, running) => {
    return findAll(text, pattern, 1n, running)[0] ?? '';
  }),
  method<[string, string]>('string', 'findAll', ['string'], 'list(string)', (text, pattern, running) =>
    findAll(text, pattern, -1n, running),
  ),
  method<[string, string, bigint]>('string', 'findAll', ['string', 'int'], 'list(string)', findAll),
];
