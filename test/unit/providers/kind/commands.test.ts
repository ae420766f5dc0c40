import { describe, expect, test } from '@jest/globals';
import { run, tryRun } from '../../../../src/providers/kind/commands.ts';
import { FakePrograms } from './fake-programs.ts';

describe('running a program', () => {
  test('gives its standard output', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'echo one; echo two');
    expect(await run('kind', ['get', 'clusters'])).toBe('one\ntwo');
    expect(programs.calls()).toEqual(['kind get clusters']);
  });

  test('hands it standard input, and its number to who asks', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'read line; echo "$line $$"');
    let pid = 0;
    const said = await run('kind', [], { input: 'hello\n', started: (number) => (pid = number) });
    expect(said).toBe(`hello ${pid}`);
  });

  test('a failure is the environment’s, with the last lines that were said', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'for n in 1 2 3 4 5 6 7; do echo "line $n" >&2; done; exit 3');
    await expect(run('kind', ['create', 'cluster'])).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      kind: 'environment',
      message: 'kind create cluster (exit code 3): line 3\nline 4\nline 5\nline 6\nline 7',
    });
  });

  test('a program that is not there is code 127', async () => {
    using _programs = new FakePrograms();
    expect(await tryRun('kind', ['version'])).toMatchObject({ code: 127, stderr: 'kind: command not found' });
  });

  test('an interrupt ends it and is what is thrown', async () => {
    using programs = new FakePrograms();
    programs.set('kind', 'while :; do read line || exit 0; done');
    const interrupted = new AbortController();
    const started = () => interrupted.abort(new Error('interrupted'));
    await expect(run('kind', [], { signal: interrupted.signal, started })).rejects.toThrow('interrupted');
  });
});
