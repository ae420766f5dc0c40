import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileScript } from '../../../cluster/runtime/vm-program.ts';
import type { ParsedFile } from './parser-nodes.ts';

/** The part of `mvdan-sh` (the shell parser of mvdan.cc/sh, compiled to JavaScript) that is used here. */
export interface ParserModule {
  readonly syntax: {
    NewParser(...options: unknown[]): { Parse(text: string, name: string): ParsedFile };
    Variant(language: number): unknown;
    readonly LangBash: number;
    IsIncomplete(error: unknown): boolean;
  };
}

/**
 * The Go runtime looks for a global object; its scheduler arms a timer as a fallback that parsing never needs, and
 * looks at a clock to see how long it has been running.
 */
const GLOBALS = `
const global = { __proto__: globalThis, process: undefined, console: undefined };
global.setTimeout = () => 0;
global.clearTimeout = () => {};
const { setTimeout, clearTimeout } = global;
class Date extends globalThis.Date {
  static now() { return 0; }
  constructor(...args) { super(...(args.length === 0 ? [0] : args)); }
}
global.Date = Date;
const require = undefined;
`;

let loaded: ParserModule | undefined;

/** Loads the parser at the first use: that takes a moment, and labs without a shell do not need it. */
export function parserModule(): ParserModule {
  loaded ??= load();
  return loaded;
}

function load(): ParserModule {
  const path = createRequire(import.meta.url).resolve('mvdan-sh');
  return compileScript('mvdan-sh', GLOBALS + readFileSync(path, 'utf8'))() as ParserModule;
}
