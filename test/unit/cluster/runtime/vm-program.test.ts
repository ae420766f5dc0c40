import { describe, expect, test } from '@jest/globals';
import { compileScript, loadProgram, loadScript } from '../../../../src/cluster/runtime/vm-program.ts';
import { NetError } from '../../../../src/cluster/network/types.ts';
import { Lab } from './lab.ts';

describe('a program out of a bundle', () => {
  test('runs in a container on virtual time', async () => {
    const lab = new Lab();
    const program = loadProgram(
      'shop',
      `let count = 0;
       module.exports.main = async (context) => {
         const from = context.clock.now();
         await context.clock.sleep(1500);
         context.stdout.write(new Date(context.clock.now()).toISOString() + ' ' + (context.clock.now() - from) + ' ' + ++count + '\\n');
         return 7;
       };`,
    );
    const { exit } = await lab.run(program);
    await lab.run(program);
    expect(exit?.code).toBe(7);
    expect(lab.log.replaceAll(/^\S+ /gm, '')).toBe('1500 1\n1500 1\n');
  });

  test.each([
    ['Date.now()', 'Date.now', 'context.clock'],
    ['new Date()', 'new Date() without arguments', 'context.clock'],
    ['Date()', 'Date()', 'context.clock'],
    ['new (new Date(0).constructor)()', 'new Date() without arguments', 'context.clock'],
    ['Math.random()', 'Math.random', 'context.random'],
    ['performance.now()', 'performance.now', 'context.clock'],
    ['crypto.randomUUID()', 'crypto.randomUUID', 'context.random'],
    ['setTimeout(() => {}, 1)', 'setTimeout', 'context.clock.sleep'],
    ['setInterval(() => {}, 1)', 'setInterval', 'context.clock.sleep'],
    ['setImmediate(() => {})', 'setImmediate', 'context.clock.sleep'],
    ['queueMicrotask(() => {})', 'queueMicrotask', 'context.deferred'],
    ['fetch("http://x")', 'fetch', 'context.net'],
    ['require("fs")', 'require("fs")', 'what the bundle contains'],
    ['console.log(1)', 'console.log', 'context.stdout or context.stderr'],
  ])('cannot use %s', (expression, what, instead) => {
    expect(() => loadScript('shop', `module.exports = ${expression};`)).toThrow(
      `program "shop": ${what} is not available inside the cluster; use ${instead}`,
    );
  });

  test.each([
    'process',
    'global',
    'Buffer',
    'Atomics',
    'SharedArrayBuffer',
    'WebAssembly',
    'WeakRef',
    'module.require',
  ])('has no %s', (name) => {
    expect(loadScript('shop', `module.exports = typeof ${name};`)).toBe('undefined');
  });

  test('cannot make code of text or import modules', async () => {
    expect(() => loadScript('shop', 'eval("1")')).toThrow(/Code generation from strings disallowed/);
    const load = loadScript('shop', 'module.exports = () => import("node:fs");') as () => Promise<unknown>;
    await expect(load()).rejects.toThrow();
  });

  test('keeps what is pure', () => {
    const result = loadScript(
      'shop',
      `class Own extends Error {}
       const now = new Date(1767225600000);
       module.exports = {
         date: [now instanceof Date, now.toISOString(), new Date(2026, 0, 1) instanceof Date, Date.UTC(2026, 0, 1), Date.parse('2026-01-01')],
         classes: [class extends Date {}, 0].length,
         url: new URL('http://a:1/b?c=d').searchParams.get('c'),
         bytes: new TextEncoder().encode('é') instanceof Uint8Array,
         own: [new Own() instanceof Own, new Own() instanceof Error, new Error() instanceof Own, {} instanceof Error],
         engine: (() => { try { null.x } catch (error) { return error instanceof TypeError && error instanceof Error } })(),
         isError: (value) => value instanceof Error,
       };`,
    ) as Record<string, unknown> & { isError: (value: unknown) => boolean };
    expect({ ...result, isError: undefined }).toEqual({
      date: [true, '2026-01-01T00:00:00.000Z', true, 1767225600000, 1767225600000],
      classes: 2,
      url: 'd',
      bytes: true,
      own: [true, true, false, false],
      engine: true,
      isError: undefined,
    });
    expect(result.isError(new NetError('ECONNREFUSED', '10.0.0.1:80'))).toBe(true);
  });

  test('takes bundles that leave a variable behind, and gives each instance a state of its own', () => {
    const instantiate = compileScript(
      'shop',
      'var program = (() => { let n = 0; return { next: () => ++n }; })();',
      'program',
    );
    const first = instantiate() as { next: () => number };
    const second = instantiate() as { next: () => number };
    expect([first.next(), first.next(), second.next()]).toEqual([1, 2, 1]);
  });

  test('says what a bundle lacks, and names it in stack traces', async () => {
    const lab = new Lab();
    const { exit } = await lab.run(loadProgram('shop', 'module.exports = {};'));
    expect(exit?.code).toBe(1);
    expect(lab.log).toBe('TypeError: program "shop" does not export main(context)\n');
    const fail = loadScript('shop', 'module.exports = () => { throw new Error("x"); };') as () => void;
    let stack = '';
    try {
      fail();
    } catch (error) {
      stack = (error as Error).stack ?? '';
    }
    expect(stack).toContain('program:shop');
  });
});
