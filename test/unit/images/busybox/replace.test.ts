import { expect, test } from '@jest/globals';
import { BusyboxLab } from '../support.ts';

test.each([
  ['sleep 5000', 'sleep 5000'],
  ['true; sleep 5000', 'sleep 5000'],
  ['sleep 5000; true', 'sh -c sleep 5000; true'],
  ['exec sleep 5000', 'sleep 5000'],
])('a shell gives its place to its last command, and is seen as that: %s', async (script, seen) => {
  const lab = new BusyboxLab({ args: ['sh', '-c', script] });
  const { stdout } = await lab.sh("sleep 1; tr '\\0' ' ' < /proc/1/cmdline; echo; ps");
  const [cmdline = '', , first = ''] = stdout.split('\n');
  expect(cmdline.trim()).toBe(seen);
  expect(first).toMatch(/^ +1 root /);
  expect(first.endsWith(` ${seen}`)).toBe(true);
});
