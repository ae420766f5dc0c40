import { afterEach, expect, test } from '@jest/globals';
import { boundBacktracking } from '../../../../src/cluster/runtime/backtracking.ts';
import { ENDING, ENDLESS } from '../../../../tools/hostile/scripts.ts';
import { BusyboxLab } from '../support.ts';

/** Microseconds of virtual time in which a script has to let others go on: a thousand that start share the cores of their node. */
const SLICE = 200_000;
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

/** The ways in which people show what a memory limit does; no real container ends otherwise, whatever its limit. */
const GREEDY = [
  'tail -c 1000000000 /dev/zero',
  'tail /dev/zero',
  'sort /dev/zero',
  'x=$(yes)',
  'a=x; while :; do a=$a$a; done',
  'awk \'BEGIN { s = "x"; while (1) s = s s }\'',
  'dd if=/dev/zero of=/dev/null bs=1G count=1',
];

test.each(GREEDY)('is killed where the container has a limit: %s', async (script) => {
  for (const memory of [16, 512]) {
    lab = new BusyboxLab({ limits: { memory: memory * 1024 * 1024 } });
    const { code, stderr } = await lab.sh(script);
    expect({ code, stderr }).toEqual({ code: 137, stderr: '' });
    expect(lab.container.usage().memory).toBe(0);
  }
});
