import { constants, createContext, Script } from 'node:vm';
import type { Program } from './types.ts';

/** Pure parts of the host that a bundle may use; `Uint8Array` is ours so that bytes of a context are instances of it. */
const PURE = { TextEncoder, TextDecoder, URL, URLSearchParams, Uint8Array, structuredClone };

/**
 * Runs inside the context before the bundle. Everything that would bring in the host's time, chance or threads is
 * replaced by a function that says so, or taken away.
 */
const PRELUDE = `(function (forbid) {
  'use strict';
  const hidden = (target, name, value) =>
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    hidden(globalThis, name, () => forbid(name, 'context.clock.sleep'));
  }
  hidden(globalThis, 'queueMicrotask', () => forbid('queueMicrotask', 'context.deferred'));
  hidden(globalThis, 'fetch', () => forbid('fetch', 'context.net'));
  hidden(globalThis, 'require', (name) => forbid('require(' + JSON.stringify(String(name)) + ')', 'what the bundle contains'));
  const pen = { get: (_target, name) => () => forbid('console.' + String(name), 'context.stdout or context.stderr') };
  hidden(globalThis, 'console', new Proxy({}, pen));
  const now = () => forbid('performance.now', 'context.clock');
  hidden(globalThis, 'performance', { now, mark: now, measure: now, get timeOrigin() { return now(); } });
  hidden(globalThis, 'crypto', { getRandomValues: () => forbid('crypto.getRandomValues', 'context.random'), randomUUID: () => forbid('crypto.randomUUID', 'context.random') });
  Math.random = () => forbid('Math.random', 'context.random');
  const HostDate = Date;
  function GuardedDate(...args) {
    if (new.target === undefined) return forbid('Date()', 'context.clock');
    if (args.length === 0) return forbid('new Date() without arguments', 'context.clock');
    return Reflect.construct(HostDate, args, new.target);
  }
  Object.setPrototypeOf(GuardedDate, HostDate);
  hidden(GuardedDate, 'now', () => forbid('Date.now', 'context.clock'));
  GuardedDate.prototype = HostDate.prototype;
  hidden(HostDate.prototype, 'constructor', GuardedDate);
  hidden(globalThis, 'Date', GuardedDate);
  for (const name of ['Atomics', 'SharedArrayBuffer', 'WebAssembly', 'WeakRef', 'FinalizationRegistry']) {
    delete globalThis[name];
  }
  const ordinary = Function.prototype[Symbol.hasInstance];
  hidden(Error, Symbol.hasInstance, function (value) {
    return this === Error ? Object.prototype.toString.call(value) === '[object Error]' : ordinary.call(this, value);
  });
})`;

/**
 * Compiles the text of a script for running it inside the cluster: in a `node:vm` context without timers, I/O,
 * clock and chance of the host, where using one of them throws an error that names the program.
 *
 * @param name of the program, for messages and stack traces
 * @param source an IIFE bundle (esbuild: `format: 'iife'` with a `globalName`) or a CommonJS one
 * @param globalName the variable that an IIFE bundle leaves its exports in; absent: CommonJS, `module.exports`
 * @returns evaluates the script and gives its exports: every call a fresh module, so that two pods share no state
 */
export function compileScript(name: string, source: string, globalName?: string): () => unknown {
  // A plain global object: of one that Node watches, every `Map` and `Promise` that a program names would be looked up anew.
  const codeGeneration = { strings: false, wasm: false };
  const context = createContext(constants.DONT_CONTEXTIFY, { name, codeGeneration });
  Object.assign(context, PURE);
  const forbid = (what: string, instead: string): never => {
    throw new Error(`program "${name}": ${what} is not available inside the cluster; use ${instead}`);
  };
  const prelude = prepared.runInContext(context) as (
    forbid: (what: string, instead: string) => never,
  ) => void;
  prelude(forbid);
  const exported = globalName ?? 'module.exports';
  const wrapped = `(function (module, exports) {${source}\n;return ${exported}; })`;
  const script = new Script(wrapped, { filename: `program:${name}` });
  const evaluate = script.runInContext(context) as (module: { exports: object }, exports: object) => unknown;
  return () => {
    const module = { exports: {} };
    return evaluate(module, module.exports);
  };
}

const prepared = new Script(PRELUDE, { filename: 'program-prelude' });

/** As {@link compileScript}, evaluated once. */
export function loadScript(name: string, source: string, globalName?: string): unknown {
  return compileScript(name, source, globalName)();
}

/**
 * A program out of a bundle that exports `main(context)`. Each process gets a module of its own.
 * @throws where the script does not compile
 */
export function loadProgram(name: string, source: string, globalName?: string): Program {
  const instantiate = compileScript(name, source, globalName);
  return async (context) => {
    const { main } = instantiate() as { readonly main?: Program };
    if (typeof main !== 'function') throw new TypeError(`program "${name}" does not export main(context)`);
    return main(context);
  };
}
