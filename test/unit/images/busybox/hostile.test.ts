import { afterEach, expect, test } from '@jest/globals';
import { boundBacktracking } from '../../../../src/cluster/runtime/backtracking.ts';
import { ENDING, ENDLESS } from '../../../../tools/hostile/scripts.ts';
import { BusyboxLab } from '../support.ts';

/** Microseconds of virtual time in which a script has to let others go on. */
const SLICE = 100_000;
const JAVASCRIPT = /RangeError|TypeError|SyntaxError|NaN|undefined|\[object|Error:/;

let lab: BusyboxLab | undefined;

afterEach(() => {
  lab?.container.remove();
  boundBacktracking();
});

test.each(ENDLESS)('goes on, pays for it, and lets others go on: %s', async (script) => {
  lab = new BusyboxLab();
  let output = '';
  const note = (bytes: Uint8Array): void =>
    void (output = (output + Buffer.from(bytes).toString()).slice(-1000));
  let ended: unknown;
  lab.container.exec(
    ['sh', '-c', script],
    { stdin: false, tty: false },
    { stdout: note, stderr: note, exit: (result) => (ended = result) },
  );
  const { simulation } = lab;
  let last = simulation.now;
  let longest = 0;
  const look = (): boolean => {
    longest = Math.max(longest, simulation.now - last);
    last = simulation.now;
    return true;
  };
  await simulation.advanceWhile(look, simulation.now + 300_000);
  expect(ended).toBeUndefined();
  expect(output).not.toMatch(JAVASCRIPT);
  if (!/sleep/.test(script)) expect(longest).toBeLessThan(SLICE);
});

test.each(ENDING)('comes to an end: %s', async (script, words) => {
  lab = new BusyboxLab();
  const { stdout, stderr, code } = await lab.sh(script, { seconds: 100 });
  expect(stdout + stderr).toContain(words);
  expect(stdout + stderr).not.toMatch(JAVASCRIPT);
  expect(code).not.toBeUndefined();
});
