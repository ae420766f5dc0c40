import { BreakfixError } from '../../core/errors.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly input?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Runs a program without a shell. A program that is missing gives code 127. */
export async function tryRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { execa } = await import('execa');
  const { signal, input, timeout } = options;
  const result = await execa(program, [...args], {
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  signal?.throwIfAborted();
  if (result.code === 'ENOENT') return { code: 127, stdout: '', stderr: `${program}: command not found` };
  return { code: result.exitCode ?? 1, stdout: result.stdout, stderr: result.stderr };
}

/** @returns standard output @throws BreakfixError `environment` with the program's last words */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await tryRun(program, args, options);
  if (code === 0) return stdout;
  const words = (stderr === '' ? stdout : stderr).trim().split('\n').slice(-5).join('\n');
  throw new BreakfixError({
    code: 'COMMAND_FAILED',
    kind: 'environment',
    message: `${program} ${args.join(' ')} ended with ${code}: ${words}`,
    fix: 'breakfix doctor looks at what provider kind needs; breakfix stop removes what is left',
  });
}
