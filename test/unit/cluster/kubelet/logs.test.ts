import { expect, test } from '@jest/globals';
import { ContainerLog } from '../../../../src/cluster/kubelet/logs.ts';
import { Simulation } from '../../../../src/cluster/simulation/simulation.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function logOf(): ContainerLog {
  return new ContainerLog(new Simulation({ seed: 'logs', epoch: 0 }));
}

test('a line without an end is broken as containerd does, and shown as one', () => {
  const log = logOf();
  for (let count = 0; count < 5; count++) log.write('stdout', bytes('x'.repeat(8 * 1024)));
  log.write('stdout', bytes('end\n'));
  const lines = log.asFile().split('\n');
  expect(
    lines.map((line) =>
      line.replace(/^\S+ stdout (.) (x*)/, (_all, mark, text: string) => `${String(mark)}${text.length}`),
    ),
  ).toEqual(['P16384', 'P16384', 'F8192end', '']);
  expect(log.tail(10, Infinity)).toBe(`${'x'.repeat(40 * 1024)}end\n`);
});

test('empty lines fill a log as well', () => {
  const log = logOf();
  for (let count = 0; count < 300_000; count++) log.write('stdout', bytes('\n'));
  expect(log.tail(Infinity, Infinity).length).toBeLessThan(260_000);
});
