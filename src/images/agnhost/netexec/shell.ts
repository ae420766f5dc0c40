import type { HttpResponse } from '../../../cluster/network/types.ts';
import type { OutputStream, ProgramContext } from '../../../cluster/runtime/types.ts';
import { answer, log } from '../go.ts';
import type { Server } from './netexec.ts';

/** Most that is kept of what a command prints. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Runs a command in the container's shell. */
export async function runShell({ context }: Server, query: URLSearchParams): Promise<HttpResponse> {
  const given = query.get('shellCommand') ?? '';
  const command = given === '' ? (query.get('cmd') ?? '') : given;
  log(context, `GET /shell?cmd=${command}`);
  const { output, code } = await run(context, ['/bin/sh', '-c', command]);
  log(context, `Output: map[${output === '' ? '' : `output:${output}`}]`);
  return answer(
    JSON.stringify({
      ...(code !== 0 && {
        error: code === undefined ? 'fork/exec /bin/sh: no such file or directory' : `exit status ${code}`,
      }),
      ...(output !== '' && { output }),
    }),
  );
}

async function run(
  context: ProgramContext,
  args: readonly string[],
): Promise<{ readonly output: string; readonly code: number | undefined }> {
  const decoder = new TextDecoder();
  let output = '';
  const sink: OutputStream = {
    write: (data) => {
      if (output.length < MOST_BYTES)
        output += typeof data === 'string' ? data : decoder.decode(data, { stream: true });
    },
    end: () => {},
  };
  const child = context.processes.spawn(args, {
    env: context.env,
    cwd: context.cwd,
    stdin: { read: () => Promise.resolve(undefined) },
    stdout: sink,
    stderr: sink,
  });
  return { code: child === undefined ? undefined : await child.exited, output };
}
