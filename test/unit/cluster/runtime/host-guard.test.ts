import { afterEach, describe, expect, test } from '@jest/globals';
import { promises, stat } from 'node:fs';
import { lookup } from 'node:dns';
import { connect } from 'node:net';
import type { NativeWatch } from '../../../../src/cluster/runtime/host-guard.ts';
import { watchNativeActivity } from '../../../../src/cluster/runtime/host-guard.ts';
import { loadProgram } from '../../../../src/cluster/runtime/vm-program.ts';
import type { Program } from '../../../../src/cluster/runtime/types.ts';
import { imageOf, Lab } from './lab.ts';

describe('the watch over native activity', () => {
  let watch: NativeWatch | undefined;
  afterEach(() => watch?.stop());

  const activitiesOf = async (act: () => unknown): Promise<readonly string[]> => {
    const program: Program = async (context) => {
      await context.clock.sleep(10);
      act();
      await context.clock.sleep(10);
      return 0;
    };
    watch = watchNativeActivity();
    const lab = new Lab();
    lab.start({ image: imageOf({ '/bin/culprit': program }) });
    await lab.advance(1);
    // Some of it begins a few turns of the event loop later.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    watch.stop();
    const named = watch.activities.filter((activity) => activity.program === '/bin/culprit');
    expect(named.length).toBe(watch.activities.length);
    if (named[0] !== undefined) expect(named[0].stack).toContain('host-guard.test');
    return named.map(({ type }) => type);
  };

  test('is silent about a program that uses its context only', async () => {
    expect(await activitiesOf(() => Promise.resolve().then(() => 1))).toEqual([]);
  });

  test('is silent about a bundle, and about the simulation itself', async () => {
    watch = watchNativeActivity();
    const lab = new Lab();
    await lab.run(
      loadProgram(
        'shop',
        'module.exports.main = async (context) => { await context.clock.sleep(5); return 0; };',
      ),
    );
    expect(watch.activities).toEqual([]);
  });

  test.each<[string, () => unknown, string]>([
    ['setTimeout', () => setTimeout(() => {}, 1), 'Timeout'],
    ['setInterval', () => clearInterval(setInterval(() => {}, 1)), 'Timeout'],
    ['setImmediate', () => setImmediate(() => {}), 'Immediate'],
    ['fs.promises', () => promises.stat('/').catch(() => {}), 'FSREQPROMISE'],
    ['fs with a callback', () => stat('/', () => {}), 'FSREQCALLBACK'],
    ['net.connect', () => connect(9, '127.0.0.1').on('error', () => {}), 'TCPWRAP'],
    ['dns.lookup', () => lookup('localhost', () => {}), 'GETADDRINFOREQWRAP'],
  ])('names the program that uses %s', async (_name, act, type) => {
    expect(await activitiesOf(act)).toContain(type);
  });

  test('names the program that uses fetch', async () => {
    const types = await activitiesOf(() => fetch('http://127.0.0.1:59999/').catch(() => {}));
    expect(types.length).toBeGreaterThan(0);
  });

  test('sees nothing after it was stopped', async () => {
    watch = watchNativeActivity();
    watch.stop();
    const lab = new Lab();
    await lab.run(() => {
      setTimeout(() => {}, 1);
      return Promise.resolve(0);
    });
    expect(watch.activities).toEqual([]);
  });
});
