import type { Signal } from '../../../cluster/runtime/types.ts';
import { FileError } from '../../../cluster/runtime/types.ts';
import { derive } from '../derive.ts';
import { errorWords } from '../errors.ts';
import { EMPTY } from '../streams.ts';
import { startProgram } from './processes.ts';
import type { Shell } from './shell.ts';

const FORWARDED: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
const BUSYBOX = '/bin/busybox';

/**
 * What exec(2) is for the shell. An applet takes this very process over; the runtime has no such thing for other
 * programs, so they run as a child that gets every signal.
 * @returns the exit code
 */
export async function replaceProgram(shell: Shell, words: readonly string[]): Promise<number> {
  const { context, descriptors } = shell;
  const [name = ''] = words;
  const path = shell.findCommand(name);
  if (path !== undefined && isBusybox(shell, shell.path(path))) {
    const env = shell.variables.environment();
    try {
      context.processes.become(words, env);
    } catch (error) {
      shell.complain(`${name}: ${errorWords(error)}`);
      return 126;
    }
    return shell.multicall(
      derive(context, {
        args: words,
        env,
        cwd: shell.cwd,
        stdin: descriptors.get(0)?.input?.forChild() ?? EMPTY,
        stdout: descriptors.get(1)?.output ?? { write: () => {}, end: () => {} },
        stderr: descriptors.get(2)?.output ?? { write: () => {}, end: () => {} },
      }),
    );
  }
  const child = startProgram(shell, words, shell.variables.environment(), descriptors);
  if (typeof child === 'number') return child;
  for (const signal of FORWARDED) {
    context.onSignal(signal, () => context.processes.kill(child.pid, signal));
  }
  return child.exited;
}

/** Is the file the busybox program, by this or by another name? */
function isBusybox(shell: Shell, path: string): boolean {
  const { files } = shell;
  try {
    return files.exists(BUSYBOX) && files.readText(path) === files.readText(BUSYBOX);
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}
