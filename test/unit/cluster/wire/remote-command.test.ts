import { describe, expect, test } from '@jest/globals';
import { RemoteOutput, endMessage, resize } from '../../../../src/cluster/wire/remote-command.ts';
import type { ExecInput } from '../../../../src/cluster/node-api.ts';

/** Recorded from a real Kubernetes 1.36.3. */
describe('what a client is told at the end', () => {
  const command = ['sh', '-c', 'exit 3'];

  test('by the API server itself (v5)', () => {
    expect(endMessage({ code: 0 }, command, 'v5')).toBe('{"metadata":{},"status":"Success"}');
    expect(endMessage({ code: 3 }, command, 'v5')).toBe(
      '{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
    );
    expect(endMessage({ error: 'failed to exec in container: no' }, command, 'v5')).toBe(
      '{"metadata":{},"status":"Failure","message":"Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: no","reason":"InternalError","details":{"causes":[{"message":"Internal error occurred: error executing command in container: failed to exec in container: no"}]},"code":500}',
    );
  });

  test('by the kubelet (v4)', () => {
    expect(endMessage({ code: 0 }, command, 'v4')).toBe('{"status":"Success"}');
    expect(endMessage({ code: 3 }, command, 'v4')).toBe(
      '{"status":"Failure","message":"command terminated with non-zero exit code: error executing command [sh -c exit 3], exit code 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
    );
    expect(endMessage({ error: 'no' }, command, 'v4')).toBe(
      '{"status":"Failure","message":"Internal error occurred: error executing command in container: no","reason":"InternalError","code":500}',
    );
  });

  test('as text, in the oldest protocols', () => {
    expect(endMessage({ code: 0 }, command, 'text')).toBeUndefined();
    expect(endMessage({ code: 3 }, command, 'text')).toBe(
      'command terminated with non-zero exit code: error executing command [sh -c exit 3], exit code 3',
    );
  });
});

test('output waits for its streams, keeps its order and ends with the process', () => {
  const output = new RemoteOutput(() => {});
  output.stdout(Buffer.from('a'));
  output.stderr(Buffer.from('b'));
  const seen: string[] = [];
  output.connect({
    stdout: (bytes) => seen.push(`out ${Buffer.from(bytes).toString()}`),
    stderr: (bytes) => seen.push(`err ${Buffer.from(bytes).toString()}`),
    finish: (result) => seen.push(JSON.stringify(result)),
  });
  output.stdout(Buffer.from('c'));
  expect(output.ended).toBe(false);
  output.exit({ code: 0 });
  output.stdout(Buffer.from('late'));
  output.exit({ code: 1 });
  expect(output.ended).toBe(true);
  expect(seen).toEqual(['out a', 'err b', 'out c', '{"code":0}']);
});

test('output that nobody fetches ends its connection, not the memory', () => {
  let given = 0;
  const output = new RemoteOutput(() => given++);
  const chunk = Buffer.alloc(16 * 1024 * 1024);
  for (let count = 0; count < 4; count++) output.stdout(chunk);
  expect(given).toBe(0);
  output.stderr(Buffer.alloc(1));
  expect(given).toBe(1);
});

test('a size is two numbers of 16 bits', () => {
  const sizes: number[][] = [];
  const input = { resize: (...size: number[]) => sizes.push(size) } as unknown as ExecInput;
  for (const text of [
    '{"Width":80,"Height":24}',
    '{"Width":1e308,"Height":1}',
    '{"Width":-1,"Height":1}',
    '{',
    'null',
  ])
    resize(input, text);
  expect(sizes).toEqual([[80, 24]]);
});
