import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { COPYABLE } from '../../src/core/process-copy.ts';
import type { Experiment } from '../helpers/copy-child.ts';
import type { Fingerprint } from '../helpers/in-process.ts';
import { run } from '../helpers/processes.ts';

const program = join(import.meta.dirname, '../helpers/copy-child.ts');

async function tried(experiment: Experiment, flags: readonly string[] = COPYABLE): Promise<unknown> {
  const { code, stdout, stderr } = await run(process.execPath, [...flags, program, experiment]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('a process that was not started for it cannot be copied', async () => {
  expect(await tried('is it there', [])).toBe(false);
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a copy of a process (Linux only)', () => {
  test('can be made', async () => {
    expect(await tried('is it there')).toBe(true);
  });

  test('starts with all that the process has, and changes nothing in it', async () => {
    expect(await tried('a copy changes nothing')).toEqual({
      inCopy: { numbers: [1, 2, 3, 4] },
      here: [1, 2, 3],
    });
  });

  test('may have much to say', async () => {
    expect(await tried('much of it')).toBe(3_000_000);
  });

  test('says what its work threw', async () => {
    expect(await tried('what it throws')).toBe('it went wrong');
  });

  test('whose work waits for what never comes ends, and that is told', async () => {
    expect(await tried('one that never ends')).toBe('the work waits for something that never comes');
  });

  test('that leaves in the middle of its work is an error, and is not made again', async () => {
    expect(await tried('one that leaves in the middle')).toBe(
      'a copy of the process ended before its work: exit code 7',
    );
  });

  test('an error that users know comes back as one', async () => {
    expect(await tried('an error that users know')).toMatchObject({ code: 'ODD', kind: 'user', fix: 'none' });
  });

  test('can be made again and again, whatever the heap looks like', async () => {
    const sizes = Array.from({ length: 30 }, (_, round) => 50_000 + 1000 * round);
    expect(await tried('again and again')).toEqual(sizes);
  });

  test('has the same lab as a replay of its log, event for event', async () => {
    const labs = (await tried('a lab')) as Record<'copied' | 'here' | 'replayed', Fingerprint>;
    expect(labs.copied.events).toBeGreaterThan(1000);
    expect(labs.copied).toEqual(labs.here);
    expect(labs.copied).toEqual(labs.replayed);
  });
});
