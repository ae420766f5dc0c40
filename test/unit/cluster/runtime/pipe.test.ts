import { expect, test } from '@jest/globals';
import type { Program } from '../../../../src/cluster/runtime/types.ts';
import { imageOf, Lab } from './lab.ts';
import { Pipe } from '../../../../src/cluster/runtime/pipe.ts';

const MEBIBYTE = new Uint8Array(1024 * 1024);

test('a pipe that nobody reads breaks before it fills the memory of the host', () => {
  const pipe = new Pipe();
  for (let count = 0; count < 64; count++) expect(pipe.write(MEBIBYTE)).toBe(true);
  expect(pipe.write(MEBIBYTE)).toBe(false);
  let read = 0;
  pipe.read((bytes) => (read += bytes?.length ?? 0));
  expect(read).toBe(MEBIBYTE.length);
  expect(pipe.write(MEBIBYTE)).toBe(true);
});

test('who writes waits for the reader, as in Linux', async () => {
  let written = 0;
  const endless: Program = async (context) => {
    for (;;) {
      context.stdout.write(new Uint8Array(16 * 1024));
      written++;
      await context.cpu.spend(10);
    }
  };
  let isRead = false;
  const app: Program = async (context) => {
    const { input, output } = context.processes.pipe();
    context.processes.fork(endless, ['endless'], { stdout: output });
    output.end();
    await context.clock.sleep(10_000);
    isRead = true;
    for (let count = 0; count < 100; count++) await input.read();
    await context.clock.sleep(10_000);
    return 0;
  };
  const lab = new Lab();
  lab.start({ image: imageOf({ '/app': app }) });
  await lab.advance(9);
  expect([isRead, written]).toEqual([false, 5]);
  await lab.advance(5);
  expect([isRead, written]).toEqual([true, 105]);
});

test('who waits for a reader that ends is killed by the next write', async () => {
  const endless: Program = async (context) => {
    for (;;) {
      context.stdout.write(new Uint8Array(100 * 1024));
      await context.cpu.spend(10);
    }
  };
  const app: Program = async (context) => {
    const { input, output } = context.processes.pipe();
    const writer = context.processes.fork(endless, ['endless'], { stdout: output });
    output.end();
    const reader = context.processes.fork(() => context.clock.sleep(1000).then(() => 0), ['reader'], {
      stdin: input,
    });
    context.stdout.write(`${await reader.exited} ${await writer.exited}`);
    return 0;
  };
  const lab = new Lab();
  await lab.run(app);
  expect(lab.log).toBe('0 141');
});
