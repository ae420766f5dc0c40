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
  /** Is told the process id as soon as there is one. */
  readonly started?: (pid: number) => void;
}

/** Runs a program without a shell. A program that is missing gives code 127. */
export async function tryRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { execa } = await import('execa');
  const { signal, input, timeout, started } = options;
  const child = execa(program, [...args], {
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  if (child.pid !== undefined) started?.(child.pid);
  const result = await child;
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
  throw commandFailed(`${program} ${args.join(' ')} (exit code ${code})`, stderr === '' ? stdout : stderr);
}

/** @param output what the command said; its last lines are told */
export function commandFailed(command: string, output: string): BreakfixError {
  return new BreakfixError({
    code: 'COMMAND_FAILED',
    kind: 'environment',
    message: `${command}: ${output.trim().split('\n').slice(-5).join('\n')}`,
    fix: 'breakfix doctor looks at what provider kind needs; breakfix stop removes what is left',
  });
}
